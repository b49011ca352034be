// SPDX-License-Identifier: Apache-2.0
/* Full is a state: accepting stops, finishing goes on, retention makes room, accepting resumes. */
#include <lmdb.h>
#include <stdio.h>

#include "tests/unit/store_home.h"

#define BODY_SIZE 80000

static char body[BODY_SIZE + 1];

static const char *body_of(unsigned number)
{
    memset(body, 'x', BODY_SIZE);
    (void)snprintf(body, sizeof(body), "%08u", number);
    body[8] = ' ';
    return body;
}

static enum status accept_numbered(struct home *home, unsigned number, struct error *err)
{
    char key[16];
    (void)snprintf(key, sizeof(key), "key %u", number);
    turn_reset(home->turn);
    (void)add_accept(home, "example", key, body_of(number));
    return store_submit(home->store, home->turn, err);
}

/* Accepts until the store refuses; how many it took. Article ids are 1 to that number. */
static unsigned fill(struct home *home)
{
    struct error err;
    unsigned count = 0;
    enum status status;
    while ((status = accept_numbered(home, count + 1, &err)) == STATUS_OK)
        count++;
    assert_int_equal(status, STATUS_LIMIT);
    assert_contains(err.text, "the store is full");
    assert_true(count > 100);
    return count;
}

static void settle_numbered(struct home *home, unsigned number, const char *extraction)
{
    uint8_t digest[DIGEST_SIZE];
    const char *text = body_of(number);
    digest_bytes(text, strlen(text), digest);
    turn_reset(home->turn);
    size_t index = add_settle(home, number, digest, extraction, 1000);
    submit(home);
    assert_true(turn_settle_result(home->turn, index)->first);
}

static void full_store_says_so_and_keeps_nothing_of_the_turn(void **state)
{
    struct home *home = *state;
    unsigned count = fill(home);
    struct store_facts facts = facts_of(home);
    assert_true(facts.full);
    assert_int_equal(facts.next_article_id, count + 1);
    assert_int_equal(open_count(home), count);
    assert_true(facts.used_bytes <= home->options.budget_bytes - home->options.reserve_bytes);
    assert_int_equal(turn_accept_result(home->turn, 0)->article_id, 0);
}

static void full_store_is_still_full_after_reopening(void **state)
{
    struct home *home = *state;
    struct error err;
    unsigned count = fill(home);
    home_reopen(home);
    assert_int_equal(accept_numbered(home, count + 1, &err), STATUS_LIMIT);
    assert_int_equal(open_count(home), count);
}

static void full_store_still_answers_duplicates(void **state)
{
    struct home *home = *state;
    struct error err;
    (void)fill(home);
    assert_ok(accept_numbered(home, 1, &err), err);
    assert_int_equal(turn_accept_result(home->turn, 0)->code, DUPLICATE);
}

static void turn_without_its_accepts_goes_through(void **state)
{
    struct home *home = *state;
    struct error err;
    uint8_t digest[DIGEST_SIZE];
    unsigned count = fill(home);
    const char *text = body_of(1);
    digest_bytes(text, strlen(text), digest);
    turn_reset(home->turn);
    size_t settle = add_settle(home, 1, digest, "facts", 1000);
    size_t accept = add_accept(home, "example", "one more", body_of(count + 1));
    assert_int_equal(store_submit(home->store, home->turn, &err), STATUS_LIMIT);
    assert_false(turn_settle_result(home->turn, settle)->first);
    turn_drop_accepts(home->turn);
    assert_ok(store_submit(home->store, home->turn, &err), err);
    assert_true(turn_settle_result(home->turn, settle)->first);
    assert_int_equal(turn_accept_result(home->turn, accept)->code, 0);
}

static void everything_in_flight_is_settled_when_full(void **state)
{
    struct home *home = *state;
    unsigned count = fill(home);
    for (unsigned number = 1; number <= count; number++)
        settle_numbered(home, number, "facts");
    assert_int_equal(open_count(home), 0);
    assert_int_equal(facts_of(home).last_sequence, count);
    assert_false(facts_of(home).full);
}

static void room_made_by_settling_lets_accepting_resume(void **state)
{
    struct home *home = *state;
    struct error err;
    unsigned count = fill(home);
    unsigned number = 1;
    while (facts_of(home).full && number <= count)
        settle_numbered(home, number++, "facts");
    assert_true(number > 2); /* not with the first: there is a margin */
    assert_true(number < count / 2);
    assert_ok(accept_numbered(home, count + 1, &err), err);
}

/* Extractions as large as the bodies: settling makes no room, forgetting the log does. */
static void retention_shrinks_below_its_age_when_full(void **state)
{
    struct home *home = *state;
    struct error err;
    static char extraction[BODY_SIZE + 1];
    memset(extraction, 'e', BODY_SIZE);
    unsigned count = fill(home);
    for (unsigned number = 1; number <= count; number++)
        settle_numbered(home, number, extraction);
    assert_true(facts_of(home).full);
    assert_int_equal(facts_of(home).first_retained, 1);
    for (int slice = 0; slice < 1000 && facts_of(home).full; slice++)
        retain(home, 4, 1001);
    assert_false(facts_of(home).full);
    assert_true(facts_of(home).first_retained > 1);
    assert_true(facts_of(home).first_retained < count); /* no more than was needed */
    assert_ok(accept_numbered(home, count + 1, &err), err);
}

static void retention_leaves_young_entries_when_not_full(void **state)
{
    struct home *home = *state;
    (void)accept_text(home, "a", "text");
    (void)settle_text(home, 1, "text", "facts");
    retain(home, 100, 2001);
    assert_int_equal(facts_of(home).first_retained, 1);
}

static void full_store_keeps_young_dead_letters(void **state)
{
    struct home *home = *state;
    unsigned count = fill(home);
    for (unsigned number = 1; number <= 10; number++)
        (void)attempt(home, number, DEAD, "CRASHED");
    for (int slice = 0; slice < 10; slice++)
        retain(home, 100, 3001);
    assert_int_equal(facts_of(home).dead_count, 10);
    assert_int_equal(open_count(home), count - 10);
}

static void turn_too_large_for_the_map_is_refused_whole(void **state)
{
    struct home *home = *state;
    struct error err;
    size_t size = home->options.budget_bytes;
    char *huge = memory_new(size + 1);
    memset(huge, 'h', size);
    turn_reset(home->turn);
    (void)add_accept(home, "example", "small", "text");
    (void)add_accept(home, "example", "huge", huge);
    assert_int_equal(store_submit(home->store, home->turn, &err), STATUS_LIMIT);
    free(huge);
    assert_int_equal(open_count(home), 0);
    assert_int_equal(store_source_id(home->store, "example"), 0);
    assert_int_equal(accept_text(home, "small", "text").code, ACCEPTED);
}

static void extraction_that_finds_no_page_is_refused_and_nothing_breaks(void **state)
{
    struct home *home = *state;
    struct error err;
    uint8_t digest[DIGEST_SIZE];
    size_t size = home->options.budget_bytes;
    char *huge = memory_new(size + 1);
    memset(huge, 'h', size);
    (void)accept_text(home, "a", "text");
    digest_bytes("text", 4, digest);
    turn_reset(home->turn);
    (void)add_settle(home, 1, digest, huge, 1000);
    assert_refused(store_submit(home->store, home->turn, &err), STATUS_LIMIT, err, "no page left");
    free(huge);
    assert_true(settle_text(home, 1, "text", "facts").first);
}

/* A log that has eaten the reserve gives up its oldest entries for a done, however large. */
static void done_takes_room_from_the_log_when_the_reserve_is_gone(void **state)
{
    struct home *home = *state;
    char *extraction = memory_new(1000001);
    unsigned count = fill(home);
    for (unsigned number = 1; number <= 60; number++) {
        size_t size = (number % 5 + 1) * 200000;
        memset(extraction, 'e', size);
        extraction[size] = 0;
        settle_numbered(home, number, extraction);
    }
    free(extraction);
    assert_true(facts_of(home).first_retained > 1);
    assert_int_equal(facts_of(home).last_sequence, 60);
    assert_int_equal(open_count(home), count - 60);
}

/* Turns of one small change each, until half of the reserve is held by the reader. */
static unsigned turns_until_tight(struct home *home)
{
    unsigned turns = 0;
    while (!facts_of(home).tight && turns < 10000) {
        turn_reset(home->turn);
        turn_cursor(home->turn, "analyst", ++turns, 1000);
        submit(home);
    }
    return turns;
}

/* Something outside reads all the time: what is freed cannot be used again. Accepting stops while
 * there is still room to finish. */
static void reader_from_outside_does_not_take_the_room_to_finish(void **state)
{
    struct home *home = *state;
    MDB_env *env = NULL;
    MDB_txn *reader = NULL;
    struct error err;
    (void)accept_text(home, "a", "text");
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_open(env, home->directory, MDB_RDONLY | MDB_NOTLS, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader), 0);
    unsigned number = 1; /* article 1 is "a" */
    while (accept_numbered(home, ++number, &err) == STATUS_OK)
        settle_numbered(home, number, "facts");
    assert_true(facts_of(home).full);
    assert_true(number > 40);
    assert_true(settle_text(home, 1, "text", "facts").first);
    assert_false(facts_of(home).tight);
    assert_true(turns_until_tight(home) > 10);
    assert_true(facts_of(home).tight);
    mdb_txn_abort(reader);
    mdb_env_close(env);
    retain(home, 10, 1001);
    retain(home, 10, 1001);
    assert_false(facts_of(home).tight);
    assert_ok(accept_numbered(home, number, &err), err);
}

static void lowered_budget_is_full_until_it_has_come_down(void **state)
{
    struct home *home = *state;
    struct error err;
    unsigned count = fill(home);
    home->options.budget_bytes /= 4;
    home->options.reserve_bytes /= 4;
    home_reopen(home);
    assert_true(facts_of(home).full);
    assert_false(facts_of(home).tight);
    for (unsigned number = 1; number <= count; number++)
        settle_numbered(home, number, "facts");
    assert_false(facts_of(home).full);
    assert_ok(accept_numbered(home, count + 1, &err), err);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_setup, home_teardown)
    const struct CMUnitTest tests[] = {
        TEST(full_store_says_so_and_keeps_nothing_of_the_turn),
        TEST(full_store_is_still_full_after_reopening),
        TEST(full_store_still_answers_duplicates),
        TEST(turn_without_its_accepts_goes_through),
        TEST(everything_in_flight_is_settled_when_full),
        TEST(room_made_by_settling_lets_accepting_resume),
        TEST(retention_shrinks_below_its_age_when_full),
        TEST(retention_leaves_young_entries_when_not_full),
        TEST(full_store_keeps_young_dead_letters),
        TEST(turn_too_large_for_the_map_is_refused_whole),
        TEST(extraction_that_finds_no_page_is_refused_and_nothing_breaks),
        TEST(done_takes_room_from_the_log_when_the_reserve_is_gone),
        TEST(lowered_budget_is_full_until_it_has_come_down),
        TEST(reader_from_outside_does_not_take_the_room_to_finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
