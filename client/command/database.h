// SPDX-License-Identifier: Apache-2.0
/*
 * database - asking PostgreSQL, for the verbs that read what is stored.
 *
 * Ownership: results are the caller's to clear. Connecting and asking are bounded in time.
 */
#ifndef CLIENT_COMMAND_DATABASE_H
#define CLIENT_COMMAND_DATABASE_H

#include <libpq-fe.h>

#include "client/command/invocation.h"

/* AGAIN: it is away; INVALID: it is no newsloom database, with the way out. */
enum status database_open(PGconn **ret_connection, const struct invocation *invocation,
                          struct error *err) MUST_CHECK;
/* The same, at url instead of database.url. */
enum status database_open_at(PGconn **ret_connection, const char *url,
                             struct error *err) MUST_CHECK;
/* The same, for the few that change something: one statement is one transaction. */
enum status database_open_to_change(PGconn **ret_connection, const struct invocation *invocation,
                                    struct error *err) MUST_CHECK;
void database_close(PGconn **connection_p);

typedef enum status (*database_row)(void *context, const PGresult *result, int row,
                                    struct error *err);

/* NULL parameters are SQL's. */
enum status database_ask(PGconn *connection, const char *sql, const char *const *parameters,
                         size_t count, PGresult **ret_result, struct error *err) MUST_CHECK;
void database_clear(PGresult **result_p);
/* A parameter of type uuid[]: "{}" with room for so many, filled one by one. free() it. */
char *database_ids_new(size_t most);
void database_ids_add(char *ids, const char *uuid);
/* Row by row as they come, in the memory of one: each() is called with a result and the row in it,
 * first of all with row -1 for the names of the columns, and ends the whole by answering anything
 * but OK. The server stops too. INVALID, NOT_FOUND, BROKEN and LIMIT are each()'s own; AGAIN is
 * PostgreSQL's as well. */
enum status database_each(PGconn *connection, const char *sql, const char *const *parameters,
                          size_t count, database_row each, void *context,
                          struct error *err) MUST_CHECK;
/* One command without parameters and rows: BEGIN, COMMIT. */
enum status database_do(PGconn *connection, const char *sql, struct error *err) MUST_CHECK;

#endif
