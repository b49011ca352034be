// SPDX-License-Identifier: Apache-2.0
/*
 * name_tables - the shape of what worker/model/compile_names.py writes.
 *
 * Words are folded and joined by one space; marks and "và" are left out. Names are body_key.c's,
 * domains publisher.c's.
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

#endif
