// SPDX-License-Identifier: Apache-2.0
#include "broker/backoff.h"
#include "tests/support/testing.h"

static void wait_doubles_up_to_the_limit(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(1000, 300000, 1, 0), 1000);
    assert_int_equal(backoff_ms(1000, 300000, 2, 0), 2000);
    assert_int_equal(backoff_ms(1000, 300000, 5, 0), 16000);
    assert_int_equal(backoff_ms(1000, 300000, 20, 0), 300000);
    assert_int_equal(backoff_ms(1000, 300000, UINT32_MAX, 0), 300000);
}

static void jitter_takes_at_most_a_quarter(void **state)
{
    (void)state;
    int64_t least = INT64_MAX;
    for (uint32_t random = 0; random < 100000; random += 7) {
        int64_t wait_ms = backoff_ms(1000, 300000, 1, random);
        assert_in_range(wait_ms, 750, 1000);
        least = wait_ms < least ? wait_ms : least;
    }
    assert_in_range(least, 750, 760);
}

static void shortest_waits_survive_jitter(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 100; random++)
        assert_int_equal(backoff_ms(1, 1, 3, random), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_doubles_up_to_the_limit),
        cmocka_unit_test(jitter_takes_at_most_a_quarter),
        cmocka_unit_test(shortest_waits_survive_jitter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
