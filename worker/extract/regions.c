// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/regions.h"

#include "worker/extract/word_pairs.h"

enum {
    BOX_REACH = 10, /* lines from the head of a box to the article that goes on */
    MOST_BOXES = 8, /* looked behind with the article's words in mind */
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

static void weigh_line(struct search *search, uint32_t index)
{
    const struct line *line = &search->lines->items[index];
    int64_t weight = line_weight(line, search->weight > 0);
    if (is_entry_time(search->lines, index))
        weight = -2;
    if (line->looks & LINE_STOP && search->best_pairs > 0)
        search->is_stopped = true;
    if (search->is_stopped && weight > 0)
        weight /= TEASER_SHARE;
    if (weight > 0 && index > search->first && is_prose(search->lines, index - 1) &&
        is_prose(search->lines, index))
        search->pairs++;
    search->weight += weight;
}

struct region region_find(const struct lines *lines)
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
        if (i >= search.box_end)
            weigh_line(&search, i);
        if (search.weight > search.best_weight) {
            search.best_weight = search.weight;
            search.best = (struct region){search.first, i + 1};
            search.best_pairs = search.pairs;
        }
    }
    return search.best;
}
