// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"
#include "tests/support/testing.h"
#include "worker/extract/decode.h"

static struct decoded decode(struct arena *arena, const char *bytes, size_t size,
                             const char *charset)
{
    struct decoded decoded = {0};
    struct error err = {0};
    assert_ok(decode_bytes(bytes, size, charset, arena, &decoded, &err), err);
    assert_true(utf8_is_clean(decoded.bytes, decoded.size));
    return decoded;
}

static void clean_text_stays_as_it_is(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char text[] = "Hà Nội, 36 phố phường — 😀";
    assert_string_equal(decode(arena, text, strlen(text), "UTF-8").bytes, text);
    assert_string_equal(decode(arena, text, strlen(text), "").bytes, text);
}

static void bytes_that_fit_nowhere_are_replaced_one_for_one(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char bytes[] = "a\0b\xff"
                         "c\xe1\xbb"
                         "d";
    struct decoded decoded = decode(arena, bytes, sizeof(bytes) - 1, "");
    assert_string_equal(decoded.bytes, "a\xef\xbf\xbd"
                                       "b\xef\xbf\xbd"
                                       "c\xef\xbf\xbd\xef\xbf\xbd"
                                       "d");
    assert_int_equal(decoded.replaced, 4);
    assert_int_equal(utf8_count(decoded.bytes, decoded.size), 8);
}

static void overlong_forms_and_surrogates_fit_nowhere(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char bytes[] = "abcdefgh\xc0\xaf-\xed\xa0\x80-";
    struct decoded decoded = decode(arena, bytes, sizeof(bytes) - 1, "");
    assert_int_equal(decoded.replaced, 5);
}

static void windows_1258_joins_letters_and_tones(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    /* "Hà Nội": à is one byte, ộ is ô with a combining dot below */
    const char bytes[] = "H\xe0 N\xf4\xf2i";
    struct decoded decoded = decode(arena, bytes, sizeof(bytes) - 1, "windows-1258");
    bool is_composed = strcmp(decoded.bytes, "Hà Nội") == 0;
    bool is_combined = strcmp(decoded.bytes, "Hà Nô\xcc\xa3i") == 0;
    assert_true(is_composed || is_combined);
}

static void utf_16_is_read_in_both_orders(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(decode(arena, "\xff\xfeH\0\xe0\0", 6, "").bytes, "Hà");
    assert_string_equal(decode(arena, "\xfe\xff\0H\0\xe0", 6, "utf-16").bytes, "Hà");
    assert_string_equal(decode(arena, "H\0\0\0a\0", 6, "utf-16le").bytes, "H\xef\xbf\xbd"
                                                                          "a");
}

static void unknown_charset_is_refused_by_name(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct decoded decoded = {0};
    struct error err = {0};
    assert_refused(decode_bytes("a", 1, "klingon", arena, &decoded, &err), STATUS_INVALID, err,
                   "charset: \"klingon\"");
}

static void content_that_is_no_text_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct decoded decoded = {0};
    struct error err = {0};
    char bytes[256];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i % 2 ? 0xff : 0x00);
    assert_refused(decode_bytes(bytes, sizeof(bytes), "", arena, &decoded, &err), STATUS_INVALID,
                   err, "content: ");
}

static void empty_content_is_an_empty_text(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_int_equal(decode(arena, "", 0, "utf-16").size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clean_text_stays_as_it_is),
        cmocka_unit_test(bytes_that_fit_nowhere_are_replaced_one_for_one),
        cmocka_unit_test(overlong_forms_and_surrogates_fit_nowhere),
        cmocka_unit_test(windows_1258_joins_letters_and_tones),
        cmocka_unit_test(utf_16_is_read_in_both_orders),
        cmocka_unit_test(unknown_charset_is_refused_by_name),
        cmocka_unit_test(content_that_is_no_text_is_refused),
        cmocka_unit_test(empty_content_is_an_empty_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
