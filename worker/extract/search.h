// SPDX-License-Identifier: Apache-2.0
/*
 * search - the candidates that the rules propose for one article, and the choice between them.
 *
 * A rule file (persons.c, locations.c, organizations.c, laws.c, named_events.c, crimes.c) looks at
 * one token at a time and proposes spans that begin there, each with a certainty from 1 to 100.
 * search_choose() then takes, sentence by sentence, the set without overlaps whose sum of certainty
 * times tokens is greatest; so a long name beats the names inside it, unless it is doubtful.
 * Spans never leave their sentence and are at most SPAN_MOST tokens long.
 */
#ifndef WORKER_EXTRACT_SEARCH_H
#define WORKER_EXTRACT_SEARCH_H

#include "worker/extract/gazetteer.h"
#include "worker/extract/names.h"

enum { SPAN_MOST = 40 };

struct candidate {
    uint32_t first; /* token */
    uint32_t end;   /* token, exclusive */
    Newsloom__V1__EntityType type;
    uint32_t certainty;
    uint32_t next; /* the next candidate of the same first token, plus one */
};

enum token_flag {
    TOKEN_IN_DATE = 1,
    TOKEN_SHOUTED = 2,  /* in a sentence in capitals: capitals say nothing */
    TOKEN_FIRST = 4,    /* first word of its sentence */
    TOKEN_METADATA = 8, /* in a by-line or date line */
    TOKEN_TITLE = 16,
};

struct search {
    struct reading *r;
    struct names *names; /* what the first pass recognised; NULL in the first pass */
    uint8_t *flags;      /* of each token */
    struct candidate *candidates;
    uint32_t candidate_count;
    uint32_t candidate_room;
    uint32_t *heads;  /* for each token, its first candidate plus one */
    uint64_t *best;   /* for search_choose(), of each token: the best sum from here on */
    uint32_t *choice; /* and the candidate to take for it, plus one; 0: none */
};

struct search *search_new(struct reading *reading);

void search_propose(struct search *search, Newsloom__V1__EntityType type, uint32_t first,
                    uint32_t end, uint32_t certainty);

/* Choose; the chosen stand by first token in the reading's arena. */
struct candidate *search_choose(struct search *search, uint32_t *ret_count);

/* The rules; each proposes what begins at this token. */
void persons_propose(struct search *search, uint32_t at);
void locations_propose(struct search *search, uint32_t at);
void organizations_propose(struct search *search, uint32_t at);
void laws_propose(struct search *search, uint32_t at);
void named_events_propose(struct search *search, uint32_t at);
void crimes_propose(struct search *search, uint32_t at);

/* What the rules share. */

static inline bool search_has_flag(const struct search *search, uint32_t at, enum token_flag flag)
{
    return at < search->r->token_count && (search->flags[at] & flag) != 0;
}

/* A word that begins with a capital, where capitals mean something. */
static inline bool search_is_capital(const struct search *search, uint32_t at)
{
    return at < search->r->token_count && (search->r->tokens[at].shape & SHAPE_CAPITAL) &&
           !(search->flags[at] & (TOKEN_IN_DATE | TOKEN_SHOUTED));
}

static inline uint32_t search_sentence_end(const struct search *search, uint32_t at)
{
    return at < search->r->token_count ? search->r->sentence_ends[at] : at;
}

/* First token of the sentence that holds the token. */
static inline uint32_t search_sentence_start(const struct search *search, uint32_t at)
{
    return search->r->sentence_starts[at];
}

/* No space between the token and the one before. */
static inline bool search_is_glued(const struct search *search, uint32_t at)
{
    return at > 0 && at < search->r->token_count &&
           search->r->tokens[at - 1].span.end == search->r->tokens[at].span.start;
}

/* The end of the run of capitalised words from here, at most `most` of them; initials with their
 * dots are taken along ("Thomas K.Hargrove"). */
uint32_t search_run_end(const struct search *search, uint32_t at, uint32_t most);
/* A known word of several syllables begins here and goes on in lower case: "Tổng thống". */
bool search_is_word(const struct search *search, uint32_t at);
/* A syllable in lower case that only is the part of another word: "sở" in "trụ sở". */
bool search_is_part(const struct search *search, uint32_t at);
bool search_is_initial(const struct search *search, uint32_t at);
/* The phrase before the token is one of its titles, ranks, posts or honorifics. */
bool search_has_title(const struct search *search, uint32_t at);
/* One of several: "các tỉnh", "hai quận"; then the head word is no part of a name. */
bool search_is_plural(const struct search *search, uint32_t at);
/* The end of a place that begins here: with a head word, or known, or 0. */
uint32_t search_place_end(const struct search *search, uint32_t at);
/* A place of the gazetteer begins here with the capitals it needs; its match or NULL. */
const struct phrase_match *search_known_place(const struct search *search, uint32_t at);
/* Does any of these folded words stand here? The last row of the table is "". */
static inline bool search_is_any(const struct search *search, uint32_t at,
                                 const char words[][WORD_SIZE])
{
    return reading_is_any(search->r, at, words);
}

#endif
