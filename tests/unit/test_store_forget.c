// SPDX-License-Identifier: Apache-2.0
/* Forgetting and scrubbing: nothing of it is left in the file, and nothing else is touched. */
#include <lmdb.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/store_home.h"
#include "tests/unit/store_story.h"

#define MARK   "LOI-KHAI-KIN-"
#define TURNS  150
#define SECRET 8

static struct forget_result forget(struct home *home, const char *source, const char *key)
{
    struct forget_result result = {0};
    struct forget wanted = {.source = source, .key = key, .at_ms = 77, .ret_result = &result};
    struct forget_result all = {0};
    do {
        turn_reset(home->turn);
        turn_forget(home->turn, &wanted);
        submit(home);
        all.articles += result.articles;
        all.entries += result.entries;
    } while (!result.finished);
    all.sequence = result.sequence;
    return all;
}

/* How often it had to wait for a reader. */
static unsigned scrub(struct home *home, unsigned most_waits)
{
    unsigned waits = 0;
    enum scrub next = SCRUB_GOES_ON;
    struct error err = {0};
    while (next != SCRUB_OVER && waits < most_waits) {
        if (store_scrub(home->store, &next, &err) != STATUS_OK)
            fail_msg("%s", err.text);
        if (next == SCRUB_WALK)
            store_scrub_walk(home->store);
        waits += next == SCRUB_WAITS;
    }
    return waits;
}

static size_t marks(const struct home *home)
{
    char *path = text_format("%s/data.mdb", home->directory);
    FILE *file = fopen(path, "rb");
    size_t count = 0;
    size_t matched = 0;
    assert_non_null(file);
    for (int c = getc(file); c != EOF; c = getc(file)) {
        matched = c == MARK[matched] ? matched + 1 : c == MARK[0];
        if (!MARK[matched]) {
            count++;
            matched = 0;
        }
    }
    (void)fclose(file);
    text_free(&path);
    return count;
}

static char *secret_text(unsigned number)
{
    char *text = memory_new(40000);
    size_t used = (size_t)sprintf(text, "%u", number);
    while (used < 39000)
        used += (size_t)sprintf(text + used, " " MARK "%u-%zu", number, used);
    return text;
}

/* Secret articles among others: some stored, one with a correction, the last still queued. */
static void furnish(struct home *home)
{
    for (unsigned i = 0; i < SECRET; i++) {
        char *text = secret_text(i);
        struct accept_result accepted = accept_text(home, "secret", text);
        for (unsigned turn = 0; turn < TURNS / SECRET; turn++)
            assert_int_equal(story_tell(home->store, 7, i * 1000 + turn, NULL), STATUS_OK);
        if (i + 1 < SECRET)
            (void)settle_text(home, accepted.article_id, text, text);
        text_free(&text);
    }
}

static void no_byte_is_left_and_all_else_is_as_it_was(void **state)
{
    struct home *home = *state;
    uint8_t before[DIGEST_SIZE];
    uint8_t after[DIGEST_SIZE];
    furnish(home);
    assert_true(marks(home) > 100);
    struct forget_result result = forget(home, "example", "secret");
    assert_true(result.articles > 0); /* retention was at work as well */
    assert_true(result.sequence > 0);
    assert_true(marks(home) > 100); /* freed is not gone */
    story_digest(home->store, before);
    (void)scrub(home, 10);
    assert_int_equal(marks(home), 0);
    story_digest(home->store, after);
    assert_memory_equal(before, after, DIGEST_SIZE);
    home_reopen(home);
    story_digest(home->store, after);
    assert_memory_equal(before, after, DIGEST_SIZE);
}

static void nor_do_later_turns_bring_it_back(void **state)
{
    struct home *home = *state;
    struct error err = {0};
    furnish(home);
    (void)forget(home, "example", "secret");
    (void)scrub(home, 10);
    for (unsigned turn = 0; turn < TURNS; turn++)
        if (story_tell(home->store, 8, 100000 + turn, &err) != STATUS_OK)
            fail_msg("%s", err.text);
    assert_int_equal(marks(home), 0);
    uint8_t before[DIGEST_SIZE];
    uint8_t after[DIGEST_SIZE];
    story_digest(home->store, before);
    home_reopen(home);
    story_digest(home->store, after);
    assert_memory_equal(before, after, DIGEST_SIZE);
}

static void a_scrub_that_is_due_is_due_after_a_restart(void **state)
{
    struct home *home = *state;
    furnish(home);
    (void)forget(home, "example", "secret");
    home_reopen(home);
    assert_int_equal(facts_of(home).forgettings - facts_of(home).scrubbed, 1);
    (void)scrub(home, 10);
    assert_int_equal(facts_of(home).forgettings - facts_of(home).scrubbed, 0);
    assert_int_equal(marks(home), 0);
    home_reopen(home);
    assert_int_equal(facts_of(home).forgettings, 0);
}

/* ---- a reader from outside */

/* In a process of its own: counts the bytes of all bodies through one snapshot, twice. */
static int read_outside(const char *directory, int told, int tell)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi table;
    uint64_t sums[2] = {0};
    char byte = 'x';
    if (mdb_env_create(&env) || mdb_env_set_maxdbs(env, 16) ||
        mdb_env_open(env, directory, MDB_RDONLY, 0) || mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) ||
        mdb_dbi_open(txn, "body", 0, &table))
        return 2;
    for (int round = 0; round < 2; round++) {
        MDB_cursor *cursor = NULL;
        MDB_val key;
        MDB_val value;
        if (mdb_cursor_open(txn, table, &cursor))
            return 3;
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
            for (size_t i = 0; i < value.mv_size; i++)
                sums[round] = sums[round] * 31 + ((const uint8_t *)value.mv_data)[i];
        mdb_cursor_close(cursor);
        if (round == 0 && (write(tell, &byte, 1) != 1 || read(told, &byte, 1) != 1))
            return 4;
    }
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return sums[0] == sums[1] && sums[0] != 0 ? 0 : 5;
}

static void a_reader_from_outside_is_waited_for(void **state)
{
    struct home *home = *state;
    int to_child[2];
    int from_child[2];
    char byte = 'x';
    int status = -1;
    furnish(home);
    assert_int_equal(pipe(to_child) | pipe(from_child), 0);
    pid_t child = fork();
    if (child == 0)
        _exit(read_outside(home->directory, to_child[0], from_child[1]));
    assert_int_equal(read(from_child[0], &byte, 1), 1);
    (void)forget(home, "example", "secret");
    assert_int_equal(scrub(home, 5), 5); /* it waits */
    assert_true(marks(home) > 0);
    assert_int_equal(write(to_child[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0); /* its snapshot was as it had been */
    assert_true(scrub(home, 10) < 10);
    assert_int_equal(marks(home), 0);
    for (size_t i = 0; i < 2; i++) {
        (void)close(to_child[i]);
        (void)close(from_child[i]);
    }
}

/* ---- what forgetting says */

static void a_tombstone_refuses_it_until_it_is_lifted(void **state)
{
    struct home *home = *state;
    struct tombstone tombstone;
    (void)accept_text(home, "secret", "text");
    uint64_t sequence = forget(home, "example", "secret").sequence;
    assert_int_equal(store_tombstone(home->store, "example", "secret", &tombstone, NULL),
                     STATUS_OK);
    assert_int_equal(tombstone.sequence, sequence);
    struct accept_result again = accept_text(home, "secret", "other");
    assert_int_equal(again.code, NEWSLOOM__V1__RECEIPT_CODE__REFUSED);
    assert_int_equal(forget(home, "example", "secret").sequence, sequence);
    turn_reset(home->turn);
    size_t index = turn_unforget(home->turn, "example", "secret");
    size_t second = turn_unforget(home->turn, "example", "secret");
    assert_int_equal(store_submit(home->store, home->turn, NULL), STATUS_OK);
    assert_true(turn_changed(home->turn, index));
    assert_false(turn_changed(home->turn, second));
    turn_reset(home->turn);
    assert_int_equal(accept_text(home, "secret", "other").code, ACCEPTED);
}

static bool is_forgotten(const struct log_entry *entry, void *unused)
{
    (void)unused;
    return entry->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN;
}

static size_t forgotten_entries(struct home *home)
{
    struct log_entry entries[4];
    size_t count = 0;
    uint64_t scanned = 0;
    struct error err;
    assert_ok(store_log(home->store, 0, 100, 4, SIZE_MAX, is_forgotten, NULL, entries, &count,
                        &scanned, &err),
              err);
    assert_int_equal(scanned, facts_of(home).last_sequence);
    for (size_t i = 0; i < count; i++)
        log_entry_done(&entries[i]);
    return count;
}

/* What filters look at is kept in memory; forgetting changes it there too. */
static void an_entry_that_was_looked_at_is_seen_to_be_forgotten(void **state)
{
    struct home *home = *state;
    uint64_t id = accept_text(home, "secret", "text").article_id;
    (void)settle_text(home, id, "text", "facts");
    assert_int_equal(forgotten_entries(home), 0);
    size_t entries = forget(home, "example", "secret").entries;
    assert_int_equal(entries, 1);
    assert_int_equal(forgotten_entries(home), entries + 1); /* and the one that tells of it */
}

static void retention_leaves_tombstones_alone(void **state)
{
    struct home *home = *state;
    struct tombstone tombstone;
    (void)accept_text(home, "secret", "text");
    (void)forget(home, "example", "secret");
    for (int i = 0; i < 4; i++)
        retain(home, 100, INT64_MAX / 2);
    assert_int_equal(store_tombstone(home->store, "example", "secret", &tombstone, NULL),
                     STATUS_OK);
    assert_int_equal(facts_of(home).first_retained, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_byte_is_left_and_all_else_is_as_it_was, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(nor_do_later_turns_bring_it_back, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(a_scrub_that_is_due_is_due_after_a_restart, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(a_reader_from_outside_is_waited_for, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(a_tombstone_refuses_it_until_it_is_lifted, home_setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(an_entry_that_was_looked_at_is_seen_to_be_forgotten,
                                        home_setup, home_teardown),
        cmocka_unit_test_setup_teardown(retention_leaves_tombstones_alone, home_setup,
                                        home_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
