// SPDX-License-Identifier: Apache-2.0
/*
 * sqlstate - what a PostgreSQL error means for the article at hand. The one place that knows.
 *
 *      22 54           the row is wrong and will stay so                        PERMANENT
 *      23              perhaps a race: once more                                ONCE_MORE
 *      57014           took too long: the row, or the server?                   SLOW
 *      08 25006 25P03  the server is away, fails over, is full, is locked       AGAIN
 *      40 53 55 57
 *      42 28 3D XX …   schema, rights or server are not what we need: stop      BROKEN
 *
 * An empty state is libpq's own: the connection is gone, so AGAIN.
 */
#ifndef WORKER_STORE_SQLSTATE_H
#define WORKER_STORE_SQLSTATE_H

#include "common/status.h"

enum sql_verdict {
    SQL_AGAIN,     /* nothing is known against the article; keep it and try later */
    SQL_ONCE_MORE, /* permanent when it happens twice to the article alone */
    SQL_SLOW,      /* verdict.h finds out whose fault it is */
    SQL_PERMANENT, /* this article can never be stored */
    SQL_BROKEN,    /* no article can be stored until somebody acts; the worker stops */
};

/* state may be NULL or empty. */
enum sql_verdict sqlstate_judge(const char *state);

/* AGAIN, INVALID (PERMANENT, ONCE_MORE and SLOW) or BROKEN, for callers that have no article in
 * hand. */
enum status sqlstate_status(const char *state);

#endif
