// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "worker/extract/points.h"

enum { LAST_POINT = 0x10ffff };

static bool is_surrogate(uint32_t point)
{
    return point >= 0xd800 && point < 0xe000;
}

static void short_cuts_say_what_utf8proc_says(void **state)
{
    (void)state;
    for (uint32_t point = 0x80; point <= LAST_POINT; point++) {
        if (is_surrogate(point))
            continue;
        assert_int_equal(point_is_letter(point), point_is_other_letter(point));
        assert_int_equal(point_is_upper(point), point_is_other_upper(point));
        assert_int_equal(point_is_mark(point), point_is_other_mark(point));
        assert_int_equal(point_lower(point), point_other_lower(point));
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (uint32_t point = 1; point <= LAST_POINT; point++) {
        char bytes[4];
        const char *at = bytes;
        size_t size = point_write(point, bytes);
        if (is_surrogate(point))
            continue;
        assert_int_equal(point_read(&at), point);
        assert_int_equal(at - bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_cuts_say_what_utf8proc_says),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
