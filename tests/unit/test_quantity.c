// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "common/quantity.h"
#include "tests/support/testing.h"

static void durations_are_printed_in_the_largest_whole_unit(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "0ms"},       {1, "1ms"},
        {1500, "1500ms"}, {30000, "30s"},
        {90000, "90s"},   {300000, "5m"},
        {5400000, "90m"}, {7200000, "2h"},
        {86400000, "1d"}, {90LL * 86400000, "90d"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char buffer[QUANTITY_TEXT_SIZE];
        assert_string_equal(quantity_duration_text(cases[i].ms, buffer), cases[i].text);
        int64_t back = -1;
        struct error err = {0};
        assert_ok(quantity_parse_duration(buffer, &back, &err), err);
        assert_true(back == cases[i].ms);
    }
}

static void sizes_are_read_back_as_printed(void **state)
{
    (void)state;
    static const int64_t sizes[] = {0, 1, 1023, 1024, 1536, 1 << 20, INT64_C(3) << 30, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char buffer[QUANTITY_TEXT_SIZE];
        int64_t back = -1;
        struct error err = {0};
        assert_ok(quantity_parse_size(quantity_size_text(sizes[i], buffer), &back, &err), err);
        assert_true(back == sizes[i]);
    }
}

static void what_is_no_quantity_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", " 1s", "1 s", "s", "1S", "-1s", "+1s", "1.5s", "1ss"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        int64_t value = 0;
        assert_int_equal(quantity_parse_duration(wrong[i], &value, NULL), STATUS_INVALID);
        assert_int_equal(quantity_parse_size(wrong[i], &value, NULL), STATUS_INVALID);
        assert_int_equal(quantity_parse_integer(wrong[i], &value, NULL), STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_printed_in_the_largest_whole_unit),
        cmocka_unit_test(sizes_are_read_back_as_printed),
        cmocka_unit_test(what_is_no_quantity_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
