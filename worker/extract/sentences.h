// SPDX-License-Identifier: Apache-2.0
/*
 * sentences - where sentences begin and end inside the sections that are not junk.
 *
 * A full stop ends a sentence unless it belongs to an abbreviation ("TP.", "ThS."), an initial
 * ("L.T.H."), a number or an ellipsis that goes on in lower case. Closing quotes and brackets
 * belong to the sentence they close. Sections and sentences never cross. What runs on for 1500 code
 * points is cut at the next space.
 */
#ifndef WORKER_EXTRACT_SENTENCES_H
#define WORKER_EXTRACT_SENTENCES_H

#include "worker/extract/extract.h"

void sentences_find(struct document *document);

/* Where the sentence ends whose terminal mark stands at this place of the span; 0: it goes on. */
uint32_t sentence_end(const struct document *document, struct span span, uint32_t at);

/* ".", "!", "?" or an ellipsis */
static inline bool point_is_terminal(uint32_t point)
{
    return point == '.' || point == '!' || point == '?' || point == 0x2026;
}

#endif
