// SPDX-License-Identifier: Apache-2.0
#include "worker/store/connection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/crash.h"
#include "worker/store/schema.h"
#include "worker/store/wait.h"

/* What follows the login has an end too: so many times connect_timeout. */
#define FIT_SHARES        3
#define FIT_SECONDS_LIMIT 60 /* of a connect_timeout in the URL that is longer, or none */
#define CONNECT_TIMEOUT   "5"

static const char session_sql[] =
    "SET idle_in_transaction_session_timeout = '120s';"
    "SET default_transaction_isolation = 'read committed';"
    "SET client_encoding = 'UTF8'; SET \"TimeZone\" = 'UTC'; SET \"DateStyle\" = 'ISO, YMD';"
    "SET client_min_messages = 'error'; SET search_path = pg_catalog; SET jit = off;"
    "SET plan_cache_mode = 'force_generic_plan'; SET work_mem = '16MB'";

struct connection {
    char *database_url;
    char *worker_name;
    int64_t timeout_ms;
    PGconn *session;
    bool is_fresh;
    bool send_failed;
    bool has_commit; /* among what is queued */
};

struct connection *storage_connection_new(const char *database_url, const char *worker_name,
                                          int64_t timeout_ms)
{
    struct connection *connection = memory_new(sizeof *connection);
    connection->timeout_ms = timeout_ms;
    connection->database_url = text_copy(database_url);
    connection->worker_name = text_format("newsloom-worker %s", worker_name);
    return connection;
}

void storage_connection_free(struct connection **connection_p)
{
    struct connection *connection = *connection_p;
    if (!connection)
        return;
    storage_connection_close(connection);
    free(connection->database_url);
    free(connection->worker_name);
    free(connection);
    *connection_p = NULL;
}

void storage_connection_close(struct connection *connection)
{
    PQfinish(connection->session);
    connection->session = NULL;
    connection->send_failed = false;
    connection->has_commit = false;
}

bool storage_connection_is_open(const struct connection *connection)
{
    return connection->session != NULL;
}

bool storage_connection_is_fresh(struct connection *connection)
{
    bool is_fresh = connection->is_fresh;
    connection->is_fresh = false;
    return is_fresh;
}

/* ---- opening ---- */

static enum status check_server(PGconn *session, int64_t deadline_ms, struct error *err)
{
    CLEANUP(pg_result_clear) PGresult *row = NULL;
    enum status status = pg_run_until(session,
                                      "SELECT current_setting('fsync'),"
                                      " current_setting('synchronous_commit'),"
                                      " current_setting('server_encoding'), pg_is_in_recovery(),"
                                      " current_setting('transaction_read_only')",
                                      deadline_ms, &row, err);
    if (status != STATUS_OK)
        return status;
    if (strcmp(PQgetvalue(row, 0, 0), "off") == 0)
        return error_set(err, STATUS_BROKEN,
                         "cannot store in a server with fsync = off: what it commits may be lost");
    if (strcmp(PQgetvalue(row, 0, 1), "off") == 0)
        return error_set(err, STATUS_BROKEN,
                         "cannot store with synchronous_commit = off: what the server commits may "
                         "be lost; set it to on for this role or database");
    if (strcmp(PQgetvalue(row, 0, 2), "UTF8") != 0)
        return error_set(err, STATUS_BROKEN,
                         "cannot store in a database of encoding \"%s\": create "
                         "it with ENCODING 'UTF8'",
                         PQgetvalue(row, 0, 2));
    if (PQgetvalue(row, 0, 3)[0] == 't' || strcmp(PQgetvalue(row, 0, 4), "on") == 0)
        return error_set(err, STATUS_AGAIN, "could not store: the server is read-only for now");
    return STATUS_OK;
}

static enum status prepare_statements(PGconn *session, int64_t deadline_ms, struct error *err)
{
    for (int i = 0; i < SQL_STATEMENT_COUNT; i++) {
        const struct statement_row *row = statement_row((enum statement)i);
        CLEANUP(pg_result_clear)
        PGresult *result = pg_answer(
            session, PQsendPrepare(session, row->name, row->sql, row->parameter_count, row->types),
            deadline_ms);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            return pg_error(session, result, row->name, err);
    }
    return STATUS_OK;
}

static enum status set_setting(PGconn *session, const char *name, const char *value,
                               int64_t deadline_ms, struct error *err)
{
    const char *values[] = {name, value};
    CLEANUP(pg_result_clear)
    PGresult *result =
        pg_answer(session,
                  PQsendQueryParams(session, "SELECT pg_catalog.set_config($1, $2, false)", 2, NULL,
                                    values, NULL, NULL, 0),
                  deadline_ms);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return pg_error(session, result, name, err);
    return STATUS_OK;
}

/* A server whose client has vanished without a word keeps the transaction and its locks, and so
 * stops whoever stores the same article, until it notices: that should take as long as the client
 * would take to notice the server. */
static enum status share_patience(PGconn *session, int64_t deadline_ms, struct error *err)
{
    static const char *const names[][2] = {{"keepalives_idle", "tcp_keepalives_idle"},
                                           {"keepalives_interval", "tcp_keepalives_interval"},
                                           {"keepalives_count", "tcp_keepalives_count"},
                                           {"tcp_user_timeout", "tcp_user_timeout"}};
    enum status status =
        set_setting(session, "client_connection_check_interval", "5s", deadline_ms, err);
    PQconninfoOption *options = PQconninfo(session);
    ENSURE(options);
    for (const PQconninfoOption *option = options; option->keyword; option++)
        for (size_t i = 0; i < COUNT_OF(names); i++)
            if (status == STATUS_OK && option->val && strcmp(option->keyword, names[i][0]) == 0)
                status = set_setting(session, names[i][1], option->val, deadline_ms, err);
    PQconninfoFree(options);
    return status;
}

/* The server judges before the client gives it up: what it ends it says why. */
static enum status share_timeout(PGconn *session, int64_t timeout_ms, int64_t deadline_ms,
                                 struct error *err)
{
    char statement_ms[24];
    char lock_ms[24];
    (void)snprintf(statement_ms, sizeof statement_ms, "%" PRId64, timeout_ms * 2 / 3);
    (void)snprintf(lock_ms, sizeof lock_ms, "%" PRId64, timeout_ms / 3);
    enum status status = set_setting(session, "statement_timeout", statement_ms, deadline_ms, err);
    return status == STATUS_OK ? set_setting(session, "lock_timeout", lock_ms, deadline_ms, err)
                               : status;
}

/* When what follows the login must be over. */
static int64_t fit_deadline_ms(PGconn *session)
{
    long seconds = strtol(CONNECT_TIMEOUT, NULL, 10);
    PQconninfoOption *options = PQconninfo(session);
    ENSURE(options);
    for (const PQconninfoOption *option = options; option->keyword; option++)
        if (option->val && strcmp(option->keyword, "connect_timeout") == 0)
            seconds = strtol(option->val, NULL, 10);
    PQconninfoFree(options);
    if (seconds <= 0 || seconds > FIT_SECONDS_LIMIT)
        seconds = FIT_SECONDS_LIMIT;
    return clock_mono_ms() + FIT_SHARES * 1000 * (int64_t)seconds;
}

static enum status fit_session(PGconn *session, int64_t timeout_ms, struct error *err)
{
    int64_t deadline_ms = fit_deadline_ms(session);
    enum status status = STATUS_OK;
    if (PQsetnonblocking(session, 1) != 0)
        return error_set(err, STATUS_AGAIN, "could not make the session non-blocking");
    status = pg_run_until(session, session_sql, deadline_ms, NULL, err);
    if (status == STATUS_OK)
        status = share_timeout(session, timeout_ms, deadline_ms, err);
    if (status == STATUS_OK)
        status = share_patience(session, deadline_ms, err);
    if (status == STATUS_OK)
        status = check_server(session, deadline_ms, err);
    if (status == STATUS_OK)
        status = schema_check(session, deadline_ms, err);
    if (status == STATUS_OK)
        status = prepare_statements(session, deadline_ms, err);
    if (status == STATUS_INVALID) /* no article is to blame here */
        status = err ? (err->status = STATUS_BROKEN) : STATUS_BROKEN;
    return status;
}

enum status storage_connection_open(struct connection *connection, struct error *err)
{
    if (connection->session && PQstatus(connection->session) == CONNECTION_OK)
        return STATUS_OK;
    storage_connection_close(connection);
    /* What stands before dbname are defaults that the URL may change. */
    const char *keys[] = {"connect_timeout",      "keepalives_idle",  "keepalives_interval",
                          "keepalives_count",     "tcp_user_timeout", "fallback_application_name",
                          "target_session_attrs", "dbname",           NULL};
    const char *values[] = {
        CONNECT_TIMEOUT,          "10", "5", "3", "30000", connection->worker_name, "read-write",
        connection->database_url, NULL};
    PGconn *session = PQconnectdbParams(keys, values, 1);
    enum status status = STATUS_OK;
    if (PQstatus(session) != CONNECTION_OK) {
        const char *text = PQerrorMessage(session);
        status = error_set(err, STATUS_AGAIN, "could not connect to PostgreSQL: %.*s",
                           (int)strcspn(text, "\n"), text);
    }
    if (status == STATUS_OK)
        status = fit_session(session, connection->timeout_ms, err);
    if (status == STATUS_OK && !PQenterPipelineMode(session))
        status = error_set(err, STATUS_AGAIN, "could not enter pipeline mode");
    if (status != STATUS_OK) {
        PQfinish(session);
        return status;
    }
    connection->session = session;
    connection->is_fresh = true;
    return STATUS_OK;
}

/* ---- sending and reading ---- */

void storage_connection_send(struct connection *connection, enum statement statement,
                             const struct parameter *parameters)
{
    const struct statement_row *row = statement_row(statement);
    const char *values[STATEMENT_PARAMETERS];
    int sizes[STATEMENT_PARAMETERS];
    int formats[STATEMENT_PARAMETERS];
    ENSURE(parameters || row->parameter_count == 0);
    for (int i = 0; i < row->parameter_count; i++) {
        values[i] = parameters[i].bytes;
        sizes[i] = parameters[i].size;
        formats[i] = parameters[i].binary;
    }
    connection->has_commit |= statement == SQL_COMMIT;
    if (!PQsendQueryPrepared(connection->session, row->name, row->parameter_count, values, sizes,
                             formats, 1))
        connection->send_failed = true;
}

struct reading {
    PGconn *session;
    void (*on_result)(int number, PGresult *result, void *context);
    void *context;
    struct failure *failure;
    int number;
    bool failed;
    bool synced;
    bool is_silent; /* nothing came for timeout_ms */
};

static void note_failure(struct reading *reading, const PGresult *result)
{
    if (reading->failed)
        return; /* the first one says why */
    reading->failed = true;
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!text)
        text = PQresultErrorMessage(result);
    struct failure *failure = reading->failure;
    failure->verdict = sqlstate_judge(state);
    (void)snprintf(failure->state, sizeof failure->state, "%.5s", state ? state : "");
    (void)snprintf(failure->text, sizeof failure->text, "%.*s", (int)strcspn(text, "\n"), text);
}

/* Everything that has arrived, up to the Sync. */
static void read_results(struct reading *reading)
{
    while (!reading->synced && !PQisBusy(reading->session)) {
        CLEANUP(pg_result_clear) PGresult *result = PQgetResult(reading->session);
        if (!result) { /* the end of one statement, or of the connection */
            reading->number++;
            if (PQstatus(reading->session) != CONNECTION_OK)
                return;
            continue;
        }
        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
            reading->synced = true;
            break;
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
            if (reading->on_result)
                reading->on_result(reading->number, result, reading->context);
            break;
        case PGRES_PIPELINE_ABORTED:
            break;
        default:
            note_failure(reading, result);
            break;
        }
    }
}

/* false: the connection is gone or silent. */
static bool pump(struct connection *connection, struct reading *reading)
{
    bool sent = false;
    while (!reading->synced) {
        int unsent = PQflush(reading->session);
        if (unsent < 0)
            return false;
        if (!unsent && !sent) {
            sent = true;
            if (connection->has_commit)
                crash_here(CRASH_WORKER_MID_STORE);
        }
        bool alive = false;
        int64_t deadline_ms = clock_mono_ms() + connection->timeout_ms; /* anew with each sign */
        reading->is_silent = !pg_wait(reading->session, unsent, deadline_ms, &alive);
        if (reading->is_silent)
            return false;
        read_results(reading);
        if (!reading->synced && (!alive || PQstatus(reading->session) != CONNECTION_OK))
            return false;
    }
    return true;
}

static enum status lost(struct connection *connection, const struct reading *reading)
{
    struct failure *failure = reading->failure;
    if (!reading->failed) {
        const char *text = PQerrorMessage(connection->session);
        if (reading->is_silent || !*text)
            text = "the server fell silent";
        (void)snprintf(failure->text, sizeof failure->text, "%.*s", (int)strcspn(text, "\n"), text);
    }
    if (failure->verdict != SQL_BROKEN)
        failure->verdict = reading->is_silent ? SQL_SLOW : SQL_AGAIN;
    failure->connection_lost = true;
    storage_connection_close(connection);
    return STATUS_AGAIN;
}

/* true: everything up to a Sync was answered, well or not. */
static bool exchange(struct connection *connection, struct reading *reading)
{
    if (connection->send_failed || !PQpipelineSync(connection->session))
        return false;
    bool whole = pump(connection, reading);
    connection->has_commit = false;
    return whole;
}

/* The first failure is the caller's; one of the rollback only means that the connection is gone,
 * which takes the transaction along. */
static void roll_back(struct connection *connection, struct failure *failure)
{
    struct failure ignored = {.verdict = SQL_AGAIN};
    struct reading reading = {.session = connection->session, .failure = &ignored};
    storage_connection_send(connection, SQL_ROLLBACK, NULL);
    if (!exchange(connection, &reading) || reading.failed) {
        failure->connection_lost = true;
        storage_connection_close(connection);
    }
}

enum status storage_connection_finish(struct connection *connection,
                                      void (*on_result)(int number, PGresult *result,
                                                        void *context),
                                      void *context, struct failure *ret_failure)
{
    *ret_failure = (struct failure){.verdict = SQL_AGAIN};
    struct reading reading = {.session = connection->session,
                              .on_result = on_result,
                              .context = context,
                              .failure = ret_failure};
    if (!exchange(connection, &reading))
        return lost(connection, &reading);
    if (!reading.failed)
        return STATUS_OK;
    if (PQtransactionStatus(connection->session) != PQTRANS_IDLE)
        roll_back(connection, ret_failure);
    return STATUS_INVALID;
}
