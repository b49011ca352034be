// SPDX-License-Identifier: Apache-2.0
/*
 * restoring - rows that the database forgot, written again from the entries of the log.
 *
 * By the worker's own storage and byte for byte: the extraction in the row is the entry's. An
 * original goes into the database before its copies, so that duplicate_of leads to it.
 */
#ifndef RECOVERY_RESTORING_H
#define RECOVERY_RESTORING_H

#include "recovery/log_walk.h"
#include "worker/store/storage.h"

struct restoring {
    struct session *session;
    bool dry_run;
    struct storage *storage; /* NULL when dry */

    uint64_t written; /* rows that were missing, or of an older generation */
    uint64_t mended;  /* facts below a row */
    uint64_t left;    /* what cannot be mended */
};

/* For log_walk: context is a struct restoring. */
enum status restoring_batch(void *context, struct logged *batch, size_t count,
                            struct error *err) MUST_CHECK;

#endif
