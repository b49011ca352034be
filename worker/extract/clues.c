// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/clues.h"

#include <string.h>

enum {
    HEAD_REACH = 12,
    AHEAD_REACH = 6,
};

/* How tokens look; the first are words. */
enum look {
    LOOK_LOWER,
    LOOK_LOWER_FOREIGN,
    LOOK_CAPITAL,
    LOOK_CAPITAL_FOREIGN,
    LOOK_LETTER, /* one capital letter */
    LOOK_CAPITALS,
    LOOK_LONG_CAPITALS,
    LOOK_CODE,  /* C46 */
    LOOK_MIXED, /* VnExpress */
    LOOK_SHOUTED,
    LOOK_SHORT_NUMBER,
    LOOK_YEAR,
    LOOK_NUMBER,
    LOOK_MARK, /* + index in marks */
};

static const struct {
    Newsloom__V1__EntityType type;
} tags[TAG_COUNT] = {
    [TAG_PERSON] = {NEWSLOOM__V1__ENTITY_TYPE__PERSON},
    [TAG_ORGANIZATION] = {NEWSLOOM__V1__ENTITY_TYPE__ORGANIZATION},
    [TAG_LOCATION] = {NEWSLOOM__V1__ENTITY_TYPE__LOCATION},
    [TAG_LAW] = {NEWSLOOM__V1__ENTITY_TYPE__LAW},
    [TAG_EVENT] = {NEWSLOOM__V1__ENTITY_TYPE__EVENT},
    [TAG_CRIME] = {NEWSLOOM__V1__ENTITY_TYPE__CRIME},
};

enum tag tag_of(Newsloom__V1__EntityType type)
{
    unsigned tag = 0;
    while (tag < TAG_COUNT && tags[tag].type != type)
        tag++;
    return (enum tag)tag;
}

Newsloom__V1__EntityType tag_type(enum tag tag)
{
    return tags[tag].type;
}

/* One word of the article in whatever case, and what its tokens were taken for. */
struct word {
    uint32_t hash;
    uint32_t count;
    uint32_t capitals;
    uint32_t inner_capitals; /* not at the start of a sentence */
    uint32_t outside;        /* capitalised, but named nothing */
    uint32_t names;          /* the sum of named[] */
    uint32_t named[TAG_COUNT];
};

/* What all tokens of one spelling have in common. */
struct spelling {
    uint32_t word; /* hashes, as in struct clue */
    uint32_t plain;
    uint16_t prefix;
    uint16_t suffix;
    uint8_t look; /* where capitals mean something */
    bool is_read;
    uint32_t number; /* of its word in words */
};

struct tables {
    struct spelling *spellings; /* by the number that tokens carry */
    struct word *words;         /* [0] is not used */
    uint32_t word_count;        /* with 0 */
    uint32_t *slots;            /* from a word's hash to its number; 0: free */
    uint32_t mask;
};

static uint32_t hash_step(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 16777619U;
}

/* The base letter of a lower-case letter of the language; others stay. */
static uint32_t bare_letter(uint32_t point)
{
    static const struct {
        uint16_t first, last;
        char letter;
    } ranges[] = {
        {0xe0, 0xe5, 'a'},     {0xe8, 0xeb, 'e'},     {0xec, 0xef, 'i'},     {0xf2, 0xf6, 'o'},
        {0xf9, 0xfc, 'u'},     {0xfd, 0xff, 'y'},     {0x103, 0x103, 'a'},   {0x111, 0x111, 'd'},
        {0x129, 0x129, 'i'},   {0x169, 0x169, 'u'},   {0x1a1, 0x1a1, 'o'},   {0x1b0, 0x1b0, 'u'},
        {0x1ea0, 0x1eb7, 'a'}, {0x1eb8, 0x1ec7, 'e'}, {0x1ec8, 0x1ecb, 'i'}, {0x1ecc, 0x1ee3, 'o'},
        {0x1ee4, 0x1ef1, 'u'}, {0x1ef2, 0x1ef9, 'y'},
    };
    enum { FIRST_TONED = 12 }; /* ạ */
    if (point < 0xe0)
        return point;
    for (size_t i = point < ranges[FIRST_TONED].first ? 0 : FIRST_TONED; i < COUNT_OF(ranges); i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return (uint32_t)ranges[i].letter;
    return point;
}

/* The next code point of clean UTF-8. */
static uint32_t next_point(const uint8_t **at)
{
    uint32_t byte = *(*at)++;
    unsigned more = byte < 0xc0 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    uint32_t point = more ? byte & (0x3fU >> more) : byte;
    for (; more && **at; more--)
        point = (point << 6) | (*(*at)++ & 0x3fU);
    return point;
}

static void hash_letters(struct spelling *spelling, const struct token *token)
{
    uint32_t word = 2166136261U, plain = 2166136261U, first = 0, last = 0, before = 0, count = 0;
    const uint8_t *at = (const uint8_t *)token->folded;
    while (*at) {
        uint32_t point = next_point(&at);
        if ((token->shape & SHAPE_NUMBER) && point >= '0' && point <= '9')
            point = '0';
        word = hash_step(word, point);
        plain = hash_step(plain, bare_letter(point));
        before = last;
        last = point;
        if (count++ < 2)
            first = first * 8191 + point;
    }
    spelling->word = word ^ (word >> 15);
    spelling->plain = plain ^ (plain >> 15);
    uint32_t ending = before * 8191 + last;
    spelling->prefix = (uint16_t)(count > 1 ? first ^ (first >> 16) : 0);
    spelling->suffix = (uint16_t)(count > 1 ? ending ^ (ending >> 16) : 0);
}

static uint8_t look_of_word(const struct token *token, const uint32_t *points)
{
    uint32_t length = token->span.end - token->span.start;
    bool is_foreign = !(token->shape & SHAPE_VIETNAMESE);
    uint32_t last = points[token->span.end - 1];
    if (last >= '0' && last <= '9')
        return LOOK_CODE;
    if (token->shape & SHAPE_ALL_CAPITALS)
        return length <= 5 ? LOOK_CAPITALS : LOOK_LONG_CAPITALS;
    if (length == 1)
        return token->shape & SHAPE_CAPITAL ? LOOK_LETTER : LOOK_LOWER;
    for (uint32_t i = token->span.start + 1; is_foreign && i < token->span.end; i++)
        if (points[i] >= 'A' && points[i] <= 'Z')
            return LOOK_MIXED;
    if (token->shape & SHAPE_CAPITAL)
        return is_foreign ? LOOK_CAPITAL_FOREIGN : LOOK_CAPITAL;
    return is_foreign ? LOOK_LOWER_FOREIGN : LOOK_LOWER;
}

static uint8_t look_of(const struct token *token, const uint32_t *points)
{
    static const uint32_t marks[] = {',',  '.', '(', ')', '"',  L'“', L'”', '-',
                                     L'–', '/', ':', ';', '\'', L'’', '!',  '?'};
    uint32_t length = token->span.end - token->span.start;
    if (token->shape & SHAPE_WORD)
        return look_of_word(token, points);
    if (token->shape & SHAPE_NUMBER)
        return length <= 2 ? LOOK_SHORT_NUMBER : length == 4 ? LOOK_YEAR : LOOK_NUMBER;
    unsigned mark = 0;
    while (mark < COUNT_OF(marks) && marks[mark] != points[token->span.start])
        mark++;
    return (uint8_t)(LOOK_MARK + mark);
}

static uint32_t word_number(struct tables *tables, uint32_t hash)
{
    uint32_t at = (hash * 0x9E3779B1U) & tables->mask;
    while (tables->slots[at] && tables->words[tables->slots[at]].hash != hash)
        at = (at + 1) & tables->mask;
    if (!tables->slots[at]) {
        tables->slots[at] = tables->word_count;
        tables->words[tables->word_count++].hash = hash;
    }
    return tables->slots[at];
}

static const struct spelling *spelling_of(struct tables *tables, const struct search *search,
                                          uint32_t at)
{
    const struct token *token = &search->r->tokens[at];
    struct spelling *spelling = &tables->spellings[token->spelling];
    if (!spelling->is_read) {
        hash_letters(spelling, token);
        spelling->look = look_of(token, search->r->document->text.points);
        spelling->number = word_number(tables, spelling->word);
        spelling->is_read = true;
    }
    return spelling;
}

static struct word *word_of(const struct tables *tables, const struct search *search, uint32_t at)
{
    return &tables->words[tables->spellings[search->r->tokens[at].spelling].number];
}

static struct tables tables_new(const struct document *document)
{
    struct arena *arena = document->arena;
    uint32_t count = document->spelling_count, size = 1;
    while (size < count * 2)
        size *= 2;
    return (struct tables){.spellings = arena_take(arena, count, sizeof(struct spelling)),
                           .words = arena_take(arena, count + 1, sizeof(struct word)),
                           .word_count = 1,
                           .slots = arena_take(arena, size, sizeof(uint32_t)),
                           .mask = size - 1};
}

/* The bit of a known phrase; some categories say more by their class. */
static unsigned kind_of(const struct search *search, const struct phrase_match *match)
{
    switch (match->category) {
    case CATEGORY_PLACE_HEAD:
        return KNOWN_PLACE_HEAD + match->value;
    case CATEGORY_BODY_HEAD:
        return KNOWN_BODY_HEAD + match->value;
    case CATEGORY_PLACE:
        return KNOWN_PLACE + gazetteer_place(search->r->knowledge, match->value)->kind;
    case CATEGORY_BODY:
        return KNOWN_BODY + match->value;
    case CATEGORY_HONORIFIC:
        return KNOWN_HONORIFIC + match->value;
    default:
        return match->category;
    }
}

/* The kinds by how much they say about a token: of each its rank from 1, 0 for those that say
 * nothing by themselves. */
static void rank_kinds(uint8_t ret_ranks[KNOWN_COUNT])
{
    static const uint8_t order[] = {
        KNOWN_HONORIFIC,      KNOWN_HONORIFIC + 1,  CATEGORY_RANK,        CATEGORY_POSITION,
        KNOWN_BODY,           KNOWN_BODY + 1,       KNOWN_BODY_HEAD,      KNOWN_BODY_HEAD + 1,
        KNOWN_BODY_HEAD + 2,  KNOWN_BODY_HEAD + 3,  KNOWN_BODY_HEAD + 4,  KNOWN_BODY_HEAD + 5,
        KNOWN_BODY_HEAD + 6,  KNOWN_BODY_HEAD + 7,  KNOWN_BODY_HEAD + 8,  KNOWN_BODY_HEAD + 9,
        KNOWN_BODY_HEAD + 10, KNOWN_BODY_HEAD + 11, KNOWN_PLACE_HEAD,     KNOWN_PLACE_HEAD + 1,
        KNOWN_PLACE_HEAD + 2, KNOWN_PLACE_HEAD + 3, KNOWN_PLACE_HEAD + 4, CATEGORY_LAW_HEAD,
        CATEGORY_LAW,         CATEGORY_EVENT_HEAD,  CATEGORY_EVENT_NAME,  CATEGORY_CRIME,
        CATEGORY_CRIME_TAIL,  KNOWN_PLACE,          KNOWN_PLACE + 1,      KNOWN_PLACE + 2,
        KNOWN_PLACE + 3,      KNOWN_PLACE + 4,      KNOWN_PLACE + 5,      KNOWN_PLACE + 6,
        KNOWN_PLACE + 7,      KNOWN_PLACE + 8,      KNOWN_PLACE + 9,      CATEGORY_FAMILY,
        CATEGORY_PERSON_VERB, CATEGORY_STOP,        CATEGORY_GIVEN,       CATEGORY_BODY_WORD,
        CATEGORY_ADDRESS_CUE, CATEGORY_COMPOUND,
    };
    memset(ret_ranks, 0, KNOWN_COUNT);
    for (unsigned i = 0; i < COUNT_OF(order); i++)
        ret_ranks[order[i]] = (uint8_t)(i + 1);
}

static void mark_known(const struct search *search, struct clue *clues)
{
    const struct reading *r = search->r;
    uint8_t ranks[KNOWN_COUNT];
    rank_kinds(ranks);
    for (uint32_t i = 0; i < r->token_count; i++)
        for (uint32_t m = r->first_match[i]; m < r->first_match[i + 1]; m++) {
            unsigned kind = kind_of(search, &r->matches[m]);
            uint64_t bit = UINT64_C(1) << kind;
            uint32_t last = i + r->matches[m].length - 1;
            clues[i].begins |= bit;
            clues[last].lasts |= bit;
            for (uint32_t k = i; k <= last; k++) {
                clues[k].insides |= k > i ? bit : 0;
                if (ranks[kind] && (!clues[k].class || ranks[kind] < clues[k].class))
                    clues[k].class = ranks[kind];
            }
        }
}

static unsigned step_of(uint32_t certainty)
{
    static const uint8_t bounds[] = {1, 30, 50, 65, 80};
    unsigned step = 0;
    while (step < COUNT_OF(bounds) && certainty >= bounds[step])
        step++;
    return step;
}

static void mark_rules(const struct search *search, const struct candidate *chosen, uint32_t count,
                       struct clue *clues)
{
    for (uint32_t i = 0; i < search->candidate_count; i++) {
        const struct candidate *candidate = &search->candidates[i];
        if (tag_of(candidate->type) == TAG_COUNT || candidate->certainty == 0)
            continue;
        clues[candidate->first].is_edge = 1;
        clues[candidate->end - 1].is_edge = 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        enum tag tag = tag_of(chosen[i].type);
        for (uint32_t k = chosen[i].first; k < chosen[i].end; k++) {
            unsigned label = k == chosen[i].first ? LABEL_BEGIN(tag) : LABEL_INSIDE(tag);
            clues[k].rule = (uint8_t)(tag == TAG_COUNT ? LABEL_DATE : label);
            clues[k].rule_certainty = (uint8_t)step_of(chosen[i].certainty);
        }
        clues[chosen[i].end - 1].rule_is_last = 1;
    }
}

static unsigned standing_of(const struct search *search, const struct sentence *sentence,
                            uint32_t at)
{
    Newsloom__V1__SectionKind kind = search->r->document->sections[sentence->section].kind;
    return (unsigned)kind * 4 + (search_has_flag(search, at, TOKEN_FIRST) ? 1 : 0) +
           (search_has_flag(search, at, TOKEN_SHOUTED) ? 2 : 0);
}

/* The first kind of head word that begins here, 0: none. */
static uint8_t head_begun(const struct clue *clue)
{
    const uint64_t law = UINT64_C(1) << CATEGORY_LAW_HEAD,
                   event = UINT64_C(1) << CATEGORY_EVENT_HEAD,
                   places_and_bodies =
                       (UINT64_C(1) << KNOWN_PLACE) - (UINT64_C(1) << KNOWN_PLACE_HEAD);
    uint64_t heads = clue->begins & (places_and_bodies | law | event);
    if (!heads)
        return 0;
    if (heads & places_and_bodies)
        return (uint8_t)__builtin_ctzll(heads & places_and_bodies);
    return heads & law ? CATEGORY_LAW_HEAD : CATEGORY_EVENT_HEAD;
}

/* From left to right: the head that rules, and whether quotes or brackets are open. */
static void look_back(struct clue *clues, uint32_t first, uint32_t end)
{
    unsigned head = 0, distance = 0, within = 0;
    for (uint32_t i = first; i < end; i++) {
        struct clue *clue = &clues[i];
        unsigned mark = clue->shape >= LOOK_MARK ? clue->shape - LOOK_MARK : 99;
        if (mark == 2 || mark == 3)
            within = (within & ~2U) | (mark == 2 ? 2U : 0U);
        if (mark >= 4 && mark <= 6)
            within ^= 1U;
        bool is_break = mark != 99 && mark != 0 && (mark < 7 || mark > 9);
        distance++;
        unsigned begun = head_begun(clue);
        if (begun) {
            head = begun;
            distance = 0;
        } else if (is_break || distance > HEAD_REACH) {
            head = 0;
        }
        clue->head = (uint8_t)head;
        clue->head_distance =
            (uint8_t)(head ? 1 + (distance > 4 ? 4 + (distance - 4) / 3 : distance) : 0);
        clue->within = (uint8_t)within;
    }
}

static void look_ahead(struct clue *clues, uint32_t first, uint32_t end)
{
    unsigned ahead = AHEAD_REACH;
    for (uint32_t i = end; i-- > first;) {
        clues[i].ahead = (uint8_t)ahead;
        if (clues[i].shape >= LOOK_CAPITAL && clues[i].shape <= LOOK_SHOUTED)
            ahead = 0;
        else if (clues[i].shape >= LOOK_MARK)
            ahead = AHEAD_REACH;
        else if (ahead < AHEAD_REACH)
            ahead++;
    }
}

static uint8_t share_of(uint32_t part, uint32_t all)
{
    if (!all)
        return 0;
    return (uint8_t)(part * 10 <= all ? 1 : part * 2 <= all ? 2 : part * 10 < all * 9 ? 3 : 4);
}

static void count_words(const struct search *search, struct clue *clues,
                        const struct tables *tables)
{
    for (uint32_t i = 0; i < search->r->token_count; i++) {
        if (!reading_has(search->r, i, SHAPE_WORD))
            continue;
        struct word *word = word_of(tables, search, i);
        bool is_capital = search_is_capital(search, i);
        unsigned label = clues[i].rule;
        word->count++;
        word->capitals += is_capital;
        word->inner_capitals += is_capital && !search_has_flag(search, i, TOKEN_FIRST);
        if (label > LABEL_OUTSIDE && label < LABEL_DATE) {
            word->names++;
            word->named[(label - 1) / 2]++;
        } else {
            word->outside += is_capital;
        }
    }
}

/* The tag that most others of a word have, how many have it and how many have any. */
struct majority {
    unsigned tag;
    uint32_t count;
    uint32_t named;
};

static struct majority majority_of(const struct word *word, unsigned own)
{
    struct majority majority = {.tag = TAG_COUNT};
    if (word->names == (own < TAG_COUNT))
        return majority;
    for (unsigned t = 0; t < TAG_COUNT; t++) {
        uint32_t named = word->named[t] - (t == own);
        majority.named += named;
        if (named > majority.count) {
            majority.count = named;
            majority.tag = t;
        }
    }
    return majority;
}

/* What the others of this word are: the tag that most of them have, and how many. */
static void say_elsewhere(const struct search *search, struct clue *clue, const struct word *word,
                          uint32_t i)
{
    unsigned label = clue->rule;
    unsigned own = label > LABEL_OUTSIDE && label < LABEL_DATE ? (label - 1) / 2 : TAG_COUNT;
    struct majority most = majority_of(word, own);
    bool is_capital = search_is_capital(search, i);
    bool is_inner = is_capital && !search_has_flag(search, i, TOKEN_FIRST);
    uint32_t others = word->count - 1; /* there are some */
    uint32_t capitals = word->capitals - is_capital;
    uint32_t all = most.named + word->outside - (own == TAG_COUNT && is_capital);
    if (most.count)
        clue->elsewhere = (uint8_t)(most.tag * 4 + share_of(most.count, all));
    else
        clue->elsewhere = capitals ? 30 : 31;
    clue->capitals =
        (uint8_t)(1 + share_of(capitals, others) * 2 + (word->inner_capitals > is_inner));
}

static void say_all_elsewhere(const struct search *search, struct clue *clues,
                              const struct tables *tables)
{
    for (uint32_t i = 0; i < search->r->token_count; i++)
        if (reading_has(search->r, i, SHAPE_WORD) && word_of(tables, search, i)->count > 1)
            say_elsewhere(search, &clues[i], word_of(tables, search, i), i);
}

struct clue *clues_find(const struct search *search, const struct candidate *chosen, uint32_t count)
{
    const struct document *document = search->r->document;
    struct clue *clues =
        arena_take(document->arena, search->r->token_count + 1, sizeof(struct clue));
    struct tables tables = tables_new(document);
    mark_known(search, clues);
    mark_rules(search, chosen, count, clues);
    for (uint32_t s = 0; s < document->sentence_count; s++) {
        const struct sentence *sentence = &document->sentences[s];
        uint32_t end = sentence->first_token + sentence->token_count;
        for (uint32_t i = sentence->first_token; i < end; i++) {
            const struct spelling *spelling = spelling_of(&tables, search, i);
            bool is_shouted =
                reading_has(search->r, i, SHAPE_WORD) && search_has_flag(search, i, TOKEN_SHOUTED);
            struct clue *clue = &clues[i];
            clue->word = spelling->word;
            clue->plain = spelling->plain;
            clue->prefix = spelling->prefix;
            clue->suffix = spelling->suffix;
            clue->shape = is_shouted ? LOOK_SHOUTED : spelling->look;
            clue->standing = (uint8_t)standing_of(search, sentence, i);
        }
        look_back(clues, sentence->first_token, end);
        look_ahead(clues, sentence->first_token, end);
    }
    count_words(search, clues, &tables);
    say_all_elsewhere(search, clues, &tables);
    return clues;
}
