// SPDX-License-Identifier: Apache-2.0
/*
 * feed_document - the entries of an RSS (0.9x, 1.0, 2.0) or Atom document as JSON lines for
 * `newsloom feed`.
 *
 * No entity is resolved and nothing is loaded, whatever the document asks for.
 */
#ifndef CLIENT_RSS_FEED_DOCUMENT_H
#define CLIENT_RSS_FEED_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/status.h"

struct feed_counts {
    uint64_t printed;
    uint64_t without_text; /* a title and a link alone: nothing to extract from */
};

/* address: of the document, for relative links and as label "feed". fetched: when, as articles say
 * it. INVALID: it is no feed, or not well-formed, and where. */
enum status feed_document_print(const char *bytes, size_t size, const char *address,
                                const char *fetched, FILE *out, struct feed_counts *ret_counts,
                                struct error *err) MUST_CHECK;

/* RFC 822, as RSS has it, as RFC 3339; what is neither gives "". */
void feed_date(const char *text, char *ret_date, size_t size);

#endif
