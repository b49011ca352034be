// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"
#include "tests/support/testing.h"

static void clean_text_is_clean(void **state)
{
    (void)state;
    static const char *const clean[] = {"",
                                        "abc",
                                        "Hòa Bình",
                                        "\xf0\x9f\x98\x80",
                                        "\xef\xbf\xbd",
                                        "\xf4\x8f\xbf\xbf",
                                        "\xed\x9f\xbf",
                                        "\x01\x7f"};
    for (size_t i = 0; i < COUNT_OF(clean); i++)
        assert_true(utf8_is_clean(clean[i], strlen(clean[i])));
}

static void what_is_no_utf8_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = {
        {"a\0b", 3},             /* NUL */
        {"\x80", 1},             /* continuation alone */
        {"\xc3", 1},             /* cut */
        {"\xc0\xaf", 2},         /* overlong, two bytes */
        {"\xe0\x80\xaf", 3},     /* overlong, three bytes */
        {"\xed\xa0\x80", 3},     /* surrogate */
        {"\xf4\x90\x80\x80", 4}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4}, /* no such lead */
        {"\xff", 1},             /* no such byte */
        {"\xe1\xba", 2},         /* cut at the end */
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        if (utf8_is_clean(wrong[i].bytes, wrong[i].size))
            fail_msg("case %zu passed", i);
}

static void code_points_are_counted(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("Hòa Bình", strlen("Hòa Bình")), 8);
    assert_int_equal(utf8_count("\xf0\x9f\x98\x80", 4), 1);
    assert_int_equal(utf8_count("", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_text_is_clean),
        cmocka_unit_test(what_is_no_utf8_is_noticed),
        cmocka_unit_test(code_points_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
