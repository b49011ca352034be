// SPDX-License-Identifier: Apache-2.0
/*
 * log_walk - every entry of the log that stored something, beside the row that should stand for it.
 *
 * From the first entry that is retained to what was the last when the session began, in batches of
 * bounded size; the log is read as any subscriber reads it. What a batch holds lives until the
 * callback returns.
 */
#ifndef RECOVERY_LOG_WALK_H
#define RECOVERY_LOG_WALK_H

#include "recovery/row_facts.h"
#include "recovery/session.h"

enum verdict {
    VERDICT_SAME,      /* the row is what the entry says, complete */
    VERDICT_LATER,     /* the row is of a later generation, which has an entry of its own */
    VERDICT_MISSING,   /* there is no row */
    VERDICT_OLDER,     /* the row is of an earlier generation */
    VERDICT_TORN,      /* facts below the row are missing, or too many */
    VERDICT_DIFFERENT, /* the stored bytes are not the entry's */
    VERDICT_COUNT
};

struct logged {
    uint64_t sequence;
    int64_t stored_at_ms;
    uint64_t broker_article_id;
    Newsloom__V1__Extraction *extraction;
    const void *packed;
    size_t size;
    uint8_t digest[DIGEST_SIZE]; /* of packed */
    struct row_facts row;
    enum verdict verdict;
    struct arena *arena; /* of the batch */
};

struct log_walk {
    /* wished */
    struct session *session;
    enum status (*on_batch)(void *context, struct logged *batch, size_t count, struct error *err);
    void *context;
    const char *note; /* beside the progress */

    /* given */
    uint64_t entries; /* all kinds */
    uint64_t gaps;    /* sequences that the stream did not hold: never, of a sound broker */
    uint64_t bare;    /* entries of stored articles without an extraction: forgotten */
    uint64_t verdicts[VERDICT_COUNT];
    int64_t first_at_ms; /* when the first of them was stored; 0: there is none */
};

/* AGAIN: broker or database are away, or an interrupt. NOT_FOUND: the log was shortened faster than
 * it could be read. */
enum status log_walk_run(struct log_walk *walk, struct error *err) MUST_CHECK;

#endif
