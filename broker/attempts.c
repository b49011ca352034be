// SPDX-License-Identifier: Apache-2.0
#include "broker/attempts.h"

#include <inttypes.h>
#include <string.h>

#include "broker/backoff.h"

enum { VANISHED_LIMIT = 2 };

struct ended {
    struct answer answer;
    size_t index; /* in the turn */
    uint64_t article_id;
    const char *code;
};

static void count_ended(struct broker *b, struct answer *answer)
{
    const struct ended *ended = (const struct ended *)answer;
    char code[LOG_QUOTE_SIZE];
    if (!turn_changed(b->batch->turn, ended->index))
        return;
    broker_tally(b, TALLY_DEAD, 1);
    if (log_gate_open(&b->dead_gate))
        log_warn("article-dead",
                 "article=%" PRIu64 " code=%s suppressed=%llu: see `newsloom dead show`",
                 ended->article_id, log_quote(ended->code, code), b->dead_gate.suppressed);
}

bool attempts_are_used_up(const struct broker *b, const struct item *item)
{
    return item->attempts >= b->options.attempt_limit;
}

void attempt_failed(struct broker *b, struct lease *lease, const struct attempt_failure *failure)
{
    static const struct peer nobody;
    struct worker *worker = lease->worker;
    struct item *item = queue_find(b->queue, lease->article_id);
    ENSURE(item && item->state == ITEM_LEASED);
    bool charged = failure->charged && !attempts_are_used_up(b, item); /* looking costs nothing */
    if (charged)
        item->attempts++;
    /* a worker that vanished may have stored the article before: the next one looks for its rows */
    bool dead = failure->permanent ||
                (failure->charged && !failure->suspect && attempts_are_used_up(b, item));
    unsigned tries = item->attempts ? item->attempts : 1;
    int64_t wait_ms = backoff_ms(b->options.backoff_first_ms, b->options.backoff_limit_ms, tries,
                                 broker_random(b));
    struct attempt_change change = {
        .article_id = item->article_id,
        .state = dead ? NEWSLOOM__V1__STATE__DEAD : NEWSLOOM__V1__STATE__WAITING,
        .due_at_ms = dead ? 0 : b->wall_ms + wait_ms,
        .charged = charged,
        .suspect = failure->suspect,
        .worker = arena_text(b->batch->arena, worker->name, strlen(worker->name)),
        .code = arena_text(b->batch->arena, failure->code, strlen(failure->code)),
        .text = arena_text(b->batch->arena, failure->text, strlen(failure->text)),
        .at_ms = b->wall_ms};
    size_t index = turn_attempt(b->batch->turn, &change);
    item->suspect = failure->suspect;
    item->lease = NULL;
    leases_end(b->leases, lease, &worker->leases);
    if (!dead) {
        queue_wait(b->queue, item, b->mono_ms + wait_ms);
        return;
    }
    queue_remove(b->queue, item);
    struct ended *ended = broker_answer(b, sizeof(*ended), SOCKET_WORK, &nobody, 0, count_ended);
    ended->index = index;
    ended->article_id = change.article_id;
    ended->code = change.code;
}

void attempt_returned(struct broker *b, struct lease *lease)
{
    struct worker *worker = lease->worker;
    struct item *item = queue_find(b->queue, lease->article_id);
    ENSURE(item && item->state == ITEM_LEASED);
    item->lease = NULL;
    queue_return(b->queue, item);
    leases_end(b->leases, lease, &worker->leases);
}

/* A crash may be faster than the word that the article was started. Then a neighbour may be to
 * blame, so the article goes out alone next, and what takes its worker along when it is alone pays.
 */
static bool is_to_blame(const struct broker *b, const struct lease *lease)
{
    struct item *item = queue_find(b->queue, lease->article_id);
    if (lease->started)
        return true;
    if (item->vanished == VANISHED_LIMIT)
        return lease->suspect && !attempts_are_used_up(b, item);
    if (++item->vanished == VANISHED_LIMIT)
        item->suspect = true;
    return false;
}

void attempts_of_lost_worker(struct broker *b, struct worker *worker, const char *why)
{
    char name[LOG_QUOTE_SIZE];
    unsigned started = 0;
    unsigned returned = 0;
    struct attempt_failure failure = {
        .code = "WORKER_LOST", .text = why, .charged = true, .suspect = true};
    broker_tally(b, TALLY_EXPIRED, worker->leases.count);
    while (worker->leases.first) {
        struct lease *lease = worker->leases.first;
        if (is_to_blame(b, lease)) {
            /* whoever only looks starts nothing: this one ran it against the contract */
            failure.permanent = attempts_are_used_up(b, queue_find(b->queue, lease->article_id));
            attempt_failed(b, lease, &failure);
            started++;
        } else {
            attempt_returned(b, lease);
            returned++;
        }
    }
    log_warn("worker-lost", "worker=%s started=%u returned=%u reason=\"%s\"",
             log_quote(worker->name, name), started, returned, why);
    workers_remove(b->workers, worker);
}
