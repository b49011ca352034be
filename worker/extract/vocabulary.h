// SPDX-License-Identifier: Apache-2.0
/*
 * vocabulary - which words and which pairs of neighbours a page has, as bits.
 *
 * Names recur, and so do their words side by side; where two lines were joined a pair stands that
 * recurs nowhere. Hashed: on large pages it may say yes too often.
 */
#ifndef WORKER_EXTRACT_VOCABULARY_H
#define WORKER_EXTRACT_VOCABULARY_H

#include "worker/extract/extract.h"

enum { VOCABULARY_BITS = 65536 };

struct vocabulary {
    uint64_t lower[VOCABULARY_BITS / 64]; /* words in lower case */
    uint64_t pairs[VOCABULARY_BITS / 64]; /* two neighbours, as they are written */
    uint64_t again[VOCABULARY_BITS / 64]; /* pairs that stand there more than once */
};

void vocabulary_add_lower(struct vocabulary *vocabulary, const struct document *document,
                          struct span word);
void vocabulary_add_pair(struct vocabulary *vocabulary, const struct document *document,
                         struct span word, struct span next);

/* Does the word stand there in lower case, too? */
bool vocabulary_has_lower(const struct vocabulary *vocabulary, const struct document *document,
                          struct span word);

/* Do the two stand side by side more than once? */
bool vocabulary_repeats(const struct vocabulary *vocabulary, const struct document *document,
                        struct span word, struct span next);

#endif
