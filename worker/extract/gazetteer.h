// SPDX-License-Identifier: Apache-2.0
/*
 * gazetteer - which known phrases begin at which token.
 *
 * A reading looks every phrase of the knowledge up once, in one pass over the tokens, and then
 * answers in constant time: how long is the longest phrase of this category that begins here, and
 * what is known of it? Phrases never cross a sentence. Comparison is by folded syllables; whether
 * capitals matter is for the caller to judge.
 */
#ifndef WORKER_EXTRACT_GAZETTEER_H
#define WORKER_EXTRACT_GAZETTEER_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/extract/extract.h"
#include "worker/extract/knowledge.h"
#include "worker/extract/words.h"

enum category {
    CATEGORY_PLACE,       /* value: index for gazetteer_place() */
    CATEGORY_FAMILY,      /* a family name */
    CATEGORY_GIVEN,       /* a given or middle name */
    CATEGORY_RANK,        /* "Thượng tướng" */
    CATEGORY_HONORIFIC,   /* enum honorific_class */
    CATEGORY_POSITION,    /* "Thứ trưởng" */
    CATEGORY_PLACE_HEAD,  /* enum place_head_class */
    CATEGORY_ADDRESS_CUE, /* "ngụ", "tại" */
    CATEGORY_BODY_HEAD,   /* enum body_head_class */
    CATEGORY_BODY,        /* enum body_class */
    CATEGORY_BODY_WORD,   /* may stand in lower case inside the name of a body */
    CATEGORY_MINISTRY,    /* what a ministry is called after */
    CATEGORY_LAW_HEAD,
    CATEGORY_LAW,
    CATEGORY_EVENT_HEAD,
    CATEGORY_EVENT_NAME,
    CATEGORY_CRIME,
    CATEGORY_CRIME_TAIL,  /* after "tội phạm" */
    CATEGORY_STOP,        /* where a name ends */
    CATEGORY_PERSON_VERB, /* after a person's name */
    CATEGORY_ACRONYM,     /* an abbreviation that names no body */
    CATEGORY_TRIGGER,     /* enum trigger_class, joined with a mode */
    CATEGORY_MODALITY,    /* enum modality_class */
    CATEGORY_COMPOUND,    /* a word whose syllables begin no name */
    CATEGORY_COUNT,
};

enum honorific_class { HONORIFIC_HONORIFIC, HONORIFIC_SUSPECT };
enum place_head_class {
    PLACE_HEAD_UNIT,
    PLACE_HEAD_STREET,
    PLACE_HEAD_SITE,
    PLACE_HEAD_WATER,
    PLACE_HEAD_REGION,
};
enum body_head_class {
    BODY_HEAD_MINISTRY,
    BODY_HEAD_POLICE,
    BODY_HEAD_UNIT,
    BODY_HEAD_COURT,
    BODY_HEAD_COMPANY,
    BODY_HEAD_BANK,
    BODY_HEAD_SCHOOL,
    BODY_HEAD_PRESS,
    BODY_HEAD_EMBASSY,
    BODY_HEAD_UNION,
    BODY_HEAD_TEAM,
    BODY_HEAD_VENUE,
};
enum body_class { BODY_SURE, BODY_PRESS };
enum trigger_class {
    TRIGGER_MEET = 1,
    TRIGGER_VISIT = 2,
    TRIGGER_SIGN = 3,
    TRIGGER_ARREST = 4,
    TRIGGER_HANDOVER = 5,
    TRIGGER_APPOINT = 6,
    TRIGGER_TYPE = 7,      /* mask */
    TRIGGER_APPOINTED = 8, /* modes */
    TRIGGER_ELECTED = 16,
    TRIGGER_DISMISSED = 24,
};
enum modality_class { MODALITY_PLANNED, MODALITY_ALLEGED, MODALITY_DENIED, MODALITY_WISHED };

enum place_kind {
    PLACE_COUNTRY,
    PLACE_SINGLE_COUNTRY, /* one syllable that is a name or a word as well: "Anh", "Nga" */
    PLACE_SHORT_COUNTRY,  /* "Việt", "Trung": only in set phrases */
    PLACE_PROVINCE,
    PLACE_DISTRICT,
    PLACE_CITY,
    PLACE_REGION,
    PLACE_CONTINENT,
    PLACE_WATER,
    PLACE_BUILDING,
};

struct place {
    const char *name;
    const char *country; /* ISO 3166-1 alpha-2 or "" */
    const char *code;    /* ISO 3166-2 of the unit or of the unit it lies in, or "" */
    const char *valid_from;
    const char *valid_to; /* the last day of a unit that was dissolved, or "" */
    enum place_kind kind;
};

/* The longest phrase of one category that begins at a token. */
struct phrase_match {
    uint8_t category;
    uint8_t length; /* tokens */
    uint16_t value;
};

struct reading {
    struct document *document;
    const struct knowledge *knowledge;
    const struct token *tokens;
    uint32_t token_count;
    uint32_t *first_match;   /* for each token and one more, where its matches begin */
    uint32_t *begins;        /* for each token, bits of the categories that begin there */
    uint32_t *ends;          /* … that end right before it */
    uint32_t *sentence_ends; /* for each token, the end of its sentence */
    uint32_t *sentence_starts;
    struct phrase_match *matches;
    uint32_t match_count;
    uint32_t match_room;
};

/* The document's reading: all phrases are looked up the first time; lives in its arena. */
struct reading *reading_of(struct document *document, const struct knowledge *knowledge);

/* Does a phrase of any of these categories, bits by their numbers, begin at the token? */
static inline bool reading_begins(const struct reading *r, uint32_t token, uint32_t categories)
{
    return token < r->token_count && (r->begins[token] & categories) != 0;
}

/* The longest phrase of the category that begins at the token, or NULL. */
static inline const struct phrase_match *reading_match(const struct reading *r, uint32_t token,
                                                       enum category c)
{
    if (!reading_begins(r, token, 1U << c))
        return NULL;
    const struct phrase_match *match = &r->matches[r->first_match[token]];
    while (match->category != c)
        match++;
    return match;
}

/* Its length in tokens, or 0. */
static inline uint32_t reading_length(const struct reading *r, uint32_t token, enum category c)
{
    const struct phrase_match *match = reading_match(r, token, c);
    return match ? match->length : 0;
}

/* The token's folded text equals this. */
static inline bool reading_is(const struct reading *r, uint32_t token, const char *folded)
{
    return token < r->token_count && token_is(&r->tokens[token], folded);
}

/* It equals one of these; the last row of the table is "". */
static inline bool reading_is_any(const struct reading *r, uint32_t token,
                                  const char words[][WORD_SIZE])
{
    return token < r->token_count && token_is_any(&r->tokens[token], words);
}

static inline bool reading_has(const struct reading *r, uint32_t token, unsigned shape)
{
    return token < r->token_count && (r->tokens[token].shape & shape) != 0;
}

/* The length of a phrase of this category that ends right before the token, or 0. */
uint32_t reading_length_before(const struct reading *r, uint32_t token, enum category c);

/* Says that the number of this syllable will be asked for soon. */
void gazetteer_ask(const struct token *token);

/* The number that the phrases have for the token's syllable, 0 when none holds it. */
uint16_t gazetteer_number(const struct token *token);

const struct place *gazetteer_place(const struct knowledge *knowledge, uint16_t index);

/* The place that this whole text names, or NULL; text is split and folded in the arena. */
const struct place *gazetteer_place_named(const struct reading *r, uint32_t first, uint32_t end);

#endif
