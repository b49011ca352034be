// SPDX-License-Identifier: Apache-2.0
#include "broker/breaker.h"
#include "tests/support/testing.h"

enum { LIMIT = 3, PAUSE_MS = 100 };

static struct breaker opened_at(int64_t now_ms)
{
    struct breaker breaker = {0};
    for (unsigned i = 0; i < LIMIT; i++)
        (void)breaker_failed(&breaker, LIMIT, PAUSE_MS, now_ms);
    return breaker;
}

static void failures_in_a_row_open_it(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    assert_false(breaker_failed(&breaker, LIMIT, PAUSE_MS, 0));
    assert_false(breaker_failed(&breaker, LIMIT, PAUSE_MS, 0));
    assert_int_equal(breaker_allows(&breaker, 8, 0), 8);
    assert_true(breaker_failed(&breaker, LIMIT, PAUSE_MS, 0));
    assert_true(breaker_is_open(&breaker));
    assert_int_equal(breaker_allows(&breaker, 8, 0), 0);
    assert_false(breaker_failed(&breaker, LIMIT, PAUSE_MS, 0)); /* said once */
}

static void one_done_between_keeps_it_closed(void **state)
{
    (void)state;
    struct breaker breaker = {0};
    for (unsigned i = 0; i < 10 * LIMIT; i++) {
        assert_false(breaker_failed(&breaker, LIMIT, PAUSE_MS, 0));
        if (i % 2)
            breaker_done(&breaker);
    }
}

static void after_the_pause_one_article_tries(void **state)
{
    (void)state;
    struct breaker breaker = opened_at(0);
    assert_int_equal(breaker_allows(&breaker, 8, PAUSE_MS - 1), 0);
    assert_int_equal(breaker_allows(&breaker, 8, PAUSE_MS), 1);
    assert_true(breaker_failed(&breaker, LIMIT, PAUSE_MS, PAUSE_MS));
    assert_int_equal(breaker_allows(&breaker, 8, PAUSE_MS + 1), 0);
    assert_int_equal(breaker_allows(&breaker, 8, 2 * PAUSE_MS), 1);
    breaker_done(&breaker);
    assert_int_equal(breaker_allows(&breaker, 8, 2 * PAUSE_MS), 8);
}

static void worker_that_takes_nothing_gets_nothing_to_try(void **state)
{
    (void)state;
    struct breaker breaker = opened_at(0);
    assert_int_equal(breaker_allows(&breaker, 0, PAUSE_MS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_in_a_row_open_it),
        cmocka_unit_test(one_done_between_keeps_it_closed),
        cmocka_unit_test(after_the_pause_one_article_tries),
        cmocka_unit_test(worker_that_takes_nothing_gets_nothing_to_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
