// SPDX-License-Identifier: Apache-2.0
#include "worker/store/storage_engine.h"

static void note_locked(int number, PGresult *result, void *context)
{
    if (number == 1)
        *(bool *)context = PQntuples(result) == 1;
}

static enum status mend(struct storage *storage, struct article_row *row, bool *ret_is_there,
                        struct failure *failure)
{
    struct connection *connection = storage->connection;
    const struct parameter parameters[] = {
        {.bytes = arena_format(row->arena, "%lld", (long long)row->article_id)},
        {.bytes = row->packed_digest, .size = DIGEST_SIZE, .binary = true},
    };
    storage_connection_send(connection, SQL_BEGIN, NULL);
    storage_connection_send(connection, SQL_LOCK_ARTICLE, parameters);
    enum status status = storage_connection_finish(connection, note_locked, ret_is_there, failure);
    if (status != STATUS_OK)
        return status;
    if (*ret_is_there) {
        row_columns_fill(&storage->columns, &row, 1);
        storage_connection_send(connection, SQL_DELETE_CHILDREN, parameters);
        storage_send_children(storage);
        storage_connection_send(connection, SQL_COMMIT, NULL);
    } else {
        storage_connection_send(connection, SQL_ROLLBACK, NULL);
    }
    return storage_connection_finish(connection, NULL, NULL, failure);
}

enum status storage_mend(struct storage *storage, struct article_row *row, struct error *err)
{
    struct failure failure = {.verdict = SQL_AGAIN};
    bool is_there = false;
    enum status status = storage_open(storage, err);
    if (status != STATUS_OK)
        return status;
    status = mend(storage, row, &is_there, &failure);
    if (status != STATUS_OK) {
        storage_connection_close(storage->connection); /* whatever it was in the middle of */
        return error_set(err, status, "could not mend: %s%s%s", failure.text,
                         failure.state[0] ? ", SQLSTATE " : "", failure.state);
    }
    if (!is_there)
        return error_set(err, STATUS_NOT_FOUND, "it was changed meanwhile");
    row->end = ROW_STORED;
    return STATUS_OK;
}
