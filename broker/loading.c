// SPDX-License-Identifier: Apache-2.0
#include "broker/loading.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"

enum {
    PAGE = 4096,
    SLICE_MS = 10, /* of a turn */
    RELEASE_SLICE = 65536,
};

static bool grace_has_passed(const struct broker *b)
{
    return b->loop_ms >= b->grace_end_ms;
}

static enum item_state state_of(const struct broker *b, const struct item *item, bool waits)
{
    if (waits)
        return ITEM_WAITING;
    return !grace_has_passed(b) && handouts_may_hold(b->handouts, item) ? ITEM_HELD : ITEM_QUEUED;
}

static struct item *load_one(struct broker *b, const struct open_article *open)
{
    struct item item = {.article_id = open->article_id,
                        .accepted_at_ms = open->accepted_at_ms,
                        .source_id = open->source_id,
                        .size = open->size,
                        .attempts = open->attempts,
                        .suspect = open->suspect,
                        .class_ = open->class_ == NEWSLOOM__V1__CLASS__BACKFILL ? QUEUE_BACKFILL
                                                                                : QUEUE_LIVE};
    int64_t wait_ms = open->due_at_ms - b->wall_ms;
    bool waits = open->state == NEWSLOOM__V1__STATE__WAITING && wait_ms > 0;
    if (wait_ms > b->options.backoff_limit_ms)
        wait_ms = b->options.backoff_limit_ms; /* the clock was set back */
    return queue_add(b->queue, &item, state_of(b, &item, waits), b->mono_ms + wait_ms);
}

/* Who came back holds what it has; nobody else holds anything of before. */
static void note_handouts_anew(struct broker *b)
{
    handouts_clear(b->handouts);
    for (size_t i = 0; i < workers_count(b->workers); i++)
        for (const struct lease *lease = workers_at(b->workers, i)->leases.first; lease;
             lease = lease->next)
            handouts_note(b->handouts, queue_find(b->queue, lease->article_id));
}

static void end_loading(struct broker *b)
{
    size_t held = queue_count(b->queue, QUEUE_LIVE, ITEM_HELD) +
                  queue_count(b->queue, QUEUE_BACKFILL, ITEM_HELD);
    b->is_loading = false;
    b->unloaded = 0;
    if (held == 0 && !b->grace_is_over) {
        b->grace_is_over = true;
        note_handouts_anew(b);
    }
    log_info("loaded", "articles=%zu held=%zu ms=%" PRId64 " grace_ms=%" PRId64,
             queue_size(b->queue), held, clock_wall_ms() - b->calendar.jumped_ms - b->started_at_ms,
             held ? b->grace_end_ms - b->loop_ms : INT64_C(0));
}

/* False when there is nothing behind it. */
static bool load_page(struct broker *b, struct open_article *page)
{
    size_t count = store_open_articles(b->store, b->loaded_through, page, PAGE);
    for (size_t i = 0; i < count; i++)
        (void)load_one(b, &page[i]); /* known already: a worker holds it, or it was retried */
    if (count > 0)
        b->loaded_through = page[count - 1].article_id;
    b->unloaded -= count < b->unloaded ? count : b->unloaded;
    return count == PAGE;
}

/* A page at least. */
static void load_slice(struct broker *b, int64_t for_ms)
{
    struct open_article *page = memory_new(PAGE * sizeof(*page));
    int64_t until_ms = clock_mono_ms() + for_ms;
    do {
        b->is_loading = load_page(b, page);
    } while (b->is_loading && clock_mono_ms() < until_ms);
    free(page);
    if (!b->is_loading)
        end_loading(b);
}

static void release_slice(struct broker *b)
{
    if (b->grace_is_over || !grace_has_passed(b))
        return;
    if (!b->is_releasing)
        note_handouts_anew(b);
    b->is_releasing = queue_release_held(b->queue, RELEASE_SLICE);
    b->grace_is_over = !b->is_releasing;
}

void loading_begin(struct broker *b)
{
    b->mono_ms = b->loop_ms = clock_mono_ms();
    b->grace_end_ms = b->loop_ms + b->options.grace_ms;
    b->unloaded = store_open_count(b->store);
    load_slice(b, 0);
}

bool loading_is_due(const struct broker *b)
{
    return b->is_loading || (!b->grace_is_over && grace_has_passed(b));
}

struct item *load_article(struct broker *b, uint64_t article_id)
{
    struct open_article open;
    if (article_id == 0 || store_open_articles(b->store, article_id - 1, &open, 1) == 0 ||
        open.article_id != article_id)
        return NULL;
    return load_one(b, &open);
}

void load_articles(struct broker *b)
{
    if (b->is_loading)
        load_slice(b, SLICE_MS);
    release_slice(b);
}
