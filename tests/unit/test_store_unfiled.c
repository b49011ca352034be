// SPDX-License-Identifier: Apache-2.0
/* Identities that wait in memory, on their way into their table, and in it: known all the same. */
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "broker/record.h"
#include "tests/unit/store_home.h"

#define NEVER  1000000 /* file_after: none is filed */
#define TURNS  40
#define A_TURN 50

static int setup(void **state)
{
    int failed = home_setup(state);
    struct home *home = *state;
    home->options.file_after = NEVER;
    home_reopen(home);
    return failed;
}

static void set_file_after(struct home *home, uint32_t count)
{
    home->options.file_after = count;
    home_reopen(home);
}

/* A turn in which nothing happens but the filing. */
static void file(struct home *home)
{
    turn_reset(home->turn);
    turn_cursor(home->turn, "reader", 0, 1000);
    submit(home);
}

/* ---- what stands in the file ---- */

static size_t filed(struct home *home)
{
    struct store_file file;
    MDB_stat stat;
    home_close(home);
    file_open(&file, home, "identity");
    assert_int_equal(mdb_stat(file.txn, file.table, &stat), 0);
    file_close(&file);
    home_open(home);
    return stat.ms_entries;
}

/* ---- */

static void a_duplicate_is_known_in_memory_after_a_start_and_in_the_table(void **state)
{
    struct home *home = *state;
    uint64_t id = accept_text(home, "a", "text").article_id;
    (void)accept_text(home, "b", "text");
    assert_int_equal(accept_text(home, "a", "text").code, DUPLICATE);
    assert_int_equal(filed(home), 0);
    assert_int_equal(accept_text(home, "a", "text").article_id, id);
    set_file_after(home, 1);
    file(home);
    assert_int_equal(filed(home), 2);
    assert_int_equal(accept_text(home, "a", "text").article_id, id);
    assert_int_equal(accept_text(home, "a", "text").code, DUPLICATE);
    assert_int_equal(accept_text(home, "a", "another").revision, 2);
}

static void revisions_go_on_across_memory_and_table(void **state)
{
    struct home *home = *state;
    set_file_after(home, 1);
    (void)accept_text(home, "a", "one");
    file(home);
    set_file_after(home, NEVER);
    struct accept_result two = accept_text(home, "a", "two");
    assert_int_equal(two.revision, 2);
    assert_int_equal(accept_text(home, "a", "three").revision, 3);
    assert_int_equal(accept_text(home, "a", "one").code, DUPLICATE);
    struct accept_result again = accept_text(home, "a", "two");
    assert_int_equal(again.article_id, two.article_id);
    struct stored_article article;
    struct error err;
    assert_ok(store_find(home->store, "example", "a", 0, &article, &err), err);
    assert_int_equal(article.revision, 3);
    assert_int_equal(article.newest_revision, 3);
    stored_article_done(&article);
    assert_ok(store_find(home->store, "example", "a", 1, &article, &err), err);
    stored_article_done(&article);
}

static void an_undone_turn_leaves_no_identity(void **state)
{
    struct home *home = *state;
    struct error err;
    size_t size = 3 << 20;
    char *body = memory_new(size + 1);
    unsigned kept = 0;
    char key[16];
    char small[16];
    for (;; kept++) { /* until the store is full */
        (void)snprintf(key, sizeof(key), "big %u", kept);
        memset(body, 'a' + (int)kept, size);
        turn_reset(home->turn);
        (void)snprintf(small, sizeof(small), "small %u", kept);
        (void)add_accept(home, "example", small, "text"); /* goes in, and out again */
        (void)add_accept(home, "example", key, body);
        enum status status = store_submit(home->store, home->turn, &err);
        if (status == STATUS_LIMIT)
            break;
        assert_ok(status, err);
        assert_true(kept < 16);
    }
    free(body);
    struct stored_article article;
    assert_true(kept > 0);
    assert_int_equal(store_find(home->store, "example", small, 0, &article, NULL),
                     STATUS_NOT_FOUND);
    assert_int_equal(facts_of(home).next_article_id, 2 * kept + 1);
    assert_int_equal(accept_text(home, small, "text").code, ACCEPTED);
}

static void what_is_forgotten_is_gone_from_memory_too(void **state)
{
    struct home *home = *state;
    struct forget_result result = {0};
    struct forget forget = {.source = "example", .key = "a", .at_ms = 3000, .ret_result = &result};
    struct stored_article article;
    (void)accept_text(home, "a", "text");
    turn_reset(home->turn);
    turn_forget(home->turn, &forget);
    submit(home);
    assert_int_equal(result.articles, 1);
    assert_int_equal(store_find(home->store, "example", "a", 0, &article, NULL), STATUS_NOT_FOUND);
    set_file_after(home, 1);
    file(home);
    assert_int_equal(filed(home), 0);
}

static void half_filed_is_whole_after_a_start(void **state)
{
    struct home *home = *state;
    char key[16];
    for (unsigned i = 0; i < 2000; i += A_TURN) {
        turn_reset(home->turn);
        for (unsigned j = 0; j < A_TURN; j++) {
            static char keys[A_TURN][16];
            (void)snprintf(keys[j], sizeof(keys[j]), "k %u", i + j);
            (void)add_accept(home, "example", keys[j], "text");
        }
        submit(home);
    }
    set_file_after(home, 2000);
    file(home); /* a slice */
    set_file_after(home, NEVER);
    size_t some = filed(home);
    assert_true(some > 0 && some < 2000);
    for (unsigned i = 0; i < 2000; i += 7) {
        (void)snprintf(key, sizeof(key), "k %u", i);
        assert_int_equal(accept_text(home, key, "text").code, DUPLICATE);
    }
    set_file_after(home, 2000);
    for (unsigned i = 0; i < 4; i++)
        file(home);
    assert_int_equal(filed(home), 2000);
}

/* ---- a store of format 1 ---- */

static void make_format_1(const struct home *home)
{
    struct store_file file;
    MDB_val key = {.mv_size = 6, .mv_data = (void *)"format"};
    MDB_val value;
    uint8_t bytes[STATE_RECORD_SIZE];
    file_open(&file, home, "meta");
    assert_int_equal(mdb_get(file.txn, file.table, &key, &value), 0);
    memcpy(bytes, value.mv_data, value.mv_size);
    bytes[1] = FORMAT_TAKEN_OVER;
    value.mv_data = bytes;
    assert_int_equal(mdb_put(file.txn, file.table, &key, &value, 0), 0);
    key = (MDB_val){.mv_size = 5, .mv_data = (void *)"state"};
    assert_int_equal(mdb_get(file.txn, file.table, &key, &value), 0);
    memcpy(bytes, value.mv_data, value.mv_size);
    value = (MDB_val){.mv_size = STATE_RECORD_SIZE - sizeof(uint64_t), .mv_data = bytes};
    assert_int_equal(mdb_put(file.txn, file.table, &key, &value, 0), 0);
    file_close(&file);
}

static void a_store_of_format_1_is_taken_over(void **state)
{
    struct home *home = *state;
    set_file_after(home, 1);
    uint64_t id = accept_text(home, "a", "text").article_id;
    (void)accept_text(home, "b", "text");
    file(home);
    assert_int_equal(filed(home), 2);
    home_close(home);
    make_format_1(home);
    home_open(home);
    assert_int_equal(accept_text(home, "a", "text").article_id, id);
    assert_int_equal(accept_text(home, "c", "text").code, ACCEPTED);
    home_reopen(home);
    assert_int_equal(accept_text(home, "c", "text").code, DUPLICATE);
}

/* ---- readers beside the filing ---- */

struct looking {
    struct home *home;
    atomic_uint known; /* articles that were accepted */
    atomic_bool is_over;
    atomic_uint missed;
    atomic_uint found;
};

static void *look_for_ever(void *argument)
{
    struct looking *looking = argument;
    unsigned at = 0;
    while (!atomic_load(&looking->is_over)) {
        unsigned known = atomic_load(&looking->known);
        struct stored_article article;
        char key[16];
        if (known == 0)
            continue;
        (void)snprintf(key, sizeof(key), "k %u", at++ % known);
        if (store_find(looking->home->store, "example", key, 0, &article, NULL) == STATUS_OK) {
            atomic_fetch_add(&looking->found, 1);
            stored_article_done(&article);
        } else {
            atomic_fetch_add(&looking->missed, 1);
        }
    }
    return NULL;
}

static void readers_miss_nothing_while_it_is_filed(void **state)
{
    struct home *home = *state;
    struct looking looking = {.home = home};
    pthread_t readers[2];
    set_file_after(home, 2 * A_TURN);
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look_for_ever, &looking), 0);
    for (unsigned turn = 0; turn < TURNS; turn++) {
        static char keys[A_TURN][16];
        turn_reset(home->turn);
        for (unsigned j = 0; j < A_TURN; j++) {
            (void)snprintf(keys[j], sizeof(keys[j]), "k %u", turn * A_TURN + j);
            (void)add_accept(home, "example", keys[j], "text");
        }
        submit(home);
        atomic_store(&looking.known, (turn + 1) * A_TURN);
    }
    while (atomic_load(&looking.found) + atomic_load(&looking.missed) < TURNS)
        file(home);
    atomic_store(&looking.is_over, true);
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&looking.missed), 0);
    assert_true(atomic_load(&looking.found) > 0);
    assert_true(filed(home) > TURNS * A_TURN / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_duplicate_is_known_in_memory_after_a_start_and_in_the_table, setup, home_teardown),
        cmocka_unit_test_setup_teardown(revisions_go_on_across_memory_and_table, setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(an_undone_turn_leaves_no_identity, setup, home_teardown),
        cmocka_unit_test_setup_teardown(what_is_forgotten_is_gone_from_memory_too, setup,
                                        home_teardown),
        cmocka_unit_test_setup_teardown(half_filed_is_whole_after_a_start, setup, home_teardown),
        cmocka_unit_test_setup_teardown(a_store_of_format_1_is_taken_over, setup, home_teardown),
        cmocka_unit_test_setup_teardown(readers_miss_nothing_while_it_is_filed, setup,
                                        home_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
