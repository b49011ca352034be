// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/sentences.h"

/* The sentences of one line, joined by "|". */
static const char *split(struct arena *arena, const char *text)
{
    struct document document = read_text(arena, text);
    const char *joined = "";
    for (uint32_t i = 0; i < document.sentence_count; i++)
        joined = arena_format(arena, "%s%s%s", joined, i ? "|" : "",
                              document_text(&document, document.sentences[i].span));
    return joined;
}

static const struct {
    const char *text;
    const char *sentences;
} cases[] = {
    {"Trời mưa. Đường trơn.", "Trời mưa.|Đường trơn."},
    {"Ai đó? Không biết! Thôi.", "Ai đó?|Không biết!|Thôi."},
    {"Anh ở TP. Huế. Chị ở TP.Vinh.", "Anh ở TP. Huế.|Chị ở TP.Vinh."},
    {"ThS. Lan và GS. Minh đến. Họ vui.", "ThS. Lan và GS. Minh đến.|Họ vui."},
    {"Bà L.T.H. kể lại chuyện.", "Bà L.T.H. kể lại chuyện."},
    {"Mưa rồi... nắng lên. Hết.", "Mưa rồi... nắng lên.|Hết."},
    {"Mưa rồi… Nắng lên.", "Mưa rồi…|Nắng lên."},
    {"“Đi thôi.” Nam nói. “Ừ!”", "“Đi thôi.”|Nam nói.|“Ừ!”"},
    {"Giá 20.000 đồng. Rẻ.", "Giá 20.000 đồng.|Rẻ."},
    {"Anh đã về nhà.Sau đó anh ngủ.", "Anh đã về nhà.|Sau đó anh ngủ."},
    {"Trang VOV.VN đưa tin. Nhiều người đọc.", "Trang VOV.VN đưa tin.|Nhiều người đọc."},
    {"Có cam, quýt, v.v. và nhiều thứ.", "Có cam, quýt, v.v. và nhiều thứ."},
};

static void sentences_end_where_a_reader_stops(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        assert_string_equal(split(arena, cases[i].text), cases[i].sentences);
    }
}

static void sentences_never_cross_sections(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, "Một dòng tiêu đề ngắn\n\nNgười dân trong làng đã "
                                                "cùng nhau sửa lại con đường sau trận lũ lớn.");
    assert_int_equal(document.sentence_count, 2);
    for (uint32_t i = 0; i < document.sentence_count; i++) {
        struct span section = document.sections[document.sentences[i].section].span;
        assert_true(document.sentences[i].span.start >= section.start);
        assert_true(document.sentences[i].span.end <= section.end);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_end_where_a_reader_stops),
        cmocka_unit_test(sentences_never_cross_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
