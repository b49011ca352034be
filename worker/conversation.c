// SPDX-License-Identifier: Apache-2.0
/*
 * conversation - what is heard from the broker, and what has to be said to it by the clock.
 */
#include <inttypes.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/crash.h"
#include "common/log.h"
#include "proto/joined.h"
#include "worker/worker_parts.h"

enum { TURN_MESSAGES = 64, FRAMES_LIMIT = SLOTS_LIMIT, HELLO_PAUSE_MS = 500, MEET_LIMIT_MS = 5000 };

/* ---- saying ---- */

static void say_hello(struct worker *worker)
{
    Newsloom__V1__Hello hello = NEWSLOOM__V1__HELLO__INIT;
    uint8_t digest[DIGEST_SIZE];
    memcpy(digest, knowledge_digest(worker->knowledge), DIGEST_SIZE);
    hello.protocol_min = protocol_oldest;
    hello.protocol_max = protocol_newest;
    hello.features = features_here;
    hello.session.data = worker->session;
    hello.session.len = sizeof worker->session;
    hello.worker = (char *)(uintptr_t)worker->options->worker_name;
    hello.version = (char *)(uintptr_t)NEWSLOOM_VERSION;
    hello.model_digest.data = digest;
    hello.model_digest.len = DIGEST_SIZE;
    hello.slots = worker->options->slots;
    worker->welcomed = false;
    worker->hello_ms = worker->now_ms;
    if (mouth_hello(worker->mouth, worker->ledger, &hello))
        counters_add(worker->counters, TALLY_HELLOS, 1);
}

static void say_beat(struct worker *worker)
{
    Newsloom__V1__Beat beat = NEWSLOOM__V1__BEAT__INIT;
    unsigned held = ledger_count(worker->ledger);
    if (!worker->blocked && !worker->leaving && held < worker->options->slots)
        beat.free_slots = worker->options->slots - held;
    beat.progress = worker->progress;
    beat.blocked = worker->blocked;
    beat.blocked_reason = worker->blocked_reason;
    worker->beaten_ms = worker->now_ms;
    if (mouth_beat(worker->mouth, worker->ledger, &beat))
        worker->met_ms = worker->now_ms;
}

/* A broker that welcomed us hears a beat now and then; one that did not should have answered. */
static int64_t meet_limit(const struct worker *worker)
{
    int64_t beats_ms = worker->welcomed ? 2 * worker->beat_ms : 0;
    return beats_ms > MEET_LIMIT_MS ? beats_ms : MEET_LIMIT_MS;
}

void conversation_keep_up(struct worker *worker)
{
    if (!worker->keeper_known)
        return; /* nobody should give us work before we know that we can store it */
    if (worker->welcomed && worker->now_ms - worker->beaten_ms >= worker->beat_ms)
        say_beat(worker);
    if (worker->now_ms - worker->met_ms > meet_limit(worker) && mouth_has_choice(worker->mouth)) {
        mouth_next(worker->mouth);
        worker->met_ms = worker->now_ms;
        worker->welcomed = false;
        log_warn("broker-silent", "endpoint=%s: trying this one", mouth_endpoint(worker->mouth));
    }
    if (!worker->welcomed && worker->now_ms - worker->hello_ms >= HELLO_PAUSE_MS)
        say_hello(worker);
}

void conversation_report(struct worker *worker)
{
    struct job *done[SLOTS_LIMIT];
    size_t count = 0;
    if (!worker->welcomed)
        return;
    for (unsigned i = 0; i < ledger_count(worker->ledger); i++) {
        struct job *job = ledger_at(worker->ledger, i);
        if (job->state != JOB_DONE && job->state != JOB_FAILED)
            continue;
        if (job->sent_ms && worker->now_ms - job->sent_ms < worker->lease_ms / 2)
            continue;
        counters_add(worker->counters, TALLY_RESENT, job->sent_ms != 0);
        if (job->state == JOB_DONE)
            done[count++] = job;
        else if (mouth_failed(worker->mouth, job->lease, job->article_id, &job->failure))
            job->sent_ms = worker->now_ms;
    }
    size_t sent = mouth_done(worker->mouth, done, count);
    for (size_t i = 0; i < sent; i++)
        done[i]->sent_ms = worker->now_ms;
    for (size_t i = 0; i < sent; i++)
        crash_here(CRASH_WORKER_DONE_SENT);
}

void conversation_release(struct worker *worker, bool with_running, const char *reason)
{
    uint64_t leases[SLOTS_LIMIT];
    size_t count = 0;
    for (unsigned i = ledger_count(worker->ledger); i-- > 0;) {
        struct job *job = ledger_at(worker->ledger, i);
        bool is_running = job->state == JOB_EXTRACTING || job->state == JOB_STORING;
        if (job->abandoned || job->state == JOB_DONE || job->state == JOB_FAILED ||
            (is_running && !with_running))
            continue;
        leases[count++] = job->lease;
        if (is_running) {
            job->abandoned = true;
            atomic_store(&job->give_up, true);
        } else {
            ledger_remove(worker->ledger, job);
        }
    }
    if (count == 0)
        return;
    counters_add(worker->counters, TALLY_RELEASED, count);
    (void)mouth_release(worker->mouth, leases, count, reason);
    log_info("released", "articles=%zu reason=\"%s\"", count, reason);
}

/* ---- hearing ---- */

struct heard {
    const Newsloom__V1__Envelope *envelope;
    zmq_msg_t frames[FRAMES_LIMIT];
    size_t frame_count;
    bool excess;
};

static void hear_welcome(struct worker *worker, const Newsloom__V1__Welcome *welcome)
{
    if (welcome->protocol < protocol_oldest || welcome->protocol > protocol_newest) {
        counters_add(worker->counters, TALLY_BAD_MESSAGES, 1);
        log_error("bad-welcome", "protocol=%u: this worker speaks %u to %u, and waits",
                  welcome->protocol, protocol_oldest, protocol_newest);
        return;
    }
    worker->welcomed = true;
    mouth_note_features(worker->mouth, welcome->features);
    worker->beat_ms =
        welcome->beat_ms > 0 && welcome->beat_ms < 600000 ? (int64_t)welcome->beat_ms : 5000;
    worker->lease_ms =
        welcome->lease_ms > 0 && welcome->lease_ms < 86400000 ? (int64_t)welcome->lease_ms : 30000;
    worker->budget_ms = worker->options->extract_budget_ms;
    if (welcome->budget_ms > 0 && (int64_t)welcome->budget_ms < worker->budget_ms)
        worker->budget_ms = (int64_t)welcome->budget_ms;
    for (unsigned i = 0; i < ledger_count(worker->ledger); i++)
        ledger_at(worker->ledger, i)->sent_ms = 0; /* who knows what the old connection lost */
    log_info("welcome", "broker=%s held=%u beat_ms=%" PRId64 " lease_ms=%" PRId64,
             mouth_endpoint(worker->mouth), ledger_count(worker->ledger), worker->beat_ms,
             worker->lease_ms);
    say_beat(worker);
}

/* Joined payloads become frames of their own, so that a job does not keep its neighbours' bytes. */
static bool split(struct heard *heard)
{
    struct payload payloads[ARTICLES_LIMIT];
    Newsloom__V1__RefusalCode refusal;
    if (!joined_is_said(heard->envelope))
        return true;
    if (heard->frame_count == 0)
        return false;
    zmq_msg_t joined;
    (void)zmq_msg_init(&joined);
    (void)zmq_msg_move(&joined, &heard->frames[0]);
    struct payload frame = {zmq_msg_data(&joined), zmq_msg_size(&joined)};
    bool fits = joined_split(heard->envelope, heard->frame_count, frame, payloads, &refusal,
                             NULL) == STATUS_OK;
    if (fits) {
        (void)zmq_msg_close(&heard->frames[0]);
        heard->frame_count = heard->envelope->n_payload_sizes;
        for (size_t i = 0; i < heard->frame_count; i++) {
            ENSURE(zmq_msg_init_size(&heard->frames[i], payloads[i].size) == 0);
            joined_fill(zmq_msg_data(&heard->frames[i]), &payloads[i], 1);
        }
    }
    (void)zmq_msg_close(&joined);
    return fits;
}

static void hear_dispatch(struct worker *worker, struct heard *heard)
{
    const Newsloom__V1__Dispatch *dispatch = heard->envelope->dispatch;
    uint64_t back[SLOTS_LIMIT];
    size_t back_count = 0;
    if (heard->excess || !split(heard) || dispatch->n_jobs != heard->frame_count) {
        counters_add(worker->counters, TALLY_BAD_MESSAGES, 1);
        log_error("bad-dispatch", "jobs=%zu frames=%zu: the broker gives them to others",
                  dispatch->n_jobs, heard->frame_count);
        return; /* not listed in the next beats, so the broker takes them back */
    }
    for (size_t i = 0; i < dispatch->n_jobs; i++) {
        const Newsloom__V1__Job *job = dispatch->jobs[i];
        struct error err;
        enum status status = STATUS_LIMIT;
        if (!worker->leaving && !worker->blocked)
            status = ledger_add(worker->ledger, job, &heard->frames[i], worker->now_ms, &err);
        if (status == STATUS_OK)
            counters_add(worker->counters, TALLY_TAKEN, 1);
        else if (status == STATUS_LIMIT)
            back[back_count++] = job->lease;
    }
    (void)mouth_release(worker->mouth, back, back_count,
                        worker->blocked ? "PostgreSQL is away" : "no slot is free");
    counters_add(worker->counters, TALLY_RELEASED, back_count);
    for (size_t i = 0; i < dispatch->n_jobs; i++)
        crash_here(CRASH_WORKER_TAKEN);
}

static void hear_settled(struct worker *worker, const Newsloom__V1__Settled *settled)
{
    for (size_t i = 0; i < settled->n_settlements; i++) {
        const Newsloom__V1__Settlement *one = settled->settlements[i];
        struct job *job = ledger_find(worker->ledger, one->lease);
        if (!job || job->article_id != one->article_id ||
            (job->state != JOB_DONE && job->state != JOB_FAILED))
            continue;
        crash_here(CRASH_WORKER_SETTLED);
        log_debug("settled", "lease=%" PRIu64 " state=%d sequence=%" PRIu64, one->lease,
                  (int)one->state, one->sequence);
        ledger_remove(worker->ledger, job);
        worker->progress++;
        counters_add(worker->counters, TALLY_SETTLED, 1);
    }
}

static void hear_refusal(struct worker *worker, const Newsloom__V1__Refusal *refusal)
{
    static struct log_gate gate;
    char text[LOG_QUOTE_SIZE];
    counters_add(worker->counters, TALLY_REFUSALS, 1);
    if (log_gate_open(&gate))
        log_error("refused", "code=%d text=%s suppressed=%llu", (int)refusal->code,
                  log_quote(refusal->text, text), gate.suppressed);
}

static void hear_one(struct worker *worker, struct heard *heard)
{
    const Newsloom__V1__Envelope *envelope = heard->envelope;
    worker->met_ms = worker->now_ms;
    switch (envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_WELCOME:
        hear_welcome(worker, envelope->welcome);
        break;
    case NEWSLOOM__V1__ENVELOPE__BODY_HELLO_FIRST:
        /* several of these come when several messages were on their way */
        if (worker->welcomed || worker->now_ms - worker->hello_ms >= HELLO_PAUSE_MS)
            say_hello(worker);
        break;
    case NEWSLOOM__V1__ENVELOPE__BODY_DISPATCH:
        hear_dispatch(worker, heard);
        break;
    case NEWSLOOM__V1__ENVELOPE__BODY_SETTLED:
        hear_settled(worker, envelope->settled);
        break;
    case NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL:
        hear_refusal(worker, envelope->refusal);
        break;
    default:
        counters_add(worker->counters, TALLY_BAD_MESSAGES, 1);
        break;
    }
}

/* All frames of one message: the envelope first. false: nothing there. */
static bool receive(void *socket, zmq_msg_t *envelope, struct heard *heard)
{
    (void)zmq_msg_init(envelope);
    heard->frame_count = 0;
    heard->excess = false;
    if (zmq_msg_recv(envelope, socket, ZMQ_DONTWAIT) < 0) {
        (void)zmq_msg_close(envelope);
        return false;
    }
    bool more = zmq_msg_more(envelope);
    while (more) {
        zmq_msg_t frame;
        (void)zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0)
            break;
        more = zmq_msg_more(&frame);
        if (heard->frame_count == FRAMES_LIMIT) {
            heard->excess = true;
            (void)zmq_msg_close(&frame);
        } else {
            zmq_msg_t *kept = &heard->frames[heard->frame_count++];
            (void)zmq_msg_init(kept);
            (void)zmq_msg_move(kept, &frame);
        }
    }
    return true;
}

void conversation_hear(struct worker *worker)
{
    struct heard heard;
    zmq_msg_t bytes;
    for (int i = 0; i < TURN_MESSAGES && receive(mouth_socket(worker->mouth), &bytes, &heard);
         i++) {
        Newsloom__V1__Envelope *envelope = NULL;
        Newsloom__V1__RefusalCode refusal;
        struct error err;
        enum status status = envelope_unpack(zmq_msg_data(&bytes), zmq_msg_size(&bytes),
                                             worker->arena, &envelope, &refusal, &err);
        heard.envelope = envelope;
        if (status == STATUS_OK)
            hear_one(worker, &heard);
        else
            counters_add(worker->counters, TALLY_BAD_MESSAGES, 1);
        arena_reset(worker->arena);
        (void)zmq_msg_close(&bytes);
        for (size_t at = 0; at < heard.frame_count; at++)
            (void)zmq_msg_close(&heard.frames[at]);
    }
}
