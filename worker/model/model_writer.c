// SPDX-License-Identifier: Apache-2.0
#include "worker/model/model_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CLIPPED = 50000 }; /* one weight of so many may be larger than the file's largest */

static int compare_sizes(const void *a, const void *b)
{
    int32_t left = *(const int32_t *)a, right = *(const int32_t *)b;
    return (left > right) - (left < right);
}

/* The size that all weights but a few do not exceed. */
static int32_t large_weight(const struct weights *weights)
{
    uint32_t count = 0;
    int32_t *sizes = memory_new((size_t)weights->lexicon.count * LABEL_COUNT * sizeof(*sizes));
    for (uint32_t i = 1; i < weights->lexicon.count; i++)
        for (unsigned a = 0; a < LABEL_COUNT; a++)
            if (weights->rows[i].of[a])
                sizes[count++] = abs(weights->rows[i].of[a]);
    qsort(sizes, count, sizeof(*sizes), compare_sizes);
    int32_t size = count ? sizes[count - 1 - count / CLIPPED] : 1;
    free(sizes);
    return size;
}

/* Rounded to the nearest, halves away from zero. */
static int32_t scaled(int32_t weight, int32_t most, int32_t large)
{
    int64_t product = (int64_t)weight * most * 2;
    return (int32_t)((product + (product < 0 ? -large : large)) / (2 * (int64_t)large));
}

static int32_t clipped(int32_t weight, int32_t most)
{
    return weight > most ? most : weight < -most ? -most : weight;
}

void weights_quantise(struct weights *weights)
{
    int32_t large = large_weight(weights);
    const int32_t most = TAGGER_WEIGHT_MOST;
    struct transitions *transitions = &weights->transitions;
    for (uint32_t i = 0; i < weights->lexicon.count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            weights->rows[i].of[a] = clipped(scaled(weights->rows[i].of[a], most, large), most);
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        if (transitions->first.of[a] != VITERBI_FORBIDDEN)
            transitions->first.of[a] =
                clipped(scaled(transitions->first.of[a], most, large), TAGGER_STEP_MOST);
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            if (transitions->from[a].of[b] != VITERBI_FORBIDDEN)
                transitions->from[a].of[b] =
                    clipped(scaled(transitions->from[a].of[b], most, large), TAGGER_STEP_MOST);
    }
    transitions_complete(transitions);
}

/* Into a free slot of its bucket, or not at all: of a full one the most important stay, and of two
 * that cannot be told apart the more important. */
static void put_slot(uint32_t *slots, uint32_t bits, uint32_t hash, uint32_t row)
{
    uint32_t *bucket = &slots[(size_t)(hash >> (32 - bits)) * TAGGER_BUCKET];
    for (unsigned i = 0; i < TAGGER_BUCKET; i++)
        if (!bucket[i]) {
            bucket[i] = hash << 16 | row;
            return;
        } else if ((bucket[i] ^ hash << 16) < 0x10000U) {
            return;
        }
}

void *model_bytes(const struct weights *weights, const struct tagger_step steps[TAGGER_STEPS],
                  size_t *ret_size)
{
    uint32_t bits = 8;
    while (((uint32_t)TAGGER_BUCKET << bits) < weights->lexicon.count)
        bits++;
    struct tagger_header header = {
        .version = TAGGER_VERSION,
        .labels = LABEL_COUNT,
        .bucket_bits = bits,
        .rows = weights->lexicon.count,
    };
    memcpy(header.magic, TAGGER_MAGIC, sizeof(header.magic));
    memcpy(header.steps, steps, sizeof(header.steps));
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        header.first[a] = weights->transitions.first.of[a];
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            header.from[a][b] = weights->transitions.from[a].of[b];
    }
    size_t slots_size = ((size_t)TAGGER_BUCKET << bits) * sizeof(uint32_t);
    size_t size = sizeof(header) + slots_size + header.rows * sizeof(struct tagger_row);
    char *bytes = memory_new(size);
    uint32_t *slots = (uint32_t *)(void *)(bytes + sizeof(header));
    struct tagger_row *rows = (struct tagger_row *)(void *)(bytes + sizeof(header) + slots_size);
    uint32_t *order = weights_by_importance(weights);
    for (uint32_t i = 1; i < header.rows; i++) {
        put_slot(slots, bits, weights->lexicon.hashes[order[i]], i);
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            rows[i].weights[a] = (int16_t)weights->rows[order[i]].of[a];
    }
    free(order);
    memcpy(bytes, &header, sizeof(header));
    tagger_model_digest(bytes, size, header.digest);
    memcpy(bytes, &header, sizeof(header));
    *ret_size = size;
    return bytes;
}

enum status model_write(const char *path, const void *bytes, size_t size, struct error *err)
{
    char *draft = text_format("%s.draft", path);
    FILE *file = fopen(draft, "we");
    bool is_written = file && fwrite(bytes, 1, size, file) == size;
    if (file)
        is_written = fclose(file) == 0 && is_written;
    enum status status = STATUS_OK;
    if (!is_written || rename(draft, path) != 0) {
        status = error_set_errno(err, STATUS_AGAIN, "could not write \"%.150s\"", path);
        (void)unlink(draft);
    }
    text_free(&draft);
    return status;
}
