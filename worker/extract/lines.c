// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/lines.h"

#include <string.h>

#include "worker/extract/credits.h"
#include "worker/extract/document.h"
#include "worker/extract/line_phrases.h"

enum {
    PROSE_WORDS = 12,
    LONG_PROSE_WORDS = 30,
    NAME_MOST_WORDS = 6,
    CREDIT_MOST_WORDS = 18,
    HASHED_MOST = 64, /* bytes of a line; hardly any two lines begin alike so far */
};

/* The same points with their marks composed, or the points themselves when there are none. */
static const uint32_t *without_marks(struct arena *arena, const uint32_t *points,
                                     uint32_t *length_io)
{
    uint32_t length = *length_io;
    uint32_t first = 0;
    while (first < length && !point_is_mark(points[first]))
        first++;
    if (first == length)
        return points;
    uint32_t *composed = arena_take(arena, length, sizeof(*composed));
    for (uint32_t i = 0; i < length; i++)
        composed[i] = point_lower(points[i]);
    *length_io = (uint32_t)points_compose(composed, length);
    return composed;
}

const char *line_fold(struct arena *arena, const uint32_t *points, uint32_t length)
{
    points = without_marks(arena, points, &length);
    char *bytes = arena_take(arena, (size_t)length * 4 + 1, 1);
    size_t size = 0;
    for (uint32_t i = 0; i < length; i++) {
        if (!point_is_space(points[i]))
            size += point_write(point_lower(points[i]), bytes + size);
        else if (size && bytes[size - 1] != ' ')
            bytes[size++] = ' ';
    }
    if (size && bytes[size - 1] == ' ')
        bytes[--size] = 0;
    return bytes;
}

/* Does it end as a sentence does? Closing quotes and brackets do not count. */
static bool ends_as_sentence(const uint32_t *points, struct span span)
{
    uint32_t at = span.end;
    while (at > span.start) {
        uint32_t point = points[--at];
        if (point == '"' || point == ')' || point == 0x201d || point == 0x2019 || point == 0xbb ||
            point == ' ' || point == '/')
            continue;
        return point == '.' || point == '!' || point == '?' || point == 0x2026 || point == ';';
    }
    return false;
}

struct census {
    unsigned digits;
    unsigned letters;
    unsigned words;       /* runs of letters */
    unsigned capitals;    /* of these, beginning with a capital */
    unsigned inner_stops; /* a full stop and a capital after it */
};

static struct census take_census(const uint32_t *points, struct span span)
{
    struct census census = {0};
    bool was_letter = false;
    for (uint32_t i = span.start; i < span.end; i++) {
        bool is_letter = point_is_letter(points[i]);
        census.digits += point_is_digit(points[i]);
        census.letters += is_letter;
        if (is_letter && !was_letter) {
            census.words++;
            census.capitals += point_is_upper(points[i]);
        }
        if (points[i] == '.' && i + 2 < span.end && points[i + 1] == ' ' &&
            point_is_upper(points[i + 2]))
            census.inner_stops++;
        was_letter = is_letter;
    }
    return census;
}

/* The number at *at_io of at most so many digits; -1 when there is none. */
static int take_number(const char **at_io, unsigned most_digits)
{
    int value = 0;
    unsigned digits = 0;
    for (; digits < most_digits && **at_io >= '0' && **at_io <= '9'; digits++)
        value = value * 10 + (*(*at_io)++ - '0');
    return digits ? value : -1;
}

static bool is_full_date(const char *at)
{
    int day = take_number(&at, 2);
    if (day < 1 || day > 31 || !*at || !strchr("/-.", *at))
        return false;
    at++;
    int month = take_number(&at, 2);
    if (month < 1 || month > 12 || !*at || !strchr("/-.", *at))
        return false;
    at++;
    return take_number(&at, 4) >= 1900;
}

/* d/m/yyyy with "/", "-" or "." anywhere, or in words. */
static bool has_full_date(const char *folded)
{
    for (const char *at = folded; *at; at++) {
        bool follows_digit = at > folded && at[-1] >= '0' && at[-1] <= '9';
        if (!follows_digit && is_full_date(at))
            return true;
    }
    return strstr(folded, "tháng ") && strstr(folded, " năm ") && strstr(folded, "ngày ");
}

static bool has_clock(const char *folded)
{
    for (const char *at = folded; *at; at++)
        if (*at >= '0' && *at <= '9' && at[1] == ':' && at[2] >= '0' && at[2] <= '5')
            return true;
    return false;
}

static unsigned time_looks(const char *folded, const struct census *census)
{
    if (census->words > 10 || census->digits < 3)
        return 0;
    bool has_date = has_full_date(folded);
    if (!has_date && !has_clock(folded))
        return 0;
    if (has_date)
        return LINE_TIME | LINE_DATE;
    return census->words <= 4 ? LINE_TIME : 0;
}

static bool is_bullet(uint32_t point)
{
    return point == '-' || point == '+' || point == '*' || point == '>' || point == 0xbb ||
           point == 0x2022 || point == 0x25cf || point == 0x25aa || point == 0xb7 ||
           point == 0x2013 || point == 0x25ba;
}

/* "Anh Nguyễn", "HỮU PHÚC", "TTXVN/Tin Tức", "PV (TTXVN)". */
static bool is_name(const struct census *census)
{
    return census->words >= 1 && census->words <= NAME_MOST_WORDS && census->digits == 0 &&
           census->capitals == census->words;
}

static void look_at(const struct document *document, struct line *line)
{
    const uint32_t *points = document->text.points;
    struct census census = take_census(points, line->span);
    line->folded =
        line_fold(document->arena, points + line->span.start, line->span.end - line->span.start);
    line->words = census.words;
    bool is_ended = ends_as_sentence(points, line->span);
    line->looks = line_phrase_looks(line->folded, census.words);
    if (!is_ended || census.words < 4)
        line->looks |= time_looks(line->folded, &census);
    if (is_ended)
        line->looks |= LINE_ENDED;
    else if (census.words <= CREDIT_MOST_WORDS && credit_reads(points, line->span, line->folded))
        line->looks |= LINE_CREDIT;
    bool is_prose = (is_ended && census.words >= PROSE_WORDS) || census.words >= LONG_PROSE_WORDS ||
                    (census.inner_stops && census.words >= PROSE_WORDS);
    if (census.words > LONG_PROSE_WORDS * 2) /* whatever it begins with */
        line->looks &= ~(unsigned)(LINE_NOISE | LINE_STOP | LINE_BOX | LINE_CAPTION);
    if (is_prose)
        line->looks |= LINE_PROSE;
    else if (census.words >= 1)
        line->looks |= LINE_HEADLINE;
    if (is_name(&census))
        line->looks |= LINE_NAME;
    if (!census.letters && !(line->looks & LINE_TIME)) /* "1/5", "***" */
        line->looks |= LINE_NOISE;
    if (is_bullet(points[line->span.start]))
        line->looks |= LINE_BULLET;
}

static bool is_line_end(uint32_t point)
{
    if (point > '\r' && point < 0x2028)
        return false;
    return point == '\n' || point == '\r' || point == '\f' || point == 0x2028 || point == 0x2029;
}

/* The next line at or after *at_io without the space around it; false at the end of the text. */
static bool next_span(const struct text *text, uint32_t *at_io, struct span *ret_span)
{
    uint32_t at = *at_io;
    while (at < text->length && point_is_space(text->points[at]))
        at++;
    if (at >= text->length)
        return false;
    uint32_t end = at;
    while (end < text->length && !is_line_end(text->points[end]))
        end++;
    *at_io = end;
    while (end > at && point_is_space(text->points[end - 1]))
        end--;
    *ret_span = (struct span){at, end};
    return true;
}

/* Was the line only broken to fit a page? Its rest follows at once and begins in lower case. */
static bool goes_on(const struct text *text, struct span line, struct span next)
{
    uint32_t first = text->points[next.start];
    if (!point_is_letter(first) || point_is_upper(first) || ends_as_sentence(text->points, line))
        return false;
    unsigned breaks = 0;
    for (uint32_t i = line.end; i < next.start; i++)
        breaks += text->points[i] == '\n';
    return breaks <= 1 && line.end - line.start >= 30;
}

static struct line *add_line(struct arena *arena, struct lines *lines, uint32_t *capacity)
{
    if (lines->count == *capacity) {
        uint32_t wider = *capacity ? *capacity * 2 : 64;
        struct line *items = arena_take(arena, wider, sizeof(*items));
        if (lines->count)
            memcpy(items, lines->items, lines->count * sizeof(*items));
        lines->items = items;
        *capacity = wider;
    }
    return &lines->items[lines->count++];
}

static uint32_t hash_text(const char *text)
{
    uint32_t hash = 2166136261U;
    for (unsigned i = 0; i < HASHED_MOST && text[i]; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619U;
    return hash ^ (hash >> 15);
}

/* Mark every line whose letters stood on an earlier one. */
static void mark_repeated(struct arena *arena, struct lines *lines)
{
    uint32_t size = 64;
    while (size < lines->count * 2)
        size *= 2;
    uint32_t *slots = arena_take(arena, size, sizeof(*slots)); /* index + 1 */
    for (uint32_t i = 0; i < lines->count; i++) {
        uint32_t at = hash_text(lines->items[i].folded) & (size - 1);
        while (slots[at] && strcmp(lines->items[slots[at] - 1].folded, lines->items[i].folded) != 0)
            at = (at + 1) & (size - 1);
        if (slots[at])
            lines->items[i].looks |= LINE_REPEATED | (slots[at] == i ? LINE_ECHO : 0);
        else
            slots[at] = i + 1;
    }
}

struct lines lines_read(const struct document *document)
{
    struct lines lines = {0};
    uint32_t capacity = 0;
    uint32_t at = 0;
    struct span span;
    while (next_span(&document->text, &at, &span)) {
        struct line *last = lines.count ? &lines.items[lines.count - 1] : NULL;
        if (last && goes_on(&document->text, last->span, span))
            last->span.end = span.end;
        else
            add_line(document->arena, &lines, &capacity)->span = span;
    }
    for (uint32_t i = 0; i < lines.count; i++)
        look_at(document, &lines.items[i]);
    mark_repeated(document->arena, &lines);
    return lines;
}
