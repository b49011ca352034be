// SPDX-License-Identifier: Apache-2.0
/*
 * tagger_model - the weights of the tagger in one flat file.
 *
 *      | header | slots: feature hash -> row | rows of 16 weights |
 *
 * The file is mapped read-only and shared by all threads. It is little-endian, has one version and
 * carries a digest over all that follows; what is cut off, damaged or of another version is refused
 * with a sentence that says what to do. The digest stands for the weights: two workers with equal
 * digests label alike.
 *
 * Slots are buckets of eight 32-bit entries, the row's number below and sixteen bits of the
 * feature's hash above; a feature stands in its own bucket or not at all, so that a lookup is one
 * cache line and no branch. No bucket and no row lies across two lines, and rows stand by falling
 * importance, so that those often asked for share pages. Row 0 is all zeros: the answer for what
 * was never learned. No weight exceeds TAGGER_WEIGHT_MOST, so the sums of no sentence come near
 * VITERBI_FORBIDDEN.
 */
#ifndef WORKER_EXTRACT_TAGGER_MODEL_H
#define WORKER_EXTRACT_TAGGER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "common/digest.h"
#include "common/status.h"
#include "worker/extract/features.h"
#include "worker/extract/viterbi.h"

enum {
    TAGGER_VERSION = 4, /* of file, clues and features: a model of another one is refused */
    TAGGER_WEIGHT_MOST = 2000,
    TAGGER_STEP_MOST = 20000, /* of a transition */
    TAGGER_ROWS_MOST = 1 << 16,
    TAGGER_STEPS = 16, /* of the calibration */
    TAGGER_BUCKET = 8, /* slots */
};

struct tagger_row {
    int16_t weights[VITERBI_LANES];
};

/* How often mentions with at least this margin were right. */
struct tagger_step {
    int32_t margin;
    uint32_t confidence; /* thousandths */
};

struct tagger_header {
    char magic[8];
    uint32_t version;
    uint32_t labels;
    uint32_t bucket_bits; /* the number of buckets is a power of two */
    uint32_t rows;
    uint8_t digest[DIGEST_SIZE]; /* of everything behind it */
    int32_t first[VITERBI_LANES];
    int32_t from[VITERBI_LANES][VITERBI_LANES];
    struct tagger_step steps[TAGGER_STEPS]; /* by rising margin */
    uint8_t padding[8];                     /* zeros, to a whole number of cache lines */
};

_Static_assert(sizeof(struct tagger_header) % 64 == 0, "what follows lies across cache lines");

struct tagger_model {
    const struct tagger_header *header;
    const uint32_t *slots;
    const struct tagger_row *rows;
    uint32_t slot_count;
    uint32_t shift; /* from a hash to its bucket */
    size_t size;
};

#define TAGGER_MAGIC "newsloom"

/* Look at the bytes of a model file, which stay the caller's. INVALID says what is wrong. */
enum status tagger_model_read(const void *bytes, size_t size, struct tagger_model *ret_model,
                              struct error *err) MUST_CHECK;

/* Map the file and read it. NOT_FOUND, AGAIN (cannot be read now) or INVALID. */
enum status tagger_model_open(const char *path, struct tagger_model *ret_model,
                              struct error *err) MUST_CHECK;
void tagger_model_close(struct tagger_model *model);

/* The digest that the header must carry. */
void tagger_model_digest(const void *bytes, size_t size, uint8_t ret_digest[DIGEST_SIZE]);

/* The bucket of a feature. */
static inline const uint32_t *tagger_model_bucket(const struct tagger_model *model, uint32_t hash)
{
    return &model->slots[(size_t)(hash >> model->shift) * TAGGER_BUCKET];
}

/* The number of a feature's row; 0: it was not learned. */
static inline uint32_t tagger_model_row(const struct tagger_model *model, uint32_t hash)
{
    const uint32_t *bucket = tagger_model_bucket(model, hash);
    uint32_t row = 0;
    for (unsigned i = 0; i < TAGGER_BUCKET; i++)
        row |= (bucket[i] ^ hash << 16) < 0x10000U ? bucket[i] : 0;
    return row & 0xffffU;
}

#endif
