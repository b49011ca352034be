// SPDX-License-Identifier: Apache-2.0
/* Bytes on the disk are hostile until checked: damage is said, and nothing is built on it. */
#include <lmdb.h>
#include <stdio.h>

#include "tests/unit/store_home.h"

struct damage {
    const char *table;
    bool is_removed; /* else its bytes are replaced */
};

/* Garbles or removes the first record of a table, while the store is closed. */
static void damage_first(struct home *home, const struct damage *damage)
{
    struct store_file file;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    static const uint8_t garbage[] = {1, 0xff, 0xff, 0xff, 0xff};
    home_close(home);
    file_open(&file, home, damage->table);
    assert_int_equal(mdb_cursor_open(file.txn, file.table, &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0);
    if (damage->is_removed) {
        assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    } else {
        value = (MDB_val){.mv_size = sizeof(garbage), .mv_data = (void *)garbage};
        assert_int_equal(mdb_cursor_put(cursor, &key, &value, MDB_CURRENT), 0);
    }
    mdb_cursor_close(cursor);
    file_close(&file);
    home_open(home);
}

/* One article each: 1 is stored, 2 is dead, 3 waits with a body of several chunks. */
static void furnish(struct home *home)
{
    static char body[9001];
    memset(body, 'b', sizeof(body) - 1);
    (void)accept_text(home, "a", "text");
    (void)settle_text(home, 1, "text", "the facts");
    (void)accept_text(home, "b", "text");
    (void)attempt(home, 2, DEAD, "CRASHED");
    (void)accept_text(home, "c", body);
    (void)attempt(home, 3, WAITING, "TIMED_OUT");
}

/* Asks everything there is to ask. */
static void ask_everything(struct home *home)
{
    struct open_article open[4];
    uint64_t ids[4];
    (void)store_open_articles(home->store, 0, open, 4);
    (void)store_dead(home->store, 0, NULL, NULL, ids, 4);
    for (uint64_t id = 1; id <= 3; id++) {
        struct stored_article article;
        struct log_entry entry;
        void *bytes = NULL;
        size_t size = 0;
        uint64_t scanned = 0;
        if (store_article(home->store, id, &article, NULL) == STATUS_OK)
            stored_article_done(&article);
        if (store_body(home->store, id, &bytes, &size, NULL) == STATUS_OK)
            free(bytes);
        if (store_log(home->store, id - 1, 1, 1, SIZE_MAX, NULL, NULL, &entry, &size, &scanned,
                      NULL) == STATUS_OK &&
            size == 1)
            log_entry_done(&entry);
    }
    struct cursor cursors[2];
    (void)store_cursors(home->store, "", cursors, 2);
}

static void damage_that_is_read_breaks_the_store_with_a_sentence(void **state)
{
    static const struct damage damages[] = {
        {"article", false},  {"open", false}, {"attempt", false},   {"log", false},
        {"dead", false},     {"body", true},  {"extraction", true}, {"extraction", false},
        {"identity", false}, {"body", false}, {"attempt", true},    {"log", true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct home *home = NULL;
        struct error err = {.text = ""};
        (void)home_setup((void **)&home);
        furnish(home);
        damage_first(home, &damages[i]);
        ask_everything(home);
        turn_reset(home->turn);
        turn_cursor(home->turn, "analyst", 1, 1000);
        if (store_submit(home->store, home->turn, &err) != STATUS_BROKEN)
            fail_msg("%s: nothing was noticed", damages[i].table);
        assert_contains(err.text, "a record on disk is damaged");
        (void)home_teardown((void **)&home);
    }
}

static void damage_that_a_turn_meets_undoes_the_turn(void **state)
{
    struct home *home = *state;
    static const struct damage damage = {"body", true};
    struct error err;
    uint8_t digest[DIGEST_SIZE];
    furnish(home);
    damage_first(home, &damage); /* of article 2 */
    digest_bytes("text", 4, digest);
    turn_reset(home->turn);
    turn_cursor(home->turn, "analyst", 1, 1000);
    (void)add_settle(home, 2, digest, "facts", 1000);
    assert_refused(store_submit(home->store, home->turn, &err), STATUS_BROKEN, err, "damaged");
    home_reopen(home);
    struct cursor cursor;
    assert_int_equal(store_cursor(home->store, "analyst", &cursor, &err), STATUS_NOT_FOUND);
    assert_int_equal(state_of(home, 2), DEAD);
}

static void damaged_counters_are_found_at_the_start(void **state)
{
    struct home *home = *state;
    struct store_file file;
    MDB_val key = {.mv_size = 5, .mv_data = (void *)"state"};
    MDB_val value = {.mv_size = 3, .mv_data = (void *)"bad"};
    struct error err;
    home_close(home);
    file_open(&file, home, "meta");
    assert_int_equal(mdb_put(file.txn, file.table, &key, &value, 0), 0);
    file_close(&file);
    assert_refused(store_open(&home->store, &home->options, &err), STATUS_BROKEN, err, "damaged");
    assert_null(home->store);
}

static void file_that_is_no_store_is_refused(void **state)
{
    struct home *home = *state;
    struct error err;
    home_close(home);
    char *path = text_format("%s/data.mdb", home->directory);
    FILE *file = fopen(path, "wb");
    text_free(&path);
    assert_non_null(file);
    for (int i = 0; i < 10000; i++)
        (void)fputc('x', file);
    assert_int_equal(fclose(file), 0);
    assert_refused(store_open(&home->store, &home->options, &err), STATUS_INVALID, err,
                   "could not open the store");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_that_is_read_breaks_the_store_with_a_sentence),
        TEST(damage_that_a_turn_meets_undoes_the_turn),
        TEST(damaged_counters_are_found_at_the_start),
        TEST(file_that_is_no_store_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
