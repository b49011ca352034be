// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/features.h"

enum { KNOWN_MOST = 5, LEFT = 2, RIGHT = 2, WINDOW = LEFT + 1 + RIGHT };

const char *const feature_family_names[FAMILY_COUNT] = {
    [FAMILY_WORDS] = "words",         [FAMILY_AFFIXES] = "affixes",
    [FAMILY_CLASSES] = "classes",     [FAMILY_KNOWN] = "known phrases",
    [FAMILY_RULES] = "rules' choice", [FAMILY_ARTICLE] = "rest of the article",
    [FAMILY_PLACE] = "place on page", [FAMILY_HEADS] = "head words far left",
};

/* Outside of the sentence. */
static const struct clue nothing = {.word = 1, .plain = 1, .shape = 63, .class = 63, .rule = 31};

struct window {
    const struct clue *at[WINDOW]; /* at[LEFT] is the token itself */
    bool is_quiet;                 /* the rules see nothing in it nor beside it: fewer joins do */
};

static bool is_quiet(const struct clue *clue)
{
    return clue->rule == LABEL_OUTSIDE && !clue->is_edge;
}

/* Where the next hash goes is handed from one adder to the next: in a register, as hashes might
 * overwrite what stands in memory. */
static inline __attribute__((always_inline)) uint32_t *add(uint32_t *to, uint32_t template,
                                                           uint32_t value, uint32_t other)
{
    uint64_t hash = (value ^ ((uint64_t) template << 40)) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 32) ^ other) * UINT64_C(0xD6E8FEB86659FD93);
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

static uint32_t *add_words(const struct window *w, uint32_t *to)
{
    const struct clue *const *at = w->at;
    for (unsigned i = 0; i < WINDOW; i++)
        to = add(to, 1 + i, at[i]->word, 0);
    to = add(to, 6, at[2]->plain, 0);
    to = add(to, 8, at[1]->word, at[2]->word);
    to = add(to, 9, at[2]->word, at[3]->word);
    if (w->is_quiet)
        return to;
    to = add(to, 7, at[1]->plain, at[2]->plain);
    to = add(to, 10, at[1]->word, at[3]->word);
    to = add(to, 11, at[0]->word, at[1]->word);
    to = add(to, 12, at[3]->word, at[4]->word);
    to = add(to, 13, at[2]->word, at[2]->shape);
    to = add(to, 14, at[1]->word, at[2]->shape);
    to = add(to, 15, at[3]->word, at[2]->shape);
    return to;
}

static uint32_t *add_affixes(const struct window *w, uint32_t *to)
{
    const struct clue *own = w->at[LEFT];
    to = add(to, 30, own->prefix, own->shape);
    to = add(to, 31, own->suffix, own->shape);
    return to;
}

static uint32_t *add_classes(const struct window *w, uint32_t *to)
{
    const struct clue *const *at = w->at;
    to = add(to, 41, pair(at[1]->class, at[2]->class), 0);
    to = add(to, 42, pair(at[2]->class, at[3]->class), 0);
    to = add(to, 46, at[1]->word, at[2]->class);
    to = add(to, 47, at[3]->word, at[2]->class);
    to = add(to, 48, at[2]->word, at[1]->class);
    to = add(to, 49, at[2]->word, at[3]->class);
    if (w->is_quiet)
        return to;
    to = add(to, 40, pair(at[2]->class, at[2]->shape), 0);
    to = add(to, 43, triple(at[1]->class, at[2]->class, at[3]->class), at[2]->shape);
    to = add(to, 44, triple(at[0]->class, at[1]->class, at[2]->class), 0);
    to = add(to, 45, triple(at[2]->class, at[3]->class, at[4]->class), 0);
    to = add(to, 50, triple(at[1]->class, at[2]->shape, at[3]->shape), 0);
    to = add(to, 51, triple(at[0]->class, at[1]->shape, at[2]->shape), 0);
    return to;
}

static uint32_t *add_known(const struct window *w, uint32_t *to)
{
    static const uint8_t places[] = {LEFT, LEFT - 1, LEFT + 1};
    for (unsigned p = 0; p < (w->is_quiet ? 1 : COUNT_OF(places)); p++) {
        const struct clue *clue = w->at[places[p]];
        uint64_t known = clue->begins | clue->insides;
        for (unsigned n = 0; known && n < KNOWN_MOST; n++) {
            unsigned kind = (unsigned)__builtin_ctzll(known);
            uint32_t state = (uint32_t)(clue->begins >> kind & 1) |
                             (uint32_t)(clue->insides >> kind & 1) << 1 |
                             (uint32_t)(clue->lasts >> kind & 1) << 2;
            known &= known - 1;
            to = add(to, 60 + p, pair(kind, state), 0);
            if (!w->is_quiet)
                to = add(to, 64 + p, pair(kind, state), w->at[LEFT]->shape + 1U);
        }
    }
    return to;
}

static uint32_t *add_rules(const struct window *w, uint32_t *to)
{
    const struct clue *const *at = w->at;
    uint32_t own = rule_of(at[2]), left = rule_of(at[1]), right = rule_of(at[3]);
    to = add(to, 71, pair(left, own), 0);
    if (w->is_quiet)
        return to;
    to = add(to, 70, pair(own, at[2]->rule_certainty), 0);
    to = add(to, 72, pair(own, right), 0);
    to = add(to, 73, triple(left, own, right), at[2]->shape);
    to = add(to, 74, own, at[2]->word);
    to = add(to, 75, own, at[1]->word);
    to = add(to, 76, own, at[3]->word);
    to = add(to, 77, pair(own, at[2]->shape), at[2]->rule_certainty);
    to = add(to, 78, pair(own, at[2]->class), 0);
    to = add(to, 79, triple(own, at[1]->class, at[1]->shape), 0);
    to = add(to, 80, triple(own, at[3]->class, at[3]->shape), 0);
    to = add(to, 81, pair(own, at[2]->standing), 0);
    to = add(to, 82, triple(rule_of(at[0]), left, own), 0);
    to = add(to, 83, triple(own, right, rule_of(at[4])), 0);
    return to;
}

static uint32_t *add_article(const struct window *w, uint32_t *to)
{
    const struct clue *own = w->at[LEFT];
    to = add(to, 100, pair(own->elsewhere, own->shape), 0);
    to = add(to, 104, pair(own->capitals, own->shape), own->standing & 3U);
    if (w->is_quiet)
        return to;
    to = add(to, 101, pair(own->elsewhere, own->rule), own->rule_certainty);
    to = add(to, 102, triple(own->elsewhere, w->at[LEFT - 1]->elsewhere, own->shape), 0);
    to = add(to, 103, triple(own->elsewhere, w->at[LEFT + 1]->elsewhere, own->shape), 0);
    to = add(to, 105, pair(own->elsewhere, w->at[LEFT - 1]->class), w->at[LEFT - 1]->shape);
    return to;
}

static uint32_t *add_place(const struct window *w, uint32_t *to)
{
    const struct clue *own = w->at[LEFT];
    to = add(to, 110, pair(own->standing, own->shape), 0);
    if (w->is_quiet)
        return to;
    to = add(to, 111, pair(own->standing, own->class), 0);
    to = add(to, 112, pair(own->within, own->shape), 0);
    to = add(to, 113, pair(own->within, own->rule), own->class);
    return to;
}

static uint32_t *add_heads(const struct window *w, uint32_t *to)
{
    const struct clue *own = w->at[LEFT];
    to = add(to, 120, triple(own->head, own->head_distance, own->shape), 0);
    to = add(to, 122, pair(own->head, own->ahead), own->word);
    to = add(to, 123, own->head, own->word);
    if (w->is_quiet)
        return to;
    to = add(to, 121, triple(own->head, own->class, own->shape), 0);
    to = add(to, 124, pair(own->head, w->at[LEFT + 1]->shape), own->shape);
    to = add(to, 125, pair(own->head, own->rule), w->at[LEFT + 1]->word);
    return to;
}

static uint32_t *(*const adders[FAMILY_COUNT])(const struct window *, uint32_t *) = {
    [FAMILY_WORDS] = add_words, [FAMILY_AFFIXES] = add_affixes, [FAMILY_CLASSES] = add_classes,
    [FAMILY_KNOWN] = add_known, [FAMILY_RULES] = add_rules,     [FAMILY_ARTICLE] = add_article,
    [FAMILY_PLACE] = add_place, [FAMILY_HEADS] = add_heads,
};

/* Unrolled and inlined where the families are known. */
static inline __attribute__((always_inline)) unsigned
features_some(const struct window *w, unsigned families, uint32_t *hashes)
{
    uint32_t *to = hashes;
#pragma GCC unroll 8
    for (unsigned family = 0; family < FAMILY_COUNT; family++)
        if (families >> family & 1)
            to = adders[family](w, to);
    return (unsigned)(to - hashes);
}

unsigned features_of(const struct clue *clues, uint32_t first, uint32_t end, uint32_t at,
                     unsigned families, uint32_t ret_hashes[FEATURE_MOST])
{
    struct window w;
    for (uint32_t i = 0; i < WINDOW; i++) {
        bool is_inside = at + i >= first + LEFT && at + i < end + LEFT;
        w.at[i] = is_inside ? &clues[at + i - LEFT] : &nothing;
    }
    w.is_quiet = is_quiet(w.at[LEFT]) && is_quiet(w.at[LEFT - 1]) && is_quiet(w.at[LEFT + 1]);
    if (families == FAMILIES_ALL)
        return features_some(&w, FAMILIES_ALL, ret_hashes);
    return features_some(&w, families, ret_hashes);
}
