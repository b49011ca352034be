// SPDX-License-Identifier: Apache-2.0
/*
 * name_tables - the shape of what worker/model/compile_names.py writes.
 *
 * Words are folded and joined by one space; marks and "và" are left out. Names are body_key.c's,
 * domains publisher.c's, the words of lines joints.c's.
 */
#ifndef WORKER_EXTRACT_NAME_TABLES_H
#define WORKER_EXTRACT_NAME_TABLES_H

#include <stdint.h>

/* A phrase inside a name, and what it stands for. */
struct name_rewrite {
    uint64_t first; /* the key of its first word (words.h) */
    const char *from;
    const char *to;
    const char *text; /* what it stands for, as one writes it */
    uint32_t words;   /* of from */
};

/* A whole name, rewritten, and the body that it names. */
struct name_alias {
    const char *from;
    const char *to;
    const char *name;
};

extern const struct name_rewrite name_rewrites[]; /* by first, then the longest first */
extern const uint32_t name_rewrite_count;
extern const struct name_alias name_aliases[]; /* by the bytes of from */
extern const uint32_t name_alias_count;

struct press_domain {
    const char *domain;
    const char *name;
};

extern const struct press_domain press_domains[]; /* by domain */
extern const uint32_t press_domain_count;

enum line_word_place {
    LINE_BEGINS_BEFORE_LOWER,
    LINE_BEGINS_BEFORE_CAPITAL,
    LINE_BEGINS_IN_CAPITALS,
    LINE_ENDS_LOWER,
    LINE_ENDS_CAPITAL,
    LINE_WORD_PLACES,
    LINE_WORD_UNKNOWN = 127,
};

/* How much oftener a word stands there than inside a line: ten times the logarithm. */
struct line_word {
    const char *word; /* lower case NFC */
    int8_t weights[LINE_WORD_PLACES];
};

extern const struct line_word line_words[]; /* by the bytes of word */
extern const uint32_t line_word_count;

#endif
