// SPDX-License-Identifier: Apache-2.0
/*
 * examples - sentences with features and right labels, made from the corpus by the extractor's own
 * code, so that training sees what a run will see.
 */
#ifndef WORKER_MODEL_EXAMPLES_H
#define WORKER_MODEL_EXAMPLES_H

#include "worker/model/corpus.h"

struct example {
    uint32_t first; /* token */
    uint32_t count;
    uint32_t article;
};

struct examples {
    struct example *sentences;
    uint32_t sentence_count;
    uint32_t sentence_room;
    uint32_t *features; /* of all tokens: hashes, or numbers once a lexicon has numbered them */
    size_t feature_count;
    size_t feature_room;
    size_t *first_feature; /* of each token and one more */
    uint8_t *gold;         /* labels */
    uint8_t *rules;        /* labels that the rules alone give */
    uint32_t token_count;
    uint32_t token_room;
    uint32_t article_count;
    uint32_t misaligned; /* marks that do not begin and end with tokens */
    uint32_t broken;     /* marks that a sentence's end cuts */
};

/* The article as a document with sections as annotated, up to the mentions that dates make. */
struct document corpus_document(const struct corpus_article *article,
                                const struct article_input *input, struct arena *arena);

/* The right labels of all tokens, in the document's arena. */
uint8_t *corpus_labels(const struct corpus_article *article, const struct document *document,
                       struct examples *tally);

void examples_add(struct examples *examples, const struct corpus_article *article,
                  const struct knowledge *knowledge, unsigned families);
void examples_free(struct examples *examples);

#endif
