// SPDX-License-Identifier: Apache-2.0
#include "tests/support/testing.h"
#include "tests/unit/reading.h"
#include "worker/extract/dates.h"
#include "worker/extract/published.h"

/* What is found in a sentence of an article published on 2017-06-10: "text=value" joined by "|". */
struct date_case {
    const char *sentence;
    const char *found;
};

static const struct date_case cases[] = {
    /* days */
    {"Lễ khai giảng diễn ra vào 20/02/2014 tại trường.", "20/02/2014=2014-02-20"},
    {"Sáng 5-9-2016, nhà trường đón học sinh.", "5-9-2016=2016-09-05"},
    {"Bà đến đây từ đêm 20.8.2012 cùng con.", "20.8.2012=2012-08-20"},
    {"Ngày 3/6, mưa lớn ở miền núi.", "Ngày 3/6=2017-06-03"},
    {"Chiều 16-6, xe đã về bến.", "16-6=2017-06-16"},
    {"Theo tin sáng nay, 28.6, cầu đã thông xe.", "28.6=2017-06-28"},
    {"Họ cưới nhau ngày 12 tháng 6 năm 2015 ở quê.", "ngày 12 tháng 6 năm 2015=2015-06-12"},
    {"Họ gặp nhau ngày 12 tháng 5 ở quê.", "ngày 12 tháng 5=2017-05-12"},
    {"Họp ngày mùng 8 tháng 3 hằng năm.", "ngày mùng 8 tháng 3=2017-03-08"},
    {"Thứ Ba, ngày 20/12/2016, trời rét.", "Thứ Ba, ngày 20/12/2016=2016-12-20"},
    {"Chủ nhật 4/6 là ngày hội.", "Chủ nhật 4/6=2017-06-04"},
    {"Khai mạc ngày 5/3/17 tại phố.", "ngày 5/3/17=2017-03-05"},
    {"Ngày 28/12, chợ họp phiên cuối.", "Ngày 28/12=2016-12-28"},
    {"Công trình xong ngày 25.12.2006.", "ngày 25.12.2006=2006-12-25"},
    /* clock times */
    {"Vụ cháy lúc 19 giờ ngày 16-2-2011 ở chợ.", "19 giờ ngày 16-2-2011=2011-02-16T19:00"},
    {"Khoảng 1h15 ngày 5/2, còi báo vang lên.", "1h15 ngày 5/2=2017-02-05T01:15"},
    {"Đến 9h sáng ngày 5/2 thì tạnh.", "9h sáng ngày 5/2=2017-02-05T09:00"},
    {"Tàu chạy lúc 8 giờ 30 phút ngày 1/6.", "8 giờ 30 phút ngày 1/6=2017-06-01T08:30"},
    {"Đăng lúc 20/12/2016 08:07 trên báo.", "20/12/2016 08:07=2016-12-20T08:07"},
    {"Vào lúc 8h30 tàu chạy.", ""},
    /* months and years */
    {"Từ tháng 9/2013 ông sống ở đây.", "tháng 9/2013=2013-09"},
    {"Cuối tháng 11.2010 lũ về.", "tháng 11.2010=2010-11"},
    {"Đến tháng 3-2017 mới xong.", "tháng 3-2017=2017-03"},
    {"Xây từ tháng 10 năm 2012 đến nay.", "tháng 10 năm 2012=2012-10"},
    {"Hồi trung tuần tháng 6 có bão.", "tháng 6=2017-06"},
    {"Giá tăng trong 9/2016 rồi giảm.", "9/2016=2016-09"},
    {"Làng lập năm 1998 ven sông.", "năm 1998=1998"},
    {"Anh Nam (SN 1989, quê Mẫu Sơn) lái xe.", "1989=1989"},
    {"Chị sinh năm 1967 ở quê.", "năm 1967=1967"},
    /* intervals */
    {"Hội thi diễn ra từ ngày 12 đến ngày 16/9/2023.",
     "từ ngày 12 đến ngày 16/9/2023=2023-09-12/2023-09-16"},
    {"Thăm Lào từ ngày 4 - 6/3/2017.", "từ ngày 4 - 6/3/2017=2017-03-04/2017-03-06"},
    {"Đợt kiểm tra từ 1/4/2016 đến 30/9/2016 đã xong.",
     "từ 1/4/2016 đến 30/9/2016=2016-04-01/2016-09-30"},
    {"Trong hai ngày 10 - 11/2 có mưa.", "ngày 10 - 11/2=2017-02-10/2017-02-11"},
    {"Trong hai ngày 10-11/2 có mưa.", "ngày 10-11/2=2017-02-10/2017-02-11"},
    {"Lễ hội ngày 27 và 28/5 rất đông.", "ngày 27 và 28/5=2017-05-27/2017-05-28"},
    {"Lừa đảo từ tháng 1-2017 đến tháng 4-2017 thì bị bắt.",
     "từ tháng 1-2017 đến tháng 4-2017=2017-01/2017-04"},
    {"Tính từ tháng 1 đến tháng 9/2023, xuất khẩu tăng.",
     "từ tháng 1 đến tháng 9/2023=2023-01/2023-09"},
    {"Năm học 2016-2017 bắt đầu muộn.", "Năm học 2016-2017=2016/2017"},
    {"Kế hoạch giai đoạn 2016-2020 đã duyệt.", "2016-2020=2016/2020"},
    /* decades */
    {"Nghề gốm tàn từ những năm 80 của thế kỷ trước.", "năm 80 của thế kỷ trước=1980/1989"},
    {"Xóm ấy lập vào những năm 1950 ven đầm.", "năm 1950=1950/1959"},
    {"Ông học nghề hồi thập niên 70, khi còn trẻ.", "thập niên 70=1970/1979"},
    {"Đình dựng thập niên 30 thế kỷ XIX bên sông.", "thập niên 30 thế kỷ XIX=1830/1839"},
    {"Nhà mới xây đầu những năm 2000 đã cũ.", "năm 2000=2000/2009"},
    {"Ở những năm 60 tuổi, bà vẫn đi chợ.", ""},
    {"Dân số từ năm 1980 - 2014 tăng.", "từ năm 1980 - 2014=1980/2014"},
    {"Doanh thu quý I/2017 giảm.", "quý I/2017=2017-01/2017-03"},
    {"Doanh thu quý 3 năm 2016 giảm.", "quý 3 năm 2016=2016-07/2016-09"},
    {"Trong 9 tháng đầu năm 2010, giá tăng.", "9 tháng đầu năm 2010=2010-01/2010-09"},
    {"Trong nửa đầu năm 2017, giá tăng.", "nửa đầu năm 2017=2017-01/2017-06"},
    {"Khoảng cuối 2017 sẽ từ 28/12 đến 3/1/2018.", "từ 28/12 đến 3/1/2018=2017-12-28/2018-01-03"},
    {"Trại hè bế mạc 27/5.", "27/5=2017-05-27"},
    {"Điều 9 Luật Lâm nghiệp 2017, rừng được giữ.", "2017=2017"},
    {"Bà dạy ở đây từ 2008.", "2008=2008"},
    /* no dates */
    {"Có 11/12 phiếu thuận.", ""},
    {"Nhà số 15/8, phố nhỏ.", ""},
    {"Hiệu thuốc mở 24/7.", ""},
    {"Xe chở 2008, kể cả trẻ em.", ""},
    {"Ngày 31/2/2017 không có trên lịch.", ""},
    {"Họ gặp ngày 32/5 trong mơ.", ""},
    {"Tháng 13/2016 không có thật.", ""},
    {"Đội thắng với tỷ số 2/1 chung cuộc.", ""},
    {"Khoảng 2/3 số hộ đã di dời.", ""},
    {"Lạm phát tăng 24.6% so với trước.", ""},
    {"Chuyến đi dài 2 tháng 10 ngày qua núi.", ""},
    {"Số nhà 12/5/2 ngõ nhỏ.", ""},
    {"Anh làm 8 năm 2 tháng ở xưởng.", ""},
    {"Gọi số 0914.926.900 khi cần.", ""},
    {"Hôm nay trời đẹp.", ""},
};

static const char *dates_of(struct arena *arena, const char *text, const char *published)
{
    struct document document = read_text(arena, text);
    document.published = published;
    dates_find(&document);
    const char *found = "";
    for (uint32_t i = 0; i < document.mention_count; i++)
        found = arena_format(arena, "%s%s%s=%s", found, i ? "|" : "",
                             document_text(&document, document.mentions[i].span),
                             document.mentions[i].value);
    return found;
}

static void every_way_of_writing_a_date_has_its_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CLEANUP(arena_free) struct arena *arena = arena_new(0);
        assert_string_equal(dates_of(arena, cases[i].sentence, "2017-06-10"), cases[i].found);
    }
}

static void year_is_unknown_without_any_anchor(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(dates_of(arena, "Ngày 3/6, mưa lớn ở miền núi.", ""), "Ngày 3/6=?");
}

static void full_date_nearby_gives_its_year(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    assert_string_equal(
        dates_of(arena, "Tối ngày 10/8/2016, quán mở cửa. Đến tối 11/8 thì đóng.", "2017-06-10"),
        "ngày 10/8/2016=2016-08-10|11/8=2016-08-11");
}

static void dates_carry_their_first_and_last_day(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct document document = read_text(arena, "Trời rét trong tháng 2/2016 ở núi.");
    dates_find(&document);
    assert_int_equal(document.mention_count, 1);
    assert_string_equal(document.mentions[0].date_from, "2016-02-01");
    assert_string_equal(document.mentions[0].date_to, "2016-02-29");
}

static void decomposed_text_has_the_same_dates(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    /* "Tháng" with a combining acute accent */
    assert_string_equal(dates_of(arena, "Mưa nhiều trong tha\xcc\x81ng 9/2013.", ""),
                        "tha\xcc\x81ng 9/2013=2013-09");
}

static void moments_are_read_on_the_local_clock(void **state)
{
    (void)state;
    struct moment moment = MOMENT_NONE;
    assert_true(moment_parse_local("2021-03-04T23:30:00Z", &moment));
    assert_int_equal(moment.day, 5);
    assert_int_equal(moment.hour, 6);
    assert_true(moment_parse_local("2021-01-01T00:30:00+09:00", &moment));
    assert_int_equal(moment.year, 2020);
    assert_int_equal(moment.hour, 22);
    assert_false(moment_parse("2021-02-30", &moment));
    assert_false(moment_parse("2021-02-03T25:00:00Z", &moment));
    assert_false(moment_parse("2021-02-03 morning", &moment));
    assert_false(moment_parse("03/02/2021", &moment));
}

static void days_count_through_leap_years(void **state)
{
    (void)state;
    struct moment moment = MOMENT_NONE;
    assert_true(moment_parse("2016-03-01", &moment));
    struct moment before = moment_of_day(moment_first_day(moment) - 1);
    assert_int_equal(before.month, 2);
    assert_int_equal(before.day, 29);
    assert_true(moment_parse("1970-01-01", &moment));
    assert_int_equal(moment_first_day(moment), 0);
}

static struct document published_of(struct arena *arena, const char *text, const char *published,
                                    const char *fetched)
{
    struct document document = read_text(arena, text);
    struct article_input *input = arena_copy(arena, document.input, sizeof(*input));
    input->published = published;
    input->fetched = fetched;
    document.input = input;
    return document;
}

static const char page[] = "Làng nghề vào vụ Tết\n"
                           "Thứ Ba, 20/12/2016 08:07\n"
                           "Sáng 19/12, cả làng cùng nhau gói những chiếc bánh đầu tiên của vụ "
                           "Tết năm nay để gửi đi xa.\n";

static void feeder_s_date_wins(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct error err = {0};
    struct document document = published_of(arena, page, "2016-12-25", "");
    assert_ok(published_find(&document, &err), err);
    assert_string_equal(document.published, "2016-12-25");
    assert_int_equal(document.published_origin,
                     NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_FEEDER);
}

static void date_line_tells_when_it_was_published(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct error err = {0};
    struct document document = published_of(arena, page, "", "");
    assert_ok(published_find(&document, &err), err);
    assert_string_equal(document.published, "2016-12-20T08:07:00+07:00");
    assert_int_equal(document.published_origin,
                     NEWSLOOM__V1__PUBLISHED_ORIGIN__PUBLISHED_ORIGIN_TEXT);
}

static void old_article_fetched_late_has_no_date_of_publication(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct error err = {0};
    struct document document = published_of(arena, "Sáng 19/12, cả làng gói bánh để gửi đi xa.", "",
                                            "2020-03-01T10:00:00+07:00");
    assert_ok(published_find(&document, &err), err);
    assert_string_equal(document.published, "");
}

static void date_that_is_none_is_refused_by_name(void **state)
{
    (void)state;
    CLEANUP(arena_free) struct arena *arena = arena_new(0);
    struct error err = {0};
    struct document document = published_of(arena, page, "yesterday", "");
    assert_refused(published_find(&document, &err), STATUS_INVALID, err, "published: ");
    document = published_of(arena, page, "", "2020-13-01");
    assert_refused(published_find(&document, &err), STATUS_INVALID, err, "fetched: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_writing_a_date_has_its_value),
        cmocka_unit_test(year_is_unknown_without_any_anchor),
        cmocka_unit_test(full_date_nearby_gives_its_year),
        cmocka_unit_test(dates_carry_their_first_and_last_day),
        cmocka_unit_test(decomposed_text_has_the_same_dates),
        cmocka_unit_test(moments_are_read_on_the_local_clock),
        cmocka_unit_test(days_count_through_leap_years),
        cmocka_unit_test(feeder_s_date_wins),
        cmocka_unit_test(date_line_tells_when_it_was_published),
        cmocka_unit_test(old_article_fetched_late_has_no_date_of_publication),
        cmocka_unit_test(date_that_is_none_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
