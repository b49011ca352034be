// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/sketch.h"

#include <string.h>

enum {
    RUN = 3,
    BITS = 64,
    ROWS = 3, /* of a band */
    BINS = SKETCH_BANDS * ROWS,
    ENOUGH_SYLLABLES = 40,
};

#define EMPTY UINT32_MAX

/* The hashes of the runs that a syllable belongs to, by how many of them have been read: each is
 * carried on by all its syllables, letter by letter. */
struct runs {
    uint64_t hashes[RUN];
};

static const uint64_t hash_start = 14695981039346656037ULL, hash_factor = 1099511628211ULL;

/* Read a syllable: the oldest run is complete by it, and comes first. */
static void runs_read(struct runs *runs, const char *syllable)
{
    uint64_t oldest = runs->hashes[1], older = runs->hashes[2], own = hash_start;
    for (; *syllable; syllable++) {
        uint64_t byte = (unsigned char)*syllable;
        oldest = (oldest ^ byte) * hash_factor;
        older = (older ^ byte) * hash_factor;
        own = (own ^ byte) * hash_factor;
    }
    /* the border between two syllables */
    runs->hashes[0] = (oldest ^ 0xff) * hash_factor;
    runs->hashes[1] = (older ^ 0xff) * hash_factor;
    runs->hashes[2] = (own ^ 0xff) * hash_factor;
}

/* FNV mixes its high bits badly; this is the finaliser of splitmix64. */
static uint64_t mix(uint64_t hash)
{
    hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
    hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebULL;
    return hash ^ (hash >> 31);
}

/* How many hashes had which bit set. Bytes count until one of them could overflow: byte j of lane k
 * counts bit 8 * j + k. */
struct tally {
    uint64_t lanes[8];
    uint32_t waiting; /* hashes in the lanes */
    uint32_t counts[BITS];
    uint32_t hashes; /* in all */
};

static void tally_settle(struct tally *tally)
{
    for (unsigned bit = 0; bit < BITS; bit++)
        tally->counts[bit] += (uint8_t)(tally->lanes[bit % 8] >> (bit - bit % 8));
    memset(tally->lanes, 0, sizeof(tally->lanes));
    tally->waiting = 0;
}

static void tally_add(struct tally *tally, uint64_t hash)
{
    for (unsigned lane = 0; lane < 8; lane++)
        tally->lanes[lane] += hash >> lane & 0x0101010101010101ULL;
    tally->hashes++;
    if (++tally->waiting == UINT8_MAX)
        tally_settle(tally);
}

/* The bits that more than half of the hashes had set. */
static uint64_t tally_majority(struct tally *tally)
{
    uint64_t bits = 0;
    tally_settle(tally);
    for (unsigned bit = 0; bit < BITS; bit++)
        bits |= (uint64_t)(2ULL * tally->counts[bit] > tally->hashes) << bit;
    return bits;
}

static void note_minimum(uint32_t minima[BINS], uint64_t hash)
{
    uint32_t value = (uint32_t)hash;
    uint32_t *minimum = &minima[(hash >> 32) * BINS >> 32];
    if (value < *minimum)
        *minimum = value;
}

/* An empty bin borrows from the next that is not, further away counting as something else. */
static uint64_t filled(const uint32_t minima[BINS], unsigned bin)
{
    unsigned step = 0;
    while (step < BINS && minima[(bin + step) % BINS] == EMPTY)
        step++;
    return minima[(bin + step) % BINS] + ((uint64_t)step << 32);
}

static void join_bands(const uint32_t minima[BINS], struct sketch *sketch)
{
    for (unsigned band = 0; band < SKETCH_BANDS; band++) {
        uint64_t hash = band;
        for (unsigned row = 0; row < ROWS; row++)
            hash = mix(hash + filled(minima, band * ROWS + row));
        sketch->bands[band] = hash;
    }
    sketch->band_count = SKETCH_BANDS;
}

static bool is_read(const struct document *document, const struct sentence *sentence)
{
    Newsloom__V1__SectionKind kind = document->sections[sentence->section].kind;
    return kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_BODY ||
           kind == NEWSLOOM__V1__SECTION_KIND__SECTION_KIND_LEAD;
}

void sketch_find(struct document *document)
{
    struct tally tally = {0};
    uint32_t minima[BINS];
    struct runs runs = {0};
    uint32_t seen = 0;
    memset(minima, 0xff, sizeof(minima));
    for (uint32_t i = 0; i < document->sentence_count; i++) {
        const struct sentence *sentence = &document->sentences[i];
        if (!is_read(document, sentence))
            continue;
        for (uint32_t k = 0; k < sentence->token_count; k++) {
            const struct token *token = &document->tokens[sentence->first_token + k];
            if (token->shape & SHAPE_PUNCTUATION)
                continue;
            runs_read(&runs, token->folded);
            if (++seen < RUN)
                continue;
            uint64_t hash = mix(runs.hashes[0]);
            tally_add(&tally, hash);
            note_minimum(minima, hash);
        }
    }
    document->sketch = (struct sketch){.bits = tally_majority(&tally)};
    if (seen >= ENOUGH_SYLLABLES)
        join_bands(minima, &document->sketch);
}
