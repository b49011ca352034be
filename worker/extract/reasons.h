// SPDX-License-Identifier: Apache-2.0
/*
 * reasons - what spoke for a mention: at each of its tokens, how much every family of features
 * (features.h) gave its label over the rival, the label that had the most weight among the others.
 * What the sequence adds (transitions) is not in it.
 */
#ifndef WORKER_EXTRACT_REASONS_H
#define WORKER_EXTRACT_REASONS_H

#include "worker/extract/extract.h"
#include "worker/extract/tagger.h"

struct reason {
    struct span token;
    uint8_t label;
    uint8_t rival;
    int32_t weights[FAMILY_COUNT]; /* for the label, below zero: for the rival */
};

/* Give the mentions of the search's document their reasons; clues and verdicts are those that
 * decided. */
void reasons_find(const struct search *search, const struct tagger *tagger,
                  const struct clue *clues, const struct verdict *verdicts);

/* "O", "B-PERSON", "I-LOCATION", … */
const char *label_name(unsigned label);

#endif
