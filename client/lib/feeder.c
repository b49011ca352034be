// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/connection.h"
#include "client/lib/outcome.h"
#include "client/lib/submission.h"
#include "client/newsloom.h"
#include "common/clock.h"

#define WINDOW_ARTICLES 512
#define WINDOW_BYTES    (16u * 1024 * 1024)
#define SHIPMENT_BYTES \
    (4u * 1024 * 1024) /* payload of one message; one larger article goes alone */
#define ENVELOPE_ROOM    (ENVELOPE_LIMIT - 64)
#define HOLD_FIRST_MS    100
#define HOLD_LIMIT_MS    30000
#define CLASS_COUNT      3 /* the wire's UNSPECIFIED, LIVE, BACKFILL */
#define SEND_AGAIN_MS    20
#define DOUBLINGS_MAX    4 /* of the time-out after which articles are sent again */
#define SHUTDOWN_WAIT_MS 1000

/* One Submit that was sent and has receipts to come. */
struct shipment {
    struct shipment *next;
    uint64_t request;
    int64_t sent_at_ms;
    unsigned generation;
    bool joined;
    size_t count;
    size_t open;
    struct submission *articles[ARTICLES_LIMIT]; /* NULL: has its receipt */
};

/* RETRY_LATER stops one class at a time: the broker keeps headroom for LIVE. */
struct hold {
    int64_t until_ms;
    int64_t pause_ms;
};

struct feeder_queue {
    struct submission *first;
    struct submission **end;
};

struct newsloom_feeder {
    struct connection *connection;
    newsloom_on_receipt *on_receipt;
    void *context;
    uint64_t payload_limit;
    struct feeder_queue waiting[CLASS_COUNT];
    struct shipment *shipments;
    struct hold holds[CLASS_COUNT];
    size_t pending;
    size_t pending_bytes;
    uint64_t receipts;
    uint64_t retries;
    unsigned
        losses; /* time-outs in a row: the next one is longer, an overloaded broker gets time */
    uint64_t random;
    int64_t stalled_since_ms; /* the last receipt, or when there was something to wait for again */
    Newsloom__V1__RefusalCode refusal;
    struct outcome_memory outcome;
};

/* ---- what waits ---------------------------------------------------------------------------- */

static void queue_add(struct newsloom_feeder *f, struct submission *s)
{
    struct feeder_queue *queue = &f->waiting[s->article_class];
    s->next = NULL;
    *queue->end = s;
    queue->end = &s->next;
}

static struct submission *queue_take(struct feeder_queue *queue)
{
    struct submission *s = queue->first;
    queue->first = s->next;
    if (!queue->first)
        queue->end = &queue->first;
    s->next = NULL;
    return s;
}

/* What went out and may be lost, or was not understood, goes out again before what never did. */
static void queue_return(struct newsloom_feeder *f, struct shipment *shipment, bool left)
{
    for (size_t i = shipment->count; i-- > 0;) {
        struct submission *s = shipment->articles[i];
        if (!s)
            continue;
        struct feeder_queue *queue = &f->waiting[s->article_class];
        s->resent = s->resent || left;
        s->next = queue->first;
        if (!queue->first)
            queue->end = &s->next;
        queue->first = s;
    }
}

static void forget_shipment(struct newsloom_feeder *f, struct shipment *shipment)
{
    struct shipment **place = &f->shipments;
    while (*place != shipment)
        place = &(*place)->next;
    *place = shipment->next;
    free(shipment);
}

/* ---- sending ------------------------------------------------------------------------------- */

static struct shipment *build_shipment(struct newsloom_feeder *f, struct feeder_queue *queue)
{
    struct shipment *shipment = memory_new(sizeof(*shipment));
    size_t envelope = 0;
    size_t bytes = 0;
    while (queue->first && shipment->count < ARTICLES_LIMIT) {
        const struct submission *s = queue->first;
        envelope += submission_envelope_size(s);
        bytes += s->size;
        if (shipment->count && (envelope > ENVELOPE_ROOM || bytes > SHIPMENT_BYTES))
            break;
        shipment->articles[shipment->count++] = queue_take(queue);
    }
    shipment->open = shipment->count;
    shipment->request = connection_next_request(f->connection);
    shipment->generation = connection_generation(f->connection);
    return shipment;
}

static enum status send_shipment(struct newsloom_feeder *f, struct shipment *shipment)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Submit submit = NEWSLOOM__V1__SUBMIT__INIT;
    Newsloom__V1__Submission listed[ARTICLES_LIMIT];
    Newsloom__V1__Submission *list[ARTICLES_LIMIT];
    struct payload payloads[ARTICLES_LIMIT];
    for (size_t i = 0; i < shipment->count; i++) {
        struct submission *s = shipment->articles[i];
        newsloom__v1__submission__init(&listed[i]);
        listed[i].source = s->source;
        listed[i].key = s->key ? s->key : listed[i].key;
        listed[i].url = s->url ? s->url : listed[i].url;
        listed[i].class_ = s->article_class;
        listed[i].digest = (ProtobufCBinaryData){.data = s->digest, .len = DIGEST_SIZE};
        listed[i].size = s->size;
        listed[i].generation = s->generation;
        listed[i].revision = s->revision;
        list[i] = &listed[i];
        payloads[i] = (struct payload){s->payload, s->size};
    }
    submit.articles = list;
    submit.n_articles = shipment->count;
    envelope.protocol = protocol_oldest;
    envelope.request = shipment->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_SUBMIT;
    envelope.submit = &submit;
    enum status status = connection_send(f->connection, &envelope, payloads, shipment->count, NULL);
    shipment->joined = joined_is_said(&envelope);
    return status;
}

/* false: nobody takes it now; it waits as before. */
static bool ship(struct newsloom_feeder *f, struct feeder_queue *queue, int64_t now_ms)
{
    struct shipment *shipment = build_shipment(f, queue);
    if (send_shipment(f, shipment) != STATUS_OK) {
        queue_return(f, shipment, false);
        free(shipment);
        return false;
    }
    shipment->sent_at_ms = now_ms;
    shipment->next = f->shipments;
    f->shipments = shipment;
    return true;
}

static void send_waiting(struct newsloom_feeder *f, int64_t now_ms)
{
    bool taken = true;
    /* LIVE stands before BACKFILL. */
    for (size_t at = 0; at < CLASS_COUNT; at++)
        while (taken && f->waiting[at].first && f->holds[at].until_ms <= now_ms)
            taken = ship(f, &f->waiting[at], now_ms);
}

static int64_t resend_after_ms(const struct newsloom_feeder *f)
{
    unsigned doublings = f->losses < DOUBLINGS_MAX ? f->losses : DOUBLINGS_MAX;
    return connection_timeout_ms(f->connection) << doublings;
}

/* A shipment whose connection is gone, or that had no answer in time, goes out again. */
static void resend_lost(struct newsloom_feeder *f, int64_t now_ms)
{
    int64_t timeout_ms = resend_after_ms(f);
    bool timed_out = false;
    unsigned generation = connection_generation(f->connection);
    for (struct shipment **place = &f->shipments; *place;) {
        struct shipment *shipment = *place;
        if (shipment->generation == generation && now_ms - shipment->sent_at_ms < timeout_ms) {
            place = &shipment->next;
            continue;
        }
        timed_out = timed_out || shipment->generation == generation;
        *place = shipment->next;
        queue_return(f, shipment, true);
        free(shipment);
    }
    f->losses += timed_out;
}

/* ---- receipts ------------------------------------------------------------------------------ */

static uint64_t next_random(struct newsloom_feeder *f)
{
    f->random ^= f->random << 13;
    f->random ^= f->random >> 7;
    f->random ^= f->random << 17;
    return f->random;
}

/* Doubles from 100 ms to 30 s, never shorter than the broker asked for, up to a half more by
 * chance, so that feeders do not come back together. */
static void hold_class(struct newsloom_feeder *f, const struct submission *s, uint64_t asked_ms)
{
    struct hold *hold = &f->holds[s->article_class];
    int64_t now_ms = clock_mono_ms();
    f->retries++;
    if (hold->until_ms > now_ms)
        return; /* one pause for all of one answer */
    hold->pause_ms = hold->pause_ms ? hold->pause_ms * 2 : HOLD_FIRST_MS;
    if (asked_ms < HOLD_LIMIT_MS && hold->pause_ms < (int64_t)asked_ms)
        hold->pause_ms = (int64_t)asked_ms;
    if (hold->pause_ms > HOLD_LIMIT_MS)
        hold->pause_ms = HOLD_LIMIT_MS;
    hold->until_ms =
        now_ms + hold->pause_ms + (int64_t)(next_random(f) % (uint64_t)(hold->pause_ms / 2 + 1));
}

static void hand_over(struct newsloom_feeder *f, struct submission *s,
                      const struct newsloom_receipt *receipt)
{
    void *tag = s->tag;
    if (f->holds[s->article_class].until_ms <= clock_mono_ms())
        f->holds[s->article_class].pause_ms = 0;
    f->pending--;
    f->pending_bytes -= s->size;
    f->receipts++;
    f->losses = 0;
    f->stalled_since_ms = clock_mono_ms();
    submission_free(&s);
    if (f->on_receipt)
        f->on_receipt(f->context, tag, receipt);
}

static void take_receipt(struct newsloom_feeder *f, struct submission *s,
                         const Newsloom__V1__Receipt *wire)
{
    struct newsloom_receipt receipt = {
        .article_id = wire->article_id,
        .revision = wire->revision,
        .state = (enum newsloom_state)wire->state,
        .sequence = wire->sequence,
        .resent = s->resent,
        .refusal = "",
        .text = wire->text,
    };
    switch (wire->code) {
    case NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED:
        receipt.code = NEWSLOOM_ACCEPTED;
        break;
    case NEWSLOOM__V1__RECEIPT_CODE__DUPLICATE:
        receipt.code = NEWSLOOM_DUPLICATE;
        break;
    case NEWSLOOM__V1__RECEIPT_CODE__REFUSED:
        receipt.code = NEWSLOOM_REFUSED;
        receipt.refusal = refusal_name(wire->refusal);
        break;
    default: /* RETRY_LATER; and what is no receipt was not taken either */
        hold_class(f, s, wire->retry_after_ms);
        queue_add(f, s);
        return;
    }
    hand_over(f, s, &receipt);
}

static struct shipment *find_shipment(struct newsloom_feeder *f, uint64_t request)
{
    for (struct shipment *shipment = f->shipments; shipment; shipment = shipment->next)
        if (shipment->request == request)
            return shipment;
    return NULL;
}

static void take_receipts(struct newsloom_feeder *f, struct shipment *shipment,
                          const Newsloom__V1__Receipts *receipts)
{
    for (size_t i = 0; i < receipts->n_receipts; i++) {
        size_t at = receipts->first + i;
        if (at >= shipment->count || !shipment->articles[at])
            continue;
        struct submission *s = shipment->articles[at];
        shipment->articles[at] = NULL;
        shipment->open--;
        take_receipt(f, s, receipts->receipts[i]);
    }
}

/* The message as a whole: each article of it has the same answer. */
static void take_refusal(struct newsloom_feeder *f, struct shipment *shipment,
                         const Newsloom__V1__Refusal *refusal)
{
    Newsloom__V1__Receipt receipt = NEWSLOOM__V1__RECEIPT__INIT;
    receipt.code = NEWSLOOM__V1__RECEIPT_CODE__REFUSED;
    if (refusal->code == NEWSLOOM__V1__REFUSAL_CODE__SHUTTING_DOWN ||
        refusal->code == NEWSLOOM__V1__REFUSAL_CODE__LIMITED) {
        receipt.code = NEWSLOOM__V1__RECEIPT_CODE__RETRY_LATER;
        receipt.retry_after_ms = SHUTDOWN_WAIT_MS;
    }
    receipt.refusal = refusal->code;
    receipt.text = refusal->text;
    shipment->open = 0;
    if (refusal->code == NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT && shipment->joined) {
        /* an older broker took the place of the one that took joined payloads */
        connection_note_features(f->connection, 0);
        queue_return(f, shipment, false);
        return;
    }
    for (size_t i = 0; i < shipment->count; i++) {
        struct submission *s = shipment->articles[i];
        shipment->articles[i] = NULL;
        if (s)
            take_receipt(f, s, &receipt);
    }
}

static void take_message(struct newsloom_feeder *f, const Newsloom__V1__Envelope *envelope)
{
    struct shipment *shipment = find_shipment(f, envelope->request);
    if (!shipment)
        return; /* the answer to something that was sent again since */
    if (envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_RECEIPTS) {
        connection_note_features(f->connection, envelope->receipts->features);
        take_receipts(f, shipment, envelope->receipts);
    } else if (envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL)
        take_refusal(f, shipment, envelope->refusal);
    if (shipment->open == 0)
        forget_shipment(f, shipment);
}

/* ---- public -------------------------------------------------------------------------------- */

enum status newsloom_feeder_open(struct newsloom_feeder **ret_feeder,
                                 const struct newsloom_options *options,
                                 newsloom_on_receipt *on_receipt, void *context, struct error *err)
{
    struct newsloom_feeder *f = memory_new(sizeof(*f));
    enum status status = connection_open(&f->connection, options, ZMQ_DEALER, "broker.feed", err);
    if (status != STATUS_OK) {
        free(f);
        return status;
    }
    f->on_receipt = on_receipt;
    f->context = context;
    f->payload_limit = options->payload_limit ? options->payload_limit : PAYLOAD_LIMIT;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        f->waiting[i].end = &f->waiting[i].first;
    random_bytes(&f->random, sizeof(f->random));
    f->random |= 1;
    *ret_feeder = f;
    return STATUS_OK;
}

void newsloom_feeder_abandon(struct newsloom_feeder *f)
{
    while (f->shipments) {
        struct shipment *shipment = f->shipments;
        f->shipments = shipment->next;
        for (size_t i = 0; i < shipment->count; i++)
            submission_free(&shipment->articles[i]);
        free(shipment);
    }
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        while (f->waiting[i].first) {
            struct submission *s = queue_take(&f->waiting[i]);
            submission_free(&s);
        }
        f->holds[i] = (struct hold){0};
    }
    f->pending = f->pending_bytes = 0;
}

void newsloom_feeder_close(struct newsloom_feeder **feeder_p)
{
    struct newsloom_feeder *f = *feeder_p;
    if (!f)
        return;
    newsloom_feeder_abandon(f);
    outcome_done(&f->outcome);
    connection_close(&f->connection);
    free(f);
    *feeder_p = NULL;
}

enum status newsloom_feeder_submit(struct newsloom_feeder *f,
                                   const struct newsloom_article *article, void *tag,
                                   struct error *err)
{
    f->refusal = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    if (f->pending >= WINDOW_ARTICLES ||
        (f->pending && f->pending_bytes + article->size > WINDOW_BYTES))
        return error_set(err, STATUS_LIMIT, "could not take the article: %zu wait for receipts",
                         f->pending);
    struct submission *s = NULL;
    enum status status = submission_new(&s, article, f->payload_limit, &f->refusal, err);
    if (status != STATUS_OK)
        return status;
    if (f->pending == 0)
        f->stalled_since_ms = clock_mono_ms();
    s->tag = tag;
    f->pending++;
    f->pending_bytes += s->size;
    queue_add(f, s);
    return STATUS_OK;
}

const char *newsloom_feeder_refusal(const struct newsloom_feeder *f)
{
    return refusal_name(f->refusal);
}

static bool has_waiting(const struct newsloom_feeder *f)
{
    bool any = false;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        any = any || f->waiting[i].first;
    return any;
}

int64_t newsloom_feeder_held_ms(const struct newsloom_feeder *f)
{
    int64_t now_ms = clock_mono_ms();
    int64_t left_ms = 0;
    for (size_t i = 0; i < CLASS_COUNT; i++)
        if (f->waiting[i].first && f->holds[i].until_ms - now_ms > left_ms)
            left_ms = f->holds[i].until_ms - now_ms;
    return left_ms;
}

bool newsloom_feeder_is_held(const struct newsloom_feeder *f)
{
    return newsloom_feeder_held_ms(f) > 0;
}

/* How long nothing needs doing unless a message comes. */
static int64_t next_duty_ms(const struct newsloom_feeder *f, int64_t now_ms, int64_t most_ms)
{
    int64_t wait_ms = most_ms;
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (!f->waiting[i].first)
            continue;
        int64_t held_ms = f->holds[i].until_ms - now_ms;
        int64_t due_ms = held_ms > SEND_AGAIN_MS ? held_ms : SEND_AGAIN_MS;
        wait_ms = due_ms < wait_ms ? due_ms : wait_ms;
    }
    for (const struct shipment *s = f->shipments; s; s = s->next) {
        int64_t left_ms = s->sent_at_ms + resend_after_ms(f) - now_ms;
        wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
    }
    return wait_ms > 0 ? wait_ms : 0;
}

static enum status read_receipts(struct newsloom_feeder *f, struct error *err)
{
    struct message message = {0};
    enum status status = STATUS_OK;
    for (;;) {
        status = connection_receive(f->connection, &message, err);
        if (status == STATUS_AGAIN || status == STATUS_BROKEN)
            break;
        if (status == STATUS_OK)
            take_message(f, message.envelope);
    }
    message_done(&message);
    return status == STATUS_BROKEN ? status : STATUS_OK;
}

enum status newsloom_feeder_run(struct newsloom_feeder *f, int64_t timeout_ms, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    uint64_t receipts = f->receipts;
    while (f->pending > 0) {
        int64_t now_ms = clock_mono_ms();
        resend_lost(f, now_ms);
        send_waiting(f, now_ms);
        if (now_ms > deadline_ms)
            break;
        if (connection_wait(f->connection, next_duty_ms(f, now_ms, deadline_ms - now_ms + 1))) {
            enum status status = read_receipts(f, err);
            if (status != STATUS_OK)
                return status;
        }
        if (f->receipts != receipts) {
            send_waiting(f, clock_mono_ms());
            return STATUS_OK;
        }
    }
    if (f->pending == 0)
        return STATUS_OK;
    if (newsloom_feeder_is_held(f) && connection_is_up(f->connection))
        return error_set(err, STATUS_AGAIN,
                         "the broker asks to wait (it is full or draining): %zu articles are held "
                         "back and go out again by themselves",
                         f->pending);
    if (has_waiting(f) && connection_is_up(f->connection) && !f->shipments)
        return error_set(err, STATUS_AGAIN, "could not send: the broker takes nothing now");
    return connection_complain(f->connection, clock_mono_ms() - f->stalled_since_ms, err);
}

size_t newsloom_feeder_pending(const struct newsloom_feeder *f)
{
    return f->pending;
}

uint64_t newsloom_feeder_retries(const struct newsloom_feeder *f)
{
    return f->retries;
}

/* ---- outcomes ------------------------------------------------------------------------------ */

enum status newsloom_feeder_outcome(struct newsloom_feeder *f,
                                    const struct newsloom_article *identity, uint32_t revision,
                                    const struct newsloom_outcome **ret_outcome, struct error *err)
{
    Newsloom__V1__Envelope question = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__OutcomeRequest request = NEWSLOOM__V1__OUTCOME_REQUEST__INIT;
    enum status status =
        identity_check(identity->source, identity->key, identity->url, &f->refusal, err);
    if (status != STATUS_OK)
        return status;
    bool by_key = identity->key && *identity->key;
    request.source = (char *)(uintptr_t)identity->source;
    if (by_key)
        request.key = (char *)(uintptr_t)identity->key;
    else
        request.url = (char *)(uintptr_t)identity->url;
    request.revision = revision;
    question.protocol = protocol_oldest;
    question.body_case = NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME_REQUEST;
    question.outcome_request = &request;
    /* Receipts that come in between are answered when they are sent again. */
    status = connection_request(f->connection, &question, &f->outcome.message, err);
    if (status != STATUS_OK)
        return status;
    const Newsloom__V1__Envelope *envelope = f->outcome.message.envelope;
    if (envelope->body_case != NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME)
        return error_set(err, STATUS_BROKEN, "the broker answered with something else");
    outcome_fill(&f->outcome, envelope->outcome);
    *ret_outcome = &f->outcome.outcome;
    return STATUS_OK;
}
