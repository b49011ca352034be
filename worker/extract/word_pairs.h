// SPDX-License-Identifier: Apache-2.0
/*
 * word_pairs - pairs of neighbouring words, as bits: does an article speak of what a line says?
 */
#ifndef WORKER_EXTRACT_WORD_PAIRS_H
#define WORKER_EXTRACT_WORD_PAIRS_H

#include <stdint.h>

enum { WORD_PAIR_BITS = 16384 };

struct word_pairs {
    uint64_t bits[WORD_PAIR_BITS / 64];
};

/* The text is folded as line_fold() does. */
void word_pairs_add(struct word_pairs *pairs, const char *folded);

/* How many pairs of this text were added before. */
int word_pairs_count(const struct word_pairs *pairs, const char *folded);

#endif
