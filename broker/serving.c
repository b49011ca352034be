// SPDX-License-Identifier: Apache-2.0
/* serving - serve: subscriptions are heard, and get batches of the log within their credit. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/subscribers.h"

enum {
    TURN_MESSAGES = 256,
    BATCH_MOST = 16,
    BATCH_BYTES = 4 * 1024 * 1024, /* of extractions in one read */
    BATCH_ENVELOPE = ENVELOPE_LIMIT - 128,
    SCAN_MOST = 4096,
    LOOKS_A_MS = 100, /* of subscriptions that stand at the end, for an entry that may be theirs */
    SILENT_BEATS = 3,
    BLOCKED_MS = 50,        /* until a subscriber that did not read is tried again */
    SILENT_LEAST_MS = 3000, /* short beats are no reason to be hasty */
};

/* ---- hearing */

struct gap {
    struct answer answer;
    enum start start;
};

static void send_gap(struct broker *b, const struct peer *peer, uint64_t request, enum start start)
{
    static const char *const texts[] = {
        [START_OTHER_LOG] = "the cursor belongs to another log: this broker was restored or is "
                            "new; take a snapshot from PostgreSQL, then subscribe from earliest",
        [START_GONE] = "what follows the cursor is no longer retained: take a snapshot from "
                       "PostgreSQL, then subscribe from earliest",
        [START_AHEAD] = "the cursor is ahead of the log: it was not made by this log; subscribe "
                        "from earliest",
    };
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Gap gap = NEWSLOOM__V1__GAP__INIT;
    envelope.request = request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_GAP;
    envelope.gap = &gap;
    gap.log_id.data = b->facts.log_id;
    gap.log_id.len = sizeof(b->facts.log_id);
    gap.first_retained = b->facts.first_retained;
    gap.last = b->facts.last_sequence;
    gap.text = (char *)texts[start];
    gap.other_log = start == START_OTHER_LOG;
    broker_tally(b, TALLY_GAPS, 1);
    (void)broker_send(b, SOCKET_SUBSCRIBE, peer, &envelope, NULL, 0);
}

static void give_gap(struct broker *b, struct answer *answer)
{
    send_gap(b, &answer->peer, answer->request, ((const struct gap *)answer)->start);
}

static void give_subscribed(struct broker *b, struct answer *answer)
{
    struct subscriber *subscriber = subscribers_by_peer(b->subscribers, &answer->peer);
    if (!subscriber)
        return;
    subscriber->is_answered = true;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Subscribed body = NEWSLOOM__V1__SUBSCRIBED__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_SUBSCRIBED;
    envelope.subscribed = &body;
    body.log_id.data = b->facts.log_id;
    body.log_id.len = sizeof(b->facts.log_id);
    body.after = subscriber->at;
    body.first_retained = b->facts.first_retained;
    body.last = b->facts.last_sequence;
    body.beat_ms = (uint64_t)b->options.beat_ms;
    (void)broker_send(b, SOCKET_SUBSCRIBE, &answer->peer, &envelope, NULL, 0);
}

static void refuse(struct broker *b, const struct message *message,
                   const Newsloom__V1__Envelope *envelope, Newsloom__V1__RefusalCode code,
                   const char *text)
{
    broker_refuse(b, SOCKET_SUBSCRIBE, &message->peer, envelope->request, code, "%s", text);
}

/* Whether the peer's key may have one more; without keys subscriber.limit is the only bound. */
static bool has_replay(const struct broker *b, const struct peer *peer)
{
    const struct key *key = guard_key(b->guard, SOCKET_SUBSCRIBE, peer);
    uint64_t others = 0;
    for (size_t i = 0; key && i < subscribers_count(b->subscribers); i++) {
        const struct peer *holder = &subscribers_at(b->subscribers, i)->peer;
        others += !peer_is(peer, holder) && guard_key(b->guard, SOCKET_SUBSCRIBE, holder) == key;
    }
    return !key || others < guard_replays(b->guard, key);
}

static void hear_subscribe(struct broker *b, const struct message *message,
                           const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__Subscribe *wanted = envelope->subscribe;
    if (strlen(wanted->name) > CURSOR_NAME_LIMIT ||
        (wanted->from == NEWSLOOM__V1__FROM__FROM_NAMED && !wanted->name[0])) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
               "a cursor's name has 1 to 64 bytes");
        return;
    }
    struct named *named = subscribers_named(b->subscribers, wanted->name);
    uint64_t after = 0;
    enum start start = subscribers_start(&b->facts, wanted, named, &after);
    if (start != START_OK) {
        struct gap *gap = broker_answer(b, sizeof(*gap), SOCKET_SUBSCRIBE, &message->peer,
                                        envelope->request, give_gap);
        gap->start = start;
        return;
    }
    if (wanted->name[0]) {
        named = subscribers_register(b->subscribers, wanted->name);
        if (named) {
            named->is_changed = true;
            named->acknowledged = after;
        }
    }
    if (!has_replay(b, &message->peer)) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__LIMITED,
               "this key has as many subscriptions as it may have");
        return;
    }
    struct subscriber *subscriber = subscribers_add(b->subscribers, &message->peer);
    if (!subscriber || (wanted->name[0] && !named)) {
        if (subscriber)
            subscribers_remove(b->subscribers, subscriber);
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
               "there are as many subscriptions or names as subscriber.limit allows");
        return;
    }
    (void)snprintf(subscriber->name, sizeof(subscriber->name), "%s", wanted->name);
    subscriber->filter = filter_new(wanted->filter);
    subscriber->at = subscriber->told = subscriber->acknowledged = after;
    subscriber->credit = wanted->credit;
    subscriber->features = wanted->features;
    subscriber->heard_ms = subscriber->sent_ms = b->loop_ms;
    (void)broker_answer(b, sizeof(struct answer), SOCKET_SUBSCRIBE, &message->peer,
                        envelope->request, give_subscribed);
}

static void hear_credit(struct broker *b, struct subscriber *subscriber,
                        const Newsloom__V1__Credit *credit)
{
    if (credit->total > subscriber->credit)
        subscriber->credit = credit->total;
    if (credit->acknowledged <= subscriber->acknowledged || credit->acknowledged > subscriber->at)
        return;
    subscriber->acknowledged = credit->acknowledged;
    struct named *named =
        subscriber->name[0] ? subscribers_named(b->subscribers, subscriber->name) : NULL;
    if (named && named->acknowledged < credit->acknowledged) {
        named->acknowledged = credit->acknowledged;
        named->is_changed = true;
    }
}

static void hear_one(struct broker *b, const struct message *message,
                     const Newsloom__V1__Envelope *envelope)
{
    struct subscriber *subscriber = subscribers_by_peer(b->subscribers, &message->peer);
    if (message->frame_count + message->excess > 0) {
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT,
               "the subscribe socket takes no payload frames");
        return;
    }
    if (subscriber)
        subscriber->heard_ms = b->loop_ms;
    switch (envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_SUBSCRIBE:
        hear_subscribe(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_CREDIT:
        if (subscriber)
            hear_credit(b, subscriber, envelope->credit);
        else
            refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__NOT_FOUND,
                   "there is no subscription on this connection: subscribe again from your cursor");
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_UNSUBSCRIBE:
        if (subscriber)
            subscribers_remove(b->subscribers, subscriber);
        return;
    default:
        refuse(b, message, envelope, NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE,
               "the subscribe socket takes Subscribe, Credit and Unsubscribe");
    }
}

void hear_subscribers(struct broker *b)
{
    for (unsigned i = 0; i < TURN_MESSAGES; i++) {
        struct message *message = NULL;
        const Newsloom__V1__Envelope *envelope = broker_receive(b, SOCKET_SUBSCRIBE, &message);
        if (!message) {
            subscribers_keep(b->subscribers, b->batch->turn, b->wall_ms);
            return;
        }
        if (envelope)
            hear_one(b, message, envelope);
        broker_release(b, message);
    }
    b->others_are_dry = false;
    subscribers_keep(b->subscribers, b->batch->turn, b->wall_ms);
}

/* ---- reading */

struct replay {
    struct job job;
    uint64_t serial;
    uint64_t after;
    size_t most;
    struct filter *filter;
    enum status status;
    struct error error;
    struct log_entry entries[BATCH_MOST];
    size_t count;
    uint64_t scanned;
};

static bool is_wanted(const struct log_entry *entry, void *filter)
{
    return filter_matches(filter, entry);
}

static void replay_run(struct job *job, struct store *store)
{
    struct replay *replay = (struct replay *)job;
    replay->scanned = replay->after;
    replay->status = store_log(store, replay->after, SCAN_MOST, replay->most, BATCH_BYTES,
                               is_wanted, replay->filter, replay->entries, &replay->count,
                               &replay->scanned, &replay->error);
}

static void replay_discard(struct job *job)
{
    struct replay *replay = (struct replay *)job;
    for (size_t i = 0; i < replay->count; i++)
        log_entry_done(&replay->entries[i]);
    filter_drop(&replay->filter);
    free(replay);
}

/* ---- sending */

static void fill_entry(const struct log_entry *from, Newsloom__V1__Entry *entry)
{
    newsloom__v1__entry__init(entry);
    entry->sequence = from->sequence;
    entry->kind = from->kind;
    entry->stored_at_ms = from->stored_at_ms;
    entry->article_id = from->article_id;
    entry->source = from->source;
    entry->key = from->key;
    entry->revision = from->revision;
    if (from->size > 0) {
        entry->extraction_digest.data = (uint8_t *)from->extraction_digest;
        entry->extraction_digest.len = DIGEST_SIZE;
    }
    if (from->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN) {
        entry->identity.data = (uint8_t *)from->extraction_digest;
        entry->identity.len = IDENTITY_SIZE;
    }
    if (from->reason)
        entry->reason = from->reason;
}

static void free_bytes(void *bytes, void *hint)
{
    (void)hint;
    free(bytes);
}

/* The extraction moves into the frame. */
static void fill_frame(struct log_entry *from, zmq_msg_t *frame)
{
    if (!from->extraction) {
        ENSURE(zmq_msg_init(frame) == 0);
        return;
    }
    ENSURE(zmq_msg_init_data(frame, from->extraction, from->size, free_bytes, NULL) == 0);
    from->extraction = NULL;
}

/* SENT_BLOCKED: it does not read just now, and stands where it was told last. */
static enum sent send_batch(struct broker *b, struct subscriber *subscriber,
                            struct log_entry *entries, size_t count, uint64_t through)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Batch batch = NEWSLOOM__V1__BATCH__INIT;
    Newsloom__V1__Entry bodies[BATCH_MOST];
    Newsloom__V1__Entry *list[BATCH_MOST];
    zmq_msg_t frames[BATCH_MOST];
    uint32_t sizes[ARTICLES_LIMIT];
    envelope.protocol = protocol_oldest;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_BATCH;
    envelope.batch = &batch;
    batch.log_id.data = b->facts.log_id;
    batch.log_id.len = sizeof(b->facts.log_id);
    batch.after = subscriber->told;
    batch.scanned_through = through;
    batch.last = b->facts.last_sequence;
    batch.first_retained = b->facts.first_retained;
    batch.entries = list;
    batch.n_entries = count;
    for (size_t i = 0; i < count; i++) {
        fill_entry(&entries[i], &bodies[i]);
        fill_frame(&entries[i], &frames[i]);
        list[i] = &bodies[i];
    }
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += zmq_msg_size(&frames[i]);
    size_t joined = sockets_join(&envelope, subscriber->features, frames, count, sizes);
    enum sent sent = broker_send(b, SOCKET_SUBSCRIBE, &subscriber->peer, &envelope, frames, joined);
    for (size_t i = 0; i < count; i++)
        ENSURE(zmq_msg_close(&frames[i]) == 0);
    if (sent == SENT_BLOCKED) {
        subscriber->at = subscriber->told;
        subscriber->read_from_ms = b->mono_ms + BLOCKED_MS;
    }
    if (sent != SENT)
        return sent;
    guard_sent(b->guard, SOCKET_SUBSCRIBE, &subscriber->peer, bytes);
    subscriber->told = subscriber->at = through;
    subscriber->sent += count;
    subscriber->sent_ms = b->loop_ms;
    broker_tally(b, TALLY_BATCHES, 1);
    return SENT;
}

static size_t entry_size(const struct log_entry *entry)
{
    Newsloom__V1__Entry body;
    fill_entry(entry, &body);
    return newsloom__v1__entry__get_packed_size(&body) + 4 + JOINED_SIZE_BYTES;
}

/* As many batches as envelopes need. */
static enum sent send_entries(struct broker *b, struct subscriber *subscriber,
                              struct replay *replay)
{
    size_t first = 0;
    while (first < replay->count) {
        size_t count = 0;
        for (size_t bytes = 0; first + count < replay->count; count++) {
            bytes += entry_size(&replay->entries[first + count]);
            if (count > 0 && bytes > BATCH_ENVELOPE)
                break;
        }
        bool last = first + count == replay->count;
        uint64_t through = last ? replay->scanned : replay->entries[first + count - 1].sequence;
        enum sent sent = send_batch(b, subscriber, &replay->entries[first], count, through);
        if (sent != SENT)
            return sent;
        first += count;
    }
    subscriber->at = replay->scanned;
    return SENT;
}

static void replay_finish(struct job *job, struct broker *b)
{
    struct replay *replay = (struct replay *)job;
    struct subscriber *subscriber = subscribers_by_serial(b->subscribers, replay->serial);
    if (subscriber) {
        subscriber->reading = false;
        if (replay->count <
            replay->most) /* the end: the more there are, the longer until the next look */
            subscriber->read_from_ms =
                b->mono_ms + (int64_t)subscribers_count(b->subscribers) / LOOKS_A_MS;
    }
    if (subscriber && replay->status == STATUS_NOT_FOUND) {
        send_gap(b, &subscriber->peer, 0, START_GONE);
        subscribers_remove(b->subscribers, subscriber);
    } else if (subscriber && replay->status != STATUS_OK) {
        broker_read_failed(b, &replay->error);
    } else if (subscriber && send_entries(b, subscriber, replay) == SENT_GONE) {
        subscribers_remove(b->subscribers, subscriber);
    }
    replay_discard(job);
}

static bool is_silent(const struct broker *b, const struct subscriber *subscriber)
{
    int64_t patience_ms = SILENT_BEATS * b->options.beat_ms;
    if (patience_ms < SILENT_LEAST_MS)
        patience_ms = SILENT_LEAST_MS;
    return b->loop_ms - subscriber->heard_ms > patience_ms;
}

static void read_on(struct broker *b, struct subscriber *subscriber)
{
    uint64_t room = subscriber->credit - subscriber->sent;
    struct replay *replay = memory_new(sizeof(*replay));
    replay->job =
        (struct job){.run = replay_run, .finish = replay_finish, .discard = replay_discard};
    replay->serial = subscriber->serial;
    replay->after = subscriber->at;
    replay->most = room < BATCH_MOST ? (size_t)room : BATCH_MOST;
    replay->filter = filter_hold(subscriber->filter);
    subscriber->reading = true;
    reader_ask(b->reader, &replay->job);
}

void serve_subscribers(struct broker *b)
{
    b->serve_due_ms = INT64_MAX;
    for (size_t i = subscribers_count(b->subscribers); i-- > 0;) {
        struct subscriber *subscriber = subscribers_at(b->subscribers, i);
        if (!subscriber->is_answered)
            continue;
        bool told_late = subscriber->at > subscriber->told &&
                         b->loop_ms - subscriber->sent_ms >= b->options.beat_ms;
        if (is_silent(b, subscriber)) {
            subscribers_remove(b->subscribers, subscriber);
            continue;
        }
        if (told_late && !subscriber->reading &&
            send_batch(b, subscriber, NULL, 0, subscriber->at) == SENT_GONE) {
            subscribers_remove(b->subscribers, subscriber);
            continue;
        }
        if (subscriber->reading || subscriber->credit <= subscriber->sent ||
            subscriber->at >= b->facts.last_sequence || b->mono_ms < b->read_again_ms ||
            guard_is_behind(b->guard, SOCKET_SUBSCRIBE, &subscriber->peer))
            continue;
        if (b->mono_ms >= subscriber->read_from_ms)
            read_on(b, subscriber);
        else if (subscriber->read_from_ms < b->serve_due_ms)
            b->serve_due_ms = subscriber->read_from_ms;
    }
}
