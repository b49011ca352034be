// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/sentences.h"

#include <string.h>

#include "worker/extract/document.h"

enum { LONG_SENTENCE = 1500, LONGEST_SENTENCE = 4000, LONGEST_ABBREVIATION = 4 }; /* code points */

/* Words after which a full stop is part of the word, whatever follows. */
static const char *const abbreviations[] = {
    "TP",  "Tp",  "tp",   "TX",   "TT", "Tx",  "Tt",   "T",    "Q",  "P",  "H",   "X",
    "TS",  "Ts",  "ThS",  "Ths",  "GS", "PGS", "BS",   "Bs",   "KS", "LS", "ThS", "CN",
    "NS",  "Mr",  "Mrs",  "Ms",   "Dr", "St",  "Jr",   "Sr",   "Tr", "tr", "No",  "vs",
    "NXB", "Nxb", "NSND", "NSƯT", "ĐT", "đt",  "Đ/c",  "SN",   "TS", "BT", "GĐ",  "PGĐ",
    "Lt",  "Gen", "Col",  "Inc",  "Co", "Ltd", "Corp", "Prof",
};

static bool is_closing(uint32_t point)
{
    switch (point) {
    case '"':
    case '\'':
    case ')':
    case ']':
    case 0xbb:   /* » */
    case 0x2019: /* ’ */
    case 0x201d: /* ” */
        return true;
    default:
        return false;
    }
}

static bool is_lower(uint32_t point)
{
    return point_is_letter(point) && !point_is_mark(point) && !point_is_upper(point);
}

/* The word that ends right before this place. */
static struct span word_before(const struct document *document, uint32_t floor, uint32_t at)
{
    uint32_t first = at;
    while (first > floor && point_is_letter(document->text.points[first - 1]))
        first--;
    return (struct span){first, at};
}

static bool is_abbreviation(const struct document *document, uint32_t floor, uint32_t dot)
{
    struct span word = word_before(document, floor, dot);
    uint32_t length = word.end - word.start;
    if (length == 0)
        return false;
    if (length == 1)
        return point_is_upper(document->text.points[word.start]); /* an initial */
    if (length > LONGEST_ABBREVIATION)
        return false;
    const char *bytes = document->text.bytes + document->text.byte_at[word.start];
    size_t size = document->text.byte_at[word.end] - document->text.byte_at[word.start];
    for (size_t i = 0; i < COUNT_OF(abbreviations); i++)
        if (abbreviations[i][0] == bytes[0] && strncmp(abbreviations[i], bytes, size) == 0 &&
            !abbreviations[i][size])
            return true;
    return false;
}

/* "1." at the head of a list item. */
static bool is_list_number(const struct document *document, uint32_t floor, uint32_t dot)
{
    uint32_t at = dot;
    while (at > floor && point_is_digit(document->text.points[at - 1]))
        at--;
    return at == floor && dot - at >= 1 && dot - at <= 2;
}

/* "…về nhà.Sau đó": crawlers lose the space between paragraphs. */
static bool is_glued(const struct document *document, uint32_t floor, uint32_t dot, uint32_t end)
{
    const uint32_t *points = document->text.points;
    struct span word = word_before(document, floor, dot);
    if (word.end - word.start < 2 || dot + 2 >= end)
        return false;
    for (uint32_t i = word.start; i < word.end; i++)
        if (point_is_upper(points[i]))
            return false;
    return point_is_upper(points[dot + 1]) && is_lower(points[dot + 2]);
}

uint32_t sentence_end(const struct document *document, struct span span, uint32_t at)
{
    const uint32_t *points = document->text.points;
    uint32_t after = at + 1;
    while (after < span.end && point_is_terminal(points[after]))
        after++;
    if (after == span.end)
        return after;
    if (after == at + 1 && points[at] == '.') {
        if (is_glued(document, span.start, at, span.end))
            return after;
        if (is_abbreviation(document, span.start, at) || is_list_number(document, span.start, at))
            return 0;
    }
    while (after < span.end && is_closing(points[after]))
        after++;
    if (after < span.end && !point_is_space(points[after]))
        return 0;
    uint32_t next = after;
    while (next < span.end && point_is_space(points[next]))
        next++;
    if (next < span.end && is_lower(points[next]))
        return 0;
    return after;
}

static void add_sentence(struct document *document, uint32_t section, uint32_t first, uint32_t last)
{
    const uint32_t *points = document->text.points;
    while (first < last && point_is_space(points[first]))
        first++;
    while (last > first && point_is_space(points[last - 1]))
        last--;
    if (first == last)
        return;
    struct sentence *sentence = document_add_sentence(document);
    sentence->span = (struct span){first, last};
    sentence->section = section;
}

/* What has no end for so long is no sentence: cut it at a space, so that later steps stay fast. */
static bool is_overlong(const struct document *document, uint32_t first, uint32_t at)
{
    uint32_t length = at - first;
    return (length >= LONG_SENTENCE && point_is_space(document->text.points[at])) ||
           length >= LONGEST_SENTENCE;
}

static void split_section(struct document *document, uint32_t index)
{
    struct span span = document->sections[index].span;
    uint32_t first = span.start;
    for (uint32_t at = span.start; at < span.end; at++) {
        uint32_t end = 0;
        if (point_is_terminal(document->text.points[at])) {
            end = sentence_end(document, (struct span){first, span.end}, at);
            while (!end && at + 1 < span.end && point_is_terminal(document->text.points[at + 1]))
                at++;
        } else if (is_overlong(document, first, at)) {
            end = at;
        }
        if (!end)
            continue;
        add_sentence(document, index, first, end);
        first = end;
        at = end - 1;
    }
    add_sentence(document, index, first, span.end);
}

void sentences_find(struct document *document)
{
    for (uint32_t i = 0; i < document->section_count; i++)
        if (document->sections[i].kind != NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_JUNK)
            split_section(document, i);
}
