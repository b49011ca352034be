// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/vocabulary.h"

#include "worker/extract/points.h"

static const uint32_t hash_start = 2166136261U;

static uint32_t hash_point(uint32_t hash, uint32_t point)
{
    return (hash ^ point) * 16777619U;
}

static uint32_t hash_span(const struct document *document, struct span span, uint32_t hash)
{
    for (uint32_t i = span.start; i < span.end; i++)
        hash = hash_point(hash, document->text.points[i]);
    return hash;
}

static uint32_t slot_of(uint32_t hash)
{
    return (hash ^ (hash >> 15)) % VOCABULARY_BITS;
}

static bool has_bit(const uint64_t *bits, uint32_t slot)
{
    return (bits[slot / 64] >> (slot % 64)) & 1;
}

static void set_bit(uint64_t *bits, uint32_t slot)
{
    bits[slot / 64] |= 1ULL << (slot % 64);
}

static uint32_t pair_slot(const struct document *document, struct span word, struct span next)
{
    uint32_t hash = hash_point(hash_span(document, word, hash_start), ' ');
    return slot_of(hash_span(document, next, hash));
}

void vocabulary_add_lower(struct vocabulary *vocabulary, const struct document *document,
                          struct span word)
{
    set_bit(vocabulary->lower, slot_of(hash_span(document, word, hash_start)));
}

void vocabulary_add_pair(struct vocabulary *vocabulary, const struct document *document,
                         struct span word, struct span next)
{
    uint32_t slot = pair_slot(document, word, next);
    set_bit(has_bit(vocabulary->pairs, slot) ? vocabulary->again : vocabulary->pairs, slot);
}

bool vocabulary_has_lower(const struct vocabulary *vocabulary, const struct document *document,
                          struct span word)
{
    uint32_t hash = hash_start;
    for (uint32_t i = word.start; i < word.end; i++)
        hash = hash_point(hash, point_lower(document->text.points[i]));
    return has_bit(vocabulary->lower, slot_of(hash));
}

bool vocabulary_repeats(const struct vocabulary *vocabulary, const struct document *document,
                        struct span word, struct span next)
{
    return has_bit(vocabulary->again, pair_slot(document, word, next));
}
