// SPDX-License-Identifier: Apache-2.0
/* reclaim - what time changes: silent workers, waits that are over, retention. */
#include "broker/attempts.h"
#include "broker/broker.h"
#include "common/crash.h"

enum {
    WAKE_SLICE = 4096,
    RETENTION_SLICE = 256,
    RETENTION_BUSY_MS = 1000,
    RETENTION_IDLE_MS = 10000,
    RETENTION_FULL_MS = 200,
    REPLACED_BEATS = 2,
};

static void reclaim_leases(struct broker *b)
{
    for (size_t i = workers_count(b->workers); i-- > 0;) {
        struct worker *worker = workers_at(b->workers, i);
        if (b->loop_ms - worker->heard_ms > b->options.lease_ms)
            attempts_of_lost_worker(b, worker, "its worker fell silent");
        else if (worker->leases.count > 0 && !worker->blocked &&
                 b->loop_ms - worker->progress_ms > b->options.progress_ms)
            attempts_of_lost_worker(b, worker, "its worker finished nothing for too long");
        else if (worker->replaced_ms &&
                 b->loop_ms - worker->replaced_ms > REPLACED_BEATS * b->options.beat_ms)
            attempts_of_lost_worker(b, worker, "its worker started anew without it");
    }
}

/* Each slice is a commit: often while there is something to make room for, seldom when nothing
 * comes in. */
static void retain(struct broker *b)
{
    if (b->mono_ms < b->retention_due_ms)
        return;
    bool pressed = b->facts.full || b->mono_ms < b->full_until_ms;
    bool busy = b->facts.next_article_id + b->facts.last_sequence != b->retention_mark;
    b->retention_mark = b->facts.next_article_id + b->facts.last_sequence;
    turn_retention(b->batch->turn, RETENTION_SLICE, b->wall_ms);
    b->retention_due_ms = b->mono_ms + (pressed ? RETENTION_FULL_MS
                                        : busy  ? RETENTION_BUSY_MS
                                                : RETENTION_IDLE_MS);
    crash_here(CRASH_BROKER_RETENTION);
}

void reclaim(struct broker *b)
{
    /* beats may still be unread: judge only when every word was heard */
    if (b->work_is_dry)
        reclaim_leases(b);
    (void)queue_wake(b->queue, b->mono_ms, WAKE_SLICE);
    retain(b);
}
