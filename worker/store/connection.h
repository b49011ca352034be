// SPDX-License-Identifier: Apache-2.0
/*
 * connection - one conversation with PostgreSQL in pipeline mode, with an end to every wait.
 *
 * Opening it makes sure that what is committed stays committed (fsync and synchronous_commit on),
 * that the server takes writes, and that the schema is ours. Statements are queued and sent
 * together; storage_connection_finish() ends them with a Sync and gathers what came back. A failure
 * of the network or the server closes the connection; the next open starts afresh. One thread owns
 * it.
 */
#ifndef WORKER_STORE_CONNECTION_H
#define WORKER_STORE_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/status.h"
#include "worker/store/sqlstate.h"
#include "worker/store/statements.h"

struct connection;

/* timeout_ms: a server that says nothing for so long while it is asked for something is given up.
 * It is told to end a statement after two thirds of it, and a wait for a lock after a third. */
struct connection *storage_connection_new(const char *database_url, const char *worker_name,
                                          int64_t timeout_ms);
void storage_connection_free(struct connection **connection_p);

/* Open unless it is open. AGAIN: the server is away; BROKEN: it, or its schema, is not fit. */
enum status storage_connection_open(struct connection *connection, struct error *err) MUST_CHECK;
void storage_connection_close(struct connection *connection);
bool storage_connection_is_open(const struct connection *connection);
/* true once after each successful connect: what was cached of the server is stale. */
bool storage_connection_is_fresh(struct connection *connection);

struct parameter {
    const void *bytes; /* NULL: SQL null */
    int size;          /* of binary parameters */
    bool binary;
};

/* Queue one statement of the table; parameters must stay until storage_connection_finish(). */
void storage_connection_send(struct connection *connection, enum statement statement,
                             const struct parameter *parameters);

struct failure {
    enum sql_verdict verdict;
    bool connection_lost;
    char state[6];
    char text[240];
};

/*
 * Send what was queued with a Sync and wait for all results. on_result (may be NULL) sees each good
 * result, numbered from 0 in the order of sending. INVALID when a statement failed, AGAIN when the
 * connection was lost or the server silent (verdict SQL_SLOW): both fill *ret_failure. After
 * INVALID nothing of this transaction remains.
 */
enum status storage_connection_finish(struct connection *connection,
                                      void (*on_result)(int number, PGresult *result,
                                                        void *context),
                                      void *context, struct failure *ret_failure) MUST_CHECK;

#endif
