// SPDX-License-Identifier: Apache-2.0
#include "client/command/database.h"

#include <stdlib.h>
#include <string.h>

#define CONNECT_SECONDS "5"

/* Said once connected: given as options, being read-only would make libpq pass by the very host
 * that target_session_attrs=read-write asks for. */
#define ASK_LIMIT    "SET statement_timeout = '60s'; SET default_transaction_read_only = on"
#define CHANGE_LIMIT "SET statement_timeout = '600s'"

/* libpq ends its messages with a line break, and may use several lines. */
static char *one_line(const char *message)
{
    char *text = text_copy(message ? message : "");
    size_t length = strlen(text);
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
    (void)error_set(err, status, "%s: %.170s", what, text);
    free(text);
    return status;
}

static enum status open_with(PGconn **ret_connection, const struct invocation *invocation,
                             const char *sql, struct error *err)
{
    const char *url = settings_text(invocation->settings, "database.url");
    const char *const names[] = {"dbname", "connect_timeout", "application_name", "client_encoding",
                                 NULL};
    const char *const values[] = {url, CONNECT_SECONDS, "newsloom", "UTF8", NULL};
    PGconn *connection = PQconnectdbParams(names, values, 1);
    PGresult *limited = PQexec(connection, sql); /* NULL when there is no connection */
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
    return open_with(ret_connection, invocation, ASK_LIMIT, err);
}

enum status database_open_to_change(PGconn **ret_connection, const struct invocation *invocation,
                                    struct error *err)
{
    return open_with(ret_connection, invocation, CHANGE_LIMIT, err);
}

void database_close(PGconn **connection_p)
{
    if (*connection_p)
        PQfinish(*connection_p);
    *connection_p = NULL;
}

enum status database_ask(PGconn *connection, const char *sql, const char *const *parameters,
                         size_t count, PGresult **ret_result, struct error *err)
{
    PGresult *result = PQexecParams(connection, sql, (int)count, NULL, parameters, NULL, NULL, 0);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) {
        *ret_result = result;
        return STATUS_OK;
    }
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    enum status status = STATUS_AGAIN;
    if (code && (strncmp(code, "42", 2) == 0 || strncmp(code, "3F", 2) == 0))
        status = say(err, STATUS_INVALID,
                     "the database has no newsloom tables of this version that may be read "
                     "(`newsloom migrate` makes them)",
                     PQresultErrorMessage(result));
    else if (code && strncmp(code, "22", 2) == 0)
        status = say(err, STATUS_INVALID, "PostgreSQL refused the question",
                     PQresultErrorMessage(result));
    else
        status = say(err, STATUS_AGAIN, "could not ask PostgreSQL", PQerrorMessage(connection));
    PQclear(result);
    return status;
}

void database_clear(PGresult **result_p)
{
    if (*result_p)
        PQclear(*result_p);
    *result_p = NULL;
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
