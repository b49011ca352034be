// SPDX-License-Identifier: Apache-2.0
/* hearing - hear: what workers say. */
#include <inttypes.h>
#include <string.h>

#include "broker/attempts.h"
#include "broker/broker.h"
#include "broker/loading.h"
#include "broker/results.h"
#include "broker/text.h"

enum {
    BATCH_MESSAGES = 1024,
    BATCH_RESULTS = 256, /* messages of results, which stay in memory until they are answered */
    BATCH_BYTES = 32 * 1024 * 1024,
    RESERVE_PARTS = 4,    /* a batch of results must find room in what store.reserve keeps free */
    LOST_AFTER_BEATS = 2, /* without other evidence */
};

static void refuse(struct broker *b, const struct message *message,
                   const Newsloom__V1__Envelope *envelope, Newsloom__V1__RefusalCode code,
                   const char *text)
{
    broker_refuse(b, SOCKET_WORK, &message->peer, envelope->request, code, "%s", text);
}

/* ---- hello */

static void give_welcome(struct broker *b, struct answer *answer)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Welcome welcome = NEWSLOOM__V1__WELCOME__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_WELCOME;
    envelope.welcome = &welcome;
    struct worker *worker = workers_by_peer(b->workers, &answer->peer);
    if (worker)
        worker->welcomed = true;
    welcome.protocol = worker ? worker->protocol : protocol_oldest;
    welcome.features = features_here;
    welcome.log_id.data = b->facts.log_id;
    welcome.log_id.len = sizeof(b->facts.log_id);
    welcome.beat_ms = (uint64_t)b->options.beat_ms;
    welcome.lease_ms = (uint64_t)b->options.lease_ms;
    welcome.budget_ms = (uint64_t)b->options.budget_ms;
    welcome.payload_limit = b->options.article_limit;
    (void)broker_send(b, SOCKET_WORK, &answer->peer, &envelope, NULL, 0);
}

static void give_hello_first(struct broker *b, struct answer *answer)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__HelloFirst body = NEWSLOOM__V1__HELLO_FIRST__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_HELLO_FIRST;
    envelope.hello_first = &body;
    (void)broker_send(b, SOCKET_WORK, &answer->peer, &envelope, NULL, 0);
}

/* A worker that started anew under its old name has probably crashed: its former session gets two
 * beats to prove otherwise. */
static void doubt_namesakes(struct broker *b, const struct worker *worker)
{
    for (size_t i = 0; i < workers_count(b->workers); i++) {
        struct worker *other = workers_at(b->workers, i);
        if (other != worker && strcmp(other->name, worker->name) == 0 && !other->replaced_ms)
            other->replaced_ms = b->loop_ms;
    }
}

/* What a worker holds since before our start stays with it. */
static struct lease *adopt(struct broker *b, struct worker *worker, const Newsloom__V1__Held *held)
{
    struct item *item = queue_find(b->queue, held->article_id);
    if (!item && b->is_loading)
        item = load_article(b, held->article_id);
    if (!item || item->state != ITEM_HELD)
        return NULL;
    struct lease *lease =
        leases_adopt(b->leases, held->lease, held->article_id, worker, &worker->leases);
    if (!lease)
        return NULL;
    lease->since_ms = b->loop_ms;
    lease->connection = worker->connection;
    lease->suspect = item->suspect;
    handouts_note(b->handouts, item);
    queue_move(b->queue, item, ITEM_LEASED);
    item->lease = lease;
    broker_tally(b, TALLY_ADOPTED, 1);
    return lease;
}

/* Returns how many slots are taken by leases that are not ours to count. */
static unsigned hear_held(struct broker *b, struct worker *worker, const Newsloom__V1__Hello *hello)
{
    unsigned foreign = 0;
    for (size_t i = 0; i < hello->n_held; i++) {
        const Newsloom__V1__Held *held = hello->held[i];
        struct lease *lease = leases_find(b->leases, held->lease);
        if (!lease)
            lease = adopt(b, worker, held);
        if (lease && lease->worker == worker)
            lease->started = lease->started || held->started;
        else
            foreign++;
    }
    return foreign;
}

static const char *fault_of_hello(const Newsloom__V1__Hello *hello)
{
    if (hello->session.len != SESSION_SIZE)
        return "a session has 16 bytes";
    if (strlen(hello->worker) > WORKER_NAME_LIMIT)
        return "a worker's name has at most 64 bytes";
    if (hello->slots == 0)
        return "a worker without slots cannot work";
    return NULL;
}

static void hear_hello(struct broker *b, const struct message *message,
                       const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__Hello *hello = envelope->hello;
    const char *fault = fault_of_hello(hello);
    if (fault) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, fault);
        return;
    }
    if (hello->protocol_min > protocol_newest || hello->protocol_max < protocol_oldest) {
        broker_refuse(b, SOCKET_WORK, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL,
                      "this broker speaks protocols %u to %u, the worker %u to %u", protocol_oldest,
                      protocol_newest, hello->protocol_min, hello->protocol_max);
        return;
    }
    struct worker *worker = workers_by_session(b->workers, hello->session.data);
    struct worker *former = workers_by_peer(b->workers, &message->peer);
    if (former && former != worker)
        former->peer.size = 0; /* another session speaks on its connection now */
    bool is_new = !worker;
    if (is_new)
        worker = workers_add(b->workers, hello->session.data);
    if (!worker) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
               "there are as many workers as worker.limit allows");
        return;
    }
    if (!peer_is(&worker->peer, &message->peer)) {
        worker->connection++;
        worker->connected_ms = b->loop_ms;
        worker->seen_ms = 0;
    }
    worker->peer = message->peer;
    worker->welcomed = false;
    text_take(worker->name, sizeof(worker->name), hello->worker);
    text_take(worker->version, sizeof(worker->version), hello->version);
    worker->protocol =
        hello->protocol_max < protocol_newest ? hello->protocol_max : protocol_newest;
    worker->features = hello->features;
    worker->slots = hello->slots < SLOTS_LIMIT ? hello->slots : SLOTS_LIMIT;
    worker->heard_ms = b->loop_ms;
    worker->replaced_ms = 0;
    worker->progress_ms = b->loop_ms;
    unsigned foreign = hear_held(b, worker, hello);
    worker->willing = worker->slots > foreign ? worker->slots - foreign : 0;
    char name[LOG_QUOTE_SIZE];
    if (is_new) {
        doubt_namesakes(b, worker);
        log_info("worker-joined", "worker=%s slots=%u held=%zu", log_quote(worker->name, name),
                 worker->slots, worker->leases.count);
    }
    (void)broker_answer(b, sizeof(struct answer), SOCKET_WORK, &message->peer, envelope->request,
                        give_welcome);
}

/* ---- beat, started, release */

/* It knows of this lease, so everything that was sent before over the same connection was heard. */
static void note_seen(struct worker *worker, struct lease *lease)
{
    lease->seen = true;
    if (lease->connection == worker->connection && lease->since_ms > worker->seen_ms)
        worker->seen_ms = lease->since_ms;
}

/* A lease that a beat does not list: lost when something that was sent later arrived, or when it
 * has had plenty of time. */
static bool is_lost(const struct broker *b, const struct worker *worker, const struct lease *lease)
{
    if (lease->connection == worker->connection && lease->since_ms < worker->seen_ms)
        return true;
    int64_t patience_ms = LOST_AFTER_BEATS * b->options.beat_ms;
    if (patience_ms < b->options.lease_ms / 2)
        patience_ms = b->options.lease_ms / 2;
    int64_t since_ms =
        lease->since_ms > worker->connected_ms ? lease->since_ms : worker->connected_ms;
    return b->loop_ms - since_ms >= patience_ms;
}

static void hear_beat(struct broker *b, struct worker *worker, const Newsloom__V1__Beat *beat)
{
    char name[LOG_QUOTE_SIZE];
    char reason[LOG_QUOTE_SIZE];
    for (struct lease *lease = worker->leases.first; lease; lease = lease->next)
        lease->seen = false;
    unsigned listed = 0;
    for (size_t i = 0; i < beat->n_leases; i++) {
        struct lease *lease = leases_find(b->leases, beat->leases[i]);
        if (!lease || lease->worker != worker || lease->seen)
            continue;
        note_seen(worker, lease);
        listed++;
    }
    for (struct lease *lease = worker->leases.first, *next = NULL; lease; lease = next) {
        next = lease->next;
        if (!lease->seen && is_lost(b, worker, lease)) {
            attempt_returned(b, lease);
            broker_tally(b, TALLY_HEALED, 1);
        }
    }
    unsigned free_slots = beat->free_slots < SLOTS_LIMIT ? beat->free_slots : SLOTS_LIMIT;
    worker->willing = free_slots + listed;
    if (beat->blocked && !worker->blocked)
        log_warn("worker-blocked", "worker=%s reason=%s: it gets nothing until it says otherwise",
                 log_quote(worker->name, name), log_quote(beat->blocked_reason, reason));
    else if (!beat->blocked && worker->blocked)
        log_info("worker-unblocked", "worker=%s", log_quote(worker->name, name));
    worker->blocked = beat->blocked;
    if (beat->progress != worker->progress || beat->blocked)
        worker->progress_ms = b->loop_ms;
    worker->progress = beat->progress;
    text_take(worker->blocked_reason, sizeof(worker->blocked_reason), beat->blocked_reason);
}

static void hear_started(struct broker *b, struct worker *worker,
                         const Newsloom__V1__Started *started)
{
    for (size_t i = 0; i < started->n_leases; i++) {
        struct lease *lease = leases_find(b->leases, started->leases[i]);
        if (lease && lease->worker == worker)
            lease->started = true;
    }
}

static void hear_release(struct broker *b, struct worker *worker,
                         const Newsloom__V1__Release *release)
{
    for (size_t i = 0; i < release->n_leases; i++) {
        struct lease *lease = leases_find(b->leases, release->leases[i]);
        if (!lease || lease->worker != worker)
            continue;
        attempt_returned(b, lease);
        broker_tally(b, TALLY_RELEASED, 1);
    }
    worker->willing = (unsigned)worker->leases.count; /* until its next beat says otherwise */
}

/* ---- */

static void hear_goodbye(struct broker *b, struct worker *worker,
                         const Newsloom__V1__Goodbye *goodbye)
{
    char name[LOG_QUOTE_SIZE];
    char reason[LOG_QUOTE_SIZE];
    log_info("worker-left", "worker=%s held=%zu reason=%s", log_quote(worker->name, name),
             worker->leases.count, log_quote(goodbye->reason, reason));
    while (worker->leases.first)
        attempt_returned(b, worker->leases.first);
    workers_remove(b->workers, worker);
}

/* ---- */

static bool is_of_workers(const Newsloom__V1__Envelope *envelope)
{
    switch (envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_BEAT:
    case NEWSLOOM__V1__ENVELOPE__BODY_STARTED:
    case NEWSLOOM__V1__ENVELOPE__BODY_DONE:
    case NEWSLOOM__V1__ENVELOPE__BODY_FAILED:
    case NEWSLOOM__V1__ENVELOPE__BODY_RELEASE:
    case NEWSLOOM__V1__ENVELOPE__BODY_GOODBYE:
        return true;
    default:
        return false;
    }
}

/* True when the message is kept. */
static bool hear_one(struct broker *b, struct message *message,
                     const Newsloom__V1__Envelope *envelope)
{
    if (envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_HELLO) {
        hear_hello(b, message, envelope);
        return false;
    }
    struct worker *worker = workers_by_peer(b->workers, &message->peer);
    if (!is_of_workers(envelope)) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE,
               "the work socket takes Hello, Beat, Started, Done, Failed, Release and Goodbye");
        return false;
    }
    if (!worker) {
        broker_tally(b, TALLY_HELLO_FIRST, 1);
        if (workers_greet(b->workers, &message->peer, b->mono_ms))
            (void)broker_answer(b, sizeof(struct answer), SOCKET_WORK, &message->peer,
                                envelope->request, give_hello_first);
        return false;
    }
    worker->heard_ms = b->loop_ms;
    worker->replaced_ms = 0;
    switch (envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_BEAT:
        hear_beat(b, worker, envelope->beat);
        return false;
    case NEWSLOOM__V1__ENVELOPE__BODY_STARTED:
        hear_started(b, worker, envelope->started);
        return false;
    case NEWSLOOM__V1__ENVELOPE__BODY_DONE:
        return hear_done(b, worker, message, envelope);
    case NEWSLOOM__V1__ENVELOPE__BODY_FAILED:
        hear_failed(b, worker, message, envelope);
        return false;
    case NEWSLOOM__V1__ENVELOPE__BODY_RELEASE:
        hear_release(b, worker, envelope->release);
        return false;
    case NEWSLOOM__V1__ENVELOPE__BODY_GOODBYE:
        hear_goodbye(b, worker, envelope->goodbye);
        return false;
    default:
        return false;
    }
}

void hear_workers(struct broker *b)
{
    struct batch *batch = b->batch;
    size_t most = b->options.reserve_bytes / RESERVE_PARTS;
    most = most < BATCH_BYTES ? most : BATCH_BYTES;
    b->work_is_dry = false;
    while (batch->worker_messages < BATCH_MESSAGES && batch->results < BATCH_RESULTS &&
           batch->worker_bytes < most) {
        struct message *message = NULL;
        const Newsloom__V1__Envelope *envelope = broker_receive(b, SOCKET_WORK, &message);
        if (!message) {
            b->work_is_dry = true;
            return;
        }
        batch->worker_messages++;
        batch->worker_bytes += message_bytes(message);
        if (envelope && hear_one(b, message, envelope)) {
            broker_keep(b, message);
            batch->results++;
        } else {
            broker_release(b, message);
        }
    }
    batch->is_full = true;
}
