// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/viterbi.h"

#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "common/compiler.h"

void transitions_complete(struct transitions *transitions)
{
    for (unsigned a = 0; a < VITERBI_LANES; a++)
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            transitions->into[b].of[a] = transitions->from[a].of[b];
}

/* Sixteen sums at once; the compiler makes of them what the machine has. */
typedef int32_t vector __attribute__((vector_size(sizeof(struct lanes))));

#if defined(__GNUC__) && !defined(__clang__)
/* gcc's analyzer does not see memcpy() fill a vector. */
#pragma GCC diagnostic ignored "-Wanalyzer-use-of-uninitialized-value"
#endif

/*
 * ret[b] = the greatest of table[a].of[b] + sums[a], over all a, and then added[b]: one step
 * forward with the table from[], one step back with into[] and nothing added.
 */
static inline __attribute__((always_inline)) void
step_vector(const struct lanes *table, const int32_t *sums, struct lanes *ret)
{
    vector best;
    memcpy(&best, &table[0], sizeof(best));
    best += sums[0];
    for (unsigned a = 1; a < VITERBI_LABELS; a++) {
        vector next;
        memcpy(&next, &table[a], sizeof(next));
        next += sums[a];
        vector is_more = (vector)(next > best);
        best = (next & is_more) | (best & ~is_more);
    }
    memcpy(ret, &best, sizeof(best));
}

static void step_portable(const struct lanes *table, const int32_t *sums, struct lanes *ret)
{
    for (unsigned b = 0; b < VITERBI_LANES; b++) {
        int32_t best = table[0].of[b] + sums[0];
        for (unsigned a = 1; a < VITERBI_LABELS; a++)
            if (table[a].of[b] + sums[a] > best)
                best = table[a].of[b] + sums[a];
        ret->of[b] = best;
    }
}

/* The three paths differ in their step only, which must be inlined to be compiled for its machine.
 */
// NOLINTBEGIN(bugprone-macro-parentheses): attributes are no expression
#define DEFINE_PATH(name, attributes, step)                                            \
    attributes static void forward_##name(const struct transitions *transitions,       \
                                          const struct lanes *scores, uint32_t count,  \
                                          struct lanes *forward)                       \
    {                                                                                  \
        for (unsigned a = 0; a < VITERBI_LANES; a++)                                   \
            forward[0].of[a] = transitions->first.of[a] + scores[0].of[a];             \
        for (uint32_t i = 1; i < count; i++) {                                         \
            step(transitions->from, forward[i - 1].of, &forward[i]);                   \
            for (unsigned a = 0; a < VITERBI_LANES; a++)                               \
                forward[i].of[a] += scores[i].of[a];                                   \
        }                                                                              \
    }                                                                                  \
    attributes static void backward_##name(const struct transitions *transitions,      \
                                           const struct lanes *scores, uint32_t count, \
                                           struct lanes *backward)                     \
    {                                                                                  \
        memset(&backward[count - 1], 0, sizeof(*backward));                            \
        for (uint32_t i = count - 1; i-- > 0;) {                                       \
            struct lanes behind;                                                       \
            for (unsigned a = 0; a < VITERBI_LANES; a++)                               \
                behind.of[a] = backward[i + 1].of[a] + scores[i + 1].of[a];            \
            step(transitions->into, behind.of, &backward[i]);                          \
        }                                                                              \
    }
// NOLINTEND(bugprone-macro-parentheses)

DEFINE_PATH(portable, , step_portable)
DEFINE_PATH(vector, , step_vector)
#ifdef __x86_64__
/* As step_vector(), with the greatest of two vectors in one instruction. */
__attribute__((target("avx2"))) static inline void step_avx2(const struct lanes *table,
                                                             const int32_t *sums, struct lanes *ret)
{
    __m256i low = _mm256_set1_epi32(INT32_MIN), high = low;
    for (unsigned a = 0; a < VITERBI_LABELS; a++) {
        const __m256i *row = (const __m256i *)(const void *)table[a].of;
        __m256i sum = _mm256_set1_epi32(sums[a]);
        low = _mm256_max_epi32(low, _mm256_add_epi32(_mm256_loadu_si256(row), sum));
        high = _mm256_max_epi32(high, _mm256_add_epi32(_mm256_loadu_si256(row + 1), sum));
    }
    _mm256_storeu_si256((__m256i *)(void *)ret->of, low);
    _mm256_storeu_si256((__m256i *)(void *)ret->of + 1, high);
}

DEFINE_PATH(avx2, __attribute__((target("avx2"))), step_avx2)
#else
#define forward_avx2  forward_vector
#define backward_avx2 backward_vector
#endif

typedef void (*pass)(const struct transitions *transitions, const struct lanes *scores,
                     uint32_t count, struct lanes *sums);

static const pass forward_passes[] = {forward_portable, forward_vector, forward_avx2};
static const pass backward_passes[] = {backward_portable, backward_vector, backward_avx2};

enum viterbi_path viterbi_best_path(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return VITERBI_AVX2;
#endif
    return VITERBI_VECTOR;
}

/* The first label with the greatest sum. */
static unsigned best_of(const struct lanes *sums)
{
    unsigned best = 0;
    for (unsigned a = 1; a < VITERBI_LANES; a++)
        if (sums->of[a] > sums->of[best])
            best = a;
    return best;
}

void viterbi_decode(enum viterbi_path path, const struct transitions *transitions,
                    const struct lanes *scores, uint32_t count, struct viterbi *viterbi)
{
    forward_passes[path](transitions, scores, count, viterbi->forward);
    unsigned label = best_of(&viterbi->forward[count - 1]);
    viterbi->labels[count - 1] = (uint8_t)label;
    for (uint32_t i = count - 1; i-- > 0;) {
        int32_t sum = viterbi->forward[i + 1].of[label] - scores[i + 1].of[label];
        unsigned before = 0;
        while (viterbi->forward[i].of[before] + transitions->from[before].of[label] != sum)
            before++;
        label = before;
        viterbi->labels[i] = (uint8_t)label;
    }
}

void viterbi_look_back(enum viterbi_path path, const struct transitions *transitions,
                       const struct lanes *scores, uint32_t count, struct viterbi *viterbi)
{
    backward_passes[path](transitions, scores, count, viterbi->backward);
}
