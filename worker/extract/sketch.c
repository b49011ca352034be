// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/sketch.h"

enum { RUN = 3, BITS = 64 };

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
    return (hash ^ 0xff) * 1099511628211ULL; /* the border between two syllables */
}

/* FNV mixes its high bits badly; this is the finaliser of splitmix64. */
static uint64_t mix(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
    return hash ^ (hash >> 31);
}

static void count_bits(int32_t counts[BITS], uint64_t hash)
{
    for (unsigned bit = 0; bit < BITS; bit++)
        counts[bit] += (hash >> bit) & 1 ? 1 : -1;
}

void sketch_find(struct document *document)
{
    int32_t counts[BITS] = {0};
    const char *run[RUN] = {"", "", ""};
    uint32_t seen = 0;
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        const struct sentence *sentence = &document->sentences[i];
        Newsloom__V1__SectionKind kind = document->sections[sentence->section].kind;
        if (kind != NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY &&
            kind != NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_LEAD)
            continue;
        for (uint32_t k = 0; k < sentence->token_count; k++) {
            const struct token *token = &document->tokens[sentence->first_token + k];
            if (token->shape & SHAPE_PUNCTUATION)
                continue;
            run[0] = run[1];
            run[1] = run[2];
            run[2] = token->folded;
            if (++seen < RUN)
                continue;
            uint64_t hash = 14695981039346656037ULL;
            for (unsigned j = 0; j < RUN; j++)
                hash = hash_text(hash, run[j]);
            count_bits(counts, mix(hash));
        }
    }
    document->sketch = 0;
    for (unsigned bit = 0; bit < BITS; bit++)
        document->sketch |= (uint64_t)(counts[bit] > 0) << bit;
}
