// SPDX-License-Identifier: Apache-2.0
#include "broker/queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/status.h"

enum { CHUNK_ITEMS = 1 << 16, FIRST_INDEX_SIZE = 1 << 12 };

#define NONE UINT32_MAX

/* First in, first out, through item.next. */
struct line {
    uint32_t head;
    uint32_t tail;
};

/* The lanes of a class that hold something, in the order in which they take their turn. */
struct lanes {
    struct line lines[QUEUE_LANE_COUNT];
    bool in_ring[QUEUE_LANE_COUNT];
    uint16_t ring[QUEUE_LANE_COUNT];
    unsigned first;
    unsigned count;
};

struct alarm {
    int64_t due_ms;
    uint64_t article_id;
};

struct queue {
    struct item **chunks;
    uint32_t used; /* places ever taken */
    struct line free_places;
    uint32_t *index; /* open addressing: article id -> place, NONE: empty */
    size_t index_size;
    size_t size;
    struct lanes lanes[QUEUE_CLASS_COUNT];
    struct line suspects;
    struct line ready;
    struct line ready_suspects;
    size_t suspect_count;
    unsigned share;
    unsigned share_due;   /* grows by share a LIVE pick; at 100 BACKFILL is next */
    struct alarm *alarms; /* a heap by due_ms */
    size_t alarm_count;
    size_t alarm_room;
    uint32_t release_next; /* where queue_release_held() goes on */
    size_t counts[QUEUE_CLASS_COUNT][ITEM_STATE_COUNT];
};

static const bool may_move[ITEM_STATE_COUNT][ITEM_STATE_COUNT] = {
    [ITEM_HELD][ITEM_QUEUED] = true,     /* nobody claimed it within the grace */
    [ITEM_HELD][ITEM_LEASED] = true,     /* a worker still holds it */
    [ITEM_QUEUED][ITEM_FETCHING] = true, /* its body is being read from disk */
    [ITEM_QUEUED][ITEM_LEASED] = true,   /* dispatched with the body it came with */
    [ITEM_QUEUED][ITEM_READY] = true,    /* picked, and put before the others again */
    [ITEM_FETCHING][ITEM_READY] = true,  /* the body is there */
    [ITEM_FETCHING][ITEM_QUEUED] = true, /* the body could not be read now */
    [ITEM_READY][ITEM_READY] = true,     /* picked, and no room after all */
    [ITEM_READY][ITEM_LEASED] = true,    /* dispatched */
    [ITEM_LEASED][ITEM_QUEUED] = true,   /* given back free of charge */
    [ITEM_LEASED][ITEM_WAITING] = true,  /* for its next attempt */
    [ITEM_WAITING][ITEM_QUEUED] = true,  /* its backoff has run out */
};

static struct item *item_at(const struct queue *queue, uint32_t place)
{
    return &queue->chunks[place / CHUNK_ITEMS][place % CHUNK_ITEMS];
}

/* ---- lines */

static void line_append(struct queue *queue, struct line *line, uint32_t place)
{
    item_at(queue, place)->next = NONE;
    if (line->head == NONE)
        line->head = place;
    else
        item_at(queue, line->tail)->next = place;
    line->tail = place;
}

static void line_prepend(struct queue *queue, struct line *line, uint32_t place)
{
    item_at(queue, place)->next = line->head;
    if (line->head == NONE)
        line->tail = place;
    line->head = place;
}

static uint32_t line_take(struct queue *queue, struct line *line)
{
    uint32_t place = line->head;
    if (place == NONE)
        return NONE;
    line->head = item_at(queue, place)->next;
    if (line->head == NONE)
        line->tail = NONE;
    return place;
}

static void free_place(struct queue *queue, uint32_t place)
{
    item_at(queue, place)->linked = false;
    line_append(queue, &queue->free_places, place);
}

/* Places whose article ended while they stood in a line are freed when the line reaches them. */
static void line_skip_gone(struct queue *queue, struct line *line)
{
    while (line->head != NONE && item_at(queue, line->head)->state == ITEM_GONE)
        free_place(queue, line_take(queue, line));
}

static struct item *line_next(struct queue *queue, struct line *line)
{
    line_skip_gone(queue, line);
    uint32_t place = line_take(queue, line);
    if (place == NONE)
        return NULL;
    struct item *item = item_at(queue, place);
    item->linked = false;
    return item;
}

/* ---- lanes */

static void lanes_activate(struct lanes *lanes, size_t lane)
{
    if (lanes->in_ring[lane])
        return;
    lanes->ring[(lanes->first + lanes->count) % QUEUE_LANE_COUNT] = (uint16_t)lane;
    lanes->count++;
    lanes->in_ring[lane] = true;
}

static struct item *lanes_next(struct queue *queue, struct lanes *lanes)
{
    while (lanes->count > 0) {
        unsigned lane = lanes->ring[lanes->first];
        lanes->first = (lanes->first + 1) % QUEUE_LANE_COUNT;
        lanes->count--;
        lanes->in_ring[lane] = false;
        struct item *item = line_next(queue, &lanes->lines[lane]);
        if (lanes->lines[lane].head != NONE)
            lanes_activate(lanes, lane);
        if (item)
            return item;
    }
    return NULL;
}

/* ---- the index */

static size_t index_slot(const struct queue *queue, uint64_t article_id)
{
    return (size_t)(article_id * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (queue->index_size - 1);
}

static void index_put(struct queue *queue, uint64_t article_id, uint32_t place)
{
    size_t slot = index_slot(queue, article_id);
    while (queue->index[slot] != NONE)
        slot = (slot + 1) & (queue->index_size - 1);
    queue->index[slot] = place;
}

static void index_make(struct queue *queue, size_t size)
{
    uint32_t *old = queue->index;
    size_t old_size = queue->index_size;
    queue->index = memory_resize(NULL, size, sizeof(*queue->index));
    memset(queue->index, 0xff, size * sizeof(*queue->index));
    queue->index_size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i] != NONE)
            index_put(queue, item_at(queue, old[i])->article_id, old[i]);
    free(old);
}

static size_t index_find(const struct queue *queue, uint64_t article_id)
{
    size_t slot = index_slot(queue, article_id);
    while (queue->index[slot] != NONE &&
           item_at(queue, queue->index[slot])->article_id != article_id)
        slot = (slot + 1) & (queue->index_size - 1);
    return slot;
}

/* Close the hole, so that no search ends before what lies behind it. */
static void index_remove(struct queue *queue, uint64_t article_id)
{
    size_t mask = queue->index_size - 1;
    size_t hole = index_find(queue, article_id);
    for (size_t slot = (hole + 1) & mask; queue->index[slot] != NONE; slot = (slot + 1) & mask) {
        size_t home = index_slot(queue, item_at(queue, queue->index[slot])->article_id);
        if (((slot - home) & mask) < ((slot - hole) & mask))
            continue;
        queue->index[hole] = queue->index[slot];
        hole = slot;
    }
    queue->index[hole] = NONE;
}

/* ---- alarms */

static void alarm_swap(struct queue *queue, size_t a, size_t b)
{
    struct alarm kept = queue->alarms[a];
    queue->alarms[a] = queue->alarms[b];
    queue->alarms[b] = kept;
}

static void alarm_add(struct queue *queue, int64_t due_ms, uint64_t article_id)
{
    if (queue->alarm_count == queue->alarm_room) {
        queue->alarm_room = queue->alarm_room ? 2 * queue->alarm_room : 64;
        queue->alarms = memory_resize(queue->alarms, queue->alarm_room, sizeof(*queue->alarms));
    }
    size_t at = queue->alarm_count++;
    queue->alarms[at] = (struct alarm){due_ms, article_id};
    while (at > 0 && queue->alarms[(at - 1) / 2].due_ms > queue->alarms[at].due_ms) {
        alarm_swap(queue, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
}

static void alarm_drop_first(struct queue *queue)
{
    queue->alarms[0] = queue->alarms[--queue->alarm_count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < queue->alarm_count &&
                queue->alarms[child].due_ms < queue->alarms[least].due_ms)
                least = child;
        if (least == at)
            return;
        alarm_swap(queue, at, least);
        at = least;
    }
}

/* ---- states */

static uint32_t place_of(const struct queue *queue, const struct item *item)
{
    return queue->index[index_find(queue, item->article_id)];
}

static bool is_line_of_suspects(const struct item *item)
{
    return item->suspect && (item->state == ITEM_QUEUED || item->state == ITEM_READY);
}

static void set_state(struct queue *queue, struct item *item, enum item_state state)
{
    if (is_line_of_suspects(item))
        queue->suspect_count--;
    if (item->state != ITEM_GONE)
        queue->counts[item->class_][item->state]--;
    item->state = (uint8_t)state;
    if (is_line_of_suspects(item))
        queue->suspect_count++;
    if (state != ITEM_GONE)
        queue->counts[item->class_][state]++;
}

static struct line *line_of(struct queue *queue, const struct item *item)
{
    if (item->state == ITEM_READY)
        return item->suspect ? &queue->ready_suspects : &queue->ready;
    if (item->suspect)
        return &queue->suspects;
    size_t lane = queue_lane(item->source_id);
    lanes_activate(&queue->lanes[item->class_], lane);
    return &queue->lanes[item->class_].lines[lane];
}

static void enter(struct queue *queue, struct item *item, enum item_state state, bool first)
{
    set_state(queue, item, state);
    if (state != ITEM_QUEUED && state != ITEM_READY)
        return;
    item->linked = true;
    if (first)
        line_prepend(queue, line_of(queue, item), place_of(queue, item));
    else
        line_append(queue, line_of(queue, item), place_of(queue, item));
}

static void check_move(const struct item *item, enum item_state state)
{
    ENSURE(!item->linked && may_move[item->state][state]);
}

/* ---- public */

struct queue *queue_new(unsigned backfill_share)
{
    static const struct line empty = {NONE, NONE};
    struct queue *queue = memory_new(sizeof(*queue));
    queue->share = backfill_share;
    queue->free_places = queue->suspects = queue->ready = queue->ready_suspects = empty;
    for (size_t class_ = 0; class_ < QUEUE_CLASS_COUNT; class_++)
        for (size_t lane = 0; lane < QUEUE_LANE_COUNT; lane++)
            queue->lanes[class_].lines[lane] = empty;
    index_make(queue, FIRST_INDEX_SIZE);
    return queue;
}

void queue_free(struct queue **queue_p)
{
    struct queue *queue = *queue_p;
    if (!queue)
        return;
    for (size_t i = 0; i * CHUNK_ITEMS < queue->used; i++)
        free(queue->chunks[i]);
    free(queue->chunks);
    free(queue->index);
    free(queue->alarms);
    free(queue);
    *queue_p = NULL;
}

static uint32_t take_place(struct queue *queue)
{
    uint32_t place = line_take(queue, &queue->free_places);
    if (place != NONE)
        return place;
    ENSURE(queue->used < NONE);
    if (queue->used % CHUNK_ITEMS == 0) {
        size_t chunks = queue->used / CHUNK_ITEMS;
        queue->chunks = memory_resize(queue->chunks, chunks + 1, sizeof(*queue->chunks));
        queue->chunks[chunks] = memory_new(CHUNK_ITEMS * sizeof(struct item));
    }
    return queue->used++;
}

struct item *queue_add(struct queue *queue, const struct item *article, enum item_state state,
                       int64_t due_ms)
{
    if (queue_find(queue, article->article_id))
        return NULL;
    if (4 * (queue->size + 1) > 3 * queue->index_size)
        index_make(queue, 2 * queue->index_size);
    uint32_t place = take_place(queue);
    struct item *item = item_at(queue, place);
    *item = *article;
    item->body = NULL;
    item->state = ITEM_GONE;
    item->linked = false;
    index_put(queue, item->article_id, place);
    queue->size++;
    enter(queue, item, state, false);
    if (state == ITEM_WAITING)
        alarm_add(queue, due_ms, item->article_id);
    return item;
}

struct item *queue_find(struct queue *queue, uint64_t article_id)
{
    uint32_t place = queue->index[index_find(queue, article_id)];
    return place == NONE ? NULL : item_at(queue, place);
}

void queue_move(struct queue *queue, struct item *item, enum item_state state)
{
    check_move(item, state);
    enter(queue, item, state, state == ITEM_READY && item->state != ITEM_FETCHING);
}

void queue_return(struct queue *queue, struct item *item)
{
    check_move(item, ITEM_QUEUED);
    enter(queue, item, ITEM_QUEUED, true);
}

void queue_wait(struct queue *queue, struct item *item, int64_t due_ms)
{
    check_move(item, ITEM_WAITING);
    enter(queue, item, ITEM_WAITING, false);
    alarm_add(queue, due_ms, item->article_id);
}

void queue_remove(struct queue *queue, struct item *item)
{
    uint32_t place = place_of(queue, item);
    index_remove(queue, item->article_id);
    set_state(queue, item, ITEM_GONE);
    item->body = NULL;
    queue->size--;
    if (!item->linked)
        free_place(queue, place);
}

struct item *queue_next(struct queue *queue)
{
    struct lanes *live = &queue->lanes[QUEUE_LIVE];
    struct lanes *backfill = &queue->lanes[QUEUE_BACKFILL];
    struct item *item = NULL;
    if (queue->share_due >= 100 && (item = lanes_next(queue, backfill))) {
        queue->share_due -= 100;
        return item;
    }
    item = lanes_next(queue, live);
    if (!item)
        return lanes_next(queue, backfill);
    if (queue->share_due < 100)
        queue->share_due += 100 * queue->share / (100 - queue->share) + 1;
    return item;
}

struct item *queue_next_suspect(struct queue *queue)
{
    return line_next(queue, &queue->suspects);
}

struct item *queue_next_ready(struct queue *queue)
{
    return line_next(queue, &queue->ready);
}

struct item *queue_next_ready_suspect(struct queue *queue)
{
    return line_next(queue, &queue->ready_suspects);
}

size_t queue_wake(struct queue *queue, int64_t now_ms, size_t most)
{
    size_t woken = 0;
    while (queue->alarm_count > 0 && queue->alarms[0].due_ms <= now_ms && woken < most) {
        struct item *item = queue_find(queue, queue->alarms[0].article_id);
        alarm_drop_first(queue);
        woken++;
        if (item && item->state == ITEM_WAITING)
            queue_move(queue, item, ITEM_QUEUED);
    }
    return woken;
}

int64_t queue_next_due(const struct queue *queue)
{
    return queue->alarm_count ? queue->alarms[0].due_ms : INT64_MAX;
}

bool queue_release_held(struct queue *queue, size_t most)
{
    uint32_t end = queue->used;
    for (; queue->release_next < end && most > 0; queue->release_next++, most--) {
        struct item *item = item_at(queue, queue->release_next);
        if (item->state == ITEM_HELD)
            queue_move(queue, item, ITEM_QUEUED);
    }
    return queue->release_next < end;
}

size_t queue_size(const struct queue *queue)
{
    return queue->size;
}

size_t queue_count(const struct queue *queue, enum queue_class class_, enum item_state state)
{
    return queue->counts[class_][state];
}

size_t queue_suspects(const struct queue *queue)
{
    return queue->suspect_count;
}

int64_t queue_oldest(struct queue *queue, enum queue_class class_)
{
    int64_t oldest = INT64_MAX;
    struct lanes *lanes = &queue->lanes[class_];
    for (unsigned i = 0; i < lanes->count; i++) {
        struct line *line = &lanes->lines[lanes->ring[(lanes->first + i) % QUEUE_LANE_COUNT]];
        line_skip_gone(queue, line);
        if (line->head != NONE && item_at(queue, line->head)->accepted_at_ms < oldest)
            oldest = item_at(queue, line->head)->accepted_at_ms;
    }
    return oldest;
}
