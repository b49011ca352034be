// SPDX-License-Identifier: Apache-2.0
#include "worker/store/schema.h"

#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "worker/store/migrations.h"
#include "worker/store/sqlstate.h"
#include "worker/store/wait.h"

/* "newsloom" in hexadecimal; any program that migrates this database takes the same lock. */
#define LOCK_SQL   "SELECT pg_advisory_lock(x'6e6577736c6f6f6d'::bigint)"
#define UNLOCK_SQL "SELECT pg_advisory_unlock(x'6e6577736c6f6f6d'::bigint)"

static const char first_sql[] =
    "CREATE SCHEMA IF NOT EXISTS newsloom;"
    "CREATE TABLE IF NOT EXISTS newsloom.schema_version ("
    " version integer PRIMARY KEY, name text NOT NULL, checksum bytea NOT NULL,"
    " applied_at timestamptz NOT NULL DEFAULT now(), applied_by text NOT NULL DEFAULT "
    "session_user);"
    "COMMENT ON SCHEMA newsloom IS 'Facts extracted from Vietnamese news articles.';"
    "COMMENT ON TABLE newsloom.schema_version IS 'Which migrations were applied; written by "
    "newsloom-migrate.';"
    "COMMENT ON COLUMN newsloom.schema_version.version IS 'Number of the migration.';"
    "COMMENT ON COLUMN newsloom.schema_version.name IS 'Its name.';"
    "COMMENT ON COLUMN newsloom.schema_version.checksum IS 'BLAKE2b-256 of its SQL.';"
    "COMMENT ON COLUMN newsloom.schema_version.applied_at IS 'When.';"
    "COMMENT ON COLUMN newsloom.schema_version.applied_by IS 'By whom.';";

void pg_result_clear(PGresult **result_p)
{
    PQclear(*result_p);
    *result_p = NULL;
}

void pg_connection_finish(PGconn **connection_p)
{
    PQfinish(*connection_p);
    *connection_p = NULL;
}

enum status pg_error(PGconn *connection, const PGresult *result, const char *action,
                     struct error *err)
{
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    enum status status = sqlstate_status(state);
    if (!text || !*text)
        text = PQerrorMessage(connection);
    if (!*text)
        text = "the server fell silent";
    int length = (int)strcspn(text, "\n");
    return error_set(err, status, "%s %s: %.*s%s%s%s",
                     status == STATUS_AGAIN ? "could not" : "cannot", action, length, text,
                     state ? " (SQLSTATE " : "", state ? state : "", state ? ")" : "");
}

enum status pg_run(PGconn *connection, const char *sql, PGresult **ret_result, struct error *err)
{
    return pg_run_until(connection, sql, PG_NO_DEADLINE, ret_result, err);
}

enum status pg_run_until(PGconn *connection, const char *sql, int64_t deadline_ms,
                         PGresult **ret_result, struct error *err)
{
    PGresult *result = pg_answer(connection, PQsendQuery(connection, sql), deadline_ms);
    ExecStatusType kind = PQresultStatus(result);
    enum status status = STATUS_OK;
    if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        status = pg_error(connection, result, "ask the database", err);
    if (status == STATUS_OK && ret_result)
        *ret_result = result;
    else
        PQclear(result);
    return status;
}

enum status schema_read(PGconn *connection, int64_t deadline_ms, struct schema_state *ret_state,
                        struct error *err)
{
    CLEANUP(pg_result_clear) PGresult *there = NULL;
    CLEANUP(pg_result_clear) PGresult *state = NULL;
    *ret_state = (struct schema_state){0};
    enum status status = pg_run_until(connection,
                                      "SELECT to_regclass('newsloom.schema_version') IS NOT NULL,"
                                      " to_regprocedure('newsloom.oldest_writer()') IS NOT NULL",
                                      deadline_ms, &there, err);
    if (status != STATUS_OK || PQgetvalue(there, 0, 0)[0] != 't')
        return status;
    ret_state->exists = true;
    bool has_writer = PQgetvalue(there, 0, 1)[0] == 't';
    status =
        pg_run_until(connection,
                     has_writer ? "SELECT version, newsloom.oldest_writer() FROM"
                                  " newsloom.schema_version ORDER BY version"
                                : "SELECT version, 0 FROM newsloom.schema_version ORDER BY version",
                     deadline_ms, &state, err);
    if (status != STATUS_OK)
        return status;
    /* up to the first hole: what stands behind one was not applied by a program like this */
    for (int i = 0; i < PQntuples(state); i++) {
        if (strtol(PQgetvalue(state, i, 0), NULL, 10) == i + 1)
            ret_state->version = i + 1;
        ret_state->oldest_writer = (int)strtol(PQgetvalue(state, i, 1), NULL, 10);
    }
    return STATUS_OK;
}

enum status schema_check(PGconn *connection, int64_t deadline_ms, struct error *err)
{
    struct schema_state state;
    enum status status = schema_read(connection, deadline_ms, &state, err);
    if (status != STATUS_OK)
        return status;
    if (state.version < migration_count)
        return error_set(err, STATUS_BROKEN,
                         "cannot write to schema version %d, this program needs %d: run "
                         "\"newsloom migrate\"",
                         state.version, migration_count);
    if (state.oldest_writer > migration_count)
        return error_set(err, STATUS_BROKEN,
                         "cannot write to schema version %d, which takes no programs older than "
                         "version %d, with this one of %d: update the worker",
                         state.version, state.oldest_writer, migration_count);
    return STATUS_OK;
}

/* The row of an applied migration must carry the checksum of ours. */
static enum status compare_applied(PGconn *connection, struct error *err)
{
    CLEANUP(pg_result_clear) PGresult *rows = NULL;
    enum status status = pg_run(connection,
                                "SELECT version, encode(checksum, 'hex')"
                                " FROM newsloom.schema_version ORDER BY version",
                                &rows, err);
    if (status != STATUS_OK)
        return status;
    for (int i = 0; i < PQntuples(rows); i++) {
        int version = (int)strtol(PQgetvalue(rows, i, 0), NULL, 10);
        if (version > migration_count)
            return error_set(err, STATUS_INVALID,
                             "cannot migrate: the database is at version %d and this program "
                             "knows %d; use the newer program",
                             version, migration_count);
        const struct migration *ours = &migrations[version - 1];
        uint8_t digest[DIGEST_SIZE];
        char hex[DIGEST_HEX_SIZE];
        digest_bytes(ours->sql, ours->size, digest);
        if (version != i + 1 || strcmp(digest_hex(digest, hex), PQgetvalue(rows, i, 1)) != 0)
            return error_set(err, STATUS_INVALID,
                             "cannot migrate: migration %d \"%s\" was applied from other SQL than "
                             "this program has; the database belongs to another build",
                             version, ours->name);
    }
    return STATUS_OK;
}

static enum status record_migration(PGconn *connection, const struct migration *migration,
                                    struct error *err)
{
    uint8_t digest[DIGEST_SIZE];
    digest_bytes(migration->sql, migration->size, digest);
    char version[16];
    (void)snprintf(version, sizeof version, "%d", migration->version);
    const char *values[] = {version, migration->name, (const char *)digest};
    const int sizes[] = {0, 0, DIGEST_SIZE};
    const int formats[] = {0, 0, 1};
    CLEANUP(pg_result_clear)
    PGresult *result = PQexecParams(connection,
                                    "INSERT INTO newsloom.schema_version (version, name, checksum)"
                                    " VALUES ($1, $2, $3)",
                                    3, NULL, values, sizes, formats, 0);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        return pg_error(connection, result, "record the migration", err);
    return STATUS_OK;
}

static enum status apply_one(PGconn *connection, const struct migration *migration,
                             struct error *err)
{
    enum status status = pg_run(connection, "BEGIN", NULL, err);
    if (status == STATUS_OK)
        status = pg_run(connection, migration->sql, NULL, err);
    if (status == STATUS_OK)
        status = record_migration(connection, migration, err);
    if (status == STATUS_OK)
        return pg_run(connection, "COMMIT", NULL, err);
    struct error cause = err ? *err : (struct error){0};
    struct error ignored;
    if (pg_run(connection, "ROLLBACK", NULL, &ignored) != STATUS_OK)
        status = STATUS_AGAIN; /* the connection is gone; nothing was changed */
    return error_set(err, status, "migration %d \"%s\": %s", migration->version, migration->name,
                     cause.text);
}

static enum status apply_locked(PGconn *connection, bool only_tell,
                                void (*tell)(int version, const char *name, void *context),
                                void *context, struct error *err)
{
    struct schema_state state;
    enum status status = STATUS_OK;
    if (!only_tell)
        status = pg_run(connection, first_sql, NULL, err);
    if (status == STATUS_OK)
        status = schema_read(connection, PG_NO_DEADLINE, &state, err);
    if (status == STATUS_OK && state.exists)
        status = compare_applied(connection, err);
    if (status != STATUS_OK)
        return status;
    for (int i = state.version; i < migration_count && status == STATUS_OK; i++) {
        tell(migrations[i].version, migrations[i].name, context);
        if (!only_tell)
            status = apply_one(connection, &migrations[i], err);
    }
    return status;
}

enum status schema_apply(PGconn *connection, bool only_tell,
                         void (*tell)(int version, const char *name, void *context), void *context,
                         struct error *err)
{
    enum status status = pg_run(
        connection, "SET lock_timeout = '10s'; SET client_min_messages = 'warning'", NULL, err);
    if (status != STATUS_OK)
        return status;
    if (only_tell)
        return apply_locked(connection, true, tell, context, err);
    status = pg_run(connection, LOCK_SQL, NULL, err);
    if (status != STATUS_OK)
        return error_set(err, status, "could not migrate: another program migrates this database");
    status = apply_locked(connection, only_tell, tell, context, err);
    struct error ignored;
    if (pg_run(connection, UNLOCK_SQL, NULL, &ignored) != STATUS_OK)
        return status; /* the lock ends with the connection anyway */
    return status;
}
