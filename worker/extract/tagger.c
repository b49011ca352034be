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

enum { AT_ONCE = 4 }; /* features that are looked up side by side */
_Static_assert(FEATURE_MOST % AT_ONCE == 0, "the last features have no room beside them");

/* The features of one token on their way: first their hashes, then the numbers of their rows. */
struct asked {
    uint32_t hashes[FEATURE_MOST];
    uint32_t rows[FEATURE_MOST];
    unsigned count;
};

static void find_portable(const struct tagger_model *model, struct asked *asked)
{
    for (unsigned i = 0; i < asked->count; i++) {
        asked->rows[i] = tagger_model_row(model, asked->hashes[i]);
        __builtin_prefetch(&model->rows[asked->rows[i]]);
    }
}

static void sum_portable(const struct tagger_model *model, const struct asked *asked,
                         struct lanes *ret_scores)
{
    *ret_scores = (struct lanes){{0}};
    for (unsigned i = 0; i < asked->count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            ret_scores->of[a] += model->rows[asked->rows[i]].weights[a];
}

#ifdef __x86_64__
/* So many weights add up to two bytes at most. */
enum { GROUP = 16 };
_Static_assert(GROUP *TAGGER_WEIGHT_MOST <= INT16_MAX, "a group of weights overflows");

/* The eight slots of a bucket side by side: the row of the one that has the mark, zeros. */
__attribute__((target("avx2"))) static inline __m256i slots_avx2(const struct tagger_model *model,
                                                                 uint32_t hash)
{
    __m256i bucket =
        _mm256_loadu_si256((const __m256i *)(const void *)tagger_model_bucket(model, hash));
    __m256i is_same = _mm256_cmpeq_epi16(bucket, _mm256_set1_epi16((int16_t)hash));
    return _mm256_and_si256(bucket, _mm256_srli_epi32(is_same, 16));
}

/* As tagger_model_row() of four hashes: of each bucket at most one slot is not zero, so that adding
 * up its slots finds the row. */
__attribute__((target("avx2"))) static void find_avx2(const struct tagger_model *model,
                                                      struct asked *asked)
{
    for (unsigned i = asked->count; i % AT_ONCE; i++)
        asked->hashes[i] = 0;
    for (unsigned i = 0; i < asked->count; i += AT_ONCE) {
        const uint32_t *hashes = &asked->hashes[i];
        __m256i first =
            _mm256_hadd_epi32(slots_avx2(model, hashes[0]), slots_avx2(model, hashes[1]));
        __m256i second =
            _mm256_hadd_epi32(slots_avx2(model, hashes[2]), slots_avx2(model, hashes[3]));
        __m256i halves = _mm256_hadd_epi32(first, second);
        __m128i rows =
            _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
        _mm_storeu_si128((__m128i *)(void *)&asked->rows[i], rows);
#pragma GCC unroll 4
        for (unsigned k = 0; k < AT_ONCE; k++)
            __builtin_prefetch(&model->rows[asked->rows[i + k]]);
    }
}

__attribute__((target("avx2"))) static void
sum_avx2(const struct tagger_model *model, const struct asked *asked, struct lanes *ret_scores)
{
    const struct tagger_row *rows = model->rows;
    __m256i low = _mm256_setzero_si256(), high = low;
    for (unsigned i = 0; i < asked->count;) {
        unsigned end = i + GROUP < asked->count ? i + GROUP : asked->count;
        __m256i group = _mm256_setzero_si256();
#pragma GCC unroll 4
        for (; i < end; i++)
            group = _mm256_add_epi16(
                group, _mm256_loadu_si256((const __m256i *)(const void *)&rows[asked->rows[i]]));
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

static void ask(const struct tagger_model *model, const struct clue *clues, uint32_t first,
                uint32_t end, uint32_t at, struct asked *asked)
{
    asked->count = features_of(clues, first, end, at, FAMILIES_ALL, asked->hashes);
#pragma GCC unroll 4
    for (unsigned i = 0; i < asked->count; i++)
        __builtin_prefetch(tagger_model_bucket(model, asked->hashes[i]));
}

/* Memory is what this waits for: while one token is summed up, the rows of the next and the
 * buckets of the one after it are on their way. */
static void score_sentence(const struct tagger *tagger, const struct clue *clues, uint32_t first,
                           uint32_t count, struct lanes *scores)
{
    enum { AHEAD = 2 };
    bool is_wide = tagger->path == VITERBI_AVX2;
    struct asked asked[AHEAD + 1];
    for (uint32_t i = 0; i < count + AHEAD; i++) {
        if (i < count)
            ask(&tagger->model, clues, first, first + count, first + i, &asked[i % (AHEAD + 1)]);
        if (i >= 1 && i - 1 < count)
            (is_wide ? find_avx2 : find_portable)(&tagger->model, &asked[(i - 1) % (AHEAD + 1)]);
        if (i >= AHEAD)
            (is_wide ? sum_avx2 : sum_portable)(&tagger->model, &asked[(i - AHEAD) % (AHEAD + 1)],
                                                &scores[i - AHEAD]);
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
