// SPDX-License-Identifier: Apache-2.0
/*
 * queue - which open article is in which state, and which goes out next.
 *
 * The queue lives in memory and never blocks. Durability belongs to the store (broker/store.h):
 * record a change there first, then make it here.
 *
 *     loaded at start                      accepted
 *          v                                  v
 *   QUEUED, or HELD --- grace over ---->  QUEUED -> FETCHING -> READY
 *          |                              ^   |                    |
 *          '--- a worker still holds it   |   '----> LEASED <------'
 *                       '-----> LEASED    |            |  |
 *                                         '-- WAITING <'  '-> removed (ended)
 *
 * QUEUED articles stand in lanes, one of 256 for each class by their source; lanes of a class take
 * turns, so that no source waits behind another's backlog. LIVE goes before BACKFILL, which keeps a
 * share of the picks. A suspect (its worker vanished while it ran) stands in a line of its own.
 * READY articles were read back from disk and go out next.
 *
 * An item is 40 bytes and never moves; a body or a lease hangs on it while it has one, owned by the
 * caller, who hears of items that leave with a body still on them by looking before
 * queue_remove(). Not thread-safe.
 */
#ifndef BROKER_QUEUE_H
#define BROKER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct body;
struct lease;

enum item_state {
    ITEM_GONE, /* a place that is free, or will be once its line has moved past it */
    ITEM_HELD,
    ITEM_QUEUED,
    ITEM_FETCHING,
    ITEM_READY,
    ITEM_LEASED,
    ITEM_WAITING,
    ITEM_STATE_COUNT
};

#define QUEUE_LANE_COUNT 256 /* of each class */

enum queue_class { QUEUE_LIVE, QUEUE_BACKFILL, QUEUE_CLASS_COUNT };

struct item {
    uint64_t article_id;
    union {
        struct body *body;   /* QUEUED, READY: when it is in memory */
        struct lease *lease; /* LEASED */
    };
    int64_t accepted_at_ms; /* wall clock */
    uint32_t source_id;
    uint32_t size;
    uint32_t next; /* the queue's own */
    uint16_t attempts;
    uint8_t state;
    uint8_t class_ : 2;
    uint8_t suspect : 1;
    uint8_t linked : 1;   /* the queue's own */
    uint8_t vanished : 2; /* workers that vanished with it before they were heard to start it */
};

struct queue;

static inline size_t queue_lane(uint32_t source_id)
{
    return source_id % QUEUE_LANE_COUNT;
}

struct queue *queue_new(unsigned backfill_share);
void queue_free(struct queue **queue_p);

/* Copies what stands in article (id, source, size, class, attempts, suspect, accepted). The state
 * is HELD, QUEUED or WAITING (until due_ms, monotonic). NULL when the article is known already. */
struct item *queue_add(struct queue *queue, const struct item *article, enum item_state state,
                       int64_t due_ms);
struct item *queue_find(struct queue *queue, uint64_t article_id);

/* Moves that the picture above does not show are bugs. */
void queue_move(struct queue *queue, struct item *item, enum item_state state);
/* QUEUED again, before those that came later. */
void queue_return(struct queue *queue, struct item *item);
void queue_wait(struct queue *queue, struct item *item, int64_t due_ms);
void queue_remove(struct queue *queue, struct item *item);

/* The next QUEUED article by class and turn, taken out of its line; the caller moves it on. */
struct item *queue_next(struct queue *queue);
struct item *queue_next_suspect(struct queue *queue);
struct item *queue_next_ready(struct queue *queue);
struct item *queue_next_ready_suspect(struct queue *queue);

/* WAITING articles whose time has come become QUEUED; at most `most`, returns how many. */
size_t queue_wake(struct queue *queue, int64_t now_ms, size_t most);
int64_t queue_next_due(const struct queue *queue); /* INT64_MAX: nothing waits */

/* The grace is over: up to `most` HELD articles become QUEUED; false when none are left. */
bool queue_release_held(struct queue *queue, size_t most);

size_t queue_size(const struct queue *queue);
size_t queue_count(const struct queue *queue, enum queue_class class_, enum item_state state);
size_t queue_suspects(const struct queue *queue); /* QUEUED or READY */
/* When the oldest QUEUED article of the class was accepted; INT64_MAX: there is none. */
int64_t queue_oldest(struct queue *queue, enum queue_class class_);

#endif
