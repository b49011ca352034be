// SPDX-License-Identifier: Apache-2.0
#include "client/lib/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/context.h"
#include "common/curve.h"
#include "common/digest.h"
#include "common/network.h"

#define ENDPOINTS_MAX       16
#define TOPICS_MAX          64
#define ANSWER_TIMEOUT_MS   5000
#define ROTATE_AFTER_MS     2000 /* without a connection, when there is another endpoint */
#define LINGER_MS           1000 /* a last acknowledgement may still leave */
#define CONTEXT_MS          200  /* and then libzmq may end */
#define HEARTBEAT_MS        2000
#define RECONNECT_MS        100
#define SEND_AGAIN_MS       20 /* the connection is made, its pipe is not yet there */
#define RECONNECT_LIMIT_MS  2000
#define MESSAGE_SIZE_LIMIT  (2LL * EXTRACTION_LIMIT)
#define SEND_MESSAGES_LIMIT 64

struct connection {
    void *context;
    void *socket;
    void *monitor;
    int type;
    const char *setting;
    char *endpoints[ENDPOINTS_MAX];
    size_t endpoint_count;
    size_t current;
    char *topics[TOPICS_MAX];
    size_t topic_count;
    unsigned monitor_number;
    bool up;
    unsigned generation;
    uint64_t features; /* of the broker */
    int64_t down_since_ms;
    int64_t timeout_ms;
    uint64_t request;
    struct curve_identity identity;
    const char *turned_away; /* why the last handshake failed; NULL: it did not */
};

static void set_number(void *socket, int option, int value)
{
    (void)zmq_setsockopt(socket, option, &value, sizeof(value));
}

/* The events end before their reader is closed: ZeroMQ's thread waits for ever to say one to
 * nobody, and holds the lock that ending them needs. */
static void close_socket(struct connection *c)
{
    if (c->socket)
        (void)zmq_socket_monitor(c->socket, NULL, 0);
    if (c->monitor)
        (void)zmq_close(c->monitor);
    if (c->socket)
        (void)zmq_close(c->socket);
    c->socket = c->monitor = NULL;
    c->up = false;
    c->features = 0;
}

static void set_identity(struct connection *c)
{
    const struct curve_identity *identity = &c->identity;
    if (!identity->is_set)
        return;
    ENSURE(
        zmq_setsockopt(c->socket, ZMQ_CURVE_SERVERKEY, identity->server_key, CURVE_KEY_SIZE) == 0 &&
        zmq_setsockopt(c->socket, ZMQ_CURVE_PUBLICKEY, identity->own.public_key, CURVE_KEY_SIZE) ==
            0 &&
        zmq_setsockopt(c->socket, ZMQ_CURVE_SECRETKEY, identity->own.secret_key, CURVE_KEY_SIZE) ==
            0);
}

static enum status open_socket(struct connection *c, struct error *err)
{
    char monitor_name[64];
    int64_t largest = MESSAGE_SIZE_LIMIT;
    close_socket(c);
    c->down_since_ms = clock_mono_ms();
    c->socket = zmq_socket(c->context, c->type);
    if (!c->socket)
        return error_set_errno(err, STATUS_AGAIN, "could not open a socket");
    set_number(c->socket, ZMQ_LINGER, LINGER_MS);
    set_number(c->socket, ZMQ_IPV6, 1);      /* IPv4 goes on to work */
    set_number(c->socket, ZMQ_IMMEDIATE, 1); /* nothing is queued for a broker that is away */
    set_number(c->socket, ZMQ_SNDTIMEO, 0);
    set_number(c->socket, ZMQ_SNDHWM, SEND_MESSAGES_LIMIT);
    set_number(c->socket, ZMQ_HEARTBEAT_IVL, HEARTBEAT_MS);
    set_number(c->socket, ZMQ_HEARTBEAT_TIMEOUT, NETWORK_SILENCE_MS);
    set_number(c->socket, ZMQ_TCP_MAXRT, NETWORK_SILENCE_MS);
    set_number(c->socket, ZMQ_CONNECT_TIMEOUT, NETWORK_CONNECT_MS);
    set_number(c->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_number(c->socket, ZMQ_RECONNECT_IVL_MAX, RECONNECT_LIMIT_MS);
    (void)zmq_setsockopt(c->socket, ZMQ_MAXMSGSIZE, &largest, sizeof(largest));
    set_identity(c);
    (void)snprintf(monitor_name, sizeof(monitor_name), "inproc://monitor-%u", c->monitor_number++);
    if (zmq_socket_monitor(c->socket, monitor_name,
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) == 0) {
        c->monitor = zmq_socket(c->context, ZMQ_PAIR);
        if (c->monitor) {
            set_number(c->monitor, ZMQ_RCVHWM, 0);
            (void)zmq_connect(c->monitor, monitor_name);
        } else {
            (void)zmq_socket_monitor(c->socket, NULL, 0);
        }
    }
    for (size_t i = 0; i < c->topic_count; i++)
        (void)zmq_setsockopt(c->socket, ZMQ_SUBSCRIBE, c->topics[i], strlen(c->topics[i]));
    if (zmq_connect(c->socket, c->endpoints[c->current]) != 0)
        return error_set(err, STATUS_INVALID,
                         "cannot connect to \"%s\" (%s): %s; an endpoint looks like "
                         "tcp://127.0.0.1:5811",
                         c->endpoints[c->current], c->setting, zmq_strerror(errno));
    return STATUS_OK;
}

static enum status split_endpoints(struct connection *c, const char *list, struct error *err)
{
    for (const char *at = list ? list : ""; *at;) {
        at += strspn(at, ", ");
        size_t length = strcspn(at, ", ");
        if (length && c->endpoint_count == ENDPOINTS_MAX)
            return error_set(err, STATUS_INVALID, "%s lists more than %d endpoints", c->setting,
                             ENDPOINTS_MAX);
        if (length)
            c->endpoints[c->endpoint_count++] = text_format("%.*s", (int)length, at);
        at += length;
    }
    if (c->endpoint_count == 0)
        return error_set(err, STATUS_INVALID,
                         "%s names no endpoint: give one such as "
                         "tcp://127.0.0.1:5811",
                         c->setting);
    return STATUS_OK;
}

enum status connection_open(struct connection **ret_connection,
                            const struct newsloom_options *options, int socket_type,
                            const char *setting, struct error *err)
{
    struct connection *c = memory_new(sizeof(*c));
    c->type = socket_type;
    c->setting = setting;
    c->timeout_ms = options->answer_timeout_ms > 0 ? options->answer_timeout_ms : ANSWER_TIMEOUT_MS;
    random_bytes(&c->request,
                 sizeof(c->request)); /* an answer to an earlier process is no answer */
    c->request >>= 16;
    c->context = zmq_ctx_new();
    ENSURE(c->context != NULL);
    enum status status = split_endpoints(c, options->endpoints, err);
    if (status == STATUS_OK)
        status = curve_identity_load(options->server_key, options->key_file, &c->identity, err);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_INVALID;
    if (status == STATUS_OK)
        status = open_socket(c, err);
    if (status != STATUS_OK)
        connection_close(&c);
    else
        *ret_connection = c;
    return status;
}

void connection_close(struct connection **connection_p)
{
    struct connection *c = *connection_p;
    if (!c)
        return;
    close_socket(c);
    (void)context_end(&c->context, LINGER_MS + CONTEXT_MS);
    for (size_t i = 0; i < c->endpoint_count; i++)
        free(c->endpoints[i]);
    for (size_t i = 0; i < c->topic_count; i++)
        free(c->topics[i]);
    curve_identity_forget(&c->identity);
    free(c);
    *connection_p = NULL;
}

void connection_add_topic(struct connection *c, const char *topic)
{
    ENSURE(c->topic_count < TOPICS_MAX);
    c->topics[c->topic_count++] = text_copy(topic);
    (void)zmq_setsockopt(c->socket, ZMQ_SUBSCRIBE, topic, strlen(topic));
}

/* Why nobody is there, as far as the handshake tells. */
static void note_handshake(struct connection *c, uint16_t event)
{
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        c->turned_away = NULL;
    else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        c->turned_away = "it does not let this key in: it is unknown there, revoked, or lacks the "
                         "role";
    else if (event != ZMQ_EVENT_DISCONNECTED && c->identity.is_set)
        c->turned_away = "it broke off the handshake: broker.server-key may not be its own";
    else if (event != ZMQ_EVENT_DISCONNECTED)
        c->turned_away = "it broke off the handshake: if it asks for keys, set broker.server-key "
                         "and security.key-file";
}

/* Two frames an event: number and value, then the endpoint. */
static void read_monitor(struct connection *c)
{
    uint8_t event[6];
    char endpoint[256];
    while (zmq_recv(c->monitor, event, sizeof(event), ZMQ_DONTWAIT) >= 0) {
        uint16_t number = 0;
        memcpy(&number, event, sizeof(number));
        (void)zmq_recv(c->monitor, endpoint, sizeof(endpoint), ZMQ_DONTWAIT);
        bool up = number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
        note_handshake(c, number);
        if (up)
            c->generation++;
        else if (c->up)
            c->down_since_ms = clock_mono_ms();
        c->up = up;
        c->features = 0;
    }
}

static void try_next_endpoint(struct connection *c)
{
    if (c->up || c->endpoint_count < 2 || clock_mono_ms() - c->down_since_ms < ROTATE_AFTER_MS)
        return;
    c->current = (c->current + 1) % c->endpoint_count;
    /* An endpoint that is none is passed by: the next round tries the one after it. */
    (void)open_socket(c, NULL);
}

bool connection_wait(struct connection *c, int64_t timeout_ms)
{
    try_next_endpoint(c);
    zmq_pollitem_t items[2] = {{.socket = c->socket, .events = ZMQ_POLLIN},
                               {.socket = c->monitor, .events = ZMQ_POLLIN}};
    int64_t wait_ms = timeout_ms < 0 ? 0 : timeout_ms;
    if (!c->up && c->endpoint_count > 1 && wait_ms > ROTATE_AFTER_MS / 2)
        wait_ms = ROTATE_AFTER_MS / 2;
    int ready = zmq_poll(items, c->monitor ? 2 : 1, (long)wait_ms);
    if (ready > 0 && c->monitor && (items[1].revents & ZMQ_POLLIN))
        read_monitor(c);
    return ready > 0 && (items[0].revents & ZMQ_POLLIN);
}

enum status connection_receive(struct connection *c, struct message *message, struct error *err)
{
    return message_receive(message, c->socket, c->type == ZMQ_SUB ? 1 : 0, err);
}

enum status connection_send(struct connection *c, Newsloom__V1__Envelope *envelope,
                            const struct payload *payloads, size_t count, struct error *err)
{
    /* Before the first event was read a send could be repeated for the connection it went over. */
    if (c->monitor && !c->up)
        return error_set(err, STATUS_AGAIN, "could not send: the broker is not connected");
    return message_send(c->socket, envelope, c->features, payloads, count, err);
}

void connection_note_features(struct connection *c, uint64_t features)
{
    c->features = features;
}

const char *refusal_name(Newsloom__V1__RefusalCode code)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&newsloom__v1__refusal_code__descriptor, (int)code);
    return value ? value->name : "UNKNOWN_REFUSAL";
}

enum status refusal_status(const Newsloom__V1__Refusal *refusal, struct error *err)
{
    enum status status = STATUS_INVALID;
    if (refusal->code == NEWSLOOM__V1__REFUSAL_CODE__NOT_FOUND)
        status = STATUS_NOT_FOUND;
    if (refusal->code == NEWSLOOM__V1__REFUSAL_CODE__SHUTTING_DOWN ||
        refusal->code == NEWSLOOM__V1__REFUSAL_CODE__LIMITED)
        status = STATUS_AGAIN;
    return error_set(err, status, "the broker refused (%s): %s", refusal_name(refusal->code),
                     refusal->text);
}

enum status connection_request(struct connection *c, Newsloom__V1__Envelope *question,
                               struct message *answer, struct error *err)
{
    int64_t start_ms = clock_mono_ms();
    int64_t deadline_ms = start_ms + c->timeout_ms;
    unsigned asked_in = 0; /* the generation that carried the question: 0, not asked yet */
    bool asked = false;
    question->request = connection_next_request(c);
    for (int64_t now_ms = start_ms; now_ms < deadline_ms; now_ms = clock_mono_ms()) {
        if (!asked || asked_in != c->generation) {
            asked = connection_send(c, question, NULL, 0, NULL) == STATUS_OK;
            asked_in = c->generation;
        }
        int64_t wait_ms = deadline_ms - now_ms;
        if (!connection_wait(c, !asked && wait_ms > SEND_AGAIN_MS ? SEND_AGAIN_MS : wait_ms))
            continue;
        enum status status = connection_receive(c, answer, err);
        if (status == STATUS_BROKEN)
            return status;
        if (status != STATUS_OK || answer->envelope->request != question->request)
            continue;
        if (answer->envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL)
            return refusal_status(answer->envelope->refusal, err);
        return STATUS_OK;
    }
    return connection_complain(c, c->timeout_ms, err);
}

bool connection_is_up(const struct connection *c)
{
    return c->up;
}

unsigned connection_generation(const struct connection *c)
{
    return c->generation;
}

uint64_t connection_next_request(struct connection *c)
{
    return ++c->request;
}

int64_t connection_timeout_ms(const struct connection *c)
{
    return c->timeout_ms;
}

enum status connection_complain(const struct connection *c, int64_t waited_ms, struct error *err)
{
    int64_t away_ms = c->up ? 0 : clock_mono_ms() - c->down_since_ms;
    double seconds = (double)(away_ms > waited_ms ? away_ms : waited_ms) / 1000.0;
    const char *where = c->endpoints[c->current];
    if (c->up)
        return error_set(err, STATUS_AGAIN,
                         "the broker at %s did not answer within %.3g s: is it overloaded, or is "
                         "this another of its sockets (%s)?",
                         where, seconds, c->setting);
    if (c->turned_away)
        return error_set(err, STATUS_AGAIN, "the broker at %s turned us away: %s", where,
                         c->turned_away);
    return error_set(err, STATUS_AGAIN,
                     "could not reach the broker at %s within %.3g s: is newsloom-broker running? "
                     "(%s names its address)",
                     where, seconds, c->setting);
}
