// SPDX-License-Identifier: Apache-2.0
/*
 * clues - what can be seen at each token before anybody decides what it names.
 *
 * A clue is a handful of numbers: the syllable as hashes, its shape, which known phrases cover it,
 * what the rules propose and choose there, what else the article says of the same word, where in
 * sentence and page it stands. features.h joins the clues of neighbours into features. Everything
 * is integer arithmetic over bytes of the article and the knowledge: the same on every machine.
 */
#ifndef WORKER_EXTRACT_CLUES_H
#define WORKER_EXTRACT_CLUES_H

#include "worker/extract/search.h"

/* The types that the tagger decides; a label is O, or B and I of one of them. */
enum tag {
    TAG_PERSON,
    TAG_ORGANIZATION,
    TAG_LOCATION,
    TAG_LAW,
    TAG_EVENT,
    TAG_CRIME,
    TAG_COUNT,
};

enum { LABEL_OUTSIDE = 0, LABEL_COUNT = 1 + 2 * TAG_COUNT, LABEL_DATE = LABEL_COUNT };
#define LABEL_BEGIN(tag)  (1U + 2U * (tag))
#define LABEL_INSIDE(tag) (2U + 2U * (tag))

/* Bits of begins, insides and lasts: known phrases by category, some by their class too. */
enum known_kind {
    KNOWN_PLACE_HEAD = CATEGORY_COUNT,                   /* + enum place_head_class */
    KNOWN_BODY_HEAD = KNOWN_PLACE_HEAD + 5,              /* + enum body_head_class */
    KNOWN_PLACE = KNOWN_BODY_HEAD + BODY_HEAD_VENUE + 1, /* + enum place_kind */
    KNOWN_BODY = KNOWN_PLACE + PLACE_BUILDING + 1,       /* + enum body_class */
    KNOWN_HONORIFIC = KNOWN_BODY + 2,                    /* + enum honorific_class */
    KNOWN_COUNT = KNOWN_HONORIFIC + 2,
};

struct clue {
    uint64_t begins;  /* a known phrase of this kind begins here */
    uint64_t insides; /* … goes on here */
    uint64_t lasts;   /* … ends with this token */
    uint32_t word;    /* of the folded syllable; figures are alike */
    uint32_t plain;   /* without diacritics */
    uint16_t prefix;
    uint16_t suffix;
    uint8_t shape;
    uint8_t class;          /* the one kind that says most, with shape */
    uint8_t rule;           /* the label that the rules chose, or LABEL_DATE */
    uint8_t rule_certainty; /* in steps, 0: none */
    uint8_t rule_is_last;   /* the rules end a name here */
    uint8_t is_edge;        /* a candidate of the rules begins or ends with this token */
    uint8_t elsewhere;      /* what most others of this word in the article are */
    uint8_t capitals;       /* how often others of this word begin with a capital */
    uint8_t standing;       /* first word, capitals all over, kind of section */
    uint8_t head;           /* the head word that may still rule here, 0: none */
    uint8_t head_distance;
    uint8_t ahead;  /* how far the next capital is */
    uint8_t within; /* quotes, brackets */
};

/* The clues of all tokens, in the arena. chosen is what the rules decide; search holds their
 * candidates and flags. */
struct clue *clues_find(const struct search *search, const struct candidate *chosen,
                        uint32_t count);

/* The tag of a type, or TAG_COUNT. */
enum tag tag_of(Newsloom__V1__EntityType type);
Newsloom__V1__EntityType tag_type(enum tag tag);

#endif
