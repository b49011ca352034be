// SPDX-License-Identifier: Apache-2.0
#include "client/command/database.h"

#include <stdlib.h>
#include <string.h>

#include "client/lib/hex.h"
#define CONNECT_SECONDS "5"

/* Said once connected: given as options, being read-only would make libpq pass by the very host
 * that target_session_attrs=read-write asks for. */
#define ASK_LIMIT                                                            \
    "SET statement_timeout = '60s'; SET default_transaction_read_only = on;" \
    "SET \"DateStyle\" = 'ISO, YMD'; SET \"TimeZone\" = 'UTC'; SET search_path = pg_catalog"
#define CHANGE_LIMIT "SET statement_timeout = '600s'"

enum { MESSAGE_LIMIT = 170 };

/* libpq ends its messages with a line break, and may use several lines: what is asked or hinted in
 * those behind the first gives way when all together is too long. */
static char *one_line(const char *message)
{
    char *text = text_copy(message ? message : "");
    size_t length = strlen(text);
    if (length > MESSAGE_LIMIT)
        length = strcspn(text, "\n");
    text[length] = '\0';
    while (length && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *at = text; *at; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
    return text;
}

static enum status say(struct error *err, enum status status, const char *what, const char *message)
{
    char *text = one_line(message);
    (void)error_set(err, status, "%s: %.*s", what, MESSAGE_LIMIT, text);
    free(text);
    return status;
}

static enum status open_with(PGconn **ret_connection, const char *url, const char *sql,
                             struct error *err)
{
    const char *const names[] = {"dbname", "connect_timeout", "application_name", "client_encoding",
                                 NULL};
    const char *const values[] = {url, CONNECT_SECONDS, "newsloom", "UTF8", NULL};
    PGconn *connection = PQconnectdbParams(names, values, 1);
    PGresult *limited = PQstatus(connection) == CONNECTION_OK ? PQexec(connection, sql) : NULL;
    bool is_fit = PQresultStatus(limited) == PGRES_COMMAND_OK;
    PQclear(limited);
    if (is_fit) {
        *ret_connection = connection;
        return STATUS_OK;
    }
    enum status status = say(err, STATUS_AGAIN, "could not reach PostgreSQL (database.url)",
                             PQerrorMessage(connection));
    PQfinish(connection);
    return status;
}

enum status database_open(PGconn **ret_connection, const struct invocation *invocation,
                          struct error *err)
{
    return database_open_at(ret_connection, settings_text(invocation->settings, "database.url"),
                            err);
}

enum status database_open_at(PGconn **ret_connection, const char *url, struct error *err)
{
    return open_with(ret_connection, url, ASK_LIMIT, err);
}

enum status database_open_to_change(PGconn **ret_connection, const struct invocation *invocation,
                                    struct error *err)
{
    return open_with(ret_connection, settings_text(invocation->settings, "database.url"),
                     CHANGE_LIMIT, err);
}

void database_close(PGconn **connection_p)
{
    if (*connection_p)
        PQfinish(*connection_p);
    *connection_p = NULL;
}

static enum status explain(PGconn *connection, const PGresult *result, struct error *err)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (code && (strncmp(code, "42", 2) == 0 || strncmp(code, "3F", 2) == 0))
        return say(err, STATUS_INVALID,
                   "the database has no newsloom tables of this version that may be read "
                   "(`newsloom migrate` makes them)",
                   PQresultErrorMessage(result));
    if (code && strncmp(code, "22", 2) == 0)
        return say(err, STATUS_INVALID, "PostgreSQL refused the question",
                   PQresultErrorMessage(result));
    return say(err, STATUS_AGAIN, "could not ask PostgreSQL", PQerrorMessage(connection));
}

enum status database_ask(PGconn *connection, const char *sql, const char *const *parameters,
                         size_t count, PGresult **ret_result, struct error *err)
{
    PGresult *result = PQexecParams(connection, sql, (int)count, NULL, parameters, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        *ret_result = result;
        return STATUS_OK;
    }
    enum status status = explain(connection, result, err);
    PQclear(result);
    return status;
}

char *database_ids_new(size_t most)
{
    char *ids = memory_new(most * UUID_TEXT_SIZE + sizeof("{}"));
    ids[0] = '{';
    ids[1] = '}';
    return ids;
}

void database_ids_add(char *ids, const char *uuid)
{
    size_t end = strlen(ids) - 1; /* the closing brace */
    (void)snprintf(ids + end, UUID_TEXT_SIZE + 2, "%s%s}", end > 1 ? "," : "", uuid);
}

void database_clear(PGresult **result_p)
{
    if (*result_p)
        PQclear(*result_p);
    *result_p = NULL;
}

/* Whatever is still to come is thrown away, so that the connection can be asked again. */
static void stop(PGconn *connection)
{
    char ignored[256];
    PGresult *result = NULL;
    PGcancel *cancel = PQgetCancel(connection);
    if (cancel)
        (void)PQcancel(cancel, ignored, sizeof(ignored));
    PQfreeCancel(cancel);
    while ((result = PQgetResult(connection)))
        PQclear(result);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the interface's
enum status database_each(PGconn *connection, const char *sql, const char *const *parameters,
                          size_t count, database_row each, void *context, struct error *err)
{
    bool has_names = false;
    enum status status = STATUS_OK;
    if (!PQsendQueryParams(connection, sql, (int)count, NULL, parameters, NULL, NULL, 0) ||
        !PQsetSingleRowMode(connection))
        return say(err, STATUS_AGAIN, "could not ask PostgreSQL", PQerrorMessage(connection));
    PGresult *result = NULL;
    while (status == STATUS_OK && (result = PQgetResult(connection))) {
        ExecStatusType got = PQresultStatus(result);
        if (got != PGRES_SINGLE_TUPLE && got != PGRES_TUPLES_OK)
            status = explain(connection, result, err);
        if (status == STATUS_OK && !has_names)
            status = each(context, result, -1, err);
        has_names = true;
        for (int row = 0; status == STATUS_OK && row < PQntuples(result); row++)
            status = each(context, result, row, err);
        PQclear(result);
    }
    if (status != STATUS_OK)
        stop(connection);
    return status;
}

enum status database_do(PGconn *connection, const char *sql, struct error *err)
{
    PGresult *result = PQexec(connection, sql);
    enum status status = STATUS_OK;
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        status = say(err, STATUS_AGAIN, "could not ask PostgreSQL", PQerrorMessage(connection));
    PQclear(result);
    return status;
}
