// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "worker/store/verdict.h"

static const struct failure slow = {.verdict = SQL_SLOW, .state = "57014", .text = "too slow"};

static void slow_twice_while_others_go_through_is_the_article(void **state)
{
    (void)state;
    struct article_row row = {.end = ROW_OPEN};
    struct error err;
    assert_int_equal(verdict_judge(&row, &slow, 5, &err), STATUS_AGAIN);
    assert_true(verdict_is_pending(&row));
    assert_int_equal(verdict_judge(&row, &slow, 6, &err), STATUS_OK);
    assert_int_equal(row.end, ROW_REFUSED);
    assert_true(row.permanent);
    assert_non_null(strstr(row.why, "57014"));
}

static void slow_while_nothing_goes_through_is_the_server(void **state)
{
    (void)state;
    struct article_row row = {.end = ROW_OPEN};
    struct error err;
    for (int i = 0; i < 7; i++)
        assert_int_equal(verdict_judge(&row, &slow, 5, &err), STATUS_AGAIN);
    assert_int_equal(row.end, ROW_OPEN);
    assert_int_equal(verdict_judge(&row, &slow, 5, &err), STATUS_OK); /* another worker may try */
    assert_int_equal(row.end, ROW_REFUSED);
    assert_false(row.permanent);
}

static void silence_twice_while_others_go_through_is_for_another_to_try(void **state)
{
    (void)state;
    struct article_row row = {.end = ROW_OPEN};
    const struct failure silent = {
        .verdict = SQL_SLOW, .connection_lost = true, .text = "the server fell silent"};
    struct error err;
    assert_int_equal(verdict_judge(&row, &silent, 5, &err), STATUS_AGAIN);
    assert_int_equal(verdict_judge(&row, &silent, 6, &err), STATUS_OK);
    assert_true(row.end == ROW_REFUSED && !row.permanent);
}

static void race_is_forgiven_once(void **state)
{
    (void)state;
    struct article_row row = {.end = ROW_OPEN};
    const struct failure race = {.verdict = SQL_ONCE_MORE, .state = "23505", .text = "race"};
    struct error err;
    assert_int_equal(verdict_judge(&row, &race, 0, &err), STATUS_OK);
    assert_int_equal(row.end, ROW_OPEN);
    assert_int_equal(verdict_judge(&row, &race, 0, &err), STATUS_OK);
    assert_true(row.end == ROW_REFUSED && row.permanent);
}

static void connections_that_break_at_it_are_counted(void **state)
{
    (void)state;
    struct article_row row = {.end = ROW_OPEN};
    const struct failure lost = {.verdict = SQL_AGAIN, .connection_lost = true, .text = "gone"};
    struct error err;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(row.end, ROW_OPEN);
        assert_int_equal(verdict_judge(&row, &lost, 0, &err), STATUS_AGAIN);
    }
    assert_true(row.end == ROW_REFUSED && !row.permanent);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_twice_while_others_go_through_is_the_article),
        cmocka_unit_test(slow_while_nothing_goes_through_is_the_server),
        cmocka_unit_test(silence_twice_while_others_go_through_is_for_another_to_try),
        cmocka_unit_test(race_is_forgiven_once),
        cmocka_unit_test(connections_that_break_at_it_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
