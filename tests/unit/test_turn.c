// SPDX-License-Identifier: Apache-2.0
#include "broker/turn.h"
#include "tests/support/testing.h"

static const uint8_t digest[DIGEST_SIZE];

static size_t add_accept(struct turn *turn)
{
    struct accept accept = {.source = "example", .key = "a", .digest = digest, .size = 0};
    return turn_accept(turn, &accept);
}

static size_t add_settle(struct turn *turn)
{
    struct settle settle = {.article_id = 1, .digest = digest};
    return turn_settle(turn, &settle);
}

static int setup(void **state)
{
    *state = turn_new();
    return 0;
}

static int teardown(void **state)
{
    turn_free((struct turn **)state);
    assert_null(*state);
    return 0;
}

static void new_turn_is_empty(void **state)
{
    assert_true(turn_is_empty(*state));
    assert_false(turn_has_accepts(*state));
}

static void any_change_makes_a_turn_worth_submitting(void **state)
{
    turn_cursor(*state, "analyst", 1, 1000);
    assert_false(turn_is_empty(*state));
    turn_reset(*state);
    assert_true(turn_is_empty(*state));
}

static void results_are_read_under_the_index_that_was_given(void **state)
{
    struct turn *turn = *state;
    size_t accept = add_accept(turn);
    size_t settle = add_settle(turn);
    turn_at(turn, accept)->accepted.article_id = 5;
    turn_at(turn, settle)->settled.sequence = 6;
    assert_int_equal(turn_accept_result(turn, accept)->article_id, 5);
    assert_int_equal(turn_settle_result(turn, settle)->sequence, 6);
}

static void dropping_accepts_leaves_the_indices_of_the_others(void **state)
{
    struct turn *turn = *state;
    (void)add_accept(turn);
    size_t settle = add_settle(turn);
    turn_at(turn, settle)->settled.sequence = 6;
    turn_drop_accepts(turn);
    assert_false(turn_is_empty(turn));
    assert_false(turn_has_accepts(turn));
    assert_int_equal(turn_settle_result(turn, settle)->sequence, 6);
}

static void turn_of_accepts_alone_is_empty_once_they_are_dropped(void **state)
{
    struct turn *turn = *state;
    (void)add_accept(turn);
    turn_drop_accepts(turn);
    turn_drop_accepts(turn);
    assert_true(turn_is_empty(turn));
}

static void cleared_results_say_nothing(void **state)
{
    struct turn *turn = *state;
    size_t accept = add_accept(turn);
    struct attempt_change change = {.article_id = 1, .state = NEWSLOOM__V1__STATE__QUEUED};
    size_t attempt = turn_attempt(turn, &change);
    turn_at(turn, accept)->accepted.article_id = 5;
    turn_at(turn, attempt)->changed = true;
    turn_clear_results(turn);
    assert_int_equal(turn_accept_result(turn, accept)->article_id, 0);
    assert_false(turn_changed(turn, attempt));
    assert_int_equal(turn_at(turn, attempt)->attempt.article_id, 1);
}

static void turn_grows_with_what_is_put_into_it(void **state)
{
    struct turn *turn = *state;
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(turn_retry(turn, i, 1000), i);
    assert_int_equal(turn_count(turn), 1000);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(turn_at(turn, i)->operator_.article_id, i);
}

static void name_of_a_cursor_is_copied(void **state)
{
    struct turn *turn = *state;
    char name[] = "analyst";
    turn_cursor(turn, name, 1, 1000);
    name[0] = 'x';
    assert_string_equal(turn_at(turn, 0)->cursor.name, "analyst");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(new_turn_is_empty),
        TEST(any_change_makes_a_turn_worth_submitting),
        TEST(results_are_read_under_the_index_that_was_given),
        TEST(dropping_accepts_leaves_the_indices_of_the_others),
        TEST(turn_of_accepts_alone_is_empty_once_they_are_dropped),
        TEST(cleared_results_say_nothing),
        TEST(turn_grows_with_what_is_put_into_it),
        TEST(name_of_a_cursor_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
