// SPDX-License-Identifier: Apache-2.0
#include "broker/gauges.h"

#include "broker/subscribers.h"

enum { MINUTE_MS = 60000 };

uint64_t oldest_queued_ms(struct broker *b, enum queue_class class_)
{
    int64_t oldest = queue_oldest(b->queue, class_);
    return oldest < b->wall_ms ? (uint64_t)(b->wall_ms - oldest) : 0;
}

uint64_t queued_count(const struct broker *b, enum queue_class class_)
{
    return queue_count(b->queue, class_, ITEM_HELD) + queue_count(b->queue, class_, ITEM_QUEUED) +
           queue_count(b->queue, class_, ITEM_FETCHING) + queue_count(b->queue, class_, ITEM_READY);
}

uint64_t backlog_ms(const struct broker *b, enum queue_class class_)
{
    uint64_t per_minute = 0;
    for (size_t i = 0; i < RATE_INTERVALS; i++)
        per_minute += b->ends[class_][i];
    return per_minute ? queued_count(b, class_) * MINUTE_MS / per_minute : 0;
}

uint64_t slowest_lag(const struct broker *b)
{
    uint64_t most = 0;
    for (size_t i = 0; i < subscribers_count(b->subscribers); i++) {
        const struct subscriber *subscriber = subscribers_at(b->subscribers, i);
        uint64_t lag = b->facts.last_sequence - subscriber->acknowledged;
        most = lag > most ? lag : most;
    }
    return most;
}

static void set(struct broker *b, enum tally row, uint64_t value)
{
    counters_set(b->counters, row, value);
}

static void refresh_workers(struct broker *b)
{
    uint64_t blocked = 0;
    uint64_t paused = 0;
    uint64_t slots = 0;
    uint64_t slots_blocked = 0;
    for (size_t i = 0; i < workers_count(b->workers); i++) {
        const struct worker *worker = workers_at(b->workers, i);
        slots += worker->slots;
        blocked += worker->blocked;
        slots_blocked += worker->blocked ? worker->slots : 0;
        paused += breaker_is_open(&worker->breaker);
    }
    set(b, TALLY_WORKERS, workers_count(b->workers));
    set(b, TALLY_WORKERS_BLOCKED, blocked);
    set(b, TALLY_WORKERS_PAUSED, paused);
    set(b, TALLY_SLOTS_TOTAL, slots);
    set(b, TALLY_SLOTS_BUSY, leases_count(b->leases));
    set(b, TALLY_SLOTS_BLOCKED, slots_blocked);
    bool all = paused > 0 && paused == workers_count(b->workers);
    if (all && !b->all_paused)
        log_warn("dispatch-paused", "workers=%zu: all are paused by the breaker, nothing goes out",
                 workers_count(b->workers));
    b->all_paused = all;
}

void refresh_gauges(struct broker *b)
{
    set(b, TALLY_QUEUED_LIVE, queued_count(b, QUEUE_LIVE));
    set(b, TALLY_QUEUED_BACKFILL, queued_count(b, QUEUE_BACKFILL));
    set(b, TALLY_UNLOADED, b->unloaded);
    set(b, TALLY_WAITING_LIVE, queue_count(b->queue, QUEUE_LIVE, ITEM_WAITING));
    set(b, TALLY_WAITING_BACKFILL, queue_count(b->queue, QUEUE_BACKFILL, ITEM_WAITING));
    set(b, TALLY_LEASED, leases_count(b->leases));
    set(b, TALLY_DEAD_LETTERS, b->facts.dead_count);
    set(b, TALLY_BACKLOG_LIVE, backlog_ms(b, QUEUE_LIVE));
    set(b, TALLY_BACKLOG_BACKFILL, backlog_ms(b, QUEUE_BACKFILL));
    set(b, TALLY_OLDEST_LIVE, oldest_queued_ms(b, QUEUE_LIVE));
    set(b, TALLY_OLDEST_BACKFILL, oldest_queued_ms(b, QUEUE_BACKFILL));
    set(b, TALLY_SUBSCRIBERS, subscribers_count(b->subscribers));
    set(b, TALLY_LAG, slowest_lag(b));
    set(b, TALLY_LAST_SEQUENCE, b->facts.last_sequence);
    set(b, TALLY_FIRST_SEQUENCE, b->facts.first_retained);
    set(b, TALLY_KEYS, b->keys ? keys_count(b->keys) : 0);
    set(b, TALLY_STORE_USED, b->facts.used_bytes);
    set(b, TALLY_STORE_BUDGET, b->facts.budget_bytes);
    set(b, TALLY_CACHE_USED,
        b->bodies.used_bytes[QUEUE_LIVE] + b->bodies.used_bytes[QUEUE_BACKFILL]);
    refresh_workers(b);
}
