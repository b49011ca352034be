// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/tagger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

struct tagger {
    struct tagger_model model;
    struct transitions transitions;
    enum viterbi_path path;
};

/* Room for the longest sentence of the article. */
struct room {
    struct lanes *scores;
    struct viterbi viterbi;
};

static const char model_name[] = "share/newsloom/tagger.model";

const char *tagger_default_path(char buffer[TAGGER_PATH_SIZE])
{
    char program[TAGGER_PATH_SIZE / 2];
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    program[size > 0 ? size : 0] = 0;
    for (unsigned up = 0; up < 3; up++) {
        char *slash = strrchr(program, '/');
        if (!slash)
            break;
        *slash = 0;
        (void)snprintf(buffer, TAGGER_PATH_SIZE, "%s/%s", program, model_name);
        if (up > 0 && access(buffer, R_OK) == 0)
            return buffer;
    }
    (void)snprintf(buffer, TAGGER_PATH_SIZE, "/usr/%s", model_name);
    return buffer;
}

enum status tagger_open(const char *path, struct tagger **ret_tagger, struct error *err)
{
    char buffer[TAGGER_PATH_SIZE];
    struct tagger_model model;
    enum status status =
        tagger_model_open(path && *path ? path : tagger_default_path(buffer), &model, err);
    if (status != STATUS_OK)
        return status;
    struct tagger *tagger = memory_new(sizeof(*tagger));
    tagger->model = model;
    tagger->path = viterbi_best_path();
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        tagger->transitions.first.of[a] = model.header->first[a];
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            tagger->transitions.from[a].of[b] = model.header->from[a][b];
    }
    transitions_complete(&tagger->transitions);
    *ret_tagger = tagger;
    return STATUS_OK;
}

void tagger_close(struct tagger **tagger_p)
{
    if (*tagger_p)
        tagger_model_close(&(*tagger_p)->model);
    free(*tagger_p);
    *tagger_p = NULL;
}

const uint8_t *tagger_digest(const struct tagger *tagger)
{
    return tagger->model.header->digest;
}

/* First all rows are looked up, so that the waits for memory overlap. */
static inline __attribute__((always_inline)) void find_rows(const struct tagger_model *model,
                                                            const uint32_t *hashes, unsigned count,
                                                            const struct tagger_row **rows)
{
    for (unsigned i = 0; i < count; i++) {
        rows[i] = &model->rows[tagger_model_row(model, hashes[i])];
        __builtin_prefetch(rows[i]);
    }
}

static void score_portable(const struct tagger_model *model, const uint32_t *hashes, unsigned count,
                           struct lanes *ret_scores)
{
    const struct tagger_row *rows[FEATURE_MOST];
    find_rows(model, hashes, count, rows);
    *ret_scores = (struct lanes){{0}};
    for (unsigned i = 0; i < count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            ret_scores->of[a] += rows[i]->weights[a];
}

#ifdef __x86_64__
/* So many weights add up to two bytes at most. */
enum { GROUP = 16 };
_Static_assert(GROUP *TAGGER_WEIGHT_MOST <= INT16_MAX, "a group of weights overflows");

/* As tagger_model_row(), with the four slots of a bucket side by side. */
__attribute__((target("avx2"))) static inline uint32_t row_avx2(const struct tagger_model *model,
                                                                uint32_t hash)
{
    __m128i bucket =
        _mm_loadu_si128((const __m128i *)(const void *)tagger_model_bucket(model, hash));
    __m128i wanted = _mm_set1_epi32((int)(hash << 16));
    __m128i is_same = _mm_srli_epi32(_mm_cmpeq_epi16(bucket, wanted), 16);
    __m128i row = _mm_and_si128(bucket, is_same);
    row = _mm_or_si128(row, _mm_unpackhi_epi64(row, row));
    row = _mm_or_si128(row, _mm_srli_epi64(row, 32));
    return (uint32_t)_mm_cvtsi128_si32(row);
}

__attribute__((target("avx2"))) static void score_avx2(const struct tagger_model *model,
                                                       const uint32_t *hashes, unsigned count,
                                                       struct lanes *ret_scores)
{
    const struct tagger_row *rows[FEATURE_MOST];
    __m256i low = _mm256_setzero_si256(), high = low;
    for (unsigned i = 0; i < count; i++) {
        rows[i] = &model->rows[row_avx2(model, hashes[i])];
        __builtin_prefetch(rows[i]);
    }
    for (unsigned i = 0; i < count;) {
        unsigned end = i + GROUP < count ? i + GROUP : count;
        __m256i group = _mm256_setzero_si256();
        for (; i < end; i++)
            group =
                _mm256_add_epi16(group, _mm256_loadu_si256((const __m256i *)(const void *)rows[i]));
        low = _mm256_add_epi32(low, _mm256_cvtepi16_epi32(_mm256_castsi256_si128(group)));
        high = _mm256_add_epi32(high, _mm256_cvtepi16_epi32(_mm256_extracti128_si256(group, 1)));
    }
    _mm256_storeu_si256((__m256i *)(void *)ret_scores->of, low);
    _mm256_storeu_si256((__m256i *)(void *)ret_scores->of + 1, high);
}
#else
#define score_avx2 score_portable
#endif

/* The best sum of all sequences with another label at this token. */
static int32_t best_other(const struct viterbi *viterbi, uint32_t i)
{
    int32_t best = INT32_MIN;
    for (unsigned a = 0; a < LABEL_COUNT; a++) {
        int32_t sum = viterbi->forward[i].of[a] + viterbi->backward[i].of[a];
        if (a != viterbi->labels[i] && sum > best)
            best = sum;
    }
    return best;
}

void verdicts_read(const struct viterbi *viterbi, uint32_t count, struct verdict *verdicts)
{
    int32_t best = viterbi->forward[count - 1].of[viterbi->labels[count - 1]];
    unsigned before = LABEL_OUTSIDE;
    for (uint32_t i = 0; i < count; i++) {
        const int32_t *forward = viterbi->forward[i].of, *backward = viterbi->backward[i].of;
        unsigned label = viterbi->labels[i];
        unsigned goes_on = before == LABEL_OUTSIDE ? 0 : LABEL_INSIDE((before - 1) / 2);
        bool has_ended = goes_on && goes_on != label;
        verdicts[i].label = (uint8_t)label;
        verdicts[i].margin = best - best_other(viterbi, i);
        verdicts[i].apart = has_ended ? best - forward[goes_on] - backward[goes_on] : INT32_MAX;
        before = label;
    }
}

/* The features of one token, their buckets on the way from memory. */
struct asked {
    uint32_t hashes[FEATURE_MOST];
    unsigned count;
};

static void ask(const struct tagger_model *model, const struct clue *clues, uint32_t first,
                uint32_t end, uint32_t at, struct asked *asked)
{
    asked->count = features_of(clues, first, end, at, FAMILIES_ALL, asked->hashes);
    for (unsigned i = 0; i < asked->count; i++)
        __builtin_prefetch(tagger_model_bucket(model, asked->hashes[i]));
}

/* One token is asked for while the one before it is summed up. */
static void score_sentence(const struct tagger *tagger, const struct clue *clues, uint32_t first,
                           uint32_t count, struct lanes *scores)
{
    void (*score)(const struct tagger_model *, const uint32_t *, unsigned, struct lanes *) =
        tagger->path == VITERBI_AVX2 ? score_avx2 : score_portable;
    struct asked asked[2];
    ask(&tagger->model, clues, first, first + count, first, &asked[0]);
    for (uint32_t i = 0; i < count; i++) {
        const struct asked *own = &asked[i % 2];
        if (i + 1 < count)
            ask(&tagger->model, clues, first, first + count, first + i + 1, &asked[(i + 1) % 2]);
        score(&tagger->model, own->hashes, own->count, &scores[i]);
    }
}

static void decide_sentence(const struct tagger *tagger, const struct clue *clues, uint32_t first,
                            uint32_t count, const struct room *room, struct verdict *verdicts)
{
    struct viterbi viterbi = room->viterbi;
    score_sentence(tagger, clues, first, count, room->scores);
    viterbi_decode(tagger->path, &tagger->transitions, room->scores, count, &viterbi);
    viterbi_look_back(tagger->path, &tagger->transitions, room->scores, count, &viterbi);
    verdicts_read(&viterbi, count, verdicts + first);
}

void tagger_weigh(const struct tagger *tagger, const struct clue *clues,
                  const struct sentence *sentence, uint32_t at, unsigned families,
                  struct lanes *ret_weights)
{
    uint32_t hashes[FEATURE_MOST];
    uint32_t first = sentence->first_token;
    uint32_t end = first + sentence->token_count;
    unsigned count = features_of(clues, first, end, at, families, hashes);
    score_portable(&tagger->model, hashes, count, ret_weights);
}

struct verdict *tagger_decide(const struct tagger *tagger, const struct document *document,
                              const struct clue *clues)
{
    struct arena *arena = document->arena;
    struct verdict *verdicts = arena_take(arena, document->token_count + 1, sizeof(struct verdict));
    uint32_t longest = 1;
    for (uint32_t s = 0; s < document->sentence_count; s++)
        if (document->sentences[s].token_count > longest)
            longest = document->sentences[s].token_count;
    if (longest > VITERBI_LONGEST)
        longest = VITERBI_LONGEST;
    struct room room = {.scores = arena_take(arena, longest, sizeof(struct lanes)),
                        .viterbi = {.forward = arena_take(arena, longest, sizeof(struct lanes)),
                                    .backward = arena_take(arena, longest, sizeof(struct lanes)),
                                    .labels = arena_take(arena, longest, 1)}};
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        const struct sentence *sentence = &document->sentences[s];
        uint32_t count = sentence->token_count < longest ? sentence->token_count : longest;
        if (count)
            decide_sentence(tagger, clues, sentence->first_token, count, &room, verdicts);
    }
    return verdicts;
}

int32_t tagger_margin(const struct verdict *verdicts, uint32_t first, uint32_t end,
                      uint32_t sentence_end)
{
    int32_t margin = end < sentence_end ? verdicts[end].apart : INT32_MAX;
    for (uint32_t i = first; i < end; i++)
        if (verdicts[i].margin < margin)
            margin = verdicts[i].margin;
    return margin;
}

uint16_t tagger_confidence(const struct tagger *tagger, int32_t margin)
{
    const struct tagger_step *steps = tagger->model.header->steps;
    uint32_t confidence = steps[0].confidence;
    for (unsigned i = 1; i < TAGGER_STEPS; i++)
        if (margin >= steps[i].margin)
            confidence = steps[i].confidence;
    return (uint16_t)confidence;
}
