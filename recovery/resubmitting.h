// SPDX-License-Identifier: Apache-2.0
/*
 * resubmitting - articles that the broker forgot, submitted again from their rows.
 *
 * A worker that gets one finds its row and reports the bytes that stand there: the log gets its
 * entry, the database no second row. What has a row and is a dead letter is retried for the same
 * end.
 */
#ifndef RECOVERY_RESUBMITTING_H
#define RECOVERY_RESUBMITTING_H

#include "recovery/pages.h"
#include "recovery/row_walk.h"

struct resubmitting {
    struct session *session;
    bool dry_run;
    struct pages pages; /* not open when dry */

    uint64_t submitted;
    uint64_t retried; /* dead letters */
    uint64_t left;    /* what cannot be submitted */
};

/* INVALID: endpoints that are none. */
enum status resubmitting_open(struct resubmitting *r, struct error *err) MUST_CHECK;
/* For row_walk: context is a struct resubmitting. */
enum status resubmitting_row(void *context, const struct held_row *row,
                             struct error *err) MUST_CHECK;
/* Every receipt is in. AGAIN: the broker is away; what has no receipt may be submitted again. */
enum status resubmitting_finish(struct resubmitting *r, struct error *err) MUST_CHECK;
void resubmitting_close(struct resubmitting *r);

#endif
