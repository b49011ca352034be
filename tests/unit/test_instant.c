// SPDX-License-Identifier: Apache-2.0
#include "common/instant.h"
#include "tests/support/testing.h"

static void day_alone_has_no_time(void **state)
{
    (void)state;
    struct instant instant;
    assert_true(instant_parse("2026-03-01", &instant));
    assert_string_equal(instant.day, "2026-03-01");
    assert_string_equal(instant.time, "");
}

static void date_time_keeps_its_zone(void **state)
{
    (void)state;
    struct instant instant;
    assert_true(instant_parse("2026-03-01T07:30:15.25Z", &instant));
    assert_string_equal(instant.time, "2026-03-01 07:30:15.250000+00:00");
    assert_true(instant.has_zone);
    assert_true(instant_parse("2026-03-01T07:30:15-0330", &instant));
    assert_string_equal(instant.time, "2026-03-01 07:30:15.000000-03:30");
}

static void time_without_zone_is_vietnamese(void **state)
{
    (void)state;
    struct instant instant;
    assert_true(instant_parse("2026-03-01 07:30", &instant));
    assert_string_equal(instant.time, "2026-03-01 07:30:00.000000+07:00");
    assert_false(instant.has_zone);
}

static void days_that_no_calendar_has_are_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",           "2026-02-29", "2026-13-01",        "2026-3-1",
        "0000-01-01", "1/3/2026",   "2026-03-01T",       "2026-03-01T24:00",
        "2026-03-32", "hôm nay",    "2026-03-01T07:30+", "2026-03-01x"};
    struct instant instant;
    for (size_t i = 0; i < COUNT_OF(none); i++)
        if (instant_parse(none[i], &instant))
            fail_msg("\"%s\" was taken for a day", none[i]);
    assert_false(instant_parse(NULL, &instant));
    assert_true(instant_parse("2024-02-29", &instant));
}

static void fetched_day_is_its_noon_and_an_instant_stays(void **state)
{
    (void)state;
    struct error err = {0};
    char text[INSTANT_TEXT_SIZE];
    assert_ok(instant_read_fetched("2017-05-10", text, &err), err);
    assert_string_equal(text, "2017-05-10T12:00:00+07:00");
    assert_ok(instant_read_fetched("2017-05-10T23:30:00Z", text, &err), err);
    assert_string_equal(text, "2017-05-10T23:30:00Z");
    assert_refused(instant_read_fetched("2017-02-30", text, &err), STATUS_INVALID, err,
                   "2017-02-30");
    assert_refused(instant_read_fetched("10/5/2017", text, &err), STATUS_INVALID, err, "10/5/2017");
    assert_refused(instant_read_fetched("", text, &err), STATUS_INVALID, err, "is no day");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(day_alone_has_no_time),
        cmocka_unit_test(date_time_keeps_its_zone),
        cmocka_unit_test(time_without_zone_is_vietnamese),
        cmocka_unit_test(days_that_no_calendar_has_are_none),
        cmocka_unit_test(fetched_day_is_its_noon_and_an_instant_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
