// SPDX-License-Identifier: Apache-2.0
#include "worker/mouth.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/log.h"
#include "common/network.h"
#include "proto/joined.h"

typedef Newsloom__V1__Envelope envelope_message;

struct mouth {
    void *context;
    void *socket;
    char *endpoints; /* separated by NUL */
    size_t size;
    const char *current;
    uint64_t features; /* of the broker */
    struct curve_identity identity;
};

/* ---- the connection ---- */

static void set(void *socket, int option, int value)
{
    ENSURE(zmq_setsockopt(socket, option, &value, sizeof value) == 0);
}

static void set_key(void *socket, int option, const uint8_t key[CURVE_KEY_SIZE])
{
    ENSURE(zmq_setsockopt(socket, option, key, CURVE_KEY_SIZE) == 0);
}

static void set_identity(struct mouth *mouth)
{
    if (!mouth->identity.is_set)
        return;
    set_key(mouth->socket, ZMQ_CURVE_SERVERKEY, mouth->identity.server_key);
    set_key(mouth->socket, ZMQ_CURVE_PUBLICKEY, mouth->identity.own.public_key);
    set_key(mouth->socket, ZMQ_CURVE_SECRETKEY, mouth->identity.own.secret_key);
}

static void connect_current(struct mouth *mouth)
{
    mouth->socket = zmq_socket(mouth->context, ZMQ_DEALER);
    ENSURE(mouth->socket);
    set(mouth->socket, ZMQ_SNDTIMEO, 0);
    set(mouth->socket, ZMQ_IMMEDIATE, 1); /* no queue for a broker that is away */
    set(mouth->socket, ZMQ_LINGER, 0);
    set(mouth->socket, ZMQ_RECONNECT_IVL, 100);
    set(mouth->socket, ZMQ_RECONNECT_IVL_MAX, 2000);
    set(mouth->socket, ZMQ_CONNECT_TIMEOUT, NETWORK_CONNECT_MS);
    set(mouth->socket, ZMQ_HEARTBEAT_IVL, 2000);
    set(mouth->socket, ZMQ_HEARTBEAT_TIMEOUT, NETWORK_SILENCE_MS);
    set(mouth->socket, ZMQ_TCP_MAXRT, NETWORK_SILENCE_MS);
    set(mouth->socket, ZMQ_HEARTBEAT_TTL, 20000);
    set(mouth->socket, ZMQ_SNDHWM, 1000);
    set(mouth->socket, ZMQ_RCVHWM, 1000);
    set(mouth->socket, ZMQ_IPV6, 1); /* IPv4 goes on to work */
    set_identity(mouth);
    if (zmq_connect(mouth->socket, mouth->current) != 0)
        log_error("cannot-connect",
                  "endpoint=%s reason=\"%s\": broker.endpoint looks like tcp://127.0.0.1:5812",
                  mouth->current, zmq_strerror(zmq_errno()));
}

struct mouth *mouth_new(void *context, const char *endpoints, const struct curve_identity *identity)
{
    struct mouth *mouth = memory_new(sizeof *mouth);
    mouth->context = context;
    mouth->identity = *identity;
    mouth->endpoints = memory_new(strlen(endpoints) + 2);
    for (const char *at = endpoints; *at;) {
        size_t length = strcspn(at, ", ");
        if (length) {
            memcpy(mouth->endpoints + mouth->size, at, length);
            mouth->size += length + 1;
        }
        at += length;
        at += strspn(at, ", ");
    }
    mouth->current = mouth->endpoints;
    connect_current(mouth);
    return mouth;
}

void mouth_free(struct mouth **mouth_p, int linger_ms)
{
    struct mouth *mouth = *mouth_p;
    if (!mouth)
        return;
    set(mouth->socket, ZMQ_LINGER, linger_ms);
    (void)zmq_close(mouth->socket);
    free(mouth->endpoints);
    curve_identity_forget(&mouth->identity);
    free(mouth);
    *mouth_p = NULL;
}

void *mouth_socket(const struct mouth *mouth)
{
    return mouth->socket;
}

const char *mouth_endpoint(const struct mouth *mouth)
{
    return mouth->current;
}

void mouth_next(struct mouth *mouth)
{
    const char *next = mouth->current + strlen(mouth->current) + 1;
    mouth->current = next < mouth->endpoints + mouth->size ? next : mouth->endpoints;
    (void)zmq_close(mouth->socket);
    mouth->features = 0;
    connect_current(mouth);
}

bool mouth_has_choice(const struct mouth *mouth)
{
    return strlen(mouth->endpoints) + 1 < mouth->size;
}

/* ---- messages ---- */

static bool send_frame(struct mouth *mouth, const void *bytes, size_t size, bool more)
{
    return zmq_send(mouth->socket, bytes, size, more ? ZMQ_SNDMORE | ZMQ_DONTWAIT : ZMQ_DONTWAIT) >=
           0;
}

static size_t packed_size(envelope_message *envelope)
{
    envelope->protocol = protocol_oldest;
    return newsloom__v1__envelope__get_packed_size(envelope);
}

static bool send_envelope(struct mouth *mouth, envelope_message *envelope, bool more)
{
    size_t size = packed_size(envelope);
    ENSURE(size <= ENVELOPE_LIMIT);
    uint8_t bytes[ENVELOPE_LIMIT];
    (void)newsloom__v1__envelope__pack(envelope, bytes);
    return send_frame(mouth, bytes, size, more);
}

bool mouth_hello(struct mouth *mouth, const struct ledger *ledger, Newsloom__V1__Hello *hello)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Held held[SLOTS_LIMIT];
    Newsloom__V1__Held *list[SLOTS_LIMIT];
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_HELLO;
    envelope.hello = hello;
    hello->n_held = 0;
    hello->held = list;
    for (unsigned i = 0; i < ledger_count(ledger); i++) {
        const struct job *job = ledger_at(ledger, i);
        if (job->abandoned)
            continue;
        newsloom__v1__held__init(&held[i]);
        held[i].lease = job->lease;
        held[i].article_id = job->article_id;
        held[i].started = job->started;
        list[hello->n_held++] = &held[i];
    }
    return send_envelope(mouth, &envelope, false);
}

bool mouth_beat(struct mouth *mouth, const struct ledger *ledger, Newsloom__V1__Beat *beat)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    uint64_t leases[SLOTS_LIMIT];
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_BEAT;
    envelope.beat = beat;
    beat->n_leases = 0;
    beat->leases = leases;
    for (unsigned i = 0; i < ledger_count(ledger); i++)
        if (!ledger_at(ledger, i)->abandoned)
            leases[beat->n_leases++] = ledger_at(ledger, i)->lease;
    return send_envelope(mouth, &envelope, false);
}

bool mouth_started(struct mouth *mouth, uint64_t lease)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Started started = NEWSLOOM__V1__STARTED__INIT;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_STARTED;
    envelope.started = &started;
    started.n_leases = 1;
    started.leases = &lease;
    return send_envelope(mouth, &envelope, false);
}

bool mouth_failed(struct mouth *mouth, uint64_t lease, uint64_t article_id,
                  const struct job_failure *reason)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Failed failed = NEWSLOOM__V1__FAILED__INIT;
    Newsloom__V1__Failure failure = NEWSLOOM__V1__FAILURE__INIT;
    Newsloom__V1__Failure *list[] = {&failure};
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_FAILED;
    envelope.failed = &failed;
    failed.n_failures = 1;
    failed.failures = list;
    failure.lease = lease;
    failure.article_id = article_id;
    failure.permanent = reason->permanent;
    failure.code = (char *)(uintptr_t)reason->code;
    failure.text = (char *)(uintptr_t)reason->text;
    return send_envelope(mouth, &envelope, false);
}

bool mouth_release(struct mouth *mouth, const uint64_t *leases, size_t count, const char *reason)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Release release = NEWSLOOM__V1__RELEASE__INIT;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_RELEASE;
    envelope.release = &release;
    release.n_leases = count;
    release.leases = (uint64_t *)(uintptr_t)leases;
    release.reason = (char *)(uintptr_t)reason;
    return count == 0 || send_envelope(mouth, &envelope, false);
}

bool mouth_goodbye(struct mouth *mouth, const char *reason)
{
    envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Goodbye goodbye = NEWSLOOM__V1__GOODBYE__INIT;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_GOODBYE;
    envelope.goodbye = &goodbye;
    goodbye.reason = (char *)(uintptr_t)reason;
    return send_envelope(mouth, &envelope, false);
}

/* Results that fit into one envelope, from the first. */
static size_t fill_done(envelope_message *envelope, Newsloom__V1__Result **list,
                        struct job *const *jobs, size_t count)
{
    Newsloom__V1__Done *done = envelope->done;
    done->results = list;
    done->n_results = 0;
    for (size_t i = 0; i < count && i < ARTICLES_LIMIT; i++) {
        list[done->n_results++] = jobs[i]->result;
        size_t sizes = i > 0 ? JOINED_SIZE_BYTES * (i + 2) : 0;
        if (packed_size(envelope) + sizes > ENVELOPE_LIMIT) {
            done->n_results--;
            break;
        }
    }
    ENSURE(done->n_results > 0); /* topics are bounded so that one always fits */
    return done->n_results;
}

void mouth_note_features(struct mouth *mouth, uint64_t features)
{
    mouth->features = features;
}

static bool send_joined(struct mouth *mouth, const struct payload *payloads, size_t count,
                        size_t bytes)
{
    zmq_msg_t frame;
    ENSURE(zmq_msg_init_size(&frame, bytes) == 0);
    joined_fill(zmq_msg_data(&frame), payloads, count);
    if (zmq_msg_send(&frame, mouth->socket, ZMQ_DONTWAIT) >= 0)
        return true;
    (void)zmq_msg_close(&frame);
    return false;
}

static bool send_done(struct mouth *mouth, envelope_message *envelope, struct job *const *jobs,
                      size_t count)
{
    struct payload payloads[ARTICLES_LIMIT];
    uint32_t sizes[ARTICLES_LIMIT];
    for (size_t i = 0; i < count; i++)
        payloads[i] = (struct payload){jobs[i]->packed, jobs[i]->packed_size};
    size_t joined = joined_mark(envelope, mouth->features, payloads, count, sizes);
    bool sent = send_envelope(mouth, envelope, true);
    if (sent && joined)
        return send_joined(mouth, payloads, count, joined);
    for (size_t i = 0; sent && i < count; i++)
        sent = send_frame(mouth, payloads[i].bytes, payloads[i].size, i + 1 < count);
    return sent;
}

size_t mouth_done(struct mouth *mouth, struct job *const *jobs, size_t count)
{
    size_t sent = 0;
    while (sent < count) {
        envelope_message envelope = NEWSLOOM__V1__ENVELOPE__INIT;
        Newsloom__V1__Done done = NEWSLOOM__V1__DONE__INIT;
        Newsloom__V1__Result *list[ARTICLES_LIMIT];
        envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DONE;
        envelope.done = &done;
        size_t fits = fill_done(&envelope, list, jobs + sent, count - sent);
        if (!send_done(mouth, &envelope, jobs + sent, fits))
            return sent;
        sent += fits;
    }
    return sent;
}
