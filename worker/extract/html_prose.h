// SPDX-License-Identifier: Apache-2.0
/*
 * html_prose - which lines of a page's markup are its article.
 *
 * The densest run of prose, from the headline above it to the by-line after it, without the linked
 * teasers inside; of several articles on one page the first. A page of linked headlines with hardly
 * any prose of its own is a listing.
 */
#ifndef WORKER_EXTRACT_HTML_PROSE_H
#define WORKER_EXTRACT_HTML_PROSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTML_PROSE_WORDS = 12 }; /* a line of so many words is prose */

/* A line of the page, one a block element. */
struct html_line {
    size_t start; /* bytes of the page's text */
    size_t end;
    uint32_t words;
    uint32_t linked_words;
    uint32_t article; /* which <article> of the page it stands in, 0: none */
    bool is_heading;  /* h1 */
    bool is_dropped;  /* inside the run, but no part of the article */
};

struct html_run {
    size_t first; /* lines [first, end) */
    size_t end;
    bool is_listing;
};

bool html_has_prose(const struct html_line *lines, size_t count);

/* Marks the lines inside the run that are dropped. */
struct html_run html_find_run(struct html_line *lines, size_t count);

#endif
