// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/tokens.h"

static const char *join_tokens(struct arena *arena, const char *text)
{
    struct document document = read_text(arena, text);
    const char *joined = "";
    for (uint32_t i = 0; i < document.token_count; i++)
        joined = arena_format(arena, "%s%s%s", joined, i ? " " : "", document.tokens[i].folded);
    return joined;
}

static void text_falls_into_syllables_numbers_and_marks(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(join_tokens(arena, "TP.HCM có 9.000.000 dân (C46), 8h30 ngày 5/3."),
                        "tp . hcm có 9.000.000 dân ( c46 ) , 8 h 30 ngày 5 / 3 .");
}

static void spellings_of_one_syllable_fold_to_one(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *folded;
    } cases[] = {
        {"HOÀ", "hòa"},
        {"Hòa", "hòa"},
        {"hoàn", "hoàn"},
        {"hòan", "hoàn"},
        {"Thuý", "thúy"},
        {"thúy", "thúy"},
        {"quý", "quý"},
        {"khoẻ", "khỏe"},
        {"loè", "lòe"},
        {"ngoài", "ngoài"},
        {"huỳnh", "huỳnh"},
        {"ĐÀO", "đào"},
        {"Ho\xcc\x80"
         "a",
         "hòa"},
        {"vi\xe1\xbb\x87t", "việt"},
        {"vie\xcc\xa3\xcc\x82t", "việt"},
        {"Paris", "paris"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        assert_string_equal(syllable_fold(arena, cases[i].written), cases[i].folded);
    }
}

static void legal_syllables_are_told_from_others(void **state)
{
    (void)state;
    static const char *const legal[] = {"nguyễn", "việt",    "trường", "quốc", "gì",   "giếng",
                                        "khuya",  "nghiêng", "đường",  "yêu",  "oanh", "nguyen",
                                        "duong",  "thúy",    "quyết",  "ở"};
    static const char *const foreign[] = {"interpol", "jurgen", "stock", "slovakia",
                                          "kalinak",  "wto",    "fbi",   "bàt",
                                          "ngt",      "hcm",    "c46"};
    for (size_t i = 0; i < COUNT_OF(legal); i++)
        if (!syllable_is_vietnamese(legal[i]))
            fail_msg("\"%s\" is a syllable", legal[i]);
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (syllable_is_vietnamese(foreign[i]))
            fail_msg("\"%s\" is no syllable", foreign[i]);
}

static void shapes_tell_how_a_token_is_written(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, "Bộ GTVT họp 3 lần, rồi nghỉ.");
    const struct token *tokens = document.tokens;
    assert_int_equal(tokens[0].shape,
                     SHAPE_WORD | SHAPE_CAPITAL | SHAPE_VIETNAMESE | SHAPE_LINE_START);
    assert_int_equal(tokens[1].shape,
                     SHAPE_WORD | SHAPE_CAPITAL | SHAPE_ALL_CAPITALS | SHAPE_SPACE_BEFORE);
    assert_int_equal(tokens[3].shape, SHAPE_NUMBER | SHAPE_SPACE_BEFORE);
    assert_int_equal(tokens[5].shape, SHAPE_PUNCTUATION);
}

static void spans_count_code_points_of_the_text(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, "Ở 😀 Huế.");
    assert_int_equal(document.tokens[2].span.start, 4);
    assert_int_equal(document.tokens[2].span.end, 7);
    assert_string_equal(document_text(&document, document.tokens[2].span), "Huế");
}

static void many_spellings_keep_their_own_forms(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char *text = "";
    for (unsigned i = 0; i < 3000; i++)
        text = i % 300 ? arena_format(arena, "%s A%u", text, i)
                       : arena_format(arena, "%s.\nA%u", text, i);
    struct document document = read_text(arena, text);
    for (uint32_t i = 0; i < document.token_count; i++) {
        const struct token *token = &document.tokens[i];
        if (token->shape & SHAPE_WORD)
            assert_string_equal(token->folded,
                                syllable_fold(arena, document_text(&document, token->span)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_falls_into_syllables_numbers_and_marks),
        cmocka_unit_test(spellings_of_one_syllable_fold_to_one),
        cmocka_unit_test(legal_syllables_are_told_from_others),
        cmocka_unit_test(shapes_tell_how_a_token_is_written),
        cmocka_unit_test(spans_count_code_points_of_the_text),
        cmocka_unit_test(many_spellings_keep_their_own_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
