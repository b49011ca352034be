// SPDX-License-Identifier: Apache-2.0
/*
 * html_meta - what a page says about itself: <meta>, <time>, <title>, JSON-LD, microdata, RDFa,
 * microformats, and elements that are named for the author.
 */
#ifndef WORKER_EXTRACT_HTML_META_H
#define WORKER_EXTRACT_HTML_META_H

#include <libxml/tree.h>

#include "common/arena.h"

struct html_meta {
    const char *title;   /* each NULL until it is found; the first of a kind stays */
    const char *heading; /* of itemprop="headline" */
    const char *author;
    const char *named_author; /* by an element's class, when nothing better is known */
    const char *window_title; /* of <title> */
    const char *published;    /* RFC 3339, Vietnam's clock */
    const char *publisher;
};

/* Look at one element of the page, in document order. */
void html_meta_note(struct html_meta *meta, const xmlNode *element, struct arena *arena);

/* An attribute's text or "", in the arena; names are lower case. */
const char *html_attribute(const xmlNode *element, const char *name, struct arena *arena);

#endif
