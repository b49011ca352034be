// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/lines.h"
#include "worker/extract/section_reasons.h"
#include "worker/extract/sections.h"

#define PROSE_1                                                                                                              \
    "Người dân trong làng đã cùng nhau sửa lại con đường bị sạt lở sau trận lũ lớn hồi tuần " \
    "trước."
#define PROSE_2                                                                                                    \
    "Theo trưởng thôn, mỗi nhà góp hai ngày công, ai cũng vui vẻ vì trẻ em sắp được đến " \
    "trường trở lại."
#define PROSE_3                                                                                                              \
    "Dự kiến con đường sẽ được rải nhựa trước mùa mưa năm sau, với kinh phí do huyện và dân " \
    "cùng lo."

#define PROSE_4                                                                                                          \
    "Nhiều người đi làm ăn xa cũng gửi tiền về giúp quê nhà, người ít người nhiều, ai cũng " \
    "mong đường sớm xong."

static const char *letters_of(struct arena *arena, const char *text)
{
    struct document document = read_text(arena, text);
    return section_letters(&document);
}

static struct document explain_text(struct arena *arena, const char *text)
{
    struct document document = read_text(arena, text);
    document.explain = true;
    document.section_count = 0;
    document.title = document.author = "";
    sections_find(&document);
    return document;
}

/* "RULE,weight" of every line, joined by spaces. */
static const char *rules_of(struct arena *arena, const char *text)
{
    struct document document = explain_text(arena, text);
    const char *out = "";
    for (uint32_t i = 0; i < document.section_count; i++) {
        const struct section_reason *reason = document.sections[i].reason;
        assert_int_equal(section_rules[reason->rule].kind, document.sections[i].kind);
        out = arena_format(arena, "%s%s%s,%+d", out, i ? " " : "", section_rules[reason->rule].name,
                           reason->weight);
    }
    return out;
}

static void headline_lead_and_body_are_told_apart(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(
        letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n" PROSE_2 "\n" PROSE_3 "\n"),
        "TLBB");
}

static void menus_above_and_teasers_below_are_junk(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Trang chủ\nThời sự\nKinh tế\nDân làng sửa đường sau lũ\n"
                                          "Thứ Ba, 20/12/2016 | 08:07\nLượt xem: 55\n" PROSE_1
                                          "\n" PROSE_2 "\n" PROSE_3 "\nTheo Báo Làng\n"
                                          "Tin liên quan\nMột cây cầu mới vừa xong\n"
                                          "07:55 30/06/2016\nCây cầu mới giúp người dân hai bên "
                                          "sông đi lại dễ dàng hơn rất nhiều so với trước đây.\n"
                                          "Gửi bình luận\nHọ và tên\n"),
                        "RRRTMMLBBMRRRRRR");
}

static void box_inside_the_article_does_not_end_it(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n>> Xem thêm: "
                                          "Cầu mới vừa xong\n" PROSE_2 "\nTin liên quan\nMột cây "
                                          "cầu mới vừa xong\nChợ nổi đông khách ngày cuối "
                                          "năm\n" PROSE_3 "\n" PROSE_4 "\n"),
                        "TLRBRRRBB");
}

static void pictures_have_captions_and_names(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n"
                                          "anh-1.jpg -0\nDân làng gánh đất đắp đường. Ảnh: Minh "
                                          "An\n" PROSE_2 "\n" PROSE_3 "\n"),
                        "TLRCBB");
}

static void lines_that_stand_twice_are_kept_once(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n" PROSE_2
                                          "\n" PROSE_2 "\n" PROSE_3 "\n"),
                        "TLBRB");
}

static void wrapped_lines_are_one_paragraph(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        read_text(arena, "Dân làng sửa đường sau lũ\n\nNgười dân trong làng đã cùng nhau sửa lại\n"
                         "con đường bị sạt lở sau trận lũ lớn hồi tuần trước.\n\n" PROSE_2 "\n");
    assert_string_equal(section_letters(&document), "TBB");
}

static void author_under_the_text_is_metadata(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n" PROSE_2
                                                "\nMinh An\nTìm kiếm\n");
    assert_string_equal(section_letters(&document), "TBBMR");
    assert_string_equal(document.author, "Minh An");
    assert_string_equal(document.title, "Dân làng sửa đường sau lũ");
}

static void credits_are_told_from_headlines(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    static const char *const credits[] = {"Minh An (theo AFP, Kyodo)", "Minh An tổng hợp",
                                          "Ghi chép của Minh An",      "Minh An | Báo Vùng Cao",
                                          "Minh An, gửi từ Tokyo",     "(TTXVN)"};
    for (size_t i = 0; i < COUNT_OF(credits); i++) {
        const char *text = arena_format(arena, "Dân làng sửa đường sau lũ\n%s\n%s\n%s\n%s\n",
                                        credits[i], PROSE_1, PROSE_2, PROSE_3);
        assert_string_equal(letters_of(arena, text), "TMLBB");
        text = arena_format(arena, "Dân làng sửa đường sau lũ\n%s\n%s\n%s\nTìm kiếm\n", PROSE_1,
                            PROSE_2, credits[i]);
        assert_string_equal(letters_of(arena, text), "TBBMR");
    }
}

static void teasers_with_leads_do_not_outweigh_the_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char *text = "Dân làng sửa đường sau lũ\n" PROSE_1 "\n" PROSE_2 "\nXem thêm\n";
    for (unsigned i = 0; i < 8; i++)
        text = arena_format(arena,
                            "%sTin thứ %u trong ngày hôm nay\nĐoạn dẫn thứ %u kể rằng ở một nơi "
                            "khác có một việc khác đã xảy ra và còn được theo dõi thêm.\n",
                            text, i, i);
    assert_string_equal(letters_of(arena, text), "TBBRRRRRRRRRRRRRRRRR");
}

static void entries_of_a_running_report_are_one_article(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n16:40\n" PROSE_2
                                          "\n15:20\n" PROSE_3 "\n14:05\n" PROSE_4 "\n"),
                        "TLRBRBRB");
}

static void one_long_line_is_all_body(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, PROSE_1 " " PROSE_2 " " PROSE_3), "B");
}

/* The texts of all sections of a kind. */
static const char *texts_of(struct arena *arena, const struct document *document,
                            Newsloom__V1__SectionKind kind)
{
    const char *texts = "";
    for (uint32_t i = 0; i < document->section_count; i++)
        if (document->sections[i].kind == kind)
            texts = arena_format(arena, "%s[%s]", texts,
                                 document_text(document, document->sections[i].span));
    return texts;
}

static void page_without_line_breaks_is_taken_apart(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(
        arena,
        "Dân làng sửa đường sau lũ Thứ Ba, 20/12/2016 | 08:07 Lượt xem: 55 " PROSE_1
        " Dân làng gánh đất đắp đường. Ảnh: Minh An " PROSE_2 " " PROSE_3
        " Theo Báo Làng Tin liên quan Một cây cầu mới vừa xong 07:55 30/06/2016 Cây cầu mới "
        "giúp người dân hai bên sông đi lại dễ dàng hơn rất nhiều so với trước đây. Gửi bình "
        "luận Họ và tên");
    assert_string_equal(document.title, "Dân làng sửa đường sau lũ");
    assert_string_equal(
        texts_of(arena, &document, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_METADATA),
        "[Thứ Ba, 20/12/2016 | 08:07][Lượt xem: 55][Theo Báo Làng]");
    assert_string_equal(
        texts_of(arena, &document, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_CAPTION),
        "[Dân làng gánh đất đắp đường. Ảnh: Minh An]");
    assert_string_equal(texts_of(arena, &document, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY),
                        "[" PROSE_1 "][" PROSE_2 " " PROSE_3 "]");
}

/* A headline before and behind the lead of each teaser, and all of it in one line. */
static void teasers_that_repeat_their_headline_are_taken_apart(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    static const char bridge[] = "Một cây cầu mới vừa xong",
                      market[] = "Chợ nổi đông khách cuối năm";
    static const char lead[] = "Cây cầu giúp bà con hai bên sông đi lại dễ dàng hơn nhiều so với "
                               "trước đây. Trẻ em hai xã từ nay không phải qua đò khi đến lớp.";
    const char *text = arena_format(
        arena,
        "Dân làng sửa đường sau lũ Thứ Ba, 20/12/2016 | 08:07 %s %s %s Tin liên quan "
        "%s %s %s %s %s %s %s %s",
        PROSE_1, PROSE_2, PROSE_3, bridge, bridge, lead, bridge, market, market, PROSE_4, market);
    struct document document = read_text(arena, text);
    assert_string_equal(texts_of(arena, &document, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY),
                        "[" PROSE_1 " " PROSE_2 " " PROSE_3 "]");
    const char *junk = texts_of(arena, &document, NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_JUNK);
    assert_contains(junk, arena_format(arena, "[%s][%s][%s][%s][%s][%s]", bridge, bridge, lead,
                                       bridge, market, market));
}

static void lines_glued_without_a_space_are_taken_apart(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ" PROSE_1 PROSE_2 PROSE_3
                                          "Xem thêmMột cây cầu mới vừa xong"),
                        "TBRR");
}

static void range_of_dates_in_a_sentence_is_no_date_line(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, PROSE_1 " " PROSE_2
                                                  " Việc này đã làm từ ngày 4 - 6/3/2017. " PROSE_3
                                                  " " PROSE_4),
                        "B");
}

static void long_headlines_are_told_by_what_stands_below(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(
        letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1 "\n" PROSE_2
                          "\nCó thể bạn quan tâm\nBao giờ thì cây cầu mới bắc qua sông được làm "
                          "xong để người dân đỡ khổ?\n07:55 30/06/2016\nCây cầu mới giúp người dân "
                          "hai bên sông đi lại dễ dàng hơn rất nhiều so với trước đây.\n"),
        "TBBRRRR");
}

static void article_goes_on_between_a_box_and_the_list_below(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(letters_of(arena, "Dân làng sửa đường sau lũ\n" PROSE_1
                                          "\nXem thêm:\nMột cây cầu mới vừa xong\nChợ nổi đông "
                                          "khách ngày cuối năm\n" PROSE_4
                                          "\nTin liên quan\nGiá lúa nhích lên trước ngày gặt "
                                          "rộ\nHai mươi con bò về bản\n"),
                        "TBRRRBRRR");
}

static void list_of_headlines_is_a_listing(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    const char *text = "";
    for (unsigned i = 0; i < 20; i++)
        text = arena_format(arena, "%sTin số %u của buổi sáng nay\n", text, i);
    struct document document = read_text(arena, text);
    assert_int_equal(document.page_kind, NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_LISTING);
    assert_int_equal(document.token_count, 0);
}

static void blank_text_has_no_sections(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, " \n\t\n\xc2\xa0\n");
    assert_int_equal(document.section_count, 0);
    assert_int_equal(document.page_kind, NEWSLOOM__V1__PAGE_KIND__PAGE_KIND_OTHER);
}

static void lines_say_which_rule_decided_and_what_they_weighed(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(
        rules_of(arena, "Trang chủ\nDân làng sửa đường sau lũ\nThứ Ba, 20/12/2016 | 08:07\n" PROSE_1
                        "\n" PROSE_2 "\nanh-1.jpg -0\nDân làng gánh đất đắp đường\n" PROSE_3
                        "\nTheo Báo Làng\nTin liên quan\nMột cây cầu mới vừa xong\n"),
        "ABOVE,-12 TITLE_ONLY,-8 DATE_ABOVE,-2 LEAD,+21 PROSE,+22 NOISE,+0 BELOW_PICTURE,-8 "
        "LAST_SENTENCE,+22 CREDIT_BELOW,-100 BELOW,-40 BELOW,-8");
}

static void choice_of_a_headline_shows_what_spoke_for_each(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document =
        explain_text(arena, "Chuyện lạ bốn phương\nCon đường bị sạt lở đã được sửa lại\n" PROSE_1
                            "\n" PROSE_2 "\n" PROSE_3 "\n");
    const struct section_reason *other = document.sections[0].reason;
    const struct section_reason *title = document.sections[1].reason;
    assert_int_equal(title->rule, SECTION_TITLE_SPOKEN_OF);
    assert_true(title->headline > other->headline);
    assert_int_equal(other->side, SECTION_SIDE_ABOVE);
    assert_int_equal(document.sections[2].reason->side, SECTION_SIDE_INSIDE);
    assert_true(document.sections[2].reason->looks & LINE_PROSE);
}

static void every_look_has_a_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LINE_LOOK_COUNT; i++)
        assert_non_null(line_look_names[i]);
    assert_int_equal(LINE_ASKED, 1 << (LINE_LOOK_COUNT - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headline_lead_and_body_are_told_apart),
        cmocka_unit_test(menus_above_and_teasers_below_are_junk),
        cmocka_unit_test(box_inside_the_article_does_not_end_it),
        cmocka_unit_test(pictures_have_captions_and_names),
        cmocka_unit_test(lines_that_stand_twice_are_kept_once),
        cmocka_unit_test(wrapped_lines_are_one_paragraph),
        cmocka_unit_test(author_under_the_text_is_metadata),
        cmocka_unit_test(credits_are_told_from_headlines),
        cmocka_unit_test(teasers_with_leads_do_not_outweigh_the_article),
        cmocka_unit_test(entries_of_a_running_report_are_one_article),
        cmocka_unit_test(one_long_line_is_all_body),
        cmocka_unit_test(page_without_line_breaks_is_taken_apart),
        cmocka_unit_test(teasers_that_repeat_their_headline_are_taken_apart),
        cmocka_unit_test(lines_glued_without_a_space_are_taken_apart),
        cmocka_unit_test(range_of_dates_in_a_sentence_is_no_date_line),
        cmocka_unit_test(long_headlines_are_told_by_what_stands_below),
        cmocka_unit_test(article_goes_on_between_a_box_and_the_list_below),
        cmocka_unit_test(list_of_headlines_is_a_listing),
        cmocka_unit_test(blank_text_has_no_sections),
        cmocka_unit_test(lines_say_which_rule_decided_and_what_they_weighed),
        cmocka_unit_test(choice_of_a_headline_shows_what_spoke_for_each),
        cmocka_unit_test(every_look_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
