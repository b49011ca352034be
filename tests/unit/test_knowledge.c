// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"
#include "worker/extract/gazetteer.h"
#include "worker/extract/knowledge_tables.h"
#include "worker/extract/tokens.h"

static struct reading *read_phrases(struct arena *arena, const char *text)
{
    struct document *document = arena_take(arena, 1, sizeof(*document));
    *document = read_text(arena, text);
    return reading_of(document, shared_knowledge());
}

static void every_syllable_is_folded_as_tokens_are(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    for (uint32_t i = 1; i <= knowledge_syllable_count; i++)
        assert_string_equal(syllable_fold(arena, knowledge_syllables[i]), knowledge_syllables[i]);
}

static void syllables_are_sorted_and_unique(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= knowledge_syllable_count; i++)
        assert_true(strcmp(knowledge_syllables[i - 1], knowledge_syllables[i]) < 0);
}

static void the_longest_phrase_wins(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct reading *r = read_phrases(arena, "Bà Rịa - Vũng Tàu");
    assert_int_equal(reading_length(r, 0, CATEGORY_PLACE), 5);
    assert_string_equal(
        gazetteer_place(r->knowledge, reading_match(r, 0, CATEGORY_PLACE)->value)->code, "VN-43");
}

static void both_habits_of_placing_the_tone_are_known(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct reading *r = read_phrases(arena, "Khánh Hoà và Khánh Hòa");
    assert_int_equal(reading_length(r, 0, CATEGORY_PLACE), 2);
    assert_int_equal(reading_length(r, 3, CATEGORY_PLACE), 2);
}

static void phrases_do_not_cross_a_sentence(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct reading *r = read_phrases(arena, "Họ gọi nó là Hà. Nội dung khác.");
    for (uint32_t i = 0; i < r->token_count; i++)
        if (reading_is(r, i, "hà"))
            assert_int_equal(reading_length(r, i, CATEGORY_PLACE), 0);
}

static void a_dissolved_province_says_until_when(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct reading *r = read_phrases(arena, "Hậu Giang và Cần Thơ");
    const struct place *gone =
        gazetteer_place(r->knowledge, reading_match(r, 0, CATEGORY_PLACE)->value);
    const struct place *kept =
        gazetteer_place(r->knowledge, reading_match(r, 3, CATEGORY_PLACE)->value);
    assert_string_equal(gone->valid_to, "2025-06-30");
    assert_string_equal(kept->valid_to, "");
}

static void the_digest_is_the_same_each_time(void **state)
{
    (void)state;
    CLEANUP(knowledge_close) struct knowledge *again = NULL;
    struct error err = {0};
    assert_ok(knowledge_open(NULL, &again, &err), err);
    assert_memory_equal(knowledge_digest(again), knowledge_digest(shared_knowledge()), DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_syllable_is_folded_as_tokens_are),
        cmocka_unit_test(syllables_are_sorted_and_unique),
        cmocka_unit_test(the_longest_phrase_wins),
        cmocka_unit_test(both_habits_of_placing_the_tone_are_known),
        cmocka_unit_test(phrases_do_not_cross_a_sentence),
        cmocka_unit_test(a_dissolved_province_says_until_when),
        cmocka_unit_test(the_digest_is_the_same_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
