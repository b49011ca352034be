// SPDX-License-Identifier: Apache-2.0
#include "broker/broker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "broker/committer.h"
#include "broker/loading.h"
#include "broker/opening.h"
#include "common/clock.h"
#include "common/crash.h"
#include "common/notify.h"

enum {
    IDLE_MS = 100, /* the longest the loop sleeps */
    AWAY_MS = 500, /* more between two turns: the loop itself was away */
    SECOND_MS = 1000,
    INTERVAL_MS = 10000, /* of rates */
    STOP_MS = 5000,      /* feeders that never stop sending do not hold us longer */
    RETRY_FULL_MS = 1000,
    RETRY_STUCK_MS = 200,
    RETRY_READ_MS = 200,
    FEW_CHANGES = 8,
};

/* ---- for the steps */

void *broker_answer(struct broker *b, size_t size, enum socket_name socket, const struct peer *peer,
                    uint64_t request, void (*give)(struct broker *, struct answer *))
{
    struct answer *answer = arena_take(b->batch->arena, 1, size);
    answer->give = give;
    answer->socket = socket;
    answer->peer = *peer;
    answer->request = request;
    *b->batch->answers_end = answer;
    b->batch->answers_end = &answer->next;
    return answer;
}

void broker_count_refusal(struct broker *b, Newsloom__V1__RefusalCode code)
{
    static const struct {
        Newsloom__V1__RefusalCode code;
        enum tally row;
    } rows[] = {
        {NEWSLOOM__V1__REFUSAL_CODE__BAD_ENVELOPE, TALLY_REFUSED_BAD_ENVELOPE},
        {NEWSLOOM__V1__REFUSAL_CODE__UNSUPPORTED_PROTOCOL, TALLY_REFUSED_PROTOCOL},
        {NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE, TALLY_REFUSED_UNEXPECTED},
        {NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT, TALLY_REFUSED_FRAMES},
        {NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE, TALLY_REFUSED_LARGE},
        {NEWSLOOM__V1__REFUSAL_CODE__EMPTY, TALLY_REFUSED_EMPTY},
        {NEWSLOOM__V1__REFUSAL_CODE__NOT_ALLOWED, TALLY_REFUSED_NOT_ALLOWED},
        {NEWSLOOM__V1__REFUSAL_CODE__LIMITED, TALLY_REFUSED_LIMITED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].code == code) {
            broker_tally(b, rows[i].row, 1);
            return;
        }
    }
    broker_tally(b, TALLY_REFUSED_OTHER, 1);
}

struct refused {
    struct answer answer;
    Newsloom__V1__RefusalCode code;
    char text[REASON_LIMIT];
};

static void give_refusal(struct broker *b, struct answer *answer)
{
    struct refused *refused = (struct refused *)answer;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Refusal refusal = NEWSLOOM__V1__REFUSAL__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL;
    envelope.refusal = &refusal;
    refusal.code = refused->code;
    refusal.text = refused->text;
    (void)broker_send(b, answer->socket, &answer->peer, &envelope, NULL, 0);
}

void broker_refuse(struct broker *b, enum socket_name socket, const struct peer *peer,
                   uint64_t request, Newsloom__V1__RefusalCode code, const char *format, ...)
{
    struct refused *refused =
        broker_answer(b, sizeof(*refused), socket, peer, request, give_refusal);
    refused->code = code;
    va_list arguments;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above
    (void)vsnprintf(refused->text, sizeof(refused->text), format, arguments);
    va_end(arguments);
    broker_count_refusal(b, code);
    int file = guard_blame(b->guard, socket, peer, code);
    if (file < 0)
        return;
    broker_tally(b, TALLY_CUT, 1);
    sockets_cut(b->sockets, socket, file);
    if (log_gate_open(&b->guard_gate))
        log_warn("sender-cut", "socket=%s reason=\"it sends nothing but junk\" suppressed=%llu",
                 sockets_name(socket), b->guard_gate.suppressed);
}

enum sent broker_send(struct broker *b, enum socket_name socket, const struct peer *peer,
                      Newsloom__V1__Envelope *envelope, zmq_msg_t *payloads, size_t count)
{
    envelope->protocol = protocol_oldest;
    enum sent sent = sockets_send(b->sockets, socket, peer, envelope, payloads, count);
    if (sent != SENT)
        broker_tally(b, TALLY_SEND_BLOCKED, 1);
    else
        broker_tally(b, TALLY_JOINED_OUT, joined_is_said(envelope));
    return sent;
}

/* The number of the question, if it can be read. */
static uint64_t request_of(struct message *message)
{
    Newsloom__V1__Envelope *envelope = NULL;
    Newsloom__V1__RefusalCode unused;
    enum status status =
        envelope_unpack(zmq_msg_data(&message->envelope), zmq_msg_size(&message->envelope),
                        message->arena, &envelope, &unused, NULL);
    return status == STATUS_OK ? envelope->request : 0;
}

/* Not heard: said to the sender, counted, and logged once a second at most. */
static void turn_away(struct broker *b, enum socket_name socket, struct message *message,
                      enum verdict verdict, const struct ruling *ruling)
{
    bool limited = ruling->code == NEWSLOOM__V1__REFUSAL_CODE__LIMITED;
    struct log_gate *gate = limited ? &b->limit_gate : &b->guard_gate;
    if (log_gate_open(gate))
        log_warn(limited ? "sender-limited" : "sender-refused",
                 "socket=%s name=%s reason=\"%s\" cut=%d suppressed=%llu: not heard",
                 sockets_name(socket), ruling->name[0] ? ruling->name : "unknown", ruling->text,
                 ruling->cut, gate->suppressed);
    if (verdict == VERDICT_REFUSE)
        broker_refuse(b, socket, &message->peer, request_of(message), ruling->code, "%s",
                      ruling->text);
    else
        broker_tally(b, TALLY_DROPPED_LIMITED, 1);
    if (ruling->cut) {
        broker_tally(b, TALLY_CUT, 1);
        sockets_cut(b->sockets, socket, message->visit.file);
    }
}

Newsloom__V1__Envelope *broker_receive(struct broker *b, enum socket_name socket,
                                       struct message **ret_message)
{
    struct message *message = b->spare ? b->spare : message_new();
    b->spare = message->next;
    message->next = NULL;
    *ret_message = NULL;
    if (!sockets_receive(b->sockets, socket, message)) {
        broker_release(b, message);
        return NULL;
    }
    *ret_message = message;
    struct ruling ruling;
    enum verdict verdict = guard_judge(b->guard, socket, message, b->mono_ms, &ruling);
    if (verdict != VERDICT_HEAR) {
        turn_away(b, socket, message, verdict, &ruling);
        return NULL;
    }
    Newsloom__V1__Envelope *envelope = NULL;
    Newsloom__V1__RefusalCode code = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    struct error why;
    if (envelope_unpack(zmq_msg_data(&message->envelope), zmq_msg_size(&message->envelope),
                        message->arena, &envelope, &code, &why) == STATUS_OK &&
        message_split(message, envelope, &code, &why) == STATUS_OK) {
        broker_tally(b, TALLY_JOINED_IN, joined_is_said(envelope));
        return envelope;
    }
    if (log_gate_open(&b->bad_gate))
        log_warn("bad-envelope", "socket=%s reason=\"%s\": refused; said once a second at most",
                 sockets_name(socket), why.text);
    broker_refuse(b, socket, &message->peer, envelope ? envelope->request : 0, code, "%s",
                  why.text);
    return NULL;
}

void broker_release(struct broker *b, struct message *message)
{
    message_clear(message);
    message->next = b->spare;
    b->spare = message;
}

void broker_keep(struct broker *b, struct message *message)
{
    message->next = b->batch->kept;
    b->batch->kept = message;
}

uint32_t broker_random(struct broker *b)
{
    /* xorshift: spreads retries, keeps no secrets */
    b->random ^= b->random << 13;
    b->random ^= b->random >> 17;
    b->random ^= b->random << 5;
    return b->random;
}

void broker_read_failed(struct broker *b, const struct error *why)
{
    b->read_again_ms = b->mono_ms + RETRY_READ_MS;
    if (log_gate_open(&b->read_gate))
        log_error("read-failed", "reason=\"%s\" suppressed=%llu: it will be tried again", why->text,
                  b->read_gate.suppressed);
}

struct item broker_item(struct broker *b, uint64_t article_id, const char *source, uint64_t size,
                        Newsloom__V1__Class class_, int64_t accepted_at_ms)
{
    return (struct item){
        .article_id = article_id,
        .accepted_at_ms = accepted_at_ms,
        .source_id = store_source_id(b->store, source),
        .size = (uint32_t)size,
        .class_ = class_ == NEWSLOOM__V1__CLASS__BACKFILL ? QUEUE_BACKFILL : QUEUE_LIVE,
    };
}

void broker_forget(struct broker *b, uint64_t article_id)
{
    struct item *item = queue_find(b->queue, article_id);
    if (!item)
        return;
    if (item->state == ITEM_LEASED)
        leases_end(b->leases, item->lease, &item->lease->worker->leases);
    else
        body_drop(&b->bodies, item);
    queue_remove(b->queue, item);
}

/* ---- the turn */

static int time_to_next_deadline(const struct broker *b)
{
    if (!b->feed_is_dry || !b->work_is_dry || !b->others_are_dry || loading_is_due(b) ||
        (b->scrub_goes_on && !b->flying))
        return 0;
    int64_t wait_ms = queue_next_due(b->queue);
    if (b->serve_due_ms < wait_ms)
        wait_ms = b->serve_due_ms;
    if (wait_ms != INT64_MAX)
        wait_ms = wait_ms > b->mono_ms ? wait_ms - b->mono_ms : 0;
    return (int)(wait_ms < IDLE_MS ? wait_ms : IDLE_MS);
}

static void read_signals(struct broker *b)
{
    struct signalfd_siginfo signal_info;
    while (read(b->signal_fd, &signal_info, sizeof(signal_info)) == sizeof(signal_info)) {
        if (signal_info.ssi_signo == SIGHUP)
            b->hung_up = true;
        if (signal_info.ssi_signo != SIGTERM && signal_info.ssi_signo != SIGINT)
            continue;
        b->signals++;
        log_info("stopping", "signals=%u: answering what was read, then the end", b->signals);
    }
}

static void wait_for_messages(struct broker *b)
{
    if (b->flying && b->batch->is_full)
        return; /* nothing more is heard before that has landed */
    zmq_pollitem_t items[] = {
        {.socket = sockets_handle(b->sockets, SOCKET_FEED), .events = ZMQ_POLLIN},
        {.socket = sockets_handle(b->sockets, SOCKET_WORK), .events = ZMQ_POLLIN},
        {.socket = sockets_handle(b->sockets, SOCKET_SUBSCRIBE), .events = ZMQ_POLLIN},
        {.socket = sockets_handle(b->sockets, SOCKET_OPERATOR), .events = ZMQ_POLLIN},
        {.socket = sockets_handle(b->sockets, SOCKET_LIVE), .events = ZMQ_POLLIN},
        {.fd = b->flying ? committer_fd(b->committer) : reader_fd(b->reader), .events = ZMQ_POLLIN},
        {.fd = b->signal_fd, .events = ZMQ_POLLIN},
    };
    (void)zmq_poll(items, COUNT_OF(items), time_to_next_deadline(b));
    if (items[COUNT_OF(items) - 1].revents)
        read_signals(b);
}

/* Time in which we did not turn does not count against those who wait for us to listen. */
static void read_clocks(struct broker *b)
{
    int64_t mono_ms = clock_mono_ms();
    int64_t real_ms = mono_ms - b->mono_ms;
    int64_t passed_ms = real_ms;
    if (passed_ms > AWAY_MS) {
        if (log_gate_open(&b->away_gate))
            log_warn("loop-was-away", "ms=%" PRId64 ": leases are prolonged by it", passed_ms);
        passed_ms = IDLE_MS;
    }
    b->loop_ms += passed_ms;
    b->mono_ms = mono_ms;
    b->wall_ms = calendar_read(&b->calendar, mono_ms, real_ms);
}

static int64_t count_time(struct broker *b, enum tally row, int64_t since_us)
{
    int64_t now_us = clock_mono_us();
    broker_tally(b, row, (uint64_t)(now_us - since_us));
    return now_us;
}

static void follow_retention(struct broker *b, const struct store_facts *before)
{
    /* a slice that moved the log's beginning is followed by another soon */
    if (b->facts.first_retained != before->first_retained && b->retention_due_ms > b->mono_ms)
        b->retention_due_ms = b->mono_ms + 1;
}

/* Not even what must be recorded found a page, because a reader from outside holds them: nothing is
 * answered until it went through. Peers wait or send again, and nobody is taken for silent, for the
 * loop is away. A signal ends the wait, and with it the broker: what was not answered comes again.
 */
static enum status submit_until_kept(struct broker *b, struct turn *turn, struct error *err)
{
    unsigned signals = b->signals;
    int64_t give_up_ms = b->condition == CONDITION_STOPPING ? b->mono_ms + STOP_MS : INT64_MAX;
    enum status status = STATUS_LIMIT;
    log_error("store-stuck", "reason=\"%s\": nothing is answered until there is room", err->text);
    for (int64_t now_ms = b->mono_ms;
         status == STATUS_LIMIT && b->signals == signals && now_ms < give_up_ms;
         now_ms = clock_mono_ms()) {
        zmq_pollitem_t item = {.fd = b->signal_fd, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, RETRY_STUCK_MS) > 0)
            read_signals(b);
        http_beat(b->http);
        notify_beat(now_ms);
        status = store_submit(b->store, turn, err);
    }
    if (status == STATUS_OK)
        log_info("store-unstuck", "ms=%" PRId64, clock_mono_ms() - b->mono_ms);
    return status;
}

/* The store is full: the batch goes again without its articles. */
static enum status submit_without_accepts(struct broker *b, struct batch *batch, struct error *err)
{
    if (b->mono_ms >= b->full_until_ms)
        log_warn("store-full", "reason=\"%s\": feeders hear RETRY_LATER, finishing goes on",
                 err->text);
    broker_tally(b, TALLY_STORE_FULL, 1);
    b->full_until_ms = b->mono_ms + RETRY_FULL_MS;
    if (b->retention_due_ms > b->full_until_ms)
        b->retention_due_ms = b->mono_ms;
    turn_drop_accepts(batch->turn);
    batch->accepts_dropped = true;
    return turn_is_empty(batch->turn) ? STATUS_OK : store_submit(b->store, batch->turn, err);
}

/* What the committer's answer means. */
static enum status conclude(struct broker *b, struct batch *batch, enum status status,
                            struct error *err)
{
    struct store_facts before = b->facts;
    if (status == STATUS_LIMIT && batch->accepts > 0)
        status = submit_without_accepts(b, batch, err);
    if (status == STATUS_LIMIT)
        status = submit_until_kept(b, batch->turn, err);
    if (status != STATUS_OK)
        return status;
    if (batch->accepts > 0) /* not with the first retention, before there is an article */
        crash_here(CRASH_BROKER_AFTER_COMMIT);
    if (batch->has_done)
        crash_here(CRASH_BROKER_DONE_COMMITTED);
    if (batch->has_operator)
        crash_here(CRASH_BROKER_OPERATOR_COMMITTED);
    broker_tally(b, TALLY_COMMITS, 1);
    store_facts(b->store, &b->facts);
    follow_retention(b, &before);
    return STATUS_OK;
}

static void clear_batch(struct broker *b, struct batch *batch)
{
    while (batch->kept) {
        struct message *message = batch->kept;
        batch->kept = message->next;
        broker_release(b, message);
    }
    turn_reset(batch->turn);
    arena_reset(batch->arena);
    *batch = (struct batch){.turn = batch->turn, .arena = batch->arena};
    batch->answers_end = &batch->answers;
}

/* It is on disk, or had nothing that must be there. */
static void give_answers(struct broker *b, struct batch *batch)
{
    struct batch *gathering = b->batch;
    int64_t since_us = clock_mono_us();
    bool any = batch->answers != NULL;
    b->batch = batch;
    for (struct answer *answer = batch->answers; answer; answer = answer->next)
        answer->give(b, answer);
    b->batch = gathering;
    clear_batch(b, batch);
    (void)count_time(b, TALLY_TIME_ANSWER, since_us);
    if (any)
        crash_here(CRASH_BROKER_AFTER_RECEIPTS);
}

/* To the committer; the other batch gathers from now on. */
static void fly(struct broker *b)
{
    struct batch *batch = b->batch;
    crash_here(CRASH_BROKER_BEFORE_COMMIT);
    b->flying = batch;
    b->batch = batch == &b->batches[0] ? &b->batches[1] : &b->batches[0];
    committer_begin(b->committer, batch->turn);
}

/* Whether what was gathered may fly while what landed is answered: it is worth it, and nothing
 * waits for the store to stand still. */
static bool may_follow(const struct broker *b)
{
    return turn_count(b->batch->turn) > FEW_CHANGES && b->condition != CONDITION_STOPPING &&
           reader_pending(b->reader) == 0 && !loading_is_due(b) && !b->forgettings &&
           b->facts.scrubbed == b->facts.forgettings;
}

/* Waits for what is at the committer, and answers it, beside the next if that can go already. */
static enum status land(struct broker *b, struct error *err)
{
    struct batch *batch = b->flying;
    uint64_t us = 0;
    enum status status = committer_end(b->committer, &us, err);
    b->flying = NULL;
    broker_tally(b, TALLY_TIME_COMMIT, us);
    status = conclude(b, batch, status, err);
    if (status != STATUS_OK)
        return status; /* nothing is answered that is not on disk: stop, restart, replay */
    if (may_follow(b))
        fly(b); /* the one that landed gathers next, once it is answered */
    give_answers(b, batch);
    return STATUS_OK;
}

/* Without changes there is nothing to wait for, and a few are committed here: two threads taking
 * turns would be slower. */
static enum status depart(struct broker *b, struct error *err)
{
    struct batch *batch = b->batch;
    if (turn_is_empty(batch->turn)) {
        give_answers(b, batch);
        return STATUS_OK;
    }
    if (turn_count(batch->turn) <= FEW_CHANGES) {
        crash_here(CRASH_BROKER_BEFORE_COMMIT);
        int64_t since_us = clock_mono_us();
        enum status status = store_submit(b->store, batch->turn, err);
        (void)count_time(b, TALLY_TIME_COMMIT, since_us);
        status = conclude(b, batch, status, err);
        if (status == STATUS_OK)
            give_answers(b, batch);
        return status;
    }
    fly(b);
    return STATUS_OK;
}

static void end_turn(struct broker *b)
{
    broker_tally(b, TALLY_TURNS, 1);
    http_beat(b->http);
    notify_beat(b->mono_ms);
    if (b->mono_ms >= b->second_due_ms) {
        b->second_due_ms = b->mono_ms + SECOND_MS;
        refresh_gauges(b);
        guard_sweep(b->guard);
    }
    if (b->mono_ms >= b->interval_due_ms) {
        b->interval_due_ms = b->mono_ms + INTERVAL_MS;
        workers_next_interval(b->workers);
        for (size_t i = 0; i < QUEUE_CLASS_COUNT; i++) {
            memmove(&b->ends[i][1], &b->ends[i][0], (RATE_INTERVALS - 1) * sizeof(b->ends[i][0]));
            b->ends[i][0] = 0;
        }
    }
}

/* What only goes while the store stands still and memory agrees with it. */
static enum status settle_down(struct broker *b, struct error *err)
{
    int64_t at_us = clock_mono_us();
    forget_on(b);
    load_articles(b);
    (void)count_time(b, TALLY_TIME_LOAD, at_us);
    scrub_store(b);
    return depart(b, err);
}

static enum status broker_turn(struct broker *b, struct error *err)
{
    wait_for_messages(b);
    read_clocks(b); /* once: every step sees the same time */
    b->others_are_dry = true;
    enum status status = STATUS_OK;
    if (b->flying && (b->batch->is_full || committer_is_over(b->committer)))
        status = land(b, err);
    if (status != STATUS_OK)
        return status;
    int64_t at_us = clock_mono_us();
    if (!b->flying)
        reader_collect(b->reader, b);
    take_articles(b);
    at_us = count_time(b, TALLY_TIME_TAKE, at_us);
    hear_workers(b);
    hear_subscribers(b);
    hear_listeners(b);
    obey_operators(b);
    at_us = count_time(b, TALLY_TIME_HEAR, at_us);
    reclaim(b);
    (void)count_time(b, TALLY_TIME_RECLAIM, at_us);
    if (!b->flying)
        status = settle_down(b, err);
    if (status != STATUS_OK)
        return status;
    at_us = clock_mono_us();
    dispatch_articles(b);
    at_us = count_time(b, TALLY_TIME_DISPATCH, at_us);
    serve_subscribers(b);
    (void)count_time(b, TALLY_TIME_SERVE, at_us);
    end_turn(b);
    return STATUS_OK;
}

/* Told to stop: nothing new, but every submit that lies in the socket gets its receipt. */
static enum status drain(struct broker *b, struct error *err)
{
    int64_t until_ms = b->mono_ms + STOP_MS;
    b->condition = CONDITION_STOPPING;
    notify_stopping();
    http_set_ready(b->http, false, "the broker is stopping");
    enum status status = STATUS_OK;
    for (bool dry = false; status == STATUS_OK && !dry;) {
        status = broker_turn(b, err);
        dry = (b->feed_is_dry && b->work_is_dry && !b->flying) || b->mono_ms >= until_ms ||
              b->signals > 1;
    }
    return status == STATUS_OK && b->flying ? land(b, err) : status;
}

enum status broker_run(struct broker *b, struct error *err)
{
    enum status status = STATUS_OK;
    notify_ready();
    http_set_ready(b->http, true, "");
    while (status == STATUS_OK && b->signals == 0)
        status = broker_turn(b, err);
    return status == STATUS_OK ? drain(b, err) : status;
}
