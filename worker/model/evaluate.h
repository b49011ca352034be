// SPDX-License-Identifier: Apache-2.0
/*
 * evaluate - how many names labels find: strict, span and type exact.
 */
#ifndef WORKER_MODEL_EVALUATE_H
#define WORKER_MODEL_EVALUATE_H

#include "worker/model/perceptron.h"

struct tally {
    uint32_t right[TAG_COUNT];
    uint32_t found[TAG_COUNT];
    uint32_t wanted[TAG_COUNT];
};

/* Where the name that begins at `at` ends. */
uint32_t labels_name_end(const uint8_t *labels, uint32_t at, uint32_t count);

/* Count the names of a sentence's labels against the right ones. */
void tally_add(struct tally *tally, const uint8_t *labels, const uint8_t *gold, uint32_t count);

/* F1 in hundredths of a percent of the tags in the mask, the mean over all their names. */
unsigned tally_f1(const struct tally *tally, unsigned tags);

#define TAGS_CORE (1U << TAG_PERSON | 1U << TAG_ORGANIZATION | 1U << TAG_LOCATION)
#define TAGS_ALL  ((1U << TAG_COUNT) - 1U)

/* What the rules alone reach, and what the weights do. */
struct tally evaluate_rules(const struct examples *examples);
struct tally evaluate_weights(const struct examples *examples, const struct weights *weights);

/* One line: core, all, then each tag. */
void tally_print(const struct tally *tally, const char *name);

#endif
