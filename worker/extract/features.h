// SPDX-License-Identifier: Apache-2.0
/*
 * features - what the tagger weighs: clues of a token and its neighbours, joined and hashed.
 *
 * A feature is a 32-bit hash of a template and the values that it joins. The trainer and the tagger
 * call the same function, so what was learned is what is asked. Nothing is allocated and no text is
 * touched: clues hold all values as numbers.
 */
#ifndef WORKER_EXTRACT_FEATURES_H
#define WORKER_EXTRACT_FEATURES_H

#include "worker/extract/clues.h"

enum { FEATURE_MOST = 120 }; /* of one token */

/* Families that can be left out, to measure what each is worth. */
enum feature_family {
    FAMILY_WORDS,
    FAMILY_AFFIXES,
    FAMILY_CLASSES,
    FAMILY_KNOWN,
    FAMILY_RULES,
    FAMILY_ARTICLE,
    FAMILY_PLACE,
    FAMILY_HEADS,
    FAMILY_COUNT,
};

extern const char *const feature_family_names[FAMILY_COUNT];

/* The features of token `at` of the sentence [first, end); families is a mask of those wanted.
 * Returns how many. */
unsigned features_of(const struct clue *clues, uint32_t first, uint32_t end, uint32_t at,
                     unsigned families, uint32_t ret_hashes[FEATURE_MOST]);

#define FAMILIES_ALL ((1U << FAMILY_COUNT) - 1U)

#endif
