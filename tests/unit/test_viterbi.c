// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>

#include "common/status.h"
#include "tests/support/testing.h"
#include "worker/extract/viterbi.h"

enum { LABELS = 5, TOKENS = 9 };

static uint64_t seed;

static int32_t chance(int32_t range)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int32_t)((seed >> 33) % (uint64_t)(2 * range + 1)) - range;
}

/* Labels from 5 on are forbidden, and so is 2 behind anything but 1 and 2. */
static struct transitions some_transitions(int32_t range)
{
    struct transitions t;
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        t.first.of[a] = a < LABELS && a != 2 ? chance(range) : VITERBI_FORBIDDEN;
        for (unsigned b = 0; b < VITERBI_LANES; b++) {
            bool may = a < LABELS && b < LABELS && (b != 2 || a == 1 || a == 2);
            t.from[a].of[b] = may ? chance(range) : VITERBI_FORBIDDEN;
        }
    }
    transitions_complete(&t);
    return t;
}

static void some_scores(struct lanes *scores, uint32_t count, int32_t range)
{
    for (uint32_t i = 0; i < count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            scores[i].of[a] = a < LABELS ? chance(range) : 0;
}

static int64_t worth(const struct transitions *t, const struct lanes *scores, const uint8_t *labels,
                     uint32_t count)
{
    int64_t sum = t->first.of[labels[0]] + scores[0].of[labels[0]];
    for (uint32_t i = 1; i < count; i++)
        sum += t->from[labels[i - 1]].of[labels[i]] + scores[i].of[labels[i]];
    return sum;
}

static struct viterbi room(uint32_t count)
{
    return (struct viterbi){.forward = memory_new(count * sizeof(struct lanes)),
                            .backward = memory_new(count * sizeof(struct lanes)),
                            .labels = memory_new(count)};
}

static void leave(struct viterbi *viterbi)
{
    free(viterbi->forward);
    free(viterbi->backward);
    free(viterbi->labels);
}

/* The greatest worth of all sequences, tried one by one. */
static int64_t best_of_all(const struct transitions *t, const struct lanes *scores, uint32_t count)
{
    int64_t best = INT64_MIN;
    uint8_t labels[TOKENS] = {0};
    for (;;) {
        int64_t sum = worth(t, scores, labels, count);
        best = sum > best ? sum : best;
        uint32_t i = 0;
        while (i < count && ++labels[i] == LABELS)
            labels[i++] = 0;
        if (i == count)
            return best;
    }
}

static void the_best_of_all_sequences_is_found(void **state)
{
    (void)state;
    seed = 7;
    for (uint32_t count = 1; count <= 6; count++) {
        struct transitions t = some_transitions(50);
        struct lanes scores[TOKENS];
        struct viterbi viterbi = room(count);
        some_scores(scores, count, 60);
        viterbi_decode(VITERBI_PORTABLE, &t, scores, count, &viterbi);
        assert_int_equal(worth(&t, scores, viterbi.labels, count), best_of_all(&t, scores, count));
        leave(&viterbi);
    }
}

static void all_paths_give_the_same_bytes(void **state)
{
    (void)state;
    seed = 11;
    for (unsigned round = 0; round < 200; round++) {
        uint32_t count = 1 + (uint32_t)(chance(20) + 20);
        int32_t range = round % 2 ? 3 : 200000; /* with many ties, and with large sums */
        struct transitions t = some_transitions(range);
        struct lanes *scores = memory_new(count * sizeof(*scores));
        struct viterbi portable = room(count);
        some_scores(scores, count, range);
        viterbi_decode(VITERBI_PORTABLE, &t, scores, count, &portable);
        viterbi_look_back(VITERBI_PORTABLE, &t, scores, count, &portable);
        for (unsigned path = VITERBI_VECTOR; path <= viterbi_best_path(); path++) {
            struct viterbi other = room(count);
            viterbi_decode((enum viterbi_path)path, &t, scores, count, &other);
            viterbi_look_back((enum viterbi_path)path, &t, scores, count, &other);
            assert_memory_equal(other.labels, portable.labels, count);
            assert_memory_equal(other.forward, portable.forward, count * sizeof(struct lanes));
            assert_memory_equal(other.backward, portable.backward, count * sizeof(struct lanes));
            leave(&other);
        }
        leave(&portable);
        free(scores);
    }
}

static void what_is_forbidden_never_wins(void **state)
{
    (void)state;
    seed = 13;
    for (unsigned round = 0; round < 50; round++) {
        uint32_t count = VITERBI_LONGEST;
        struct transitions t = some_transitions(1000);
        struct lanes *scores = memory_new(count * sizeof(*scores));
        struct viterbi viterbi = room(count);
        some_scores(scores, count, 200000);
        for (uint32_t i = 0; i < count; i++)
            scores[i].of[2] = 200000; /* everybody wants to stand where few may */
        viterbi_decode(viterbi_best_path(), &t, scores, count, &viterbi);
        for (uint32_t i = 0; i < count; i++) {
            assert_true(viterbi.labels[i] < LABELS);
            if (viterbi.labels[i] == 2)
                assert_true(i > 0 && (viterbi.labels[i - 1] == 1 || viterbi.labels[i - 1] == 2));
        }
        leave(&viterbi);
        free(scores);
    }
}

static void both_directions_meet_in_the_best_sum(void **state)
{
    (void)state;
    seed = 17;
    struct transitions t = some_transitions(40);
    struct lanes scores[TOKENS];
    struct viterbi viterbi = room(TOKENS);
    some_scores(scores, TOKENS, 40);
    viterbi_decode(VITERBI_PORTABLE, &t, scores, TOKENS, &viterbi);
    viterbi_look_back(VITERBI_PORTABLE, &t, scores, TOKENS, &viterbi);
    int64_t best = worth(&t, scores, viterbi.labels, TOKENS);
    for (unsigned i = 0; i < TOKENS; i++) {
        unsigned label = viterbi.labels[i];
        assert_int_equal(viterbi.forward[i].of[label] + viterbi.backward[i].of[label], best);
    }
    leave(&viterbi);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_of_all_sequences_is_found),
        cmocka_unit_test(all_paths_give_the_same_bytes),
        cmocka_unit_test(what_is_forbidden_never_wins),
        cmocka_unit_test(both_directions_meet_in_the_best_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
