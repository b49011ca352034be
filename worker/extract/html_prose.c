// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/html_prose.h"

enum {
    LINES_AFTER = 3,  /* by-lines follow the prose */
    LINES_BEFORE = 4, /* headline, date and lead without an h1 stand above it */
    TEASER_LEAST_WORDS = 4,
    LISTING_TEASERS = 12, /* so many linked headlines … */
    LISTING_LEADS = 3,    /* … and so many with a paragraph of their own, or no prose at all */
    LISTING_MOST_WORDS = 90,
    ARTICLE_LEAST_PROSE = 2, /* lines before another article's headline ends this one */
};

static bool is_linked(const struct html_line *line)
{
    return (uint64_t)line->linked_words * 2 > line->words;
}

static bool is_prose(const struct html_line *line)
{
    return line->words >= HTML_PROSE_WORDS && !is_linked(line);
}

static bool is_teaser(const struct html_line *line)
{
    return line->words >= TEASER_LEAST_WORDS &&
           (uint64_t)line->linked_words * 5 >= (uint64_t)line->words * 4;
}

bool html_has_prose(const struct html_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lines[i].words >= HTML_PROSE_WORDS)
            return true;
    return false;
}

static int64_t line_weight(const struct html_line *line)
{
    if (is_linked(line))
        return -(int64_t)line->linked_words - 2;
    return is_prose(line) ? (int64_t)line->words - line->linked_words : -3;
}

/* The run of the largest weight, and that weight. */
static struct html_run find_densest(const struct html_line *lines, size_t count, int64_t *ret_best)
{
    struct html_run run = {.first = 0, .end = count};
    int64_t best = 0;
    int64_t weight = 0;
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        if (weight <= 0) {
            weight = 0;
            start = i;
        }
        weight += line_weight(&lines[i]);
        if (weight > best) {
            best = weight;
            run.first = start;
            run.end = i + 1;
        }
    }
    *ret_best = best;
    return run;
}

/* Linked headlines everywhere, and no two lines of prose together. */
static bool is_listing(const struct html_line *lines, size_t count, int64_t best)
{
    size_t teasers = 0;
    size_t leads = 0;
    size_t proses = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_second = i > 0 && is_prose(&lines[i]) && is_prose(&lines[i - 1]);
        if (is_second)
            return false;
        teasers += is_teaser(&lines[i]);
        proses += is_prose(&lines[i]);
        bool has_teaser =
            i > 0 && (is_teaser(&lines[i - 1]) || (i > 1 && is_teaser(&lines[i - 2])));
        leads += is_prose(&lines[i]) && has_teaser;
    }
    return teasers >= LISTING_TEASERS && best <= LISTING_MOST_WORDS &&
           (proses == 0 || leads >= LISTING_LEADS);
}

/* Where the next article of an endless page begins: a headline in an <article> of its own. */
static size_t find_next_article(const struct html_line *lines, struct html_run run)
{
    size_t proses = 0;
    uint32_t article = lines[run.first].article;
    for (size_t i = run.first; i < run.end; i++) {
        bool is_other = lines[i].is_heading && lines[i].article && lines[i].article != article;
        if (is_other && proses >= ARTICLE_LEAST_PROSE)
            return i;
        proses += is_prose(&lines[i]);
    }
    return run.end;
}

static size_t find_heading(const struct html_line *lines, size_t first)
{
    size_t heading = first;
    while (heading > 0 && !lines[heading].is_heading)
        heading--;
    if (lines[heading].is_heading)
        return heading;
    return first > LINES_BEFORE ? first - LINES_BEFORE : 0;
}

struct html_run html_find_run(struct html_line *lines, size_t count)
{
    if (count == 0)
        return (struct html_run){0};
    int64_t best = 0;
    struct html_run run = find_densest(lines, count, &best);
    run.is_listing = is_listing(lines, count, best);
    if (run.is_listing)
        return (struct html_run){.end = count, .is_listing = true};
    size_t prose_first = run.first;
    run.first = find_heading(lines, run.first);
    run.end = run.end + LINES_AFTER < count ? run.end + LINES_AFTER : count;
    size_t prose_end = run.end;
    run.end = find_next_article(lines, run);
    for (size_t i = prose_first; i < prose_end; i++)
        lines[i].is_dropped = is_teaser(&lines[i]) && !lines[i].is_heading;
    return run;
}
