// SPDX-License-Identifier: Apache-2.0
/*
 * tagger - which tokens name what, decided by a linear-chain model trained from our own corpus.
 *
 * The rules propose (search.h), clues say what can be seen (clues.h), features join clues
 * (features.h), the model weighs features (tagger_model.h), and the best sequence of labels of each
 * sentence wins (viterbi.h). Integers only. A tagger is read-only and shared by all threads.
 */
#ifndef WORKER_EXTRACT_TAGGER_H
#define WORKER_EXTRACT_TAGGER_H

#include "worker/extract/tagger_model.h"

struct tagger;

/* NULL or "" for the path: the model that belongs to this program (tagger_default_path). */
enum status tagger_open(const char *path, struct tagger **ret_tagger, struct error *err) MUST_CHECK;
void tagger_close(struct tagger **tagger_p);
const uint8_t *tagger_digest(const struct tagger *tagger);

/* Where the model lies beside this program: ../share/newsloom or ../../share/newsloom, seen from
 * its folder. The answer is in buffer. */
enum { TAGGER_PATH_SIZE = 4096 };
const char *tagger_default_path(char buffer[TAGGER_PATH_SIZE]);

/* What was decided at one token. */
struct verdict {
    uint8_t label;
    int32_t margin; /* in a name: by how much the best sequence beats all with another label here */
    int32_t apart;  /* behind a name: … all in which that name goes on */
};

/* Are there names in a sentence that was decoded? */
bool labels_have_names(const uint8_t *labels, uint32_t count);

/* The verdicts of a sentence that was decoded, and looked back on when it has names. */
void verdicts_read(const struct viterbi *viterbi, uint32_t count, struct verdict *verdicts);

/* The weights that features of these families (features.h) give each label at one token of the
 * sentence. */
void tagger_weigh(const struct tagger *tagger, const struct clue *clues,
                  const struct sentence *sentence, uint32_t at, unsigned families,
                  struct lanes *ret_weights);

/* The verdicts of all tokens, in the arena. */
struct verdict *tagger_decide(const struct tagger *tagger, const struct document *document,
                              const struct clue *clues);

/* The smallest margin of the name [first, end): it is not this name in sequences worth so much
 * less. */
int32_t tagger_margin(const struct verdict *verdicts, uint32_t first, uint32_t end,
                      uint32_t sentence_end);

/* What a margin is worth, in thousandths. */
uint16_t tagger_confidence(const struct tagger *tagger, int32_t margin);

#endif
