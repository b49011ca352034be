// SPDX-License-Identifier: Apache-2.0
/*
 * extract - the whole chain, from the bytes of one article to the facts in it.
 *
 *      bytes -> decode -> text -> sections -> sentences -> syllables -> mentions -> entities ->
 * roles -> events
 *
 * Each arrow is one file beside this header and a function from plain structs to plain structs: no
 * I/O, no globals, memory from the arena that is given. Deterministic to the byte: integer
 * arithmetic only, no locale, no clock; the same article and the same knowledge give the same
 * result on any machine, in any thread, in any order.
 *
 * Every offset counts Unicode code points of document.text, end exclusive. The text of a plain-text
 * article is the submitted text with U+0000 and invalid bytes replaced one for one by U+FFFD; of an
 * HTML article the extracted text.
 */
#ifndef WORKER_EXTRACT_EXTRACT_H
#define WORKER_EXTRACT_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/status.h"

#include "extraction.pb-c.h"

/* What is known of an article before it is read. Texts are clean UTF-8 and never NULL. */
struct article_input {
    const char *url;
    const char *source;
    const char *title;
    const char *author;
    const char *published; /* RFC 3339 or empty */
    const char *fetched;   /* RFC 3339 or empty */
    const char *language;
    const char *content_type; /* "text/plain", "text/html" or empty */
    const char *charset;
    const void *content;
    size_t size;
};

/* Nothing is known: every text is empty. */
#define ARTICLE_INPUT_INIT                                                                  \
    {                                                                                       \
        .url = "", .source = "", .title = "", .author = "", .published = "", .fetched = "", \
        .language = "", .content_type = "", .charset = "", .content = ""                    \
    }

struct span {
    uint32_t start;
    uint32_t end;
};

/* The decoded text, both as UTF-8 and as code points; byte_at[i] is where code point i begins, with
 * one more entry for the end. */
struct text {
    const char *bytes;
    size_t size;
    const uint32_t *points;
    const uint32_t *byte_at;
    uint32_t length; /* code points */
};

struct section_reason;

struct section {
    Newsloom__V1__SectionKind kind;
    struct span span;
    const struct section_reason *reason; /* section_reasons.h; NULL unless asked for */
};

struct sentence {
    struct span span;
    uint32_t section;     /* index */
    uint32_t first_token; /* index of its first token; tokens of a sentence stand together */
    uint32_t token_count;
};

/* A syllable, a number or one punctuation mark. folded is the syllable in lower case NFC with one
 * tone placement ("hòa" for "hoà"), NUL-terminated, in the arena. */
struct token {
    struct span span;
    const char *folded;
    uint64_t key;      /* its first eight bytes, to compare by (words.h) */
    uint16_t shape;    /* bits of enum token_shape */
    uint16_t number;   /* of its syllable in the gazetteers; 0: in none */
    uint32_t spelling; /* number of its letters among those of the document */
};

enum token_shape {
    SHAPE_WORD = 1,         /* letters */
    SHAPE_CAPITAL = 2,      /* begins with an upper-case letter */
    SHAPE_ALL_CAPITALS = 4, /* two letters or more, all upper case */
    SHAPE_NUMBER = 8,
    SHAPE_PUNCTUATION = 16,
    SHAPE_VIETNAMESE = 32, /* a possible Vietnamese syllable */
    SHAPE_SPACE_BEFORE = 64,
    SHAPE_LINE_START = 128,
};

struct reason;

struct mention {
    Newsloom__V1__EntityType type;
    struct span span;
    uint32_t section;  /* index */
    uint32_t sentence; /* index */
    uint32_t entity;   /* index + 1; 0: none */
    const char *value; /* DATE, else "" */
    const char *date_from;
    const char *date_to;
    uint16_t confidence;          /* thousandths */
    const struct reason *reasons; /* reasons.h; NULL unless asked for */
    uint32_t reason_count;
};

struct entity {
    uint8_t id[16];
    Newsloom__V1__EntityType type;
    const char *name;
    const char *canonical_key;
    uint32_t key_version;
    Newsloom__V1__Resolution resolution;
    uint32_t mention_count;
    const char *country;
    const char *code;
    /* further names under which this article mentions it, folded; for entity_alias */
    const char **aliases;
    uint32_t alias_count;
};

struct role {
    uint32_t person; /* entity index + 1 */
    const char *rank;
    const char **positions;
    uint32_t position_count;
    uint32_t sentence; /* index */
};

struct argument {
    Newsloom__V1__ArgumentRole role;
    struct span span;
    uint32_t mention; /* index + 1; 0: none */
    const char *value;
};

struct event {
    Newsloom__V1__EventType type;
    Newsloom__V1__EventMode mode;
    Newsloom__V1__Modality modality;
    struct span trigger;
    uint32_t sentence; /* index */
    uint16_t confidence;
    struct argument *arguments;
    uint32_t argument_count;
};

struct reading;

enum { SKETCH_BANDS = 8 };

struct sketch {
    uint64_t bits; /* SimHash */
    uint64_t bands[SKETCH_BANDS];
    uint32_t band_count; /* SKETCH_BANDS, or 0: too short to be anybody's copy */
};

/* Everything that is known of one article; each step fills its part and reads those above. */
// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order of the steps
struct document {
    struct arena *arena;
    const struct article_input *input;
    struct text text;
    const char *title;
    const char *author;
    const char *published;    /* ISO 8601 or "" */
    const char *publisher;    /* paper or agency that the page names, or "" */
    const char *window_title; /* of an HTML page's title bar, or "" */
    Newsloom__V1__PublishedOrigin published_origin;
    const char *language;
    Newsloom__V1__PageKind page_kind;
    struct sketch sketch; /* sketch.h */
    struct section *sections;
    uint32_t section_count;
    struct sentence *sentences;
    uint32_t sentence_count;
    struct token *tokens;
    uint32_t token_count;
    uint32_t spelling_count; /* of the tokens */
    struct mention *mentions;
    uint32_t mention_count;
    struct entity *entities;
    uint32_t entity_count;
    struct role *roles;
    uint32_t role_count;
    struct event *events;
    uint32_t event_count;
    bool explain;            /* as the limits say */
    struct reading *reading; /* the known phrases of all tokens (gazetteer.h); NULL: not yet read */
    const char *identity;    /* what tells it from all other articles; NULL: not yet asked for */
    struct office **offices; /* of each mention (offices.h); NULL: not yet found */
};

struct knowledge; /* gazetteers and rules, read-only, shared by all threads (knowledge.h) */

struct extract_limits {
    size_t memory_bytes;  /* of the arena, 0: none */
    uint32_t text_length; /* code points, a longer text is INVALID */
    bool (*should_stop)(
        void *context); /* asked between steps and every few thousand tokens; may be NULL */
    void *stop_context;
    bool explain; /* sections and mentions carry their reasons */
};

/*
 * Run the chain. INVALID names the field that is wrong ("content: …", "published: …"); LIMIT when
 * the arena's budget is spent; AGAIN when should_stop() said so. The document lives in the arena
 * and borrows the input.
 */
enum status extract_document(const struct knowledge *knowledge, const struct article_input *input,
                             const struct extract_limits *limits, struct arena *arena,
                             struct document *ret_document, struct error *err) MUST_CHECK;

/* The text of a span as NUL-terminated UTF-8 in the document's arena. */
const char *document_text(const struct document *document, struct span span);

/* What the document says as a contract message, in the arena. The caller adds source, key,
 * revision, generation and content digest, which the chain does not know. */
Newsloom__V1__Extraction *document_extraction(const struct document *document,
                                              const struct knowledge *knowledge);

#endif
