// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/date_figures.h"

enum {
    OLDEST_YEAR = 1000,
    NEWEST_YEAR = 2200,
    OLDEST_BARE_YEAR = 1800,
    NEWEST_BARE_YEAR = 2100,
};

static bool has_space(const struct reader *reader, uint32_t at)
{
    return reader_token(reader, at)->shape & SHAPE_SPACE_BEFORE;
}

/* The digits of a text up to something else; -1 when there is none or it is too long. */
static int leading_number(const char **text, unsigned *ret_digits)
{
    int value = 0;
    unsigned digits = 0;
    while (**text >= '0' && **text <= '9' && digits < 5) {
        value = value * 10 + (**text - '0');
        (*text)++;
        digits++;
    }
    *ret_digits = digits;
    return digits && digits < 5 ? value : -1;
}

int reader_number(const struct reader *reader, uint32_t at, unsigned *ret_digits)
{
    *ret_digits = 0;
    if (!reader_is_number(reader, at))
        return -1;
    const char *text = reader_token(reader, at)->folded;
    int value = leading_number(&text, ret_digits);
    return *text ? -1 : value;
}

int reader_small_number(const struct reader *reader, uint32_t at)
{
    unsigned digits = 0;
    int value = reader_number(reader, at, &digits);
    return digits <= 2 ? value : -1;
}

bool number_is_year(int value, unsigned digits)
{
    return digits == 4 && value >= OLDEST_YEAR && value <= NEWEST_YEAR;
}

bool number_is_bare_year(int value, unsigned digits)
{
    return digits == 4 && value >= OLDEST_BARE_YEAR && value <= NEWEST_BARE_YEAR;
}

char reader_separator(const struct reader *reader, uint32_t at)
{
    const struct token *token = reader_token(reader, at);
    if (token_is(token, "/"))
        return '/';
    if (token_is(token, "-") || token_is(token, "–"))
        return '-';
    return 0;
}

/* "20.8.2012" is one token. */
static bool read_dotted(const struct reader *reader, uint32_t at, struct figures *ret_figures)
{
    struct figures figures = {.separator = '.', .next = at + 1};
    const char *text = reader_token(reader, at)->folded;
    for (;;) {
        if (figures.count == DATE_MOST_PARTS)
            return false;
        unsigned i = figures.count++;
        figures.parts[i] = leading_number(&text, &figures.digits[i]);
        if (figures.parts[i] < 0 || (*text && *text != '.'))
            return false;
        if (!*text)
            break;
        text++;
    }
    *ret_figures = figures;
    return figures.count > 1;
}

bool reader_figures(const struct reader *reader, uint32_t at, struct figures *ret_figures)
{
    struct figures figures = {.count = 1, .next = at + 1};
    if (!reader_is_number(reader, at))
        return false;
    figures.parts[0] = reader_number(reader, at, &figures.digits[0]);
    if (figures.parts[0] < 0)
        return read_dotted(reader, at, ret_figures);
    while (figures.count < DATE_MOST_PARTS) {
        char separator = reader_separator(reader, figures.next);
        bool is_tight = separator == '/' ||
                        (!has_space(reader, figures.next) && !has_space(reader, figures.next + 1));
        if (!separator || !is_tight || (figures.separator && separator != figures.separator))
            break;
        unsigned i = figures.count;
        figures.parts[i] = reader_number(reader, figures.next + 1, &figures.digits[i]);
        if (figures.parts[i] < 0)
            break;
        figures.separator = separator;
        figures.count++;
        figures.next += 2;
    }
    bool is_span_of_days = figures.separator == '-' && figures.count == 2 &&
                           figures.digits[1] <= 2 && reader_separator(reader, figures.next) == '/';
    if (is_span_of_days) {
        figures.count = 1;
        figures.separator = 0;
        figures.next = at + 1;
    }
    *ret_figures = figures;
    return true;
}

uint32_t reader_year_after(const struct reader *reader, uint32_t at, int *ret_year)
{
    uint32_t next = at;
    if (reader_is_word(reader, next, ",") && reader_is_word(reader, next + 1, "năm"))
        next++;
    if (reader_is_word(reader, next, "năm") || reader_separator(reader, next))
        next++;
    unsigned digits = 0;
    int year = reader_number(reader, next, &digits);
    if (next == at || !number_is_year(year, digits))
        return at;
    *ret_year = year;
    return next + 1;
}
