// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"
#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/html.h"

#define PROSE_1                                                                                                              \
    "Người dân trong làng đã cùng nhau sửa lại con đường bị sạt lở sau trận lũ lớn hồi tuần " \
    "trước."
#define PROSE_2                                                                                                    \
    "Theo trưởng thôn, mỗi nhà góp hai ngày công, ai cũng vui vẻ vì trẻ em sắp được đến " \
    "trường trở lại."

static struct html_page read_page(struct arena *arena, const char *html)
{
    struct article_input input = plain_input(html);
    struct html_page page = {0};
    struct error err = {0};
    input.content_type = "text/html";
    assert_ok(html_read(&input, arena, &page, &err), err);
    assert_true(utf8_is_clean(page.bytes, page.size));
    return page;
}

static void prose_stays_and_its_surroundings_go(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page = read_page(
        arena,
        "<html><head><title>Sửa đường | Báo Làng</title><style>p{color:red}</style></head><body>"
        "<nav><a href=/>Trang chủ</a> <a href=/a>Thời sự</a></nav>"
        "<ul><li><a href=/b>Một tin khác ở đầu trang</a></li></ul>"
        "<h1>Dân làng  sửa\nđường</h1><p>" PROSE_1 "</p><p>" PROSE_2 "</p>"
        "<script>document.write('<p>xấu</p>')</script>"
        "<aside>Tin nóng</aside><footer>Giấy phép số 1</footer></body></html>");
    assert_string_equal(page.bytes, "Dân làng sửa đường\n" PROSE_1 "\n" PROSE_2);
    assert_string_equal(page.title, "Dân làng sửa đường");
}

static void frame_of_the_page_is_not_taken_for_a_menu(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page framed =
        read_page(arena, "<form id=aspnetForm><div class='layout sidebar-right'><h1>Dân làng sửa "
                         "đường</h1><p>" PROSE_1 "</p><div class=related-news>" PROSE_2
                         "</div></div></form>");
    assert_string_equal(framed.bytes, "Dân làng sửa đường\n" PROSE_1);
    struct html_page misnamed = read_page(arena, "<div id=search><p>" PROSE_1 "</p></div>");
    assert_string_equal(misnamed.bytes, PROSE_1);
}

static void markup_tells_title_author_and_date(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page =
        read_page(arena, "<head><meta property=og:title content='Dân làng sửa đường'>"
                         "<meta name=author content='Minh An'>"
                         "<meta property='og:site_name' content='Tin Vùng'>"
                         "<meta property=article:published_time content=2021-03-04T23:30:00Z>"
                         "</head><body><p>" PROSE_1 "</p>");
    assert_string_equal(page.title, "Dân làng sửa đường");
    assert_string_equal(page.author, "Minh An");
    assert_string_equal(page.publisher, "Tin Vùng");
    assert_string_equal(page.published, "2021-03-05T06:30:00+07:00");
}

static void linked_data_tells_author_and_date(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page = read_page(
        arena, "<script type='application/ld+json'>{\"@graph\": [{\"@type\": \"NewsArticle\","
               "\"datePublished\": \"2021-03-05\", \"author\": [{\"name\": \"Minh An\"}],"
               "\"publisher\": {\"name\": \"Tin Vùng\"}}]}"
               "</script><p>" PROSE_1 "</p>");
    assert_string_equal(page.publisher, "Tin Vùng");
    assert_string_equal(page.author, "Minh An");
    assert_string_equal(page.published, "2021-03-05");
}

static void entities_and_breaks_are_read(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page =
        read_page(arena, "<p>" PROSE_1 "<br>" PROSE_2 " A &amp; B&nbsp;&#7879; </p>");
    assert_string_equal(page.bytes, PROSE_1 "\n" PROSE_2 " A & B ệ");
}

static void page_names_its_own_charset(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page = read_page(
        arena, "<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'>"
               "<p>Ch\xe2u \xc2u l\xe0 m\xf4t trong nh\xfcng n\xf4i m\xe0 ai c\xfcng bi\xeat</p>");
    assert_string_equal(page.bytes, "Châu Âu là môt trong nhüng nôi mà ai cüng biêt");
}

static void broken_markup_is_read_all_the_same(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct html_page page = read_page(arena, "<div><p>" PROSE_1 "<div></span></p><b>" PROSE_2);
    assert_string_equal(page.bytes, PROSE_1 "\n" PROSE_2);
}

static void deep_page_ends_well(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    enum { DEPTH = 20000 };
    char *html = arena_take(arena, DEPTH * 5 + 64, 1);
    for (size_t i = 0; i < DEPTH; i++)
        memcpy(html + i * 5, "<div>", 5);
    struct article_input input = plain_input(html);
    struct html_page page = {0};
    struct error err = {0};
    enum status status = html_read(&input, arena, &page, &err);
    assert_true(status == STATUS_OK || status == STATUS_INVALID);
}

static void page_of_nothing_but_tags_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    enum { TAGS = 100001 };
    char *html = arena_take(arena, TAGS * 3 + 1, 1);
    for (size_t i = 0; i < TAGS; i++)
        memcpy(html + i * 3, "<b>", 3);
    struct article_input input = plain_input(html);
    struct html_page page = {0};
    struct error err = {0};
    assert_refused(html_read(&input, arena, &page, &err), STATUS_INVALID, err, "content: ");
}

static void empty_page_is_refused(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct article_input input = plain_input("");
    struct html_page page = {0};
    struct error err = {0};
    assert_refused(html_read(&input, arena, &page, &err), STATUS_INVALID, err, "content: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prose_stays_and_its_surroundings_go),
        cmocka_unit_test(frame_of_the_page_is_not_taken_for_a_menu),
        cmocka_unit_test(markup_tells_title_author_and_date),
        cmocka_unit_test(linked_data_tells_author_and_date),
        cmocka_unit_test(entities_and_breaks_are_read),
        cmocka_unit_test(page_names_its_own_charset),
        cmocka_unit_test(broken_markup_is_read_all_the_same),
        cmocka_unit_test(deep_page_ends_well),
        cmocka_unit_test(page_of_nothing_but_tags_is_refused),
        cmocka_unit_test(empty_page_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
