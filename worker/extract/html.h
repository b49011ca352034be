// SPDX-License-Identifier: Apache-2.0
/*
 * html - the text of a page and what its markup says about it.
 *
 * The text has one line a block element and no markup; scripts, styles, forms, menus, asides and
 * footers leave nothing behind, and of what remains the block with the densest prose and its
 * surroundings stay. Depth and nodes are bounded, the walk needs no recursion.
 */
#ifndef WORKER_EXTRACT_HTML_H
#define WORKER_EXTRACT_HTML_H

#include "worker/extract/extract.h"

struct html_page {
    const char *bytes; /* the extracted text, clean UTF-8, in the arena */
    size_t size;
    const char *title; /* never NULL, as the next four */
    const char *author;
    const char *published; /* ISO 8601 or "" */
    const char *publisher;
    const char *window_title; /* of the title bar, often with the site's name: a last resort */
    bool is_listing;          /* links to articles, and none itself */
};

/* The charset is the article's own; empty: the page's declaration, else UTF-8. INVALID "content: …"
 * when there is no page in it. */
enum status html_read(const struct article_input *input, struct arena *arena,
                      struct html_page *ret_page, struct error *err) MUST_CHECK;

#endif
