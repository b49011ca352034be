// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>

#include "broker/calendar.h"
#include "common/clock.h"
#include "tests/support/testing.h"

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

/* The wall clock cannot be set here: what was told before is another time instead. */
static struct calendar calendar_behind(int64_t ms, int64_t mono_ms)
{
    struct calendar calendar;
    calendar_open(&calendar, clock_wall_ms() - ms, mono_ms, 0);
    return calendar;
}

static bool is_near(int64_t a, int64_t b)
{
    return a - b < 30000 && b - a < 30000;
}

static void time_that_has_passed_is_believed(void **state)
{
    (void)state;
    struct calendar calendar = calendar_behind(3 * DAY, 1000);
    assert_true(is_near(calendar_read(&calendar, 1000 + 3 * DAY, 3 * DAY), clock_wall_ms()));
    assert_int_equal(calendar.jumped_ms, 0);
}

static void jump_forward_is_not_believed_for_an_hour(void **state)
{
    (void)state;
    struct calendar calendar = calendar_behind(400 * DAY, 1000);
    int64_t before_ms = calendar.now_ms;
    assert_true(is_near(calendar_read(&calendar, 2000, 1000), before_ms + 1000));
    assert_true(is_near(calendar_read(&calendar, HOUR, 0), before_ms + 1000));
    assert_true(is_near(calendar_read(&calendar, 2001 + HOUR, 0), clock_wall_ms()));
}

static void jump_back_is_not_believed_for_an_hour(void **state)
{
    (void)state;
    struct calendar calendar = calendar_behind(-40 * DAY, 1000);
    int64_t before_ms = calendar.now_ms;
    assert_true(is_near(calendar_read(&calendar, 2000, 1000), before_ms + 1000));
    assert_true(is_near(calendar_read(&calendar, 2001 + HOUR, 0), clock_wall_ms()));
}

static void small_correction_is_believed_at_once(void **state)
{
    (void)state;
    struct calendar calendar = calendar_behind(5000, 1000);
    assert_true(calendar_read(&calendar, 1000, 0) >= calendar.now_ms);
    assert_int_equal(calendar.jumped_ms, 0);
}

static void start_behind_the_store_goes_on_from_the_store(void **state)
{
    (void)state;
    struct calendar calendar;
    int64_t newest_ms = clock_wall_ms() + 40 * DAY;
    calendar_open(&calendar, clock_wall_ms(), 1000, newest_ms);
    assert_int_equal(calendar.now_ms, newest_ms);
    assert_true(is_near(calendar_read(&calendar, 2000, 1000), newest_ms + 1000));
}

static void clock_from_before_this_was_written_is_not_held_on_to(void **state)
{
    (void)state;
    struct calendar calendar;
    calendar_open(&calendar, 60000, 1000, 0); /* 1970: a machine without a battery */
    assert_int_equal(calendar.now_ms, 60000);
    assert_true(is_near(calendar_read(&calendar, 31000, 30000), clock_wall_ms()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_that_has_passed_is_believed),
        cmocka_unit_test(jump_forward_is_not_believed_for_an_hour),
        cmocka_unit_test(jump_back_is_not_believed_for_an_hour),
        cmocka_unit_test(small_correction_is_believed_at_once),
        cmocka_unit_test(start_behind_the_store_goes_on_from_the_store),
        cmocka_unit_test(clock_from_before_this_was_written_is_not_held_on_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
