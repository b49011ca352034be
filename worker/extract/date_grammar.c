// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/date_grammar.h"

#include <string.h>

#include "worker/extract/date_periods.h"

struct part {
    struct moment moment;
    bool is_strong; /* a date wherever it stands; a weak one needs a word before it */
    bool is_day_only;
    uint32_t next; /* 0: nothing was read */
};

/* Does something go on after the figures that makes them no date: "1/2/3/4", "24.6%"? */
static bool is_cut_short(const struct reader *reader, const struct figures *figures)
{
    if (reader_is_word(reader, figures->next, "%"))
        return true;
    return reader_separator(reader, figures->next) == '/' &&
           reader_is_number(reader, figures->next + 1);
}

/* Figures that stand for a day: d/m/y or d/m. */
static bool day_of_figures(const struct figures *figures, bool is_introduced,
                           struct moment *ret_moment)
{
    struct moment moment = MOMENT_NONE;
    if (figures->count < 2 || figures->digits[0] > 2 || figures->digits[1] > 2)
        return false;
    moment.day = figures->parts[0];
    moment.month = figures->parts[1];
    if (figures->count == 3) {
        moment.year = figures->parts[2];
        if (figures->digits[2] == 2 && is_introduced)
            moment.year += 2000;
        else if (!number_is_year(figures->parts[2], figures->digits[2]))
            return false;
    }
    *ret_moment = moment;
    return moment.day > 0 && moment.month > 0 && moment_is_possible(moment);
}

/* "tháng 9/2023", "tháng 10 năm 2012", "tháng 6"; at stands on "tháng". */
static struct part read_month(const struct reader *reader, uint32_t at)
{
    struct part part = {.moment = MOMENT_NONE, .is_strong = true};
    struct figures figures;
    if (!reader_figures(reader, at + 1, &figures) || figures.digits[0] > 2)
        return part;
    part.moment.month = figures.parts[0];
    part.next = at + 2;
    bool has_year = figures.count == 2 && number_is_year(figures.parts[1], figures.digits[1]);
    if (has_year) {
        part.moment.year = figures.parts[1];
        part.next = figures.next;
    } else if (figures.separator == '.') {
        part.next = 0;
    } else {
        part.next = reader_year_after(reader, part.next, &part.moment.year);
    }
    if (!part.moment.month || !moment_is_possible(part.moment) ||
        (!has_year && reader_is_word(reader, part.next, "%")))
        part.next = 0;
    return part;
}

/* After "ngày" or bare: d/m/y, d/m, "d tháng m năm y", or a day alone. */
static struct part read_day(const struct reader *reader, uint32_t at, bool is_introduced)
{
    struct part part = {.moment = MOMENT_NONE, .is_strong = is_introduced};
    struct figures figures;
    if (!reader_figures(reader, at, &figures))
        return part;
    if (figures.count == 1 && figures.digits[0] <= 2 && reader_is_word(reader, at + 1, "tháng")) {
        struct part month = read_month(reader, at + 1);
        month.moment.day = figures.parts[0];
        if (!month.next || !month.moment.day || !moment_is_possible(month.moment))
            return part;
        month.is_strong = is_introduced || month.moment.year;
        return month;
    }
    if (is_cut_short(reader, &figures))
        return part;
    if (day_of_figures(&figures, is_introduced, &part.moment)) {
        part.is_strong = is_introduced || figures.count == 3;
        part.next = figures.next;
        if (figures.count == 2 && reader_is_word(reader, figures.next, "năm"))
            part.next = reader_year_after(reader, figures.next, &part.moment.year);
        if (!moment_is_possible(part.moment))
            part.next = 0;
        return part;
    }
    if (figures.count == 1 && figures.digits[0] <= 2 && figures.parts[0] >= 1 &&
        figures.parts[0] <= 31) {
        part.moment.day = figures.parts[0];
        part.is_day_only = true;
        part.is_strong = false;
        part.next = figures.next;
    }
    return part;
}

/* "9/2023", "2016", "năm 2016": what stands without "ngày" and "tháng". */
static struct part read_bare_year_or_month(const struct reader *reader, uint32_t at)
{
    struct part part = {.moment = MOMENT_NONE};
    struct figures figures;
    bool is_introduced = reader_is_word(reader, at, "năm");
    if (!reader_figures(reader, at + is_introduced, &figures) || is_cut_short(reader, &figures))
        return part;
    if (!is_introduced && figures.count == 2 && figures.separator == '/' &&
        figures.digits[0] <= 2 && number_is_bare_year(figures.parts[1], figures.digits[1])) {
        part.moment.month = figures.parts[0];
        part.moment.year = figures.parts[1];
        part.is_strong = true;
        part.next = figures.next;
        if (!part.moment.month || !moment_is_possible(part.moment))
            part.next = 0;
        return part;
    }
    bool is_alone = figures.count == 1 || figures.separator == '-';
    bool is_plausible = is_introduced ? number_is_year(figures.parts[0], figures.digits[0])
                                      : number_is_bare_year(figures.parts[0], figures.digits[0]);
    if (!is_alone || !is_plausible)
        return part;
    part.moment.year = figures.parts[0];
    part.is_strong = is_introduced;
    part.next = at + is_introduced + 1;
    return part;
}

static const char parts_of_day[][WORD_SIZE] = {"sáng",  "trưa", "chiều", "tối",  "đêm",
                                               "khuya", "sớm",  "rạng",  "ngày", ""};

/* "thứ ba", "thứ 3", "chủ nhật": two words. */
static uint32_t read_weekday(const struct reader *reader, uint32_t at)
{
    static const char names[][WORD_SIZE] = {"hai", "ba", "tư", "năm", "sáu", "bảy", "bẩy",
                                            "2",   "3",  "4",  "5",   "6",   "7",   ""};
    bool is_weekday =
        (reader_is_word(reader, at, "thứ") && reader_is_one_of(reader, at + 1, names)) ||
        (reader_is_word(reader, at, "chủ") && reader_is_word(reader, at + 1, "nhật"));
    return is_weekday ? at + 2 : at;
}

/* "8h30", "19 giờ 15 phút", "08:07"; with the part of day that may follow ("9h sáng"). */
static uint32_t read_clock(const struct reader *reader, uint32_t at, struct moment *moment)
{
    static const char hour_words[][WORD_SIZE] = {"h", "g", "giờ", ":", ""};
    static const char minute_words[][WORD_SIZE] = {"phút", "p", "'", "’", "′", ""};
    uint32_t next = at + 2;
    int hour = reader_small_number(reader, at);
    int minute = reader_small_number(reader, at + 2);
    if (hour < 0 || !reader_is_one_of(reader, at + 1, hour_words))
        return at;
    bool is_colon = reader_is_word(reader, at + 1, ":");
    if (minute >= 0 && (is_colon || !reader_separator(reader, at + 3))) {
        next++;
        if (is_colon && reader_is_word(reader, next, ":") &&
            reader_small_number(reader, next + 1) >= 0)
            next += 2;
    } else if (is_colon) {
        return at;
    } else {
        minute = 0;
    }
    bool has_mark = reader_is_one_of(reader, next, minute_words);
    next += has_mark;
    if (!has_mark && !reader_is_word(reader, next, "ngày") &&
        reader_is_one_of(reader, next, parts_of_day))
        next++;
    moment->hour = hour;
    moment->minute = minute;
    struct moment probe = {.hour = hour, .minute = minute};
    return moment_is_possible(probe) ? next : at;
}

/* "20/12/2016 08:07": a clock time right after a full date. */
static void read_clock_after(const struct reader *reader, struct part *part)
{
    struct moment clock = MOMENT_NONE;
    if (!part->moment.day || !part->moment.year || part->moment.hour >= 0 ||
        !reader_is_word(reader, part->next + 1, ":"))
        return;
    uint32_t next = read_clock(reader, part->next, &clock);
    if (next == part->next)
        return;
    part->moment.hour = clock.hour;
    part->moment.minute = clock.minute;
    part->next = next;
}

/* One moment in any form; next is 0 when there is none. */
static struct part read_part(const struct reader *reader, uint32_t at)
{
    struct moment clock = MOMENT_NONE;
    uint32_t after_clock = read_clock(reader, at, &clock);
    uint32_t after_weekday = read_weekday(reader, after_clock);
    uint32_t start = after_weekday;
    bool has_weekday = after_weekday != after_clock;
    if (has_weekday && reader_is_word(reader, start, ","))
        start++;
    if (has_weekday && reader_is_word(reader, start, "("))
        start = reader->end;
    bool is_introduced = reader_is_word(reader, start, "ngày");
    start += is_introduced;
    if (is_introduced &&
        (reader_is_word(reader, start, "mùng") || reader_is_word(reader, start, "mồng")))
        start++;
    struct part part = read_day(reader, start, is_introduced || has_weekday);
    if (part.next && !part.is_day_only) {
        part.moment.hour = clock.hour;
        part.moment.minute = clock.minute;
        part.is_strong = part.is_strong || after_clock != at;
        read_clock_after(reader, &part);
        return part;
    }
    if (after_weekday != at)
        return (struct part){0};
    if (is_introduced && part.is_day_only)
        return part;
    if (reader_is_word(reader, at, "tháng"))
        return read_month(reader, at);
    struct part bare = read_bare_year_or_month(reader, at);
    return bare.next || is_introduced ? bare : part;
}

/* The token after a word that joins two ends of an interval; at when there is none. */
static uint32_t read_connector(const struct reader *reader, uint32_t at, bool is_day_only)
{
    if (reader_is_word(reader, at, "cho") && reader_is_word(reader, at + 1, "đến"))
        return at + 2;
    if (reader_is_word(reader, at, "đến") || reader_is_word(reader, at, "tới") ||
        reader_separator(reader, at) == '-')
        return at + 1;
    if (is_day_only && (reader_is_word(reader, at, "và") || reader_is_word(reader, at, ",")))
        return at + 1;
    return at;
}

/* Give the first end what only the second says: month and year. */
static bool complete_from(struct moment *from, const struct moment *to)
{
    if (from->day && !from->month)
        from->month = to->month;
    if ((from->month != 0) != (to->month != 0) || (from->day != 0) != (to->day != 0))
        return false;
    if (!from->year && to->year) {
        from->year = to->year;
        if (from->month > to->month)
            from->year--;
    }
    if (from->year && !to->year)
        return false;
    if (!moment_is_possible(*from) || !moment_is_possible(*to))
        return false;
    if (from->year)
        return moment_first_day(*from) <= moment_first_day(*to);
    return from->month < to->month || (from->month == to->month && from->day < to->day);
}

static bool read_interval(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    bool has_from = reader_is_word(reader, at, "từ");
    struct part first = read_part(reader, at + has_from);
    bool is_named_day = reader_is_word(reader, at + has_from, "ngày");
    if (!first.next || (first.is_day_only && !has_from && !is_named_day))
        return false;
    uint32_t next = read_connector(reader, first.next, first.is_day_only);
    if (next == first.next)
        return false;
    struct part second = read_part(reader, next);
    if (!second.next || second.is_day_only)
        return false;
    if (!has_from && !first.is_strong && !first.is_day_only)
        return false;
    if (!complete_from(&first.moment, &second.moment))
        return false;
    reading->from = first.moment;
    reading->to = second.moment;
    reading->from.hour = -1;
    reading->to.hour = -1;
    reading->is_range = true;
    reading->end_token = second.next;
    return true;
}

/* "10-11/2" after a part of the day or at the head of a line: days without "ngày". */
static bool has_date_context(const struct reader *reader, uint32_t at)
{
    static const char words[][WORD_SIZE] = {
        "sáng", "trưa", "chiều", "tối", "đêm", "khuya", "hôm", "nay", "qua",  "mai", "từ",
        "đến",  "tới",  "vào",   "sớm", "hết", "trước", "sau", "lúc", "rạng", "dịp", ""};
    uint32_t before = at - 1;
    if (before >= reader->first && before < reader->end &&
        (reader_is_word(reader, before, ",") || reader_is_word(reader, before, "(")) &&
        (reader_is_word(reader, before - 1, "nay") || reader_is_word(reader, before - 1, "qua") ||
         reader_is_word(reader, before - 1, "nhật") || read_weekday(reader, before - 2) == before))
        return true;
    return reader_is_one_of(reader, before, words);
}

static bool is_closed(const struct reader *reader, uint32_t next)
{
    const struct token *after = reader_token(reader, next);
    return !after->folded[0] || strchr(",.;:)", after->folded[0]) ||
           reader_separator(reader, next) == '-';
}

/* "bế mạc 27/11.": nothing says that it is a date but the figures, too large for a fraction, and
 * that nothing is counted by them. */
static bool looks_like_a_day(const struct reader *reader, uint32_t at, const struct part *part)
{
    static const char counts[][WORD_SIZE] = {"số",  "ngõ",  "hẻm",  "kiệt", "nhà",    "lớp",
                                             "độ",  "lệ",   "căn",  "lô",   "khoảng", "hơn",
                                             "gần", "điều", "quân", "kênh", ""};
    const struct moment *moment = &part->moment;
    struct figures figures;
    if (!reader_figures(reader, at, &figures) || figures.separator != '/' || figures.count != 2)
        return false;
    bool is_large = moment->day > 10 || moment->month > 10;
    bool is_around_the_clock = moment->day == 24 && moment->month == 7;
    return is_large && !is_around_the_clock && is_closed(reader, part->next) &&
           !reader_is_number(reader, at - 1) && !reader_is_one_of(reader, at - 1, counts);
}

/* "Luật Đất đai 2024": the year of a law. */
static bool follows_a_law(const struct reader *reader, uint32_t at)
{
    enum { LONGEST_NAME = 8 };
    static const char heads[][WORD_SIZE] = {"luật", "hiến", "ước", "lệnh", ""};
    for (uint32_t i = 1; i <= LONGEST_NAME && at >= reader->first + i; i++) {
        const struct token *token = reader_token(reader, at - i);
        if (token->shape & (SHAPE_NUMBER | SHAPE_PUNCTUATION))
            return false;
        if (token->shape & SHAPE_CAPITAL && reader_is_one_of(reader, at - i, heads))
            return true;
    }
    return false;
}

/* A bare year is a date only where people write when somebody was born, or when a law was made. */
static bool has_year_context(const struct reader *reader, uint32_t at, const struct part *part)
{
    static const char words[][WORD_SIZE] = {"sn", "sinh", "nsinh", "s", ""};
    static const char times[][WORD_SIZE] = {"hồi", "từ", "trước", "sau", "hè", "đông", "dịch", ""};
    if (is_closed(reader, part->next) &&
        (reader_is_one_of(reader, at - 1, times) || follows_a_law(reader, at)))
        return true;
    if (reader_is_word(reader, at - 1, ":") || reader_is_word(reader, at - 1, "."))
        at--;
    return reader_is_one_of(reader, at - 1, words);
}

static bool is_wanted(const struct reader *reader, uint32_t at, const struct part *part)
{
    if (!part->next)
        return false;
    const struct moment *moment = &part->moment;
    if (part->is_day_only) {
        bool is_counted = reader_is_number(reader, at - 1) || reader_is_word(reader, at - 1, "mỗi");
        return reader_is_word(reader, at, "ngày") && is_closed(reader, part->next) && !is_counted &&
               has_date_context(reader, at);
    }
    if (reader_is_word(reader, at, "tháng") && !moment->year && reader_is_number(reader, at - 1))
        return false; /* "2 tháng 10 ngày" lasts, it does not happen */
    if (part->is_strong)
        return true;
    if (moment->day)
        return has_date_context(reader, at) || looks_like_a_day(reader, at, part);
    return has_year_context(reader, at, part);
}

/* Every reading begins with a number or one of these words. */
static bool may_begin(const struct token *token)
{
    if (token->shape & SHAPE_NUMBER)
        return true;
    switch (token->folded[0]) {
    case 'n':
        return token_is(token, "ngày") || token_is(token, "năm") || token_is(token, "nửa") ||
               token_is(token, "nữa");
    case 't':
        return token_is(token, "tháng") || token_is(token, "từ") || token_is(token, "thứ") ||
               token_is(token, "thập");
    case 'c':
        return token_is(token, "chủ");
    case 'q':
        return token_is(token, "quý") || token_is(token, "quí");
    default:
        return false;
    }
}

static bool read_one(const struct reader *reader, uint32_t at, struct date_reading *reading)
{
    reading->first_token = at;
    if (date_read_period(reader, at, reading) || read_interval(reader, at, reading))
        return true;
    struct part part = read_part(reader, at);
    if (!is_wanted(reader, at, &part))
        return false;
    reading->from = part.moment;
    reading->to = part.moment;
    reading->is_range = false;
    reading->end_token = part.next;
    return true;
}

/* A number that is no date takes its whole run of figures along, so that no piece of it is one. */
static uint32_t skip_one(const struct reader *reader, uint32_t at)
{
    struct figures figures;
    if (!reader_is_number(reader, at) || !reader_figures(reader, at, &figures))
        return at + 1;
    uint32_t next = figures.next;
    while (reader_separator(reader, next) == '/' && reader_is_number(reader, next + 1))
        next += 2;
    return next;
}

bool date_read_next(const struct document *document, const struct sentence *sentence,
                    uint32_t *token_io, struct date_reading *ret_reading)
{
    struct reader reader = {.document = document,
                            .first = sentence->first_token,
                            .end = sentence->first_token + sentence->token_count};
    uint32_t at = *token_io;
    while (at < reader.end) {
        struct date_reading reading = {0};
        if (!may_begin(reader_token(&reader, at))) {
            at++;
            continue;
        }
        if (read_one(&reader, at, &reading)) {
            *token_io = reading.end_token;
            *ret_reading = reading;
            return true;
        }
        at = skip_one(&reader, at);
    }
    *token_io = reader.end;
    return false;
}
