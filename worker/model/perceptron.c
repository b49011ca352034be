// SPDX-License-Identifier: Apache-2.0
#include "worker/model/perceptron.h"

#include <stdlib.h>
#include <string.h>

struct totals {
    int64_t of[VITERBI_LANES];
};

/* Training: weights, and each weight's changes times when they came, to average by. */
struct training {
    const struct schedule *schedule;
    struct examples numbered; /* features are numbers of the lexicon */
    struct weights weights;
    struct totals *late_rows;
    struct totals late_first;
    struct totals late_from[VITERBI_LANES];
    int64_t now;
    struct lanes scores[VITERBI_LONGEST];
    struct lanes forward[VITERBI_LONGEST];
    uint8_t labels[VITERBI_LONGEST];
};

uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static int compare_hashes(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static struct lexicon lexicon_new(const struct examples *examples, unsigned least)
{
    uint32_t *all =
        memory_copy(examples->features, examples->feature_count * sizeof(*examples->features));
    struct lexicon lexicon = {.count = 1};
    size_t kept = 0;
    qsort(all, examples->feature_count, sizeof(*all), compare_hashes);
    for (size_t i = 0, end = 0; i < examples->feature_count; i = end) {
        for (end = i; end < examples->feature_count && all[end] == all[i];)
            end++;
        if (end - i >= least)
            all[kept++] = all[i];
    }
    lexicon.count += (uint32_t)kept;
    lexicon.hashes = memory_new(lexicon.count * sizeof(uint32_t));
    memcpy(lexicon.hashes + 1, all, kept * sizeof(uint32_t));
    free(all);
    return lexicon;
}

/* A table that answers what lexicon_number() does, fast. */
struct index {
    uint32_t *slots;
    uint32_t mask;
};

static struct index index_new(const struct lexicon *lexicon)
{
    uint32_t size = 1024;
    while (size < lexicon->count * 2)
        size *= 2;
    struct index index = {memory_new(size * sizeof(uint32_t)), size - 1};
    for (uint32_t i = 1; i < lexicon->count; i++) {
        uint32_t at = lexicon->hashes[i] & index.mask;
        while (index.slots[at])
            at = (at + 1) & index.mask;
        index.slots[at] = i;
    }
    return index;
}

static uint32_t index_number(const struct index *index, const struct lexicon *lexicon,
                             uint32_t hash)
{
    uint32_t at = hash & index->mask;
    while (index->slots[at] && lexicon->hashes[index->slots[at]] != hash)
        at = (at + 1) & index->mask;
    return index->slots[at];
}

/* The same sentences with the lexicon's numbers for features; what it lacks is left out. */
static struct examples number_features(const struct examples *examples,
                                       const struct lexicon *lexicon)
{
    struct examples numbered = *examples;
    struct index index = index_new(lexicon);
    numbered.features = memory_new((examples->feature_count + 1) * sizeof(uint32_t));
    numbered.first_feature = memory_new((examples->token_count + 1) * sizeof(size_t));
    numbered.feature_count = 0;
    for (uint32_t t = 0; t < examples->token_count; t++) {
        numbered.first_feature[t] = numbered.feature_count;
        for (size_t f = examples->first_feature[t]; f < examples->first_feature[t + 1]; f++) {
            uint32_t number = index_number(&index, lexicon, examples->features[f]);
            if (number)
                numbered.features[numbered.feature_count++] = number;
        }
    }
    numbered.first_feature[examples->token_count] = numbered.feature_count;
    free(index.slots);
    return numbered;
}

static bool may_follow(unsigned before, unsigned label)
{
    bool is_inside = label != LABEL_OUTSIDE && label % 2 == 0;
    return before < LABEL_COUNT && label < LABEL_COUNT &&
           (!is_inside || before == label || before == label - 1);
}

static void forbid(struct transitions *transitions)
{
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        if (!may_follow(LABEL_OUTSIDE, a))
            transitions->first.of[a] = VITERBI_FORBIDDEN;
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            if (!may_follow(a, b))
                transitions->from[a].of[b] = VITERBI_FORBIDDEN;
    }
}

static void add_row(struct lanes *scores, const struct lanes *row)
{
    for (unsigned a = 0; a < VITERBI_LANES; a++)
        scores->of[a] += row->of[a];
}

static void score_sentence(const struct examples *numbered, const struct example *sentence,
                           const struct lanes *rows, struct lanes *scores)
{
    for (uint32_t i = 0; i < sentence->count; i++) {
        uint32_t token = sentence->first + i;
        struct lanes sum = {{0}};
        for (size_t f = numbered->first_feature[token]; f < numbered->first_feature[token + 1]; f++)
            add_row(&sum, &rows[numbered->features[f]]);
        scores[i] = sum;
    }
}

static void move(int32_t *weight, int64_t *late, int32_t step, int64_t now)
{
    *weight += step;
    *late += step * now;
}

static void move_token(struct training *t, uint32_t token, unsigned right, unsigned wrong)
{
    const struct examples *numbered = &t->numbered;
    for (size_t f = numbered->first_feature[token]; f < numbered->first_feature[token + 1]; f++) {
        uint32_t number = numbered->features[f];
        move(&t->weights.rows[number].of[right], &t->late_rows[number].of[right], 1, t->now);
        move(&t->weights.rows[number].of[wrong], &t->late_rows[number].of[wrong], -1, t->now);
    }
}

static void move_step(struct training *t, const uint8_t *labels, uint32_t i, int32_t step)
{
    struct transitions *transitions = &t->weights.transitions;
    unsigned label = labels[i];
    if (i == 0) {
        move(&transitions->first.of[label], &t->late_first.of[label], step, t->now);
        return;
    }
    unsigned before = labels[i - 1];
    move(&transitions->from[before].of[label], &t->late_from[before].of[label], step, t->now);
}

static void learn_sentence(struct training *t, const struct example *sentence)
{
    const uint8_t *gold = t->numbered.gold + sentence->first;
    struct viterbi viterbi = {.forward = t->forward, .labels = t->labels};
    score_sentence(&t->numbered, sentence, t->weights.rows, t->scores);
    for (uint32_t i = 0; i < sentence->count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            t->scores[i].of[a] += a == gold[i] ? 0 : t->schedule->margin;
    viterbi_decode(viterbi_best_path(), &t->weights.transitions, t->scores, sentence->count,
                   &viterbi);
    t->now++;
    for (uint32_t i = 0; i < sentence->count; i++) {
        if (t->labels[i] != gold[i])
            move_token(t, sentence->first + i, gold[i], t->labels[i]);
        bool is_same = t->labels[i] == gold[i] && (i == 0 || t->labels[i - 1] == gold[i - 1]);
        if (is_same)
            continue;
        move_step(t, gold, i, 1);
        move_step(t, t->labels, i, -1);
    }
}

/* The mean of a weight over time, times now: kept whole, it is divided when the model is written.
 */
static void average(struct training *t, int64_t unit)
{
    struct weights *weights = &t->weights;
    for (uint32_t i = 0; i < weights->lexicon.count; i++)
        for (unsigned a = 0; a < VITERBI_LANES; a++)
            weights->rows[i].of[a] =
                (int32_t)((weights->rows[i].of[a] * t->now - t->late_rows[i].of[a]) / unit);
    for (unsigned a = 0; a < VITERBI_LANES; a++) {
        weights->transitions.first.of[a] =
            (int32_t)((weights->transitions.first.of[a] * t->now - t->late_first.of[a]) / unit);
        for (unsigned b = 0; b < VITERBI_LANES; b++)
            weights->transitions.from[a].of[b] =
                (int32_t)((weights->transitions.from[a].of[b] * t->now - t->late_from[a].of[b]) /
                          unit);
    }
    forbid(&weights->transitions);
    transitions_complete(&weights->transitions);
}

static void shuffle(uint32_t *order, uint32_t count, uint64_t *state)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)(next_random(state) % i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

enum { AVERAGE_SCALE = 64 }; /* averages keep six bits behind the point */

static struct weights train_on(const struct examples *examples, struct lexicon lexicon,
                               const struct schedule *schedule, unsigned rounds)
{
    struct training *t = memory_new(sizeof(*t));
    uint64_t state = schedule->seed;
    uint32_t *order = memory_new((examples->sentence_count + 1) * sizeof(*order));
    t->schedule = schedule;
    t->numbered = number_features(examples, &lexicon);
    t->weights.lexicon = lexicon;
    t->weights.rows = memory_new(lexicon.count * sizeof(struct lanes));
    t->late_rows = memory_new(lexicon.count * sizeof(struct totals));
    forbid(&t->weights.transitions);
    for (uint32_t i = 0; i < examples->sentence_count; i++)
        order[i] = i;
    for (unsigned round = 0; round < rounds; round++) {
        shuffle(order, examples->sentence_count, &state);
        for (uint32_t i = 0; i < examples->sentence_count; i++)
            learn_sentence(t, &t->numbered.sentences[order[i]]);
    }
    average(t, t->now > AVERAGE_SCALE ? t->now / AVERAGE_SCALE : 1);
    struct weights weights = t->weights;
    free(t->numbered.features);
    free(t->numbered.first_feature);
    free(t->late_rows);
    free(order);
    free(t);
    return weights;
}

/* How much a feature moves all labels. */
static uint64_t importance(const struct lanes *row)
{
    uint64_t sum = 0;
    for (unsigned a = 0; a < VITERBI_LANES; a++)
        sum += (uint64_t)llabs(row->of[a]);
    return sum;
}

struct ranked {
    uint64_t importance;
    uint32_t number;
};

static int compare_ranks(const void *a, const void *b)
{
    const struct ranked *left = a, *right = b;
    if (left->importance != right->importance)
        return left->importance < right->importance ? 1 : -1;
    return (left->number > right->number) - (left->number < right->number);
}

uint32_t *weights_by_importance(const struct weights *weights)
{
    uint32_t count = weights->lexicon.count;
    struct ranked *ranked = memory_new(count * sizeof(*ranked));
    uint32_t *order = memory_new(count * sizeof(*order));
    for (uint32_t i = 1; i < count; i++)
        ranked[i] = (struct ranked){importance(&weights->rows[i]), i};
    qsort(ranked + 1, count - 1, sizeof(*ranked), compare_ranks);
    for (uint32_t i = 1; i < count; i++)
        order[i] = ranked[i].number;
    free(ranked);
    return order;
}

/* The features that matter most, by hash again. */
static struct lexicon best_features(const struct weights *weights, uint32_t most)
{
    uint32_t *order = weights_by_importance(weights);
    struct lexicon lexicon = {.count = 1};
    lexicon.hashes = memory_new(weights->lexicon.count * sizeof(uint32_t));
    while (lexicon.count < weights->lexicon.count && lexicon.count <= most &&
           importance(&weights->rows[order[lexicon.count]]) > 0) {
        lexicon.hashes[lexicon.count] = weights->lexicon.hashes[order[lexicon.count]];
        lexicon.count++;
    }
    free(order);
    qsort(lexicon.hashes + 1, lexicon.count - 1, sizeof(uint32_t), compare_hashes);
    return lexicon;
}

static void add_weights(struct weights *weights, const struct weights *more)
{
    for (uint32_t i = 0; i < weights->lexicon.count; i++)
        add_row(&weights->rows[i], &more->rows[i]);
    add_row(&weights->transitions.first, &more->transitions.first);
    for (unsigned a = 0; a < VITERBI_LANES; a++)
        add_row(&weights->transitions.from[a], &more->transitions.from[a]);
    forbid(&weights->transitions); /* two of them were added up */
    transitions_complete(&weights->transitions);
}

struct weights weights_train(const struct examples *examples, const struct schedule *schedule)
{
    struct schedule turn = *schedule;
    struct weights weights = train_on(examples, lexicon_new(examples, schedule->least), schedule,
                                      (schedule->rounds + 1) / 2);
    struct lexicon best = best_features(&weights, schedule->rows);
    weights_free(&weights);
    weights = train_on(examples, best, &turn, schedule->rounds);
    for (unsigned i = 1; i < schedule->orders; i++) {
        turn.seed++;
        struct weights more = train_on(examples, best, &turn, schedule->rounds);
        add_weights(&weights, &more);
        free(more.rows);
    }
    return weights;
}

void weights_free(struct weights *weights)
{
    free(weights->lexicon.hashes);
    free(weights->rows);
    *weights = (struct weights){0};
}

struct decoder {
    const struct weights *weights;
    struct index index;
    struct lanes scores[VITERBI_LONGEST];
    struct lanes forward[VITERBI_LONGEST];
    struct lanes backward[VITERBI_LONGEST];
    uint8_t labels[VITERBI_LONGEST];
    struct verdict verdicts[VITERBI_LONGEST];
};

struct decoder *decoder_new(const struct weights *weights)
{
    struct decoder *decoder = memory_new(sizeof(*decoder));
    decoder->weights = weights;
    decoder->index = index_new(&weights->lexicon);
    return decoder;
}

void decoder_free(struct decoder **decoder_p)
{
    if (*decoder_p)
        free((*decoder_p)->index.slots);
    free(*decoder_p);
    *decoder_p = NULL;
}

static struct viterbi decode(struct decoder *decoder, const struct examples *examples,
                             const struct example *sentence)
{
    const struct weights *weights = decoder->weights;
    struct viterbi viterbi = {decoder->forward, decoder->backward, decoder->labels};
    for (uint32_t i = 0; i < sentence->count; i++) {
        uint32_t token = sentence->first + i;
        struct lanes sum = {{0}};
        for (size_t f = examples->first_feature[token]; f < examples->first_feature[token + 1]; f++)
            add_row(&sum, &weights->rows[index_number(&decoder->index, &weights->lexicon,
                                                      examples->features[f])]);
        decoder->scores[i] = sum;
    }
    viterbi_decode(viterbi_best_path(), &weights->transitions, decoder->scores, sentence->count,
                   &viterbi);
    return viterbi;
}

const uint8_t *decoder_label(struct decoder *decoder, const struct examples *examples,
                             const struct example *sentence)
{
    return decode(decoder, examples, sentence).labels;
}

const struct verdict *decoder_judge(struct decoder *decoder, const struct examples *examples,
                                    const struct example *sentence)
{
    struct viterbi viterbi = decode(decoder, examples, sentence);
    viterbi_look_back(viterbi_best_path(), &decoder->weights->transitions, decoder->scores,
                      sentence->count, &viterbi);
    verdicts_read(&viterbi, sentence->count, decoder->verdicts);
    return decoder->verdicts;
}
