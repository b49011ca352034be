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

_Static_assert(VITERBI_LABELS == (int)LABEL_COUNT, "the labels of clues.h");

/* Features are looked up and summed up in eights; what is missing to the last eight counts nothing.
 */
enum { AT_ONCE = 8 };
_Static_assert(FEATURE_MOST % AT_ONCE == 0, "the last features have no room beside them");

/* The features of one token on their way: first their hashes, then where their rows begin, in bytes
 * behind the first row. */
struct asked {
    uint32_t hashes[FEATURE_MOST + AT_ONCE];
    uint32_t rows[FEATURE_MOST + AT_ONCE];
    unsigned count;
};

static const struct tagger_row *row_at(const struct tagger_model *model, uint32_t at)
{
    return (const struct tagger_row *)(const void *)((const char *)model->rows + at);
}

static void find_portable(const struct tagger_model *model, struct asked *asked)
{
    for (unsigned i = 0; i < asked->count; i++) {
        asked->rows[i] =
            tagger_model_row(model, asked->hashes[i]) * (uint32_t)sizeof(struct tagger_row);
        __builtin_prefetch(row_at(model, asked->rows[i]));
    }
}

static void sum_portable(const struct tagger_model *model, const struct asked *asked,
                         struct lanes *ret_scores)
{
    *ret_scores = (struct lanes){{0}};
    for (unsigned i = 0; i < asked->count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            ret_scores->of[a] += row_at(model, asked->rows[i])->weights[a];
}

#ifdef __x86_64__
/* So many weights add up to two bytes at most. */
enum { GROUP = 16 };
_Static_assert(GROUP *TAGGER_WEIGHT_MOST <= INT16_MAX, "a group of weights overflows");
_Static_assert(GROUP == 2 * AT_ONCE, "a group is two eights");

/* Of a bucket's and of a row's size, which are powers of two. */
enum { BUCKET_BITS = 5, ROW_BITS = 5 };
_Static_assert(sizeof(uint32_t) * TAGGER_BUCKET == 1U << BUCKET_BITS, "the size of a bucket");
_Static_assert(sizeof(struct tagger_row) == 1U << ROW_BITS, "the size of a row");

/* The buckets of two features, eight slots side by side: the row of the one that has the mark, of
 * the first feature in the lower half of its slot, of the second in the upper, zeros elsewhere. */
__attribute__((target("avx2"))) static inline __m256i
slots_avx2(const char *slots, const uint32_t *at, const uint32_t *hashes)
{
    __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(slots + at[0]));
    __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(slots + at[1]));
    __m256i is_first = _mm256_cmpeq_epi16(first, _mm256_set1_epi16((int16_t)hashes[0]));
    __m256i is_second = _mm256_cmpeq_epi16(second, _mm256_set1_epi16((int16_t)hashes[1]));
    first = _mm256_and_si256(first, _mm256_srli_epi32(is_first, 16));
    second = _mm256_and_si256(_mm256_slli_epi32(second, 16), is_second);
    return _mm256_or_si256(first, second);
}

/* As tagger_model_row() of eight hashes: of each bucket at most one slot is not zero, so that
 * adding up its slots finds the row. */
__attribute__((target("avx2"))) static void find_avx2(const struct tagger_model *model,
                                                      struct asked *asked)
{
    const char *slots = (const char *)model->slots;
    const __m128i shift = _mm_cvtsi32_si128((int)model->shift);
    const __m256i zeros = _mm256_setzero_si256();
    _mm256_storeu_si256((__m256i *)(void *)&asked->hashes[asked->count], zeros);
    for (unsigned i = 0; i < asked->count; i += AT_ONCE) {
        const uint32_t *hashes = &asked->hashes[i];
        uint32_t *rows = &asked->rows[i];
        uint32_t at[AT_ONCE]; /* of the buckets, in bytes */
        __m256i hash = _mm256_loadu_si256((const __m256i *)(const void *)hashes);
        __m256i bucket = _mm256_slli_epi32(_mm256_srl_epi32(hash, shift), BUCKET_BITS);
        _mm256_storeu_si256((__m256i *)(void *)at, bucket);
        __m256i half = _mm256_hadd_epi32(slots_avx2(slots, &at[0], &hashes[0]),
                                         slots_avx2(slots, &at[2], &hashes[2]));
        __m256i other_half = _mm256_hadd_epi32(slots_avx2(slots, &at[4], &hashes[4]),
                                               slots_avx2(slots, &at[6], &hashes[6]));
        __m256i sums = _mm256_hadd_epi32(half, other_half);
        __m128i found =
            _mm_or_si128(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        __m256i begins = _mm256_slli_epi32(_mm256_cvtepu16_epi32(found), ROW_BITS);
        _mm256_storeu_si256((__m256i *)(void *)rows, begins);
#pragma GCC unroll 8
        for (unsigned k = 0; k < AT_ONCE; k++)
            __builtin_prefetch(row_at(model, rows[k]));
    }
    _mm256_storeu_si256((__m256i *)(void *)&asked->rows[asked->count], zeros);
}

/* Eight rows more. */
__attribute__((target("avx2"))) static inline __m256i
add_rows_avx2(__m256i sum, const struct tagger_model *model, const uint32_t *rows)
{
#pragma GCC unroll 8
    for (unsigned i = 0; i < AT_ONCE; i++)
        sum = _mm256_add_epi16(
            sum, _mm256_loadu_si256((const __m256i *)(const void *)row_at(model, rows[i])));
    return sum;
}

__attribute__((target("avx2"))) static void
sum_avx2(const struct tagger_model *model, const struct asked *asked, struct lanes *ret_scores)
{
    const __m256i zeros = _mm256_setzero_si256();
    __m256i low = zeros, high = zeros;
    for (unsigned i = 0; i < asked->count; i += GROUP) {
        __m256i group = add_rows_avx2(zeros, model, &asked->rows[i]);
        if (i + AT_ONCE < asked->count)
            group = add_rows_avx2(group, model, &asked->rows[i + AT_ONCE]);
        low = _mm256_add_epi32(low, _mm256_cvtepi16_epi32(_mm256_castsi256_si128(group)));
        high = _mm256_add_epi32(high, _mm256_cvtepi16_epi32(_mm256_extracti128_si256(group, 1)));
    }
    _mm256_storeu_si256((__m256i *)(void *)ret_scores->of, low);
    _mm256_storeu_si256((__m256i *)(void *)ret_scores->of + 1, high);
}
#else
#define find_avx2 find_portable
#define sum_avx2  sum_portable
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

bool labels_have_names(const uint8_t *labels, uint32_t count)
{
    bool has_names = false;
    for (uint32_t i = 0; i < count; i++)
        has_names = has_names || labels[i] != LABEL_OUTSIDE;
    return has_names;
}

void verdicts_read(const struct viterbi *viterbi, uint32_t count, struct verdict *verdicts)
{
    int32_t best = viterbi->forward[count - 1].of[viterbi->labels[count - 1]];
    unsigned before = LABEL_OUTSIDE;
    for (uint32_t i = 0; i < count; i++) {
        unsigned label = viterbi->labels[i];
        unsigned goes_on = before == LABEL_OUTSIDE ? 0 : LABEL_INSIDE((before - 1) / 2);
        bool has_ended = goes_on && goes_on != label;
        verdicts[i].label = (uint8_t)label;
        verdicts[i].margin = label == LABEL_OUTSIDE ? 0 : best - best_other(viterbi, i);
        verdicts[i].apart = INT32_MAX;
        if (has_ended)
            verdicts[i].apart =
                best - viterbi->forward[i].of[goes_on] - viterbi->backward[i].of[goes_on];
        before = label;
    }
}

/* Memory is what this waits for: while one token is summed up, the rows of the next are on their
 * way; and hashes are only looked at when those of the next token are made, so that no load waits
 * for what was just stored. */
static void score_sentence(const struct tagger *tagger, const struct clue *clues, uint32_t first,
                           uint32_t count, struct lanes *scores)
{
    enum { AHEAD = 2 };
    bool is_wide = tagger->path == VITERBI_AVX2;
    const struct tagger_model *model = &tagger->model;
    struct asked asked[AHEAD + 1];
    struct asked *next = &asked[0], *own = &asked[1], *before = &asked[2];
    for (uint32_t i = 0; i < count + AHEAD; i++) {
        if (i < count)
            next->count =
                features_of(clues, first, first + count, first + i, FAMILIES_ALL, next->hashes);
        if (i < count)
#pragma GCC unroll 4
            for (unsigned k = 0; k < next->count; k++)
                __builtin_prefetch(tagger_model_bucket(model, next->hashes[k]));
        if (i >= 1 && i - 1 < count)
            (is_wide ? find_avx2 : find_portable)(model, own);
        if (i >= AHEAD)
            (is_wide ? sum_avx2 : sum_portable)(model, before, &scores[i - AHEAD]);
        struct asked *done = before;
        before = own;
        own = next;
        next = done;
    }
}

static void decide_sentence(const struct tagger *tagger, const struct clue *clues, uint32_t first,
                            uint32_t count, const struct room *room, struct verdict *verdicts)
{
    struct viterbi viterbi = room->viterbi;
    score_sentence(tagger, clues, first, count, room->scores);
    viterbi_decode(tagger->path, &tagger->transitions, room->scores, count, &viterbi);
    if (labels_have_names(viterbi.labels, count))
        viterbi_look_back(tagger->path, &tagger->transitions, room->scores, count, &viterbi);
    verdicts_read(&viterbi, count, verdicts + first);
}

void tagger_weigh(const struct tagger *tagger, const struct clue *clues,
                  const struct sentence *sentence, uint32_t at, unsigned families,
                  struct lanes *ret_weights)
{
    struct asked asked;
    uint32_t first = sentence->first_token;
    uint32_t end = first + sentence->token_count;
    asked.count = features_of(clues, first, end, at, families, asked.hashes);
    find_portable(&tagger->model, &asked);
    sum_portable(&tagger->model, &asked, ret_weights);
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
    struct room room = {.scores = arena_room(arena, longest, sizeof(struct lanes)),
                        .viterbi = {.forward = arena_room(arena, longest, sizeof(struct lanes)),
                                    .backward = arena_room(arena, longest, sizeof(struct lanes)),
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
