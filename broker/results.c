// SPDX-License-Identifier: Apache-2.0
#include "broker/results.h"

#include <inttypes.h>
#include <string.h>

#include "broker/attempts.h"
#include "broker/text.h"
#include "common/crash.h"

enum { CODE_LIMIT = 32 };

struct settlement {
    Newsloom__V1__Settlement settlement;
    const Newsloom__V1__Result *result; /* of a done; NULL for a failure, whose state is known */
    struct message *message;            /* and of it the payload */
    size_t payload;
    size_t index; /* in the turn */
};

struct settled {
    struct answer answer;
    size_t count;
    struct settlement *settlements;
};

static void after_done(struct broker *b, const struct settled *settled, struct settlement *one)
{
    const struct settle_result *result = turn_settle_result(b->batch->turn, one->index);
    struct worker *worker = workers_by_peer(b->workers, &settled->answer.peer);
    const struct item *item = queue_find(b->queue, one->result->article_id);
    one->settlement.state = result->state;
    one->settlement.sequence = result->sequence;
    if (result->state != NEWSLOOM__V1__STATE__STORED) {
        broker_tally(b, TALLY_DONE_UNKNOWN, 1);
        return;
    }
    if (worker)
        breaker_done(&worker->breaker);
    if (result->first) {
        broker_tally(b, TALLY_STORED, 1);
        if (worker) {
            worker->done++;
            worker->ends[0]++;
        }
        if (item)
            b->ends[item->class_][0]++;
        publish_live(b, result->sequence, item, one->result, one->message, one->payload);
    } else {
        broker_tally(b, TALLY_DONE_AGAIN, 1);
    }
    /* another worker that runs it too finds out by itself; until then its slot is taken */
    if (item && item->state == ITEM_LEASED && item->lease->worker != worker &&
        item->lease->worker->willing > 0)
        item->lease->worker->willing--;
    broker_forget(b, one->result->article_id);
}

static void give_settled(struct broker *b, struct answer *answer)
{
    struct settled *settled = (struct settled *)answer;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Settled body = NEWSLOOM__V1__SETTLED__INIT;
    Newsloom__V1__Settlement *list[ARTICLES_LIMIT];
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_SETTLED;
    envelope.settled = &body;
    body.settlements = list;
    for (size_t i = 0; i < settled->count; i++) {
        if (settled->settlements[i].result)
            after_done(b, settled, &settled->settlements[i]);
        if (body.n_settlements == ARTICLES_LIMIT) {
            (void)broker_send(b, SOCKET_WORK, &answer->peer, &envelope, NULL, 0);
            body.n_settlements = 0;
        }
        list[body.n_settlements++] = &settled->settlements[i].settlement;
    }
    if (body.n_settlements > 0) /* else all were refused */
        (void)broker_send(b, SOCKET_WORK, &answer->peer, &envelope, NULL, 0);
}

static struct settled *settled_new(struct broker *b, const struct message *message,
                                   uint64_t request, size_t most)
{
    struct settled *settled =
        broker_answer(b, sizeof(*settled), SOCKET_WORK, &message->peer, request, give_settled);
    settled->settlements = arena_take(b->batch->arena, most + 1, sizeof(*settled->settlements));
    return settled;
}

static struct settlement *settled_add(struct settled *settled, uint64_t lease, uint64_t article_id)
{
    struct settlement *one = &settled->settlements[settled->count++];
    newsloom__v1__settlement__init(&one->settlement);
    one->settlement.lease = lease;
    one->settlement.article_id = article_id;
    return one;
}

static Newsloom__V1__RefusalCode fault_of_result(const Newsloom__V1__Result *result,
                                                 const struct payload *extraction,
                                                 const char **ret_text)
{
    uint8_t digest[DIGEST_SIZE];
    size_t size = extraction->size;
    if (result->digest.len != DIGEST_SIZE || result->extraction_digest.len != DIGEST_SIZE) {
        *ret_text = "a digest has 32 bytes";
        return NEWSLOOM__V1__REFUSAL_CODE__BAD_DIGEST;
    }
    if (size == 0 || size != result->size) {
        *ret_text = "the size in the envelope is not the extraction's";
        return NEWSLOOM__V1__REFUSAL_CODE__SIZE_MISMATCH;
    }
    if (size > EXTRACTION_LIMIT) {
        *ret_text = "an extraction has at most 4 MiB";
        return NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE;
    }
    if (result->kind != NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED &&
        result->kind != NEWSLOOM__V1__ENTRY_KIND__ENTRY_REPLACED) {
        *ret_text = "a result is STORED or REPLACED";
        return NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST;
    }
    digest_bytes(extraction->bytes, size, digest);
    if (memcmp(digest, result->extraction_digest.data, DIGEST_SIZE) != 0) {
        *ret_text = "the extraction's digest is not that of its bytes";
        return NEWSLOOM__V1__REFUSAL_CODE__BAD_DIGEST;
    }
    return NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
}

bool hear_done(struct broker *b, struct worker *worker, struct message *message,
               const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__Done *done = envelope->done;
    if (done->n_results == 0 || done->n_results > ARTICLES_LIMIT ||
        done->n_results != message->payload_count + message->excess) {
        broker_refuse(b, SOCKET_WORK, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT,
                      "results and extractions must be the same, 1 to %d", ARTICLES_LIMIT);
        return false;
    }
    struct settled *settled = settled_new(b, message, envelope->request, done->n_results);
    for (size_t i = 0; i < done->n_results; i++) {
        const Newsloom__V1__Result *result = done->results[i];
        const char *text = NULL;
        Newsloom__V1__RefusalCode code = fault_of_result(result, &message->payloads[i], &text);
        if (code != NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE) {
            broker_refuse(b, SOCKET_WORK, &message->peer, envelope->request, code, "%s", text);
            continue;
        }
        struct settle settle = {.article_id = result->article_id,
                                .digest = result->digest.data,
                                .kind = result->kind,
                                .topics = result->topics,
                                .extraction_digest = result->extraction_digest.data,
                                .extraction = message->payloads[i].bytes,
                                .size = message->payloads[i].size,
                                .worker =
                                    arena_text(b->batch->arena, worker->name, strlen(worker->name)),
                                .at_ms = b->wall_ms};
        struct settlement *one = settled_add(settled, result->lease, result->article_id);
        one->result = result;
        one->message = message;
        one->payload = i;
        one->index = turn_settle(b->batch->turn, &settle);
    }
    worker->progress_ms = b->loop_ms;
    b->batch->has_done = true;
    crash_here(CRASH_BROKER_DONE_READ);
    return true;
}

/* Some failures say nothing about the article. */
static bool is_charged(const Newsloom__V1__Failure *failure)
{
    static const char free_of_charge[] = "STORAGE_UNAVAILABLE";
    return strncmp(failure->code, free_of_charge, sizeof(free_of_charge) - 1) != 0;
}

static void count_failure(struct broker *b, struct worker *worker)
{
    char name[LOG_QUOTE_SIZE];
    worker->failed++;
    if (!breaker_failed(&worker->breaker, b->options.breaker_failures, b->options.breaker_pause_ms,
                        b->loop_ms))
        return;
    broker_tally(b, TALLY_BREAKER, 1);
    log_warn("worker-paused",
             "worker=%s failures=%u pause_ms=%" PRId64
             ": nothing but failures comes from it; others get its articles",
             log_quote(worker->name, name), worker->breaker.failures, b->options.breaker_pause_ms);
    for (struct lease *lease = worker->leases.first, *next = NULL; lease; lease = next) {
        next = lease->next;
        if (!lease->started)
            attempt_returned(b, lease);
    }
}

static Newsloom__V1__State state_in_queue(const struct item *item)
{
    if (!item)
        return NEWSLOOM__V1__STATE__STATE_UNKNOWN; /* ended, or never here: forget it */
    if (item->state == ITEM_LEASED)
        return NEWSLOOM__V1__STATE__LEASED;
    return item->state == ITEM_WAITING ? NEWSLOOM__V1__STATE__WAITING : NEWSLOOM__V1__STATE__QUEUED;
}

/* What became of the article. */
static Newsloom__V1__State judge_failure(struct broker *b, struct worker *worker,
                                         const Newsloom__V1__Failure *failure)
{
    struct lease *lease = leases_find(b->leases, failure->lease);
    if (!lease || lease->worker != worker || lease->article_id != failure->article_id) {
        broker_tally(b, TALLY_FAILED_STALE, 1);
        return state_in_queue(queue_find(b->queue, failure->article_id));
    }
    bool charged = failure->permanent || is_charged(failure);
    const char *code = failure->code[0] ? failure->code : "UNNAMED";
    struct attempt_failure change = {
        .code = text_in_arena(b->batch->arena, code, CODE_LIMIT),
        .text = text_in_arena(b->batch->arena, failure->text, REASON_LIMIT),
        .permanent = failure->permanent,
        .charged = charged};
    broker_tally(b, TALLY_FAILED, 1);
    attempt_failed(b, lease, &change);
    if (charged)
        count_failure(b, worker);
    return queue_find(b->queue, failure->article_id) ? NEWSLOOM__V1__STATE__WAITING
                                                     : NEWSLOOM__V1__STATE__DEAD;
}

void hear_failed(struct broker *b, struct worker *worker, const struct message *message,
                 const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__Failed *failed = envelope->failed;
    struct settled *settled = settled_new(b, message, envelope->request, failed->n_failures);
    for (size_t i = 0; i < failed->n_failures; i++) {
        const Newsloom__V1__Failure *failure = failed->failures[i];
        struct settlement *one = settled_add(settled, failure->lease, failure->article_id);
        one->settlement.state = judge_failure(b, worker, failure);
    }
    worker->progress_ms = b->loop_ms;
    crash_here(CRASH_BROKER_FAILED_READ);
}
