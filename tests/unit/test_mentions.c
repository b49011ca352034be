// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/finding.h"

/* Expected texts; the input is the same without its marks. */
static const char *const cases[] = {
    "Thiếu tá [PER Lý Văn Đạm] nói chuyện với ông [PER Tám] ở chợ.",
    "Chủ tịch [ORG Quốc hội] [PER Đỗ Thị Sen] phát biểu.",
    "[ORG Công an huyện Mường La] mời bà [PER Lò Thị Inh] (40 tuổi, trú tại [LOC xã Mường Bú], "
    "[LOC huyện Mường La], [LOC tỉnh Sơn La]).",
    "Cán bộ [ORG Phòng Cảnh sát giao thông Công an tỉnh Cà Mau] đến sớm.",
    "Bộ trưởng [ORG Bộ Tư pháp Việt Nam] [PER Bùi Quang Trạch] vắng mặt.",
    "Trụ sở chính đặt tại [LOC Hà Nội], thị trường rất rộng.",
    "Vụ án liên quan đến [CRIME tội phạm ma túy], [CRIME rửa tiền] và [CRIME tội phạm có tổ chức].",
    "Nhiều người tụ tập, hô hoán rồi bỏ đi trong đêm.",
    "Hai bên bàn về [LAW Hiệp định về vận tải đường sắt].",
    "[ORG Công ty cổ phần Gạch Sao Mai] trả lương cho thợ.",
    "Họ sang [LOC Cộng hòa Ba Lan] học nghề.",
};

static const char *without_marks(struct arena *arena, const char *text)
{
    char *plain = arena_text(arena, text, strlen(text));
    char *to = plain;
    for (const char *from = text; *from;) {
        if (*from == '[') {
            from = strchr(from, ' ') + 1;
            continue;
        }
        if (*from != ']')
            *to++ = *from;
        from++;
    }
    *to = 0;
    return plain;
}

static void names_are_found_with_their_boundaries(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        struct document document = find_all(arena, without_marks(arena, cases[i]));
        assert_string_equal(marked(&document), cases[i]);
    }
}

static void a_full_name_helps_its_last_syllable(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Ông Vi Văn Chớp khai trước tòa. Chớp cầm tiền rồi chạy.");
    assert_contains(marked(&document), "[PER Chớp] cầm tiền");
}

static void an_abbreviation_in_brackets_is_a_body(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        find_all(arena, "Công ty cổ phần Gạch Sao Mai (GSMX) vay tiền. Sau đó GSMX phá sản.");
    assert_contains(marked(&document), "([ORG GSMX])");
    assert_contains(marked(&document), "Sau đó [ORG GSMX] phá sản");
}

static void mentions_stand_in_order_without_overlaps(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = find_all(
        arena, "Ngày 3/4/2020, Công an tỉnh Nam Định bắt Phan Văn Tèo ở xã Nam Giang, Nam Định.");
    for (uint32_t i = 1; i < document.mention_count; i++)
        assert_true(document.mentions[i - 1].span.end <= document.mentions[i].span.start);
    assert_true(document.mention_count >= 4);
}

/* Every rule looks a bounded way ahead: twice the text costs about twice the candidates, and a
 * sentence of capitals without an end comes back at all. */
static void an_endless_sentence_of_capitals_ends(void **state)
{
    (void)state;
    enum { WORDS = 20000, WORD_SIZE = 5 };
    static const char word[WORD_SIZE + 1] = "Minh ";
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    char *text = arena_take(arena, (size_t)WORDS * WORD_SIZE + 1, 1);
    for (size_t i = 0; i < WORDS; i++)
        memcpy(text + i * WORD_SIZE, word, WORD_SIZE);
    struct document document = find_all(arena, text);
    assert_true(document.mention_count <= WORDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_with_their_boundaries),
        cmocka_unit_test(a_full_name_helps_its_last_syllable),
        cmocka_unit_test(an_abbreviation_in_brackets_is_a_body),
        cmocka_unit_test(mentions_stand_in_order_without_overlaps),
        cmocka_unit_test(an_endless_sentence_of_capitals_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
