// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/regions.h"

#include <string.h>

#include "worker/extract/word_pairs.h"

enum {
    BOX_REACH = 10,      /* lines from the head of a box to the article that goes on */
    SEVERAL_WORDS = 150, /* no teaser has so many */
    HEAD_REACH = 4,      /* lines from the end of an article to the head of the list below it */
    MOST_BOXES = 8,      /* looked behind with the article's words in mind */
    KNOWN_PAIRS = 1,
    KNOWN_PAIRS_BEHIND_ONE = 4,
    TEASER_SHARE = 5, /* of its words, what prose below a list of other articles weighs */
};

struct search {
    const struct lines *lines;
    struct region best;
    int64_t best_weight;
    int64_t weight;
    uint32_t first; /* of the run that is being weighed */
    uint32_t pairs; /* neighbouring lines of prose in it */
    uint32_t best_pairs;
    uint32_t box_end; /* lines of a box inside the article weigh nothing */
    unsigned boxes;
    bool was_prose;  /* the last line that was weighed */
    bool is_stopped; /* below the head of a list, and an article was seen above */
};

static bool is_prose(const struct lines *lines, uint32_t index)
{
    return (lines->items[index].looks & LINE_PROSE) != 0;
}

/* How many pairs of words of this line the article above the box used before. */
static int count_known(const struct lines *lines, uint32_t first, uint32_t box, uint32_t index)
{
    struct word_pairs pairs = {0};
    for (uint32_t i = first > 3 ? first - 3 : 0; i < box; i++)
        word_pairs_add(&pairs, lines->items[i].folded);
    return word_pairs_count(&pairs, lines->items[index].folded);
}

/* Below a paragraph: another headline, so that the paragraph was rather that of a teaser? */
static bool is_before_headline(const struct lines *lines, uint32_t index)
{
    const unsigned others = LINE_NAME | LINE_CREDIT | LINE_BYLINE | LINE_CAPTION | LINE_STOP |
                            LINE_NOISE | LINE_PROSE | LINE_PICTURE;
    return index + 1 < lines->count && lines->items[index + 1].looks & LINE_HEADLINE &&
           !(lines->items[index + 1].looks & others);
}

/* The list below an article has its head within some credits' reach. */
static bool is_before_head(const struct lines *lines, uint32_t index)
{
    uint32_t end = lines->count - index > HEAD_REACH ? index + HEAD_REACH : lines->count;
    for (uint32_t i = index + 1; i < end; i++)
        if (lines->items[i].looks & LINE_STOP)
            return true;
    return false;
}

/* A single paragraph behind bare headlines is the article's if it speaks of the same. */
static uint32_t end_before_paragraph(const struct search *search, uint32_t box, uint32_t end)
{
    const unsigned never = LINE_REPEATED | LINE_TIME | LINE_STOP | LINE_NOISE;
    const struct lines *lines = search->lines;
    uint32_t next = box + 1;
    while (next < end && !is_prose(lines, next) && !(lines->items[next].looks & never))
        next++;
    if (next >= end || next < box + 2 || lines->items[next].looks & never ||
        !is_prose(lines, next) || is_before_headline(lines, next))
        return 0;
    if (next >= box + 3 && is_before_head(lines, next))
        return next;
    int least = next >= box + 3 ? KNOWN_PAIRS : KNOWN_PAIRS_BEHIND_ONE;
    return count_known(lines, search->first, box, next) >= least ? next : 0;
}

/* Where the article goes on below a box, 0 when it does not. Teasers are headlines with at most one
 * paragraph each. */
static uint32_t end_of_box(struct search *search, uint32_t box)
{
    const unsigned never = LINE_REPEATED | LINE_TIME | LINE_STOP | LINE_NOISE;
    const struct lines *lines = search->lines;
    uint32_t end = lines->count - box > BOX_REACH ? box + BOX_REACH : lines->count;
    for (uint32_t i = box + 2; i < end; i++) {
        unsigned both = lines->items[i - 1].looks & lines->items[i].looks;
        unsigned either = lines->items[i - 1].looks | lines->items[i].looks;
        if (both & LINE_PROSE && !(either & never))
            return i - 1;
        bool is_several = lines->items[i].words >= SEVERAL_WORDS;
        if (is_several && is_prose(lines, i) && !(lines->items[i].looks & never))
            return i;
    }
    return search->boxes++ < MOST_BOXES ? end_before_paragraph(search, box, end) : 0;
}

/* How much a line speaks for being part of the article, in words. */
static int64_t line_weight(const struct line *line, bool is_after_prose)
{
    unsigned looks = line->looks;
    int64_t words = line->words;
    if (looks & LINE_ECHO)
        return -2;
    if (looks & LINE_REPEATED)
        return -words - 4;
    if (looks & LINE_STOP)
        return is_after_prose ? -400 : -40;
    if (looks & LINE_NOISE)
        return -12;
    if (looks & LINE_TIME)
        return is_after_prose ? -60 : -2;
    if (looks & LINE_PROSE)
        return words;
    if (is_after_prose && looks & (LINE_BYLINE | LINE_CREDIT))
        return -100; /* what follows has another author */
    if (looks & (LINE_CAPTION | LINE_PICTURE))
        return 0;
    if (is_after_prose && looks & LINE_NAME && line->words > 1)
        return -30;
    return looks & LINE_BULLET ? -10 : -8;
}

/* The clock time of an entry in a running report: it stands between paragraphs, where a teaser has
 * its headline. */
static bool is_entry_time(const struct lines *lines, uint32_t index)
{
    return lines->items[index].looks & LINE_TIME && !(lines->items[index].looks & LINE_DATE) &&
           index > 0 && index + 1 < lines->count && is_prose(lines, index - 1) &&
           is_prose(lines, index + 1);
}

/* Below the head of a list: a headline with its time or its echo? */
static bool heads_teasers(const struct lines *lines, uint32_t index)
{
    return index + 2 < lines->count && lines->items[index + 1].looks & LINE_HEADLINE &&
           lines->items[index + 2].looks & (LINE_TIME | LINE_ECHO);
}

/* The paragraph of a teaser may stand between its headline and the same once more. */
static bool is_between_echoes(const struct lines *lines, uint32_t index)
{
    return index > 0 && index + 1 < lines->count && lines->items[index + 1].looks & LINE_REPEATED &&
           strcmp(lines->items[index - 1].folded, lines->items[index + 1].folded) == 0;
}

static int64_t weigh_line(struct search *search, uint32_t index)
{
    const struct line *line = &search->lines->items[index];
    int64_t weight = line_weight(line, search->weight > 0);
    if (is_entry_time(search->lines, index))
        weight = -2;
    bool was_article =
        search->best_pairs > 0 || (search->best_weight > 0 && heads_teasers(search->lines, index));
    if (line->looks & LINE_STOP && was_article)
        search->is_stopped = true;
    if (weight > 0 && (search->is_stopped || is_between_echoes(search->lines, index)))
        weight /= TEASER_SHARE;
    bool is_paragraph = weight > 0 && is_prose(search->lines, index);
    bool is_several = line->words >= SEVERAL_WORDS; /* paragraphs in one line */
    if (is_paragraph && (is_several || (search->was_prose && index > search->first)))
        search->pairs++;
    search->was_prose = is_paragraph;
    search->weight += weight;
    return weight;
}

struct region region_find(const struct lines *lines, struct section_reason *reasons)
{
    struct search search = {.lines = lines};
    for (uint32_t i = 0; i < lines->count; i++) {
        if (search.weight <= 0) {
            search.weight = 0;
            search.first = i;
            search.pairs = 0;
        }
        if (lines->items[i].looks & LINE_BOX && i >= search.box_end)
            search.box_end = end_of_box(&search, i);
        reasons[i].weight = i >= search.box_end ? (int32_t)weigh_line(&search, i) : 0;
        if (search.weight > search.best_weight) {
            search.best_weight = search.weight;
            search.best = (struct region){search.first, i + 1};
            search.best_pairs = search.pairs;
        }
    }
    return search.best;
}
