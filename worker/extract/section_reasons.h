// SPDX-License-Identifier: Apache-2.0
/*
 * section_reasons - why a line of a page was judged to be what it is.
 *
 * Every rule of sections.c leads to one kind, so the judgement of a line is the rule that decided;
 * beside it stand what was seen of the line (lines.h) and what it weighed when the run of lines
 * that holds the prose was looked for (regions.h).
 */
#ifndef WORKER_EXTRACT_SECTION_REASONS_H
#define WORKER_EXTRACT_SECTION_REASONS_H

#include "worker/extract/extract.h"

/* Name, kind, what it says. */
#define SECTION_RULES(X)                                                                           \
    X(TITLE_NAMED, TITLE, "the crawler or the page's markup calls it the title")                   \
    X(TITLE_SPOKEN_OF, TITLE, "of the lines above the prose the one that it speaks of most")       \
    X(TITLE_ONLY, TITLE, "the only line above the prose that can be a headline")                   \
    X(TITLE_FIRST, TITLE, "no headline above the prose, so its first line")                        \
    X(DATE_ABOVE, METADATA, "a date line or a counter above the prose")                            \
    X(CREDIT_ABOVE, METADATA, "says who or when, between headline and prose")                      \
    X(NAME_ABOVE, METADATA, "a name in brackets between headline and prose")                       \
    X(CAPTION_ABOVE, CAPTION, "says that it belongs to a picture, between headline and prose")     \
    X(LEAD_APART, LEAD, "a paragraph shortly below the headline that stands apart from the prose") \
    X(ABOVE, JUNK, "stands above the prose and is neither headline, date nor credit")              \
    X(BOX, JUNK, "below the head of a box or a list, and no prose has come since")                 \
    X(BELOW, JUNK, "stands below the prose")                                                       \
    X(NOISE, JUNK, "says by itself that it is no part of an article, or stood on an earlier line") \
    X(DATE_FIRST, METADATA, "a date line or a counter before the first paragraph")                 \
    X(DATE_INSIDE, JUNK, "a date line or a counter amid the prose")                                \
    X(TIME_INSIDE, JUNK, "hardly more than a clock time")                                          \
    X(CREDIT, METADATA, "names somebody in words that only credits use")                           \
    X(CAPTION, CAPTION, "says that it belongs to a picture")                                       \
    X(BYLINE, METADATA, "says where the article comes from")                                       \
    X(QUESTION, BODY, "a question of an interview")                                                \
    X(LAST_SENTENCE, BODY, "the last line of the prose, and ends as a sentence does")              \
    X(TEASERS, JUNK, "one of several headlines in a row")                                          \
    X(BELOW_PICTURE, CAPTION, "stands below the name of a picture")                                \
    X(SHORT_LINE, CAPTION, "a short line without an end amid the prose")                           \
    X(PROSE, BODY, "stands in the prose, and nothing speaks against it")                           \
    X(LEAD, LEAD, "the first of three paragraphs or more below a headline")                        \
    X(DATE_BELOW, METADATA, "a date line right below the prose")                                   \
    X(CAPTION_BELOW, CAPTION, "says that it belongs to a picture, right below the prose")          \
    X(CREDIT_BELOW, METADATA, "a name or a credit right below the prose")                          \
    X(LISTING, JUNK, "the page lists articles and holds none")

enum section_rule {
#define X(name, kind, says) SECTION_##name,
    SECTION_RULES(X)
#undef X
        SECTION_RULE_COUNT
};

struct section_rule_facts {
    const char *name; /* "TITLE_NAMED" */
    Newsloom__V1__SectionKind kind;
    const char *says; /* for people */
};

extern const struct section_rule_facts section_rules[SECTION_RULE_COUNT];

/* Where a line stands to the run of lines that holds the prose. */
enum section_side { SECTION_SIDE_ABOVE, SECTION_SIDE_INSIDE, SECTION_SIDE_BELOW };

extern const char *const section_side_names[];

struct section_reason {
    enum section_rule rule;
    enum section_side side;
    int32_t weight;   /* what it gave the run that it was weighed for, in words */
    int32_t headline; /* how much spoke for it as the headline, when there was a choice */
    unsigned looks;   /* bits of enum line_look (lines.h) */
};

#endif
