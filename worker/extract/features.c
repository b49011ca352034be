// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/features.h"

enum { KNOWN_MOST = 5, LEFT = 2, RIGHT = 2 };

const char *const feature_family_names[FAMILY_COUNT] = {
    [FAMILY_WORDS] = "words",         [FAMILY_AFFIXES] = "affixes",
    [FAMILY_CLASSES] = "classes",     [FAMILY_KNOWN] = "known phrases",
    [FAMILY_RULES] = "rules' choice", [FAMILY_ARTICLE] = "rest of the article",
    [FAMILY_PLACE] = "place on page", [FAMILY_HEADS] = "head words far left",
};

/* Outside of the sentence. */
static const struct clue nothing = {.word = 1, .plain = 1, .shape = 63, .class = 63, .rule = 31};

/* What the adders are: inlined where it is known whether the token is quiet, which is when the
 * rules see nothing in it nor beside it, so that fewer joins do. They see the clue of the token and
 * of its neighbours, two on each side, and hand from one to the next where the next hash goes. */
#define ADDER static inline __attribute__((always_inline)) uint32_t *

/* The template is apart from the value, so that the first product of a value is that of all its
 * templates. */
ADDER add(uint32_t *to, uint32_t template, uint32_t value, uint32_t other)
{
    const uint64_t first = UINT64_C(0x9E3779B97F4A7C15), second = UINT64_C(0xD6E8FEB86659FD93);
    uint64_t hash = value * first + ((uint64_t) template << 40) * first;
    hash = (hash ^ (hash >> 32) ^ other) * second;
    *to = (uint32_t)(hash >> 32);
    return to + 1;
}

/* Small values side by side. */
static uint32_t pair(uint32_t a, uint32_t b)
{
    return a << 8 | b;
}

static uint32_t triple(uint32_t a, uint32_t b, uint32_t c)
{
    return a << 16 | b << 8 | c;
}

static uint32_t rule_of(const struct clue *clue)
{
    return clue->rule * 2U + clue->rule_is_last;
}

ADDER add_words(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add(to, 1, own[-2].word, 0);
    to = add(to, 2, own[-1].word, 0);
    to = add(to, 3, own->word, 0);
    to = add(to, 4, own[1].word, 0);
    to = add(to, 5, own[2].word, 0);
    to = add(to, 6, own->plain, 0);
    to = add(to, 8, own[-1].word, own->word);
    to = add(to, 9, own->word, own[1].word);
    if (is_quiet)
        return to;
    to = add(to, 7, own[-1].plain, own->plain);
    to = add(to, 10, own[-1].word, own[1].word);
    to = add(to, 11, own[-2].word, own[-1].word);
    to = add(to, 12, own[1].word, own[2].word);
    to = add(to, 13, own->word, own->shape);
    to = add(to, 14, own[-1].word, own->shape);
    to = add(to, 15, own[1].word, own->shape);
    return to;
}

ADDER add_affixes(const struct clue *own, uint32_t *to)
{
    to = add(to, 30, own->prefix, own->shape);
    to = add(to, 31, own->suffix, own->shape);
    return to;
}

ADDER add_classes(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add(to, 41, pair(own[-1].class, own->class), 0);
    to = add(to, 42, pair(own->class, own[1].class), 0);
    to = add(to, 46, own[-1].word, own->class);
    to = add(to, 47, own[1].word, own->class);
    to = add(to, 48, own->word, own[-1].class);
    to = add(to, 49, own->word, own[1].class);
    if (is_quiet)
        return to;
    to = add(to, 40, pair(own->class, own->shape), 0);
    to = add(to, 43, triple(own[-1].class, own->class, own[1].class), own->shape);
    to = add(to, 44, triple(own[-2].class, own[-1].class, own->class), 0);
    to = add(to, 45, triple(own->class, own[1].class, own[2].class), 0);
    to = add(to, 50, triple(own[-1].class, own->shape, own[1].shape), 0);
    to = add(to, 51, triple(own[-2].class, own[-1].shape, own->shape), 0);
    return to;
}

/* The known phrases at one token, which is place 0, 1 or 2. */
ADDER add_known_at(const struct clue *clue, unsigned place, uint32_t shape, bool is_quiet,
                   uint32_t *to)
{
    uint64_t known = clue->begins | clue->insides;
    for (unsigned n = 0; known && n < KNOWN_MOST; n++) {
        unsigned kind = (unsigned)__builtin_ctzll(known);
        uint32_t state = (uint32_t)(clue->begins >> kind & 1) |
                         (uint32_t)(clue->insides >> kind & 1) << 1 |
                         (uint32_t)(clue->lasts >> kind & 1) << 2;
        known &= known - 1;
        to = add(to, 60 + place, pair(kind, state), 0);
        if (!is_quiet)
            to = add(to, 64 + place, pair(kind, state), shape);
    }
    return to;
}

ADDER add_known(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add_known_at(own, 0, own->shape + 1U, is_quiet, to);
    if (is_quiet)
        return to;
    to = add_known_at(&own[-1], 1, own->shape + 1U, is_quiet, to);
    to = add_known_at(&own[1], 2, own->shape + 1U, is_quiet, to);
    return to;
}

ADDER add_rules(const struct clue *own, bool is_quiet, uint32_t *to)
{
    uint32_t rule = rule_of(own), left = rule_of(&own[-1]), right = rule_of(&own[1]);
    to = add(to, 71, pair(left, rule), 0);
    if (is_quiet)
        return to;
    to = add(to, 70, pair(rule, own->rule_certainty), 0);
    to = add(to, 72, pair(rule, right), 0);
    to = add(to, 73, triple(left, rule, right), own->shape);
    to = add(to, 74, rule, own->word);
    to = add(to, 75, rule, own[-1].word);
    to = add(to, 76, rule, own[1].word);
    to = add(to, 77, pair(rule, own->shape), own->rule_certainty);
    to = add(to, 78, pair(rule, own->class), 0);
    to = add(to, 79, triple(rule, own[-1].class, own[-1].shape), 0);
    to = add(to, 80, triple(rule, own[1].class, own[1].shape), 0);
    to = add(to, 81, pair(rule, own->standing), 0);
    to = add(to, 82, triple(rule_of(&own[-2]), left, rule), 0);
    to = add(to, 83, triple(rule, right, rule_of(&own[2])), 0);
    return to;
}

ADDER add_article(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add(to, 100, pair(own->elsewhere, own->shape), 0);
    to = add(to, 104, pair(own->capitals, own->shape), own->standing & 3U);
    if (is_quiet)
        return to;
    to = add(to, 101, pair(own->elsewhere, own->rule), own->rule_certainty);
    to = add(to, 102, triple(own->elsewhere, own[-1].elsewhere, own->shape), 0);
    to = add(to, 103, triple(own->elsewhere, own[1].elsewhere, own->shape), 0);
    to = add(to, 105, pair(own->elsewhere, own[-1].class), own[-1].shape);
    return to;
}

ADDER add_place(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add(to, 110, pair(own->standing, own->shape), 0);
    if (is_quiet)
        return to;
    to = add(to, 111, pair(own->standing, own->class), 0);
    to = add(to, 112, pair(own->within, own->shape), 0);
    to = add(to, 113, pair(own->within, own->rule), own->class);
    return to;
}

ADDER add_heads(const struct clue *own, bool is_quiet, uint32_t *to)
{
    to = add(to, 120, triple(own->head, own->head_distance, own->shape), 0);
    to = add(to, 122, pair(own->head, own->ahead), own->word);
    to = add(to, 123, own->head, own->word);
    if (is_quiet)
        return to;
    to = add(to, 121, triple(own->head, own->class, own->shape), 0);
    to = add(to, 124, pair(own->head, own[1].shape), own->shape);
    to = add(to, 125, pair(own->head, own->rule), own[1].word);
    return to;
}

/* In this order, which the trainer numbers features by. */
static inline __attribute__((always_inline)) unsigned
add_families(const struct clue *own, bool is_quiet, unsigned families, uint32_t *restrict hashes)
{
    uint32_t *to = hashes;
    if (families >> FAMILY_WORDS & 1)
        to = add_words(own, is_quiet, to);
    if (families >> FAMILY_AFFIXES & 1)
        to = add_affixes(own, to);
    if (families >> FAMILY_CLASSES & 1)
        to = add_classes(own, is_quiet, to);
    if (families >> FAMILY_KNOWN & 1)
        to = add_known(own, is_quiet, to);
    if (families >> FAMILY_RULES & 1)
        to = add_rules(own, is_quiet, to);
    if (families >> FAMILY_ARTICLE & 1)
        to = add_article(own, is_quiet, to);
    if (families >> FAMILY_PLACE & 1)
        to = add_place(own, is_quiet, to);
    if (families >> FAMILY_HEADS & 1)
        to = add_heads(own, is_quiet, to);
    return (unsigned)(to - hashes);
}

static bool sees_nothing(const struct clue *clue)
{
    return clue->rule == LABEL_OUTSIDE && !clue->is_edge;
}

unsigned features_of(const struct clue *clues, uint32_t first, uint32_t end, uint32_t at,
                     unsigned families, uint32_t ret_hashes[FEATURE_MOST])
{
    const struct clue *own = &clues[at];
    struct clue window[LEFT + 1 + RIGHT];
    if (at < first + LEFT || at + RIGHT >= end) {
        for (uint32_t i = 0; i < COUNT_OF(window); i++) {
            bool is_inside = at + i >= first + LEFT && at + i < end + LEFT;
            window[i] = is_inside ? clues[at + i - LEFT] : nothing;
        }
        own = &window[LEFT];
    }
    bool is_quiet = sees_nothing(own) && sees_nothing(&own[-1]) && sees_nothing(&own[1]);
    if (families != FAMILIES_ALL)
        return add_families(own, is_quiet, families, ret_hashes);
    return is_quiet ? add_families(own, true, FAMILIES_ALL, ret_hashes)
                    : add_families(own, false, FAMILIES_ALL, ret_hashes);
}
