// SPDX-License-Identifier: Apache-2.0
/*
 * perceptron - an averaged structured perceptron with a margin, trained by additions only.
 *
 * Every wrong label of a sentence, and every label that wins by too little, moves the weights of
 * the sentence's features by one. Whole numbers, a generator of our own, sentences in an order that
 * the seed alone decides: the same examples give the same weights on every machine.
 */
#ifndef WORKER_MODEL_PERCEPTRON_H
#define WORKER_MODEL_PERCEPTRON_H

#include "worker/extract/tagger.h"
#include "worker/model/examples.h"

/* Feature hashes that were met often enough, numbered from 1 by hash; 0 is none. */
struct lexicon {
    uint32_t *hashes; /* [0] is not used */
    uint32_t count;   /* with 0 */
};

struct weights {
    struct lexicon lexicon;
    struct lanes *rows; /* by number */
    struct transitions transitions;
};

struct schedule {
    unsigned rounds;
    unsigned orders; /* train so often, each time in another order, and take the mean */
    int32_t margin;  /* what a wrong label gets for free while training */
    unsigned least;  /* a feature must be met so often */
    uint32_t rows;   /* keep at most so many features */
    uint64_t seed;
};

/* Train on the examples, whose features are hashes. */
struct weights weights_train(const struct examples *examples, const struct schedule *schedule);
void weights_free(struct weights *weights);

/* The numbers of all features, [1] the most important; freed with free(). */
uint32_t *weights_by_importance(const struct weights *weights);

/* The best labels of a sentence whose features are hashes. */
struct decoder;
struct decoder *decoder_new(const struct weights *weights);
void decoder_free(struct decoder **decoder_p);
const uint8_t *decoder_label(struct decoder *decoder, const struct examples *examples,
                             const struct example *sentence);

/* The same, with margins. */
const struct verdict *decoder_judge(struct decoder *decoder, const struct examples *examples,
                                    const struct example *sentence);

/* splitmix64 */
uint64_t next_random(uint64_t *state);

#endif
