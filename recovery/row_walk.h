// SPDX-License-Identifier: Apache-2.0
/*
 * row_walk - every row of the database, beside what the broker knows of its article.
 *
 * In pages of 128. Rows that are older than the log are left out when the log has lost its
 * beginning to retention; a log that begins with its first entry answers for every row.
 */
#ifndef RECOVERY_ROW_WALK_H
#define RECOVERY_ROW_WALK_H

#include "recovery/session.h"

struct held_row {
    int64_t article_id; /* of PostgreSQL */
    const char *source;
    const char *key;
    uint32_t revision;
    bool has_content;
    Newsloom__V1__State state; /* of the broker's article; UNKNOWN: it has none */
    uint64_t broker_article_id;
    uint64_t sequence;
};

struct row_walk {
    /* wished */
    struct session *session;
    int64_t since_ms; /* wall clock; 0: all */
    enum status (*on_row)(void *context, const struct held_row *row, struct error *err);
    void *context;
    const char *note;

    /* given */
    uint64_t rows;
    uint64_t unknown;
    uint64_t dead;
    uint64_t open; /* on their way: queued, waiting or leased */
};

enum status row_walk_run(struct row_walk *walk, struct error *err) MUST_CHECK;

#endif
