// SPDX-License-Identifier: Apache-2.0
/* The event log, named cursors, and what retention forgets. */
#include <stdio.h>

#include "tests/unit/store_home.h"

#define ENTRY_STORED   NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED
#define ENTRY_REPLACED NEWSLOOM__V1__ENTRY_KIND__ENTRY_REPLACED

/* One article accepted and stored; its extraction is "facts <number>", its end at the time. */
static uint64_t store_one(struct home *home, unsigned number, int64_t at_ms)
{
    char key[24];
    char facts[24];
    uint8_t digest[DIGEST_SIZE];
    (void)snprintf(key, sizeof(key), "key %u", number);
    (void)snprintf(facts, sizeof(facts), "facts %u", number);
    struct accept_result accepted = accept_text(home, key, key);
    digest_bytes(key, strlen(key), digest);
    turn_reset(home->turn);
    (void)add_settle(home, accepted.article_id, digest, facts, at_ms);
    submit(home);
    return accepted.article_id;
}

static void store_many(struct home *home, unsigned count)
{
    for (unsigned i = 1; i <= count; i++)
        (void)store_one(home, i, 1000 * (int64_t)i);
}

static bool has_two_topics(const struct log_entry *entry, void *unused)
{
    (void)unused;
    return strcmp(entry->source, "example") == 0 && strcmp(entry->key, "a") == 0 && entry->topics &&
           entry->topics->n_entities == 2 && entry->topics->entities[1] == UINT64_MAX;
}

static void entry_holds_the_very_extraction_and_its_topics(void **state)
{
    struct home *home = *state;
    Newsloom__V1__Topics topics = NEWSLOOM__V1__TOPICS__INIT;
    uint64_t entities[] = {7, UINT64_MAX};
    uint8_t digest[DIGEST_SIZE];
    struct error err;
    struct log_entry entry;
    size_t count;
    uint64_t scanned;
    topics.n_entities = 2;
    topics.entities = entities;
    struct accept_result accepted = accept_text(home, "a", "text");
    digest_bytes("text", 4, digest);
    struct settle settle = {.article_id = accepted.article_id,
                            .digest = digest,
                            .kind = ENTRY_REPLACED,
                            .topics = &topics,
                            .extraction_digest = digest,
                            .extraction = "fa\0ts",
                            .size = 5,
                            .at_ms = 2000};
    turn_reset(home->turn);
    (void)turn_settle(home->turn, &settle);
    submit(home);
    home_reopen(home);
    assert_ok(
        store_log(home->store, 0, 10, 1, 100, has_two_topics, NULL, &entry, &count, &scanned, &err),
        err);
    assert_int_equal(count, 1);
    assert_int_equal(scanned, 1);
    assert_int_equal(entry.kind, ENTRY_REPLACED);
    assert_int_equal(entry.stored_at_ms, 2000);
    assert_string_equal(entry.source, "example");
    assert_string_equal(entry.key, "a");
    assert_int_equal(entry.revision, 1);
    assert_int_equal(entry.size, 5);
    assert_memory_equal(entry.extraction, "fa\0ts", 5);
    assert_memory_equal(entry.extraction_digest, digest, DIGEST_SIZE);
    log_entry_done(&entry);
}

static void kind_that_is_not_given_follows_the_revision(void **state)
{
    struct home *home = *state;
    uint8_t digest[DIGEST_SIZE];
    (void)accept_text(home, "a", "text");
    struct accept_result second = accept_text(home, "a", "text, corrected");
    digest_bytes("text, corrected", 15, digest);
    struct settle settle = {.article_id = second.article_id, .digest = digest, .at_ms = 2000};
    turn_reset(home->turn);
    (void)turn_settle(home->turn, &settle);
    submit(home);
    assert_entry(home, 1, ENTRY_REPLACED, second.article_id);
}

static bool is_of_every_entity(const struct log_entry *entry, void *unused)
{
    (void)unused;
    return entry->topics && entry->topics->every_entity && entry->topics->n_entities == 0;
}

static void too_many_topics_become_every_entity(void **state)
{
    struct home *home = *state;
    static uint64_t entities[2000];
    Newsloom__V1__Topics topics = NEWSLOOM__V1__TOPICS__INIT;
    uint8_t digest[DIGEST_SIZE];
    struct error err;
    struct log_entry entry;
    size_t count;
    uint64_t scanned;
    topics.n_entities = COUNT_OF(entities);
    topics.entities = entities;
    struct accept_result accepted = accept_text(home, "a", "text");
    digest_bytes("text", 4, digest);
    struct settle settle = {
        .article_id = accepted.article_id, .digest = digest, .topics = &topics, .at_ms = 2000};
    turn_reset(home->turn);
    (void)turn_settle(home->turn, &settle);
    submit(home);
    assert_ok(store_log(home->store, 0, 10, 1, 100, is_of_every_entity, NULL, &entry, &count,
                        &scanned, &err),
              err);
    assert_int_equal(count, 1);
    log_entry_done(&entry);
}

static bool is_even(const struct log_entry *entry, void *context)
{
    assert_null(entry->extraction);
    *(unsigned *)context += 1;
    return entry->sequence % 2 == 0;
}

static void filtered_reader_learns_how_far_it_was_scanned(void **state)
{
    struct home *home = *state;
    struct log_entry entries[8];
    struct error err;
    size_t count;
    uint64_t scanned;
    unsigned asked = 0;
    store_many(home, 5);
    assert_ok(store_log(home->store, 0, 100, 8, SIZE_MAX, is_even, &asked, entries, &count,
                        &scanned, &err),
              err);
    assert_int_equal(count, 2);
    assert_int_equal(scanned, 5);
    assert_int_equal(asked, 5);
    assert_memory_equal(entries[1].extraction, "facts 4", 7);
    log_entry_done(&entries[0]);
    log_entry_done(&entries[1]);
}

static void each_bound_ends_a_batch_where_the_next_goes_on(void **state)
{
    static const struct {
        size_t most_scanned, most, most_bytes;
        uint64_t scanned;
    } rows[] = {
        {2, 8, SIZE_MAX, 2},   /* looked at */
        {100, 3, SIZE_MAX, 3}, /* given */
        {100, 8, 20, 2},       /* bytes: "facts 1" and "facts 2" are 14 */
        {100, 8, 1, 1},        /* one is given whatever its size */
    };
    struct home *home = *state;
    store_many(home, 5);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct log_entry entries[8];
        struct error err;
        size_t count;
        uint64_t scanned;
        assert_ok(store_log(home->store, 0, rows[i].most_scanned, rows[i].most, rows[i].most_bytes,
                            NULL, NULL, entries, &count, &scanned, &err),
                  err);
        assert_int_equal(scanned, rows[i].scanned);
        assert_int_equal(count, rows[i].scanned);
        for (size_t j = 0; j < count; j++)
            log_entry_done(&entries[j]);
    }
}

static void reading_past_the_end_gives_nothing(void **state)
{
    struct home *home = *state;
    struct log_entry entry;
    struct error err;
    size_t count;
    uint64_t scanned;
    store_many(home, 2);
    assert_ok(store_log(home->store, 2, 100, 1, 100, NULL, NULL, &entry, &count, &scanned, &err),
              err);
    assert_int_equal(count, 0);
    assert_int_equal(scanned, 2);
}

static void old_entries_are_forgotten_by_age(void **state)
{
    struct home *home = *state;
    struct log_entry entry;
    struct error err;
    size_t count;
    uint64_t scanned;
    store_many(home, 5);
    uint64_t before = facts_of(home).log_bytes;
    retain(home, 100, 33500); /* 30 s: entries of 1, 2 and 3 s are due */
    assert_int_equal(facts_of(home).first_retained, 4);
    assert_int_equal(facts_of(home).last_sequence, 5);
    assert_true(facts_of(home).log_bytes < before / 2);
    assert_refused(
        store_log(home->store, 0, 100, 1, 100, NULL, NULL, &entry, &count, &scanned, &err),
        STATUS_NOT_FOUND, err, "the first entry kept is 4");
    assert_entry(home, 4, ENTRY_STORED, 4);
}

static void slice_of_retention_is_bounded(void **state)
{
    struct home *home = *state;
    store_many(home, 5);
    retain(home, 2, 1000000000);
    assert_int_equal(facts_of(home).first_retained, 3);
}

static void log_over_its_size_is_cut(void **state)
{
    struct home *home = *state;
    store_many(home, 5);
    home->options.log_limit_bytes = facts_of(home).log_bytes / 2;
    home_reopen(home);
    retain(home, 100, 5000);
    assert_true(facts_of(home).log_bytes <= home->options.log_limit_bytes);
    assert_true(facts_of(home).first_retained <= 5);
}

static void emptied_log_goes_on_with_the_next_sequence(void **state)
{
    struct home *home = *state;
    store_many(home, 3);
    retain(home, 100, 40000);
    assert_int_equal(facts_of(home).first_retained, 4);
    assert_int_equal(facts_of(home).log_bytes, 0);
    home_reopen(home);
    (void)store_one(home, 9, 9000);
    assert_int_equal(facts_of(home).last_sequence, 4);
}

static void ended_keys_are_forgotten_by_age(void **state)
{
    struct home *home = *state;
    struct error err;
    struct stored_article article;
    store_many(home, 3);
    retain(home, 100, 92500); /* 90 s: the ends of 1 and 2 s are due */
    assert_refused(store_article(home->store, 2, &article, &err), STATUS_NOT_FOUND, err,
                   "no article 2");
    assert_int_equal(state_of(home, 3), STORED);
    assert_int_equal(accept_text(home, "key 1", "key 1").code, ACCEPTED);
    assert_int_equal(accept_text(home, "key 3", "key 3").code, DUPLICATE);
}

static void open_articles_are_never_forgotten(void **state)
{
    struct home *home = *state;
    struct accept_result accepted = accept_text(home, "a", "text");
    (void)attempt(home, accepted.article_id, WAITING, "TIMED_OUT");
    retain(home, 100, 1000000000);
    assert_body(home, accepted.article_id, "text");
}

static void forgotten_dead_letter_leaves_nothing(void **state)
{
    struct home *home = *state;
    uint64_t ids[2];
    struct accept_result accepted = accept_text(home, "a", "text");
    for (int i = 0; i < 10; i++)
        (void)attempt(home, accepted.article_id, WAITING, "TIMED_OUT");
    (void)attempt(home, accepted.article_id, DEAD, "TIMED_OUT");
    retain(home, 100, 1000000000);
    assert_int_equal(store_dead(home->store, 0, NULL, NULL, ids, 2), 0);
    assert_int_equal(facts_of(home).dead_count, 0);
    assert_no_body(home, accepted.article_id);
    assert_int_equal(accept_text(home, "a", "text").revision, 1);
}

static void newest_revision_outlives_its_elders(void **state)
{
    struct home *home = *state;
    (void)accept_text(home, "a", "text");
    struct accept_result second = accept_text(home, "a", "text, corrected");
    (void)settle_text(home, second.article_id, "text, corrected", "facts");
    retain(home, 100, 1000000); /* the first is still open: number 2 must not be given again */
    assert_int_equal(state_of(home, second.article_id), STORED);
    assert_int_equal(accept_text(home, "a", "text, again").revision, 3);
}

static void cursor_is_kept_and_moved(void **state)
{
    struct home *home = *state;
    struct cursor cursor;
    struct error err;
    turn_reset(home->turn);
    turn_cursor(home->turn, "analyst", 5, 1000);
    submit(home);
    turn_reset(home->turn);
    turn_cursor(home->turn, "analyst", 9, 2000);
    submit(home);
    home_reopen(home);
    assert_ok(store_cursor(home->store, "analyst", &cursor, &err), err);
    assert_string_equal(cursor.name, "analyst");
    assert_int_equal(cursor.sequence, 9);
    assert_int_equal(cursor.at_ms, 2000);
    assert_refused(store_cursor(home->store, "nobody", &cursor, &err), STATUS_NOT_FOUND, err,
                   "nobody");
}

static void cursors_are_listed_by_name(void **state)
{
    struct home *home = *state;
    struct cursor cursors[2];
    turn_reset(home->turn);
    turn_cursor(home->turn, "b", 1, 1000);
    turn_cursor(home->turn, "a", 2, 1000);
    turn_cursor(home->turn, "c", 3, 1000);
    submit(home);
    assert_int_equal(store_cursors(home->store, "", cursors, 2), 2);
    assert_string_equal(cursors[0].name, "a");
    assert_string_equal(cursors[1].name, "b");
    assert_int_equal(store_cursors(home->store, "b", cursors, 2), 1);
    assert_string_equal(cursors[0].name, "c");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
    const struct CMUnitTest tests[] = {
        TEST(entry_holds_the_very_extraction_and_its_topics),
        TEST(kind_that_is_not_given_follows_the_revision),
        TEST(too_many_topics_become_every_entity),
        TEST(filtered_reader_learns_how_far_it_was_scanned),
        TEST(each_bound_ends_a_batch_where_the_next_goes_on),
        TEST(reading_past_the_end_gives_nothing),
        TEST(old_entries_are_forgotten_by_age),
        TEST(slice_of_retention_is_bounded),
        TEST(log_over_its_size_is_cut),
        TEST(emptied_log_goes_on_with_the_next_sequence),
        TEST(ended_keys_are_forgotten_by_age),
        TEST(open_articles_are_never_forgotten),
        TEST(forgotten_dead_letter_leaves_nothing),
        TEST(newest_revision_outlives_its_elders),
        TEST(cursor_is_kept_and_moved),
        TEST(cursors_are_listed_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
