// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/connection.h"
#include "client/lib/entry.h"
#include "client/lib/filter.h"
#include "client/newsloom.h"
#include "common/clock.h"

#define WINDOW_ENTRIES 256
#define BEAT_MS        1000 /* until the broker says how often */
#define BEAT_LEAST_MS  50
#define RETRY_MS       200
#define NEARLY_PERCENT 90 /* of what is retained is still to be handled */

enum subscriber_state {
    SUBSCRIBER_IDLE,      /* a Subscribe is to be sent */
    SUBSCRIBER_ASKED,     /* it was sent, the answer is to come */
    SUBSCRIBER_STREAMING, /* batches may come */
    SUBSCRIBER_ENDED,     /* a gap or a refusal: says so for ever */
};

struct newsloom_subscriber {
    struct connection *connection;
    enum subscriber_state state;
    struct filter filter;
    struct newsloom_subscription wish;
    char *name;

    struct message batch; /* the batch that entries are being handed over from */
    size_t next_entry;
    struct newsloom_entry entry;

    bool has_position;
    struct newsloom_cursor received; /* every batch through here was received */
    struct newsloom_cursor handled;  /* every entry through here was acknowledged */
    uint64_t handed_over;            /* sequence of the newest entry that was handed over */
    uint64_t last;                   /* the newest of the log that we heard of */
    uint64_t first_retained;         /* the oldest; 0: a broker that does not say */

    uint64_t request; /* of the Subscribe that is in force */
    unsigned generation;
    uint64_t credit;    /* total granted since Subscribed */
    uint64_t delivered; /* entries handed over or passed by since Subscribed */
    int64_t beat_ms;
    int64_t beat_due_ms;
    int64_t asked_at_ms;

    struct newsloom_gap gap;
    struct message gap_message;
    struct error end;
};

/* ---- sending ------------------------------------------------------------------------------- */

static enum status send_body(struct newsloom_subscriber *s, Newsloom__V1__Envelope *envelope)
{
    envelope->protocol = protocol_oldest;
    envelope->request = s->request;
    return connection_send(s->connection, envelope, NULL, 0, NULL);
}

static bool send_subscribe(struct newsloom_subscriber *s)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Subscribe subscribe = NEWSLOOM__V1__SUBSCRIBE__INIT;
    Newsloom__V1__Filter filter;
    filter_wire(&s->filter, &filter);
    subscribe.from = (Newsloom__V1__From)s->wish.from;
    if (s->has_position || s->wish.from == NEWSLOOM_FROM_CURSOR) {
        struct newsloom_cursor *from = s->has_position ? &s->received : &s->wish.cursor;
        subscribe.from = NEWSLOOM__V1__FROM__FROM_CURSOR;
        subscribe.log_id.data = from->log_id;
        subscribe.log_id.len = sizeof(from->log_id);
        subscribe.after = from->sequence;
    }
    if (!filter_is_empty(&s->filter))
        subscribe.filter = &filter;
    subscribe.credit = s->wish.window;
    subscribe.features = features_here;
    if (s->name)
        subscribe.name = s->name;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_SUBSCRIBE;
    envelope.subscribe = &subscribe;
    s->request = connection_next_request(s->connection);
    return send_body(s, &envelope) == STATUS_OK;
}

static void send_credit(struct newsloom_subscriber *s, int64_t now_ms)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Credit credit = NEWSLOOM__V1__CREDIT__INIT;
    credit.total = s->credit = s->delivered + s->wish.window;
    credit.acknowledged = s->handled.sequence;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_CREDIT;
    envelope.credit = &credit;
    (void)send_body(s, &envelope); /* a lost one heals with the next */
    s->beat_due_ms = now_ms + s->beat_ms;
}

/* A connection that is new, or an answer that does not come: ask again. A broker that forgot the
 * subscription refuses the next Credit, which leads here too. */
static void keep_subscribed(struct newsloom_subscriber *s, int64_t now_ms)
{
    unsigned generation = connection_generation(s->connection);
    bool lost = s->state != SUBSCRIBER_IDLE && s->generation != generation;
    if (s->state == SUBSCRIBER_ASKED &&
        now_ms - s->asked_at_ms > connection_timeout_ms(s->connection))
        lost = true;
    if (lost)
        s->state = SUBSCRIBER_IDLE;
    if (s->state == SUBSCRIBER_IDLE && send_subscribe(s)) {
        s->state = SUBSCRIBER_ASKED;
        s->generation = generation;
        s->asked_at_ms = now_ms;
    }
    bool low = s->credit <= s->delivered + s->wish.window / 2;
    if (s->state == SUBSCRIBER_STREAMING && (low || now_ms >= s->beat_due_ms))
        send_credit(s, now_ms);
}

/* ---- receiving ----------------------------------------------------------------------------- */

static void take_subscribed(struct newsloom_subscriber *s, const Newsloom__V1__Subscribed *wire)
{
    if (s->state != SUBSCRIBER_ASKED || wire->log_id.len != sizeof(s->received.log_id))
        return;
    memcpy(s->received.log_id, wire->log_id.data, sizeof(s->received.log_id));
    s->received.sequence = wire->after;
    if (!s->has_position) {
        s->handled = s->received;
        s->handed_over = wire->after;
    }
    s->has_position = true;
    s->state = SUBSCRIBER_STREAMING;
    s->last = wire->last;
    s->first_retained = wire->first_retained;
    s->delivered = 0;
    s->credit = s->wish.window;
    s->beat_ms = wire->beat_ms ? (int64_t)wire->beat_ms : BEAT_MS;
    s->beat_ms = s->beat_ms < BEAT_LEAST_MS ? BEAT_LEAST_MS : s->beat_ms;
    s->beat_due_ms = clock_mono_ms() + s->beat_ms;
}

static enum status take_gap(struct newsloom_subscriber *s, struct message *message)
{
    const Newsloom__V1__Gap *wire = message->envelope->gap;
    s->gap_message = *message;
    *message = (struct message){0};
    s->gap =
        (struct newsloom_gap){.last = wire->last, .other_log = wire->other_log, .text = wire->text};
    if (wire->log_id.len == sizeof(s->gap.first.log_id))
        memcpy(s->gap.first.log_id, wire->log_id.data, sizeof(s->gap.first.log_id));
    s->gap.first.sequence = wire->first_retained ? wire->first_retained - 1 : 0;
    s->state = SUBSCRIBER_ENDED;
    return error_set(&s->end, STATUS_NOT_FOUND, "%s", wire->text);
}

/* All entries of the batch are handed over: what the filter passed by was passed by for good. */
static void finish_batch(struct newsloom_subscriber *s)
{
    if (!s->batch.envelope)
        return;
    uint64_t through = s->batch.envelope->batch->scanned_through;
    if (s->handled.sequence >= s->handed_over && s->handled.sequence < through)
        s->handled.sequence = through;
    if (s->handed_over < through && s->handled.sequence == through)
        s->handed_over = through;
    message_done(&s->batch);
    s->next_entry = 0;
}

static void take_batch(struct newsloom_subscriber *s, struct message *message)
{
    const Newsloom__V1__Batch *wire = message->envelope->batch;
    if (s->state != SUBSCRIBER_STREAMING)
        return;
    bool same_log = wire->log_id.len == sizeof(s->received.log_id) &&
                    memcmp(wire->log_id.data, s->received.log_id, wire->log_id.len) == 0;
    if (same_log && wire->after < s->received.sequence)
        return; /* of an earlier subscription */
    if (!same_log || wire->after != s->received.sequence ||
        wire->n_entries != message_payload_count(message)) {
        s->state = SUBSCRIBER_IDLE; /* one was lost: take up where we stand */
        return;
    }
    s->received.sequence = wire->scanned_through;
    s->last = wire->last;
    s->first_retained = wire->first_retained;
    s->batch = *message;
    s->next_entry = 0;
    *message = (struct message){0};
}

static enum status take_refusal(struct newsloom_subscriber *s, const Newsloom__V1__Refusal *refusal)
{
    enum status status = refusal_status(refusal, &s->end);
    if (status == STATUS_AGAIN || s->state == SUBSCRIBER_STREAMING) {
        s->state = SUBSCRIBER_IDLE; /* the broker forgot the subscription, or is about to end */
        return STATUS_OK;
    }
    s->state = SUBSCRIBER_ENDED;
    s->end.status = STATUS_INVALID;
    return STATUS_INVALID;
}

static enum status take_message(struct newsloom_subscriber *s, struct message *message)
{
    /* What comes unasked (batches) carries no request, or the Subscribe's. */
    if (message->envelope->request && message->envelope->request != s->request)
        return STATUS_OK; /* for a subscription that is no longer in force */
    switch (message->envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_SUBSCRIBED:
        take_subscribed(s, message->envelope->subscribed);
        return STATUS_OK;
    case NEWSLOOM__V1__ENVELOPE__BODY_BATCH:
        take_batch(s, message);
        return STATUS_OK;
    case NEWSLOOM__V1__ENVELOPE__BODY_GAP:
        return take_gap(s, message);
    case NEWSLOOM__V1__ENVELOPE__BODY_REFUSAL:
        return take_refusal(s, message->envelope->refusal);
    default:
        return STATUS_OK;
    }
}

/* ---- public -------------------------------------------------------------------------------- */

enum status newsloom_subscriber_open(struct newsloom_subscriber **ret_subscriber,
                                     const struct newsloom_options *options,
                                     const struct newsloom_subscription *subscription,
                                     struct error *err)
{
    const char *name = subscription->name ? subscription->name : "";
    if (strlen(name) > CURSOR_NAME_LIMIT)
        return error_set(err, STATUS_INVALID, "the name is %zu bytes long, the limit is %d",
                         strlen(name), CURSOR_NAME_LIMIT);
    if (subscription->from == NEWSLOOM_FROM_NAMED && !*name)
        return error_set(err, STATUS_INVALID, "a named cursor needs a name");
    struct newsloom_subscriber *s = memory_new(sizeof(*s));
    s->wish = *subscription;
    s->wish.window = subscription->window ? subscription->window : WINDOW_ENTRIES;
    s->name = *name ? text_copy(name) : NULL;
    s->beat_ms = BEAT_MS;
    enum status status = filter_parse(&s->filter, subscription->filter, err);
    if (status == STATUS_OK)
        status = connection_open(&s->connection, options, ZMQ_DEALER, "broker.subscribe", err);
    if (status != STATUS_OK) {
        newsloom_subscriber_close(&s);
        return status;
    }
    *ret_subscriber = s;
    return STATUS_OK;
}

void newsloom_subscriber_close(struct newsloom_subscriber **subscriber_p)
{
    struct newsloom_subscriber *s = *subscriber_p;
    if (!s)
        return;
    if (s->state == SUBSCRIBER_STREAMING) {
        Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
        Newsloom__V1__Unsubscribe unsubscribe = NEWSLOOM__V1__UNSUBSCRIBE__INIT;
        envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_UNSUBSCRIBE;
        envelope.unsubscribe = &unsubscribe;
        send_credit(s, 0);
        (void)send_body(s, &envelope);
    }
    message_done(&s->batch);
    message_done(&s->gap_message);
    filter_done(&s->filter);
    connection_close(&s->connection);
    free(s->name);
    free(s);
    *subscriber_p = NULL;
}

/* The next entry of the batch at hand that really matches; false: the batch is used up. */
static bool next_of_batch(struct newsloom_subscriber *s)
{
    while (s->batch.envelope && s->next_entry < s->batch.envelope->batch->n_entries) {
        size_t at = s->next_entry++;
        struct payload payload = message_payload(&s->batch, at);
        entry_fill(&s->entry, s->batch.envelope->batch->entries[at], payload.bytes, payload.size);
        s->delivered++;
        if (filter_passes(&s->filter, &s->entry)) {
            s->handed_over = s->entry.sequence;
            return true;
        }
    }
    finish_batch(s);
    return false;
}

static enum status read_message(struct newsloom_subscriber *s, struct error *err)
{
    struct message message = {0};
    enum status status = connection_receive(s->connection, &message, err);
    if (status == STATUS_OK)
        status = take_message(s, &message);
    message_done(&message);
    if (s->state == SUBSCRIBER_ENDED && err)
        *err = s->end;
    /* What is no message was dropped; the stream's own numbers tell whether it mattered. */
    if (s->state == SUBSCRIBER_ENDED || status == STATUS_BROKEN)
        return status;
    return STATUS_OK;
}

enum status newsloom_subscriber_next(struct newsloom_subscriber *s, int64_t timeout_ms,
                                     const struct newsloom_entry **ret_entry, struct error *err)
{
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    if (s->state == SUBSCRIBER_ENDED && !s->batch.envelope) {
        if (err)
            *err = s->end;
        return s->end.status;
    }
    for (;;) {
        int64_t now_ms = clock_mono_ms();
        if (next_of_batch(s)) {
            if (now_ms >= s->beat_due_ms)
                keep_subscribed(s, now_ms);
            *ret_entry = &s->entry;
            return STATUS_OK;
        }
        keep_subscribed(s, now_ms);
        int64_t wait_ms = deadline_ms - now_ms;
        int64_t duty_ms = s->state == SUBSCRIBER_STREAMING ? s->beat_due_ms - now_ms : RETRY_MS / 4;
        if (connection_wait(s->connection, wait_ms < duty_ms ? wait_ms : duty_ms)) {
            enum status status = read_message(s, err);
            if (status != STATUS_OK)
                return status;
        } else if (wait_ms <= 0) {
            break;
        }
    }
    if (s->state == SUBSCRIBER_STREAMING)
        return error_set(err, STATUS_AGAIN, "there is no new entry yet");
    return connection_complain(s->connection, timeout_ms, err);
}

void newsloom_subscriber_acknowledge(struct newsloom_subscriber *s, uint64_t sequence)
{
    if (sequence <= s->handled.sequence || sequence > s->handed_over)
        return;
    s->handled.sequence = sequence;
    bool batch_is_done = s->batch.envelope && s->next_entry == s->batch.envelope->batch->n_entries;
    if (sequence == s->handed_over && batch_is_done)
        finish_batch(s);
    else if (sequence == s->handed_over && !s->batch.envelope) /* a later call found it used up */
        s->handled.sequence = s->handed_over = s->received.sequence;
}

bool newsloom_subscriber_cursor(const struct newsloom_subscriber *s,
                                struct newsloom_cursor *ret_cursor)
{
    if (s->has_position)
        *ret_cursor = s->handled;
    return s->has_position;
}

bool newsloom_subscriber_is_streaming(const struct newsloom_subscriber *s)
{
    return s->state == SUBSCRIBER_STREAMING && connection_is_up(s->connection);
}

bool newsloom_subscriber_is_caught_up(const struct newsloom_subscriber *s)
{
    return s->state == SUBSCRIBER_STREAMING && s->received.sequence >= s->last &&
           (!s->batch.envelope || s->next_entry == s->batch.envelope->batch->n_entries);
}

uint64_t newsloom_subscriber_last(const struct newsloom_subscriber *s)
{
    return s->last;
}

bool newsloom_subscriber_is_nearly_overtaken(const struct newsloom_subscriber *s)
{
    if (s->first_retained <= 1 || s->last < s->first_retained || s->handled.sequence > s->last)
        return false; /* nothing was ever dropped */
    uint64_t retained = s->last - s->first_retained + 1;
    uint64_t lag = s->last - s->handled.sequence;
    return lag * 100 > retained * NEARLY_PERCENT;
}

const struct newsloom_gap *newsloom_subscriber_gap(const struct newsloom_subscriber *s)
{
    return s->gap_message.envelope ? &s->gap : NULL;
}
