// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/features.h"

enum { KNOWN_MOST = 5, LEFT = 2, RIGHT = 2, WINDOW = LEFT + 1 + RIGHT };

const char *const feature_family_names[FAMILY_COUNT] = {
    [FAMILY_WORDS] = "words",           [FAMILY_SHAPES] = "shapes",
    [FAMILY_AFFIXES] = "affixes",       [FAMILY_CLASSES] = "classes",
    [FAMILY_KNOWN] = "known phrases",   [FAMILY_RULES] = "rules' choice",
    [FAMILY_CANDIDATES] = "candidates", [FAMILY_ARTICLE] = "rest of the article",
    [FAMILY_PLACE] = "place on page",   [FAMILY_HEADS] = "head words far left",
};

/* Outside of the sentence. */
static const struct clue nothing = {.word = 1, .plain = 1, .shape = 63, .class = 63, .rule = 31};

struct builder {
    const struct clue *at[WINDOW]; /* at[LEFT] is the token itself */
    uint32_t *hashes;
    unsigned count;
};

static void add(struct builder *b, uint32_t template, uint32_t value, uint32_t other)
{
    uint64_t hash = (value ^ ((uint64_t) template << 40)) * UINT64_C(0x9E3779B97F4A7C15);
    hash = (hash ^ (hash >> 32) ^ other) * UINT64_C(0xD6E8FEB86659FD93);
    b->hashes[b->count++] = (uint32_t)(hash >> 32);
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

static void add_words(struct builder *b)
{
    const struct clue *const *at = b->at;
    for (unsigned i = 0; i < WINDOW; i++)
        add(b, 1 + i, at[i]->word, 0);
    add(b, 6, at[2]->plain, 0);
    add(b, 7, at[1]->plain, at[2]->plain);
    add(b, 8, at[1]->word, at[2]->word);
    add(b, 9, at[2]->word, at[3]->word);
    add(b, 10, at[1]->word, at[3]->word);
    add(b, 11, at[0]->word, at[1]->word);
    add(b, 12, at[3]->word, at[4]->word);
    add(b, 13, at[2]->word, at[2]->shape);
    add(b, 14, at[1]->word, at[2]->shape);
    add(b, 15, at[3]->word, at[2]->shape);
}

static void add_shapes(struct builder *b)
{
    const struct clue *const *at = b->at;
    uint32_t middle = triple(at[1]->shape, at[2]->shape, at[3]->shape);
    add(b, 20, at[2]->shape, 0);
    add(b, 21, pair(at[1]->shape, at[2]->shape), 0);
    add(b, 22, pair(at[2]->shape, at[3]->shape), 0);
    add(b, 23, middle, 0);
    add(b, 24, triple(at[0]->shape, at[1]->shape, at[2]->shape), 0);
    add(b, 25, triple(at[2]->shape, at[3]->shape, at[4]->shape), 0);
    add(b, 26, middle, pair(at[0]->shape, at[4]->shape));
    add(b, 27, pair(at[2]->shape, at[2]->ahead), 0);
}

static void add_affixes(struct builder *b)
{
    const struct clue *own = b->at[LEFT];
    add(b, 30, own->prefix, own->shape);
    add(b, 31, own->suffix, own->shape);
}

static void add_classes(struct builder *b)
{
    const struct clue *const *at = b->at;
    add(b, 40, pair(at[2]->class, at[2]->shape), 0);
    add(b, 41, pair(at[1]->class, at[2]->class), 0);
    add(b, 42, pair(at[2]->class, at[3]->class), 0);
    add(b, 43, triple(at[1]->class, at[2]->class, at[3]->class), at[2]->shape);
    add(b, 44, triple(at[0]->class, at[1]->class, at[2]->class), 0);
    add(b, 45, triple(at[2]->class, at[3]->class, at[4]->class), 0);
    add(b, 46, at[1]->word, at[2]->class);
    add(b, 47, at[3]->word, at[2]->class);
    add(b, 48, at[2]->word, at[1]->class);
    add(b, 49, at[2]->word, at[3]->class);
    add(b, 50, triple(at[1]->class, at[2]->shape, at[3]->shape), 0);
    add(b, 51, triple(at[0]->class, at[1]->shape, at[2]->shape), 0);
}

static void add_known(struct builder *b)
{
    static const uint8_t places[] = {LEFT, LEFT - 1, LEFT + 1};
    for (unsigned p = 0; p < COUNT_OF(places); p++) {
        const struct clue *clue = b->at[places[p]];
        uint64_t known = clue->begins | clue->insides;
        for (unsigned n = 0; known && n < KNOWN_MOST; n++) {
            unsigned kind = (unsigned)__builtin_ctzll(known);
            uint32_t state = (uint32_t)(clue->begins >> kind & 1) |
                             (uint32_t)(clue->insides >> kind & 1) << 1 |
                             (uint32_t)(clue->lasts >> kind & 1) << 2;
            known &= known - 1;
            add(b, 60 + p, pair(kind, state), 0);
            add(b, 64 + p, pair(kind, state), b->at[LEFT]->shape + 1U);
        }
    }
}

static void add_rules(struct builder *b)
{
    const struct clue *const *at = b->at;
    uint32_t own = rule_of(at[2]), left = rule_of(at[1]), right = rule_of(at[3]);
    add(b, 70, pair(own, at[2]->rule_certainty), 0);
    add(b, 71, pair(left, own), 0);
    add(b, 72, pair(own, right), 0);
    add(b, 73, triple(left, own, right), at[2]->shape);
    add(b, 74, own, at[2]->word);
    add(b, 75, own, at[1]->word);
    add(b, 76, own, at[3]->word);
    add(b, 77, pair(own, at[2]->shape), at[2]->rule_certainty);
    add(b, 78, pair(own, at[2]->class), 0);
    add(b, 79, triple(own, at[1]->class, at[1]->shape), 0);
    add(b, 80, triple(own, at[3]->class, at[3]->shape), 0);
    add(b, 81, pair(own, at[2]->standing), 0);
    add(b, 82, triple(rule_of(at[0]), left, own), 0);
    add(b, 83, triple(own, right, rule_of(at[4])), 0);
}

static void add_candidates(struct builder *b)
{
    const struct clue *own = b->at[LEFT];
    const struct clue *left = b->at[LEFT - 1];
    for (unsigned tag = 0; tag < TAG_COUNT; tag++) {
        if (own->starts[tag])
            add(b, 90, triple(tag, own->starts[tag], own->rule), 0);
        if (own->ends[tag])
            add(b, 91, triple(tag, own->ends[tag], rule_of(own)), 0);
        if (left->ends[tag])
            add(b, 92, triple(tag, left->ends[tag], own->rule), 0);
    }
    add(b, 93,
        triple(own->starts[TAG_PERSON], own->starts[TAG_ORGANIZATION], own->starts[TAG_LOCATION]),
        own->shape);
}

static void add_article(struct builder *b)
{
    const struct clue *own = b->at[LEFT];
    add(b, 100, pair(own->elsewhere, own->shape), 0);
    add(b, 101, pair(own->elsewhere, own->rule), own->rule_certainty);
    add(b, 102, triple(own->elsewhere, b->at[LEFT - 1]->elsewhere, own->shape), 0);
    add(b, 103, triple(own->elsewhere, b->at[LEFT + 1]->elsewhere, own->shape), 0);
    add(b, 104, pair(own->capitals, own->shape), own->standing & 3U);
    add(b, 105, pair(own->elsewhere, b->at[LEFT - 1]->class), b->at[LEFT - 1]->shape);
}

static void add_place(struct builder *b)
{
    const struct clue *own = b->at[LEFT];
    add(b, 110, pair(own->standing, own->shape), 0);
    add(b, 111, pair(own->standing, own->class), 0);
    add(b, 112, pair(own->within, own->shape), 0);
    add(b, 113, pair(own->within, own->rule), own->class);
}

static void add_heads(struct builder *b)
{
    const struct clue *own = b->at[LEFT];
    add(b, 120, triple(own->head, own->head_distance, own->shape), 0);
    add(b, 121, triple(own->head, own->class, own->shape), 0);
    add(b, 122, pair(own->head, own->ahead), own->word);
    add(b, 123, own->head, own->word);
    add(b, 124, pair(own->head, b->at[LEFT + 1]->shape), own->shape);
    add(b, 125, pair(own->head, own->rule), b->at[LEFT + 1]->word);
}

unsigned features_of(const struct clue *clues, uint32_t first, uint32_t end, uint32_t at,
                     unsigned families, uint32_t ret_hashes[FEATURE_MOST])
{
    static void (*const adders[FAMILY_COUNT])(struct builder *) = {
        [FAMILY_WORDS] = add_words,           [FAMILY_SHAPES] = add_shapes,
        [FAMILY_AFFIXES] = add_affixes,       [FAMILY_CLASSES] = add_classes,
        [FAMILY_KNOWN] = add_known,           [FAMILY_RULES] = add_rules,
        [FAMILY_CANDIDATES] = add_candidates, [FAMILY_ARTICLE] = add_article,
        [FAMILY_PLACE] = add_place,           [FAMILY_HEADS] = add_heads,
    };
    struct builder b = {.hashes = ret_hashes};
    for (uint32_t i = 0; i < WINDOW; i++) {
        bool is_inside = at + i >= first + LEFT && at + i < end + LEFT;
        b.at[i] = is_inside ? &clues[at + i - LEFT] : &nothing;
    }
    for (unsigned family = 0; family < FAMILY_COUNT; family++)
        if (families >> family & 1)
            adders[family](&b);
    return b.count;
}
