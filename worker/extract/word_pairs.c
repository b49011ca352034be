// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/word_pairs.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static uint32_t pair_hash(const char *first, const char *end)
{
    uint32_t hash = 2166136261U;
    for (; first < end; first++)
        hash = (hash ^ (unsigned char)*first) * 16777619U;
    return (hash ^ (hash >> 16)) % WORD_PAIR_BITS;
}

/* The end of the pair of words that begins here; NULL when there is only one word left. */
static const char *pair_end(const char *at)
{
    const char *space = strchr(at, ' ');
    if (!space)
        return NULL;
    return strchrnul(space + 1, ' ');
}

void word_pairs_add(struct word_pairs *pairs, const char *folded)
{
    for (const char *at = folded, *end = NULL; (end = pair_end(at)); at = strchr(at, ' ') + 1) {
        uint32_t bit = pair_hash(at, end);
        pairs->bits[bit / 64] |= 1ULL << (bit % 64);
    }
}

int word_pairs_count(const struct word_pairs *pairs, const char *folded)
{
    int known = 0;
    for (const char *at = folded, *end = NULL; (end = pair_end(at)); at = strchr(at, ' ') + 1) {
        uint32_t bit = pair_hash(at, end);
        known += (int)((pairs->bits[bit / 64] >> (bit % 64)) & 1);
    }
    return known;
}
