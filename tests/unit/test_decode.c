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
                         "d, and more that can be read";
    struct decoded decoded = decode(arena, bytes, sizeof(bytes) - 1, "");
    assert_string_equal(decoded.bytes, "a\xef\xbf\xbd"
                                       "b\xef\xbf\xbd"
                                       "c\xef\xbf\xbd\xef\xbf\xbd"
                                       "d, and more that can be read");
    assert_int_equal(decoded.replaced, 4);
    assert_int_equal(utf8_count(decoded.bytes, decoded.size), sizeof(bytes) - 1);
}

static void overlong_forms_and_surrogates_fit_nowhere(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char bytes[] = "abcdefgh\xc0\xaf-\xed\xa0\x80-abcdefgh";
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

static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void noise_is_refused_in_every_disguise(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *begin;
        unsigned least; /* of each byte */
        unsigned range;
        size_t size;
    } rows[] = {
        {"any bytes", "", 0, 256, 4000},
        {"a few of them", "", 128, 128, 40},
        {"control characters", "", 1, 31, 400},
        {"seven bits", "", 0, 128, 3000},
        {"with a byte order mark", "\xff\xfe", 0, 256, 4000},
        {"with the other one", "\xfe\xff", 0, 256, 4000},
    };
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    for (uint32_t seed = 1; seed <= 20; seed++) {
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            char bytes[4000];
            struct decoded decoded = {0};
            struct error err = {0};
            uint32_t number = seed;
            for (size_t at = 0; at < rows[i].size; at++)
                bytes[at] = (char)(rows[i].least + next_number(&number) % rows[i].range);
            memcpy(bytes, rows[i].begin, strlen(rows[i].begin));
            if (decode_bytes(bytes, rows[i].size, "", arena, &decoded, &err) == STATUS_OK)
                fail_msg("seed %u: %s were taken for a text", seed, rows[i].what);
            assert_non_null(strstr(err.text, "content: "));
        }
    }
}

static void odd_characters_here_and_there_are_a_text(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char text[] =
        "Hà Nội\f36 phố phường \x1f\x02\xee\x80\x80 — 😀 và những chữ khác nữa, 中文, \t한국어\r\n";
    assert_string_equal(decode(arena, text, strlen(text), "").bytes, text);
    assert_string_equal(decode(arena, "\x01\x02", 2, "").bytes, "\x01\x02");
}

static void empty_content_is_an_empty_text(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_int_equal(decode(arena, "", 0, "utf-16").size, 0);
}

#define REPORT "Công an thành phố Hà Nội đã bắt giữ hai đối tượng trộm cắp tài sản"
#define TCVN3                                                                           \
    "C\xab"                                                                             \
    "ng an th\xb5nh ph\xe8 H\xb5 N\xe9i \xae\xb7 b\xbet gi\xf7 hai \xae\xe8i t\xad\xee" \
    "ng tr\xe9m c\xbep t\xb5i s\xb6n"
#define VNI_TEXT                                        \
    "Co\xe2ng an tha\xf8nh pho\xe1 Ha\xf8 No\xe4i \xf1" \
    "a\xf5 ba\xe9t gi\xf6\xf5 hai \xf1o\xe1i "          \
    "t\xf6\xf4\xefng tro\xe4m ca\xe9p ta\xf8i sa\xfbn"

/* Bytes as a careless page shows them: each a Latin-1 letter in UTF-8. */
static const char *as_latin(struct arena *arena, const char *bytes)
{
    char *out = arena_take(arena, 2 * strlen(bytes) + 1, 1);
    char *end = out;
    for (; *bytes; bytes++) {
        unsigned char byte = (unsigned char)*bytes;
        if (byte < 0x80) {
            *end++ = (char)byte;
            continue;
        }
        *end++ = (char)(0xc0 | byte >> 6);
        *end++ = (char)(0x80 | (byte & 0x3f));
    }
    *end = 0;
    return out;
}

static void old_encodings_are_read_by_name_by_guess_and_as_latin_letters(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    static const struct {
        const char *bytes;
        const char *charset;
    } rows[] = {{TCVN3, "tcvn3"}, {VNI_TEXT, "vni"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *bytes = rows[i].bytes;
        const char *letters = as_latin(arena, bytes);
        assert_string_equal(decode(arena, bytes, strlen(bytes), rows[i].charset).bytes, REPORT);
        assert_string_equal(decode(arena, bytes, strlen(bytes), "").bytes, REPORT);
        assert_string_equal(decode(arena, bytes, strlen(bytes), "iso-8859-1").bytes, REPORT);
        assert_string_equal(decode(arena, letters, strlen(letters), "").bytes, REPORT);
    }
}

static void vni_capitals_keep_their_marks(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char bytes[] = "\xd1OA\xd8N COA\xc2NG AN T\xc6NH";
    assert_string_equal(decode(arena, bytes, strlen(bytes), "vni").bytes, "ĐOÀN COÂNG AN TỈNH");
}

static void other_languages_are_not_taken_for_old_vietnamese(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    static const char *const texts[] = {
        "Le Président a été reçu à l'Élysée après la cérémonie où il était très attendu, malgré la "
        "pluie",
        "Die Behörden müssen überprüfen, ob größere Schäden für die Bevölkerung möglich wären",
        "A educação pública não é prioridade e a situação já está difícil há três anos em São "
        "Paulo",
        "Čekání na déšť",
        "Công an tỉnh Hà Nam",
        "Hà Hà Hà Hà Hà là là là là"};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_string_equal(decode(arena, texts[i], strlen(texts[i]), "").bytes, texts[i]);
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
        cmocka_unit_test(noise_is_refused_in_every_disguise),
        cmocka_unit_test(odd_characters_here_and_there_are_a_text),
        cmocka_unit_test(empty_content_is_an_empty_text),
        cmocka_unit_test(old_encodings_are_read_by_name_by_guess_and_as_latin_letters),
        cmocka_unit_test(vni_capitals_keep_their_marks),
        cmocka_unit_test(other_languages_are_not_taken_for_old_vietnamese),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
