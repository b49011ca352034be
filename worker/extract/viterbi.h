// SPDX-License-Identifier: Apache-2.0
/*
 * viterbi - the best sequence of labels for one sentence, and how sure it is at each token.
 *
 * Scores are whole numbers, so the vector paths and the portable one give the same answer to the
 * bit; of equal sequences the one with the smaller labels, read from the end, wins. Steps that a
 * scheme forbids cost VITERBI_FORBIDDEN, more than any sentence can win back.
 */
#ifndef WORKER_EXTRACT_VITERBI_H
#define WORKER_EXTRACT_VITERBI_H

#include <stdint.h>

enum {
    VITERBI_LABELS = 13, /* labels are 0 to 12; those that a scheme lacks are forbidden */
    VITERBI_LANES = 16,  /* room for each, in whole vectors; the rest is forbidden, too */
};

#define VITERBI_FORBIDDEN (-(INT32_C(1) << 28))
#define VITERBI_LONGEST   1000U /* tokens of a sentence; the rest of a longer one stays outside */

/* One token's scores, by label. */
struct lanes {
    int32_t of[VITERBI_LANES];
};

struct transitions {
    struct lanes first;               /* of the first token's label */
    struct lanes from[VITERBI_LANES]; /* [a].of[b]: b stands behind a */
    struct lanes into[VITERBI_LANES]; /* [b].of[a]: the same, to be read backwards */
};

/* Fill into[] from from[]. */
void transitions_complete(struct transitions *transitions);

/* What a decoding leaves: for each token the best sums up to it and behind it. */
struct viterbi {
    struct lanes *forward;
    struct lanes *backward;
    uint8_t *labels;
};

enum viterbi_path { VITERBI_PORTABLE, VITERBI_VECTOR, VITERBI_AVX2 };

/* The fastest path that this machine has. */
enum viterbi_path viterbi_best_path(void);

/* The best labels; fills forward and labels. count is 1 to VITERBI_LONGEST. */
void viterbi_decode(enum viterbi_path path, const struct transitions *transitions,
                    const struct lanes *scores, uint32_t count, struct viterbi *viterbi);

/* Then, where it is asked how sure they are: fills backward. */
void viterbi_look_back(enum viterbi_path path, const struct transitions *transitions,
                       const struct lanes *scores, uint32_t count, struct viterbi *viterbi);

#endif
