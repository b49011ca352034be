// SPDX-License-Identifier: Apache-2.0
/* feeders - take: submissions become accepts of the turn, and receipts once it is on disk. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "common/crash.h"
#include "common/url.h"

enum {
    BATCH_MESSAGES = 256,
    BATCH_BYTES = 16 * 1024 * 1024,
    RECEIPTS_BYTES = ENVELOPE_LIMIT - 64,
    RETRY_FULL_MS = 2000,
    RETRY_STOPPING_MS = 1000,
};

/* One submission: a receipt that is known already, or an accept of the turn that will tell. */
struct pending {
    Newsloom__V1__Receipt receipt;
    bool is_accept;
    size_t index;
    const char *key;
    int64_t at_ms;
    const Newsloom__V1__Submission *submission;
};

struct receipts {
    struct answer answer;
    struct message *message; /* kept: strings and payloads are borrowed from it */
    size_t count;
    struct pending *pending;
};

static Newsloom__V1__Class class_of(const Newsloom__V1__Submission *submission)
{
    return submission->class_ == NEWSLOOM__V1__CLASS__BACKFILL ? NEWSLOOM__V1__CLASS__BACKFILL
                                                               : NEWSLOOM__V1__CLASS__LIVE;
}

static void refuse_article(struct broker *b, struct pending *pending,
                           Newsloom__V1__RefusalCode code, const char *text)
{
    pending->receipt.code = NEWSLOOM__V1__RECEIPT_CODE__REFUSED;
    pending->receipt.refusal = code;
    pending->receipt.text = (char *)text;
    broker_count_refusal(b, code);
}

static void retry_later(struct pending *pending, int64_t after_ms, const char *text)
{
    pending->is_accept = false;
    pending->receipt.code = NEWSLOOM__V1__RECEIPT_CODE__RETRY_LATER;
    pending->receipt.retry_after_ms = (uint64_t)after_ms;
    pending->receipt.text = (char *)text;
}

/* The article's key, or NULL with the receipt filled. */
static const char *key_of(struct broker *b, struct pending *pending)
{
    const Newsloom__V1__Submission *submission = pending->submission;
    const char *key = submission->key;
    if (!key[0]) {
        char *canonical = NULL;
        struct error why;
        if (!submission->url[0]) {
            refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_KEY,
                           "neither key nor url is given: an article needs one of them");
            return NULL;
        }
        if (url_canonical(submission->url, &canonical, &why) != STATUS_OK) {
            refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_KEY,
                           arena_text(b->batch->arena, why.text, strlen(why.text)));
            return NULL;
        }
        key = arena_text(b->batch->arena, canonical, strlen(canonical));
        free(canonical);
    }
    if (strlen(key) > KEY_LIMIT) {
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_KEY,
                       arena_format(b->batch->arena,
                                    "the key has %zu bytes, at most %d are allowed", strlen(key),
                                    KEY_LIMIT));
        return NULL;
    }
    return key;
}

static bool payload_is_fine(struct broker *b, struct pending *pending, size_t size)
{
    const Newsloom__V1__Submission *submission = pending->submission;
    if (size == 0)
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__EMPTY, "the payload is empty");
    else if (size > b->options.article_limit)
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE,
                       arena_format(b->batch->arena,
                                    "the payload has %zu bytes, article.limit is %" PRIu64, size,
                                    b->options.article_limit));
    else if (submission->size != size)
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__SIZE_MISMATCH,
                       arena_format(b->batch->arena,
                                    "the envelope says %" PRIu64 " bytes, the payload has %zu",
                                    submission->size, size));
    else
        return true;
    return false;
}

/* Whether the article may be tried now; the queue's last tenth is for LIVE. */
static bool has_room(struct broker *b, struct pending *pending)
{
    uint64_t limit = b->options.queue_limit;
    size_t flying = b->flying ? b->flying->accepts : 0;
    if (class_of(pending->submission) == NEWSLOOM__V1__CLASS__BACKFILL)
        limit -= limit / 10;
    if (b->condition >= CONDITION_DRAINING)
        retry_later(pending, RETRY_STOPPING_MS, "the broker is draining and takes nothing new");
    else if (b->mono_ms < b->full_until_ms)
        retry_later(pending, RETRY_FULL_MS, "the store is full");
    else if (queue_size(b->queue) + b->unloaded + b->batch->accepts + flying >= limit)
        retry_later(pending, RETRY_FULL_MS, "the queue is full");
    else
        return true;
    return false;
}

/* To have something extracted again is for operators, whichever socket the page comes in by. */
static bool may_ask_again(struct broker *b, struct pending *pending, const struct peer *peer)
{
    const Newsloom__V1__Submission *submission = pending->submission;
    const char *why = NULL;
    if (!submission->generation)
        return true;
    if (b->keys && !key_may(guard_key(b->guard, SOCKET_FEED, peer), SOCKET_OPERATOR, &why))
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__NOT_ALLOWED,
                       "only an operator's key may name a generation");
    else if (submission->generation > INT32_MAX || submission->revision > INT32_MAX)
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                       "a generation and a revision are numbers below 2,147,483,648");
    else
        return true;
    return false;
}

static void take_article(struct broker *b, struct pending *pending, struct message *message,
                         size_t at)
{
    const Newsloom__V1__Submission *submission = pending->submission;
    const struct payload *payload = &message->payloads[at];
    newsloom__v1__receipt__init(&pending->receipt);
    if (!source_is_valid(submission->source)) {
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_SOURCE,
                       "a source is 1 to 64 bytes of a-z 0-9 . _ -");
        return;
    }
    pending->key = key_of(b, pending);
    if (!pending->key)
        return;
    if (submission->digest.len != DIGEST_SIZE) {
        refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__BAD_DIGEST,
                       "a content digest has 32 bytes");
        return;
    }
    if (!may_ask_again(b, pending, &message->peer) || !payload_is_fine(b, pending, payload->size) ||
        !has_room(b, pending))
        return;
    struct accept accept = {.source = submission->source,
                            .key = pending->key,
                            .class_ = class_of(submission),
                            .digest = submission->digest.data,
                            .payload = payload->bytes,
                            .size = payload->size,
                            .at_ms = b->wall_ms,
                            .generation = submission->generation,
                            .revision = submission->revision};
    pending->is_accept = true;
    pending->at_ms = accept.at_ms;
    pending->index = turn_accept(b->batch->turn, &accept);
    b->batch->accepts++;
}

/* ---- after the commit */

static void enqueue(struct broker *b, struct pending *pending, struct message *message, size_t at,
                    const struct accept_result *result)
{
    const Newsloom__V1__Submission *submission = pending->submission;
    size_t size = message->payloads[at].size;
    if (b->is_loading) { /* it is found where it belongs, behind those that were there before */
        b->unloaded++;
        return;
    }
    struct item wanted = broker_item(b, result->article_id, submission->source, size,
                                     class_of(submission), pending->at_ms);
    struct item *item = queue_add(b->queue, &wanted, ITEM_QUEUED, 0);
    enum queue_class class_ = (enum queue_class)wanted.class_;
    if (!item || !bodies_have_room(&b->bodies, class_, size))
        return;
    zmq_msg_t payload;
    message_lend(message, at, &payload);
    item->body = body_new(&b->bodies, class_, pending->key, &payload);
    ENSURE(zmq_msg_close(&payload) == 0);
    item->body->revision = result->revision;
    item->body->generation = result->generation;
    memcpy(item->body->digest, submission->digest.data, DIGEST_SIZE);
}

static void conclude(struct broker *b, struct receipts *receipts, size_t at)
{
    static const enum tally rows[] = {
        [NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED] = TALLY_ACCEPTED,
        [NEWSLOOM__V1__RECEIPT_CODE__DUPLICATE] = TALLY_DUPLICATE,
        [NEWSLOOM__V1__RECEIPT_CODE__RETRY_LATER] = TALLY_RETRY_LATER,
        [NEWSLOOM__V1__RECEIPT_CODE__REFUSED] = TALLY_REFUSED,
    };
    struct pending *pending = &receipts->pending[at];
    Newsloom__V1__Receipt *receipt = &pending->receipt;
    if (pending->is_accept && b->batch->accepts_dropped)
        retry_later(pending, RETRY_FULL_MS, "the store is full");
    if (pending->is_accept) {
        const struct accept_result *result = turn_accept_result(b->batch->turn, pending->index);
        receipt->code = result->code;
        receipt->article_id = result->article_id;
        receipt->revision = result->revision;
        receipt->state = result->state;
        receipt->sequence = result->sequence;
        if (receipt->code == NEWSLOOM__V1__RECEIPT_CODE__REFUSED)
            refuse_article(b, pending, NEWSLOOM__V1__REFUSAL_CODE__WAS_FORGOTTEN,
                           "an operator had this article forgotten: it is not taken again");
        if (receipt->code == NEWSLOOM__V1__RECEIPT_CODE__ACCEPTED)
            enqueue(b, pending, receipts->message, at, result);
        const struct item *item = queue_find(b->queue, result->article_id);
        if (item && item->state == ITEM_LEASED)
            receipt->state = NEWSLOOM__V1__STATE__LEASED;
        else if (item && item->state != ITEM_WAITING)
            receipt->state = NEWSLOOM__V1__STATE__QUEUED;
    }
    broker_tally(b, rows[receipt->code], 1);
}

static void give_receipts(struct broker *b, struct answer *answer)
{
    struct receipts *receipts = (struct receipts *)answer;
    Newsloom__V1__Receipt *list[ARTICLES_LIMIT];
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Receipts body = NEWSLOOM__V1__RECEIPTS__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_RECEIPTS;
    envelope.receipts = &body;
    body.receipts = list;
    body.features = features_here;
    size_t bytes = 0;
    for (size_t i = 0; i < receipts->count; i++) {
        struct pending *pending = &receipts->pending[i];
        conclude(b, receipts, i);
        size_t size = newsloom__v1__receipt__get_packed_size(&pending->receipt) + 4;
        if (bytes + size > RECEIPTS_BYTES) {
            (void)broker_send(b, SOCKET_FEED, &answer->peer, &envelope, NULL, 0);
            body.first += (uint32_t)body.n_receipts;
            body.n_receipts = 0;
            bytes = 0;
        }
        list[body.n_receipts++] = &pending->receipt;
        bytes += size;
    }
    (void)broker_send(b, SOCKET_FEED, &answer->peer, &envelope, NULL, 0);
}

/* ---- */

/* True when the message is kept. */
static bool take_submit(struct broker *b, struct message *message,
                        const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__Submit *submit = envelope->submit;
    size_t payloads = message->payload_count + message->excess;
    if (submit->n_articles == 0 || submit->n_articles > ARTICLES_LIMIT ||
        payloads != submit->n_articles) {
        broker_refuse(b, SOCKET_FEED, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT,
                      "%zu articles are listed and %zu payloads follow: both must be the same, 1 "
                      "to %d",
                      submit->n_articles, payloads, ARTICLES_LIMIT);
        return false;
    }
    struct receipts *receipts = broker_answer(b, sizeof(*receipts), SOCKET_FEED, &message->peer,
                                              envelope->request, give_receipts);
    receipts->message = message;
    receipts->count = submit->n_articles;
    receipts->pending = arena_take(b->batch->arena, receipts->count, sizeof(*receipts->pending));
    for (size_t i = 0; i < receipts->count; i++) {
        receipts->pending[i].submission = submit->articles[i];
        take_article(b, &receipts->pending[i], message, i);
    }
    broker_tally(b, TALLY_SUBMITTED, receipts->count);
    crash_here(CRASH_BROKER_SUBMIT_READ);
    return true;
}

void take_articles(struct broker *b)
{
    struct batch *batch = b->batch;
    b->feed_is_dry = false;
    while (batch->feeder_messages < BATCH_MESSAGES && batch->feeder_bytes < BATCH_BYTES) {
        struct message *message = NULL;
        const Newsloom__V1__Envelope *envelope = broker_receive(b, SOCKET_FEED, &message);
        if (!message) {
            b->feed_is_dry = true;
            return;
        }
        bool keep = false;
        batch->feeder_messages++;
        batch->feeder_bytes += message_bytes(message);
        if (envelope && envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_SUBMIT)
            keep = take_submit(b, message, envelope);
        else if (envelope && envelope->body_case == NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME_REQUEST)
            answer_outcome(b, message, envelope);
        else if (envelope)
            broker_refuse(b, SOCKET_FEED, &message->peer, envelope->request,
                          NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE,
                          "the feed socket takes Submit and OutcomeRequest");
        if (keep)
            broker_keep(b, message);
        else
            broker_release(b, message);
    }
    batch->is_full = true;
}
