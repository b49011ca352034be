// SPDX-License-Identifier: Apache-2.0
/*
 * schema - is this database ours, at which version, and how it gets to the newest.
 *
 * Migrations are applied in order, each in a transaction of its own together with its row in
 * newsloom.schema_version, under one advisory lock, so that two programs started at once apply each
 * once. lock_timeout bounds every wait: a migration never stands in a queue in front of workers.
 * The checksum of what was applied is kept; a file that was changed afterwards is refused.
 */
#ifndef WORKER_STORE_SCHEMA_H
#define WORKER_STORE_SCHEMA_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"

struct schema_state {
    bool exists;       /* there is a newsloom schema with a version table */
    int version;       /* all migrations up to this one are applied, 0: none */
    int oldest_writer; /* the oldest schema version whose workers may write, 0: not known */
};

/* Deadlines: worker/store/wait.h. */
enum status schema_read(PGconn *connection, int64_t deadline_ms, struct schema_state *ret_state,
                        struct error *err) MUST_CHECK;

/* What a worker asks at each connect: OK, or BROKEN with the way out when the schema is missing,
 * behind, or does not take writers as old as this build. */
enum status schema_check(PGconn *connection, int64_t deadline_ms, struct error *err) MUST_CHECK;

/* Bring the schema to this build's version. Told about every migration before it is applied; with
 * only_tell nothing is changed. INVALID when the database is newer or was migrated by other files;
 * AGAIN when a lock was not to be had or the server went away. */
enum status schema_apply(PGconn *connection, bool only_tell,
                         void (*tell)(int version, const char *name, void *context), void *context,
                         struct error *err) MUST_CHECK;

/* Destructors for CLEANUP. */
void pg_result_clear(PGresult **result_p);
void pg_connection_finish(PGconn **connection_p);

/* Run one statement without parameters, however long it takes; anything but a result in good order
 * is an error judged by its SQLSTATE. ret_result may be NULL. */
enum status pg_run(PGconn *connection, const char *sql, PGresult **ret_result,
                   struct error *err) MUST_CHECK;
enum status pg_run_until(PGconn *connection, const char *sql, int64_t deadline_ms,
                         PGresult **ret_result, struct error *err) MUST_CHECK;

/* Fill err from a failed result, or from the connection when result is NULL. */
enum status pg_error(PGconn *connection, const PGresult *result, const char *action,
                     struct error *err);

#endif
