// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/lines.h"

#include <string.h>

#include "worker/extract/credits.h"
#include "worker/extract/document.h"
#include "worker/extract/line_phrases.h"
#include "worker/extract/seams.h"
#include "worker/extract/stamps.h"

enum {
    PROSE_WORDS = 12,
    LONG_PROSE_WORDS = 30,
    NAME_MOST_WORDS = 6,
    CREDIT_MOST_WORDS = 18,
    HEADLINE_MOST_WORDS = 25,
    STAMP_WORDS = 10,    /* of a date line */
    STAMP_BYTES = 40,    /* of a date with its weekday and clock time */
    JOINED_LEAST = 300,  /* code points of a line, and … */
    JOINED_PERCENT = 85, /* … its share of the page: its line breaks were lost */
    HASHED_MOST = 64,    /* bytes of a line; hardly any two lines begin alike so far */
};

const char *const line_look_names[LINE_LOOK_COUNT] = {
    "prose", "headline", "stop",    "noise",    "date",     "time",  "byline",
    "name",  "picture",  "caption", "bullet",   "repeated", "count", "echo",
    "box",   "credit",   "ended",   "doubtful", "asked"};

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

/* A date and a clock time before all other words: "12/05/2021 08:15 GMT+7 Cỡ chữ: A- A A+ …". */
static bool begins_with_stamp(const char *folded)
{
    char head[STAMP_BYTES + 1];
    size_t size = strnlen(folded, STAMP_BYTES);
    memcpy(head, folded, size);
    head[size] = 0;
    return stamp_has_date(head) && stamp_has_clock(head);
}

static unsigned time_looks(const char *folded, const struct census *census)
{
    if (census->digits < 3)
        return 0;
    if (census->words > STAMP_WORDS)
        return census->words <= 2 * STAMP_WORDS && begins_with_stamp(folded) ? LINE_TIME | LINE_DATE
                                                                             : 0;
    bool has_date = stamp_has_date(folded);
    if (!has_date && !stamp_has_clock(folded))
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

static bool is_asked(const char *folded, uint32_t first)
{
    return is_bullet(first) || strncmp(folded, "pv:", 3) == 0 ||
           strncmp(folded, "hỏi:", strlen("hỏi:")) == 0;
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
    bool is_question = is_ended && line->folded[strlen(line->folded) - 1] == '?';
    if (is_question && is_asked(line->folded, points[line->span.start]))
        line->looks |= LINE_ASKED;
    if (is_prose)
        line->looks |= LINE_PROSE;
    if (is_prose && !census.inner_stops && (!is_ended || is_question))
        line->looks |= LINE_DOUBTFUL;
    if (!is_prose && census.words >= 1)
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

/* Headlines that are as long as a paragraph or end with a question mark: told by what stands around
 * them. */
static void unmask_headlines(struct lines *lines)
{
    unsigned before = LINE_STOP;
    for (uint32_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->items[i];
        unsigned after = i + 1 < lines->count ? lines->items[i + 1].looks : LINE_STOP;
        bool opens = line->looks & LINE_ENDED && !(before & LINE_PROSE) &&
                     line->words <= HEADLINE_MOST_WORDS;
        bool is_headline =
            after & (LINE_TIME | LINE_ECHO) || (before & LINE_STOP && i > 0) || opens;
        if (line->looks & LINE_DOUBTFUL && !(line->looks & LINE_ASKED) && is_headline)
            line->looks = (line->looks & ~(unsigned)LINE_PROSE) | LINE_HEADLINE;
        before = line->looks;
    }
}

/* A page whose line breaks were lost: put in their place the lines that it was made of. */
static void undo_join(const struct document *document, struct lines *lines, uint32_t *capacity)
{
    uint32_t longest = 0, length = 0, all = 0;
    for (uint32_t i = 0; i < lines->count; i++) {
        uint32_t points = lines->items[i].span.end - lines->items[i].span.start;
        all += points;
        if (points > length) {
            length = points;
            longest = i;
        }
    }
    if (length < JOINED_LEAST || (uint64_t)length * 100 < (uint64_t)all * JOINED_PERCENT)
        return;
    struct lines apart = {0};
    *capacity = 0;
    for (uint32_t i = 0; i < lines->count; i++) {
        if (i != longest) {
            *add_line(document->arena, &apart, capacity) = lines->items[i];
            continue;
        }
        struct seams seams = seams_split(document, lines->items[i].span);
        for (uint32_t k = 0; k < seams.count; k++)
            add_line(document->arena, &apart, capacity)->span = seams.lines[k];
    }
    *lines = apart;
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
    undo_join(document, &lines, &capacity);
    for (uint32_t i = 0; i < lines.count; i++)
        look_at(document, &lines.items[i]);
    mark_repeated(document->arena, &lines);
    unmask_headlines(&lines);
    return lines;
}
