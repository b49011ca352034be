// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHANGES 12
#define TEXT_ROOM    9000
#define KEYS         60

/* One turn's changes with the memory they borrow. */
struct chapter {
    struct store *store;
    struct turn *turn;
    unsigned chance;
    unsigned number;
    char keys[MOST_CHANGES][16];
    char texts[MOST_CHANGES][TEXT_ROOM];
    uint8_t digests[MOST_CHANGES][DIGEST_SIZE];
    size_t used;
};

static unsigned roll(struct chapter *chapter, unsigned sides)
{
    chapter->chance = chapter->chance * 1664525u + 1013904223u;
    return (chapter->chance >> 8) % sides;
}

static int64_t time_of(const struct chapter *chapter)
{
    return 1000 * (int64_t)chapter->number;
}

static char *write_text(struct chapter *chapter, size_t slot)
{
    size_t length = 1 + roll(chapter, TEXT_ROOM - 1);
    char letter = (char)('a' + roll(chapter, 26));
    memset(chapter->texts[slot], letter, length);
    chapter->texts[slot][length] = 0;
    return chapter->texts[slot];
}

static void accept_something(struct chapter *chapter)
{
    size_t slot = chapter->used++;
    char *text = write_text(chapter, slot);
    (void)snprintf(chapter->keys[slot], sizeof(chapter->keys[slot]), "key %u", roll(chapter, KEYS));
    /* few contents a key, so that duplicates and revisions happen */
    (void)snprintf(chapter->texts[slot], 16, "%u", roll(chapter, 3));
    digest_bytes(text, strlen(text), chapter->digests[slot]);
    struct accept accept = {.source = roll(chapter, 2) ? "first" : "second",
                            .key = chapter->keys[slot],
                            .class_ = NEWSLOOM__V1__CLASS__LIVE,
                            .digest = chapter->digests[slot],
                            .payload = chapter->texts[slot],
                            .size = roll(chapter, TEXT_ROOM),
                            .at_ms = time_of(chapter)};
    (void)turn_accept(chapter->turn, &accept);
}

static uint64_t some_article(struct chapter *chapter)
{
    struct store_facts facts;
    store_facts(chapter->store, &facts);
    return 1 + roll(chapter, (unsigned)facts.next_article_id);
}

static void settle_something(struct chapter *chapter)
{
    size_t slot = chapter->used++;
    struct stored_article article;
    uint64_t id = some_article(chapter);
    char *text = write_text(chapter, slot);
    if (store_article(chapter->store, id, &article, NULL) == STATUS_OK) {
        memcpy(chapter->digests[slot], article.digest, DIGEST_SIZE);
        stored_article_done(&article);
    }
    struct settle settle = {.article_id = id,
                            .digest = chapter->digests[slot],
                            .extraction_digest = chapter->digests[slot],
                            .extraction = text,
                            .size = strlen(text),
                            .worker = "w",
                            .at_ms = time_of(chapter)};
    (void)turn_settle(chapter->turn, &settle);
}

static void fail_something(struct chapter *chapter)
{
    static const Newsloom__V1__State states[] = {
        NEWSLOOM__V1__STATE__QUEUED, NEWSLOOM__V1__STATE__WAITING, NEWSLOOM__V1__STATE__DEAD};
    struct attempt_change change = {.article_id = some_article(chapter),
                                    .state = states[roll(chapter, 3)],
                                    .due_at_ms = time_of(chapter) + 500,
                                    .charged = roll(chapter, 2) == 0,
                                    .suspect = roll(chapter, 4) == 0,
                                    .worker = "w",
                                    .code = roll(chapter, 2) ? "CRASHED" : "TIMED_OUT",
                                    .text = "by chance",
                                    .at_ms = time_of(chapter)};
    (void)turn_attempt(chapter->turn, &change);
}

static void change_something(struct chapter *chapter)
{
    unsigned kind = roll(chapter, 20);
    if (kind < 9)
        accept_something(chapter);
    else if (kind < 14)
        settle_something(chapter);
    else if (kind < 16)
        fail_something(chapter);
    else if (kind == 16)
        (void)turn_retry(chapter->turn, some_article(chapter), time_of(chapter));
    else if (kind == 17)
        (void)turn_withdraw(chapter->turn, some_article(chapter), "by chance", time_of(chapter));
    else if (kind == 18)
        turn_cursor(chapter->turn, "reader", chapter->number, time_of(chapter));
    else
        turn_retention(chapter->turn, 4, time_of(chapter));
}

enum status story_tell(struct store *store, unsigned seed, unsigned number, struct error *err)
{
    struct chapter *chapter = memory_new(sizeof(*chapter));
    chapter->store = store;
    chapter->turn = turn_new();
    chapter->number = number;
    chapter->chance = seed * 2654435761u + number * 40503u;
    unsigned changes = 1 + roll(chapter, MOST_CHANGES);
    while (changes-- > 0)
        change_something(chapter);
    enum status status = store_submit(store, chapter->turn, err);
    turn_free(&chapter->turn);
    free(chapter);
    return status;
}

/* ---- what a store holds */

static void put(FILE *out, const void *bytes, size_t size)
{
    (void)fprintf(out, "%zu:", size);
    if (size)
        (void)fwrite(bytes, 1, size, out);
}

static void put_text(FILE *out, const char *text)
{
    put(out, text, strlen(text));
}

#define NUMBER(value) ((long long)(value))

static void put_article(FILE *out, struct store *store, uint64_t id)
{
    struct stored_article article;
    void *body = NULL;
    size_t size = 0;
    if (store_article(store, id, &article, NULL) != STATUS_OK)
        return;
    (void)fprintf(out, "article %lld %lld %lld %lld %lld %lld %lld %lld %d\n", NUMBER(id),
                  NUMBER(article.revision), NUMBER(article.state), NUMBER(article.accepted_at_ms),
                  NUMBER(article.ended_at_ms), NUMBER(article.due_at_ms), NUMBER(article.attempts),
                  NUMBER(article.sequence), article.suspect);
    put_text(out, article.source);
    put_text(out, article.key);
    put_text(out, article.code);
    put(out, article.digest, DIGEST_SIZE);
    for (size_t i = 0; i < article.history_count; i++)
        (void)fprintf(out, "attempt %u %s\n", article.history[i].number, article.history[i].code);
    stored_article_done(&article);
    if (store_body(store, id, &body, &size, NULL) == STATUS_OK)
        put(out, body, size);
    free(body);
}

static void put_entry(FILE *out, struct store *store, uint64_t sequence)
{
    struct log_entry entry;
    size_t count = 0;
    uint64_t scanned = 0;
    if (store_log(store, sequence - 1, 1, 1, SIZE_MAX, NULL, NULL, &entry, &count, &scanned,
                  NULL) != STATUS_OK ||
        count != 1) {
        (void)fprintf(out, "no entry %lld\n", NUMBER(sequence));
        return;
    }
    (void)fprintf(out, "entry %lld %lld %lld %lld\n", NUMBER(entry.sequence), NUMBER(entry.kind),
                  NUMBER(entry.stored_at_ms), NUMBER(entry.article_id));
    put_text(out, entry.reason);
    put(out, entry.extraction, entry.size);
    log_entry_done(&entry);
}

static void put_lists(FILE *out, struct store *store)
{
    struct open_article *open = memory_new(4096 * sizeof(*open));
    uint64_t *ids = memory_new(4096 * sizeof(*ids));
    struct cursor cursors[4];
    size_t count = store_open_articles(store, 0, open, 4096);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "open %lld %u %d\n", NUMBER(open[i].article_id), open[i].size,
                      open[i].state);
    count = store_dead(store, 0, NULL, NULL, ids, 4096);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "dead %lld\n", NUMBER(ids[i]));
    count = store_cursors(store, "", cursors, 4);
    for (size_t i = 0; i < count; i++)
        (void)fprintf(out, "cursor %s %lld\n", cursors[i].name, NUMBER(cursors[i].sequence));
    free(open);
    free(ids);
}

void story_digest(struct store *store, uint8_t ret_digest[DIGEST_SIZE])
{
    struct store_facts facts;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    store_facts(store, &facts);
    (void)fprintf(out, "facts %lld %lld %lld %lld %lld\n", NUMBER(facts.next_article_id),
                  NUMBER(facts.first_retained), NUMBER(facts.last_sequence),
                  NUMBER(facts.log_bytes), NUMBER(facts.dead_count));
    for (uint64_t id = 1; id < facts.next_article_id; id++)
        put_article(out, store, id);
    for (uint64_t at = facts.first_retained; at <= facts.last_sequence; at++)
        put_entry(out, store, at);
    put_lists(out, store);
    (void)fclose(out);
    digest_bytes(text, size, ret_digest);
    free(text);
}
