// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/date_periods.h"

/* Some months of a year, and the token after them; next is 0 when there are none. */
struct months {
    int first;
    int last;
    uint32_t next;
};

/* "quý I", "quý 3" */
static struct months read_quarter(const struct reader *reader, uint32_t at)
{
    static const char romans[][WORD_SIZE] = {"i", "ii", "iii", "iv", ""};
    if (!reader_is_word(reader, at, "quý") && !reader_is_word(reader, at, "quí"))
        return (struct months){0};
    int quarter = reader_small_number(reader, at + 1);
    for (int i = 0; i < 4; i++)
        if (reader_is_word(reader, at + 1, romans[i]))
            quarter = i + 1;
    if (quarter < 1 || quarter > 4)
        return (struct months){0};
    return (struct months){quarter * 3 - 2, quarter * 3, at + 2};
}

/* "9 tháng đầu" năm, "nửa cuối" năm */
static struct months read_part_of_year(const struct reader *reader, uint32_t at)
{
    bool is_half = reader_is_word(reader, at, "nửa") || reader_is_word(reader, at, "nữa");
    int months = is_half ? 6 : reader_small_number(reader, at);
    bool is_months = months >= 1 && months <= 12 && reader_is_word(reader, at + 1, "tháng");
    uint32_t next = is_half ? at + 1 : at + 2;
    bool is_first = reader_is_word(reader, next, "đầu");
    if ((!is_half && !is_months) || (!is_first && !reader_is_word(reader, next, "cuối")) ||
        !reader_is_word(reader, next + 1, "năm"))
        return (struct months){0};
    return is_first ? (struct months){1, months, next + 1}
                    : (struct months){13 - months, 12, next + 1};
}

/* "quý I/2017", "9 tháng đầu năm 2010", "nửa đầu năm 2017". */
static bool read_months(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    struct months months = read_quarter(reader, at);
    if (!months.next)
        months = read_part_of_year(reader, at);
    if (!months.next)
        return false;
    int year = 0;
    uint32_t after = reader_year_after(reader, months.next, &year);
    if (after == months.next)
        return false;
    reading->from = (struct moment){.year = year, .month = months.first, .hour = -1};
    reading->to = (struct moment){.year = year, .month = months.last, .hour = -1};
    reading->is_range = true;
    reading->end_token = after;
    return true;
}

/* "2016-2017", "2016 - 2017" and after "năm", "từ năm"; next is 0 when it is no pair of years. */
static uint32_t read_year_pair(const struct reader *reader, uint32_t at, int *ret_from, int *ret_to)
{
    unsigned digits = 0;
    int from = reader_number(reader, at, &digits);
    if (!number_is_bare_year(from, digits) || reader_separator(reader, at + 1) == 0)
        return 0;
    int to = reader_number(reader, at + 2, &digits);
    if (!number_is_bare_year(to, digits) || to <= from || reader_separator(reader, at + 3))
        return 0;
    *ret_from = from;
    *ret_to = to;
    return at + 3;
}

static bool read_years(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    static const char before_pair[][WORD_SIZE] = {"đoạn", "kỳ", "kì", "khóa", "(", ""};
    uint32_t next = at;
    if (reader_is_word(reader, next, "từ"))
        next++;
    bool is_introduced = next != at;
    if (reader_is_word(reader, next, "năm")) {
        next++;
        is_introduced = true;
        if (reader_is_word(reader, next, "học"))
            next++;
    }
    int from = 0;
    int to = 0;
    uint32_t after = read_year_pair(reader, next, &from, &to);
    if (!after || (!is_introduced && !reader_is_one_of(reader, at - 1, before_pair)))
        return false;
    reading->from = (struct moment){.year = from, .hour = -1};
    reading->to = (struct moment){.year = to, .hour = -1};
    reading->is_range = true;
    reading->end_token = after;
    return true;
}

/* The hundred years that "của thế kỷ trước", "thế kỷ XIX" name, 1900 when nothing does. */
static uint32_t read_century(const struct reader *reader, uint32_t at, int *ret_years)
{
    static const struct {
        char words[2][WORD_SIZE];
        int years;
    } centuries[] = {{{"xviii", "18"}, 1700}, {{"xix", "19"}, 1800}, {{"xx", "20"}, 1900},
                     {{"xxi", "21"}, 2000},   {{"trước", ""}, 1900}, {{"này", ""}, 2000}};
    uint32_t next = at + reader_is_word(reader, at, "của");
    *ret_years = 1900;
    if (!reader_is_word(reader, next, "thế") ||
        (!reader_is_word(reader, next + 1, "kỷ") && !reader_is_word(reader, next + 1, "kỉ")))
        return at;
    for (size_t i = 0; i < COUNT_OF(centuries); i++)
        for (size_t w = 0; w < 2 && centuries[i].words[w][0]; w++)
            if (reader_is_word(reader, next + 2, centuries[i].words[w])) {
                *ret_years = centuries[i].years;
                return next + 3;
            }
    return at;
}

/* After "những": "năm 80 của thế kỷ trước", "năm 1990"; "thập niên 70". */
static bool read_decade(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    static const char second[][WORD_SIZE] = {"niên", "kỷ", "kỉ", ""};
    bool is_years = reader_is_word(reader, at, "năm") && reader_is_word(reader, at - 1, "những");
    bool is_decade = reader_is_word(reader, at, "thập") && reader_is_one_of(reader, at + 1, second);
    at += is_decade ? 2 : 1;
    unsigned digits = 0;
    int year = reader_number(reader, at, &digits);
    uint32_t after = at + 1;
    if ((!is_years && !is_decade) || year < 0 || year % 10 || reader_separator(reader, after))
        return false;
    if (digits == 2 && year > 0) {
        int century = 0;
        uint32_t end = read_century(reader, after, &century);
        if (end == after && (year < 20 || reader_is_word(reader, after, "tuổi")))
            return false;
        after = end;
        year += century;
    } else if (!number_is_bare_year(year, digits)) {
        return false;
    }
    reading->from = (struct moment){.year = year, .hour = -1};
    reading->to = (struct moment){.year = year + 9, .hour = -1};
    reading->is_range = true;
    reading->end_token = after;
    return true;
}

bool date_read_period(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    return read_months(reader, at, reading) || read_years(reader, at, reading) ||
           read_decade(reader, at, reading);
}
