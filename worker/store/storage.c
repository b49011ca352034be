// SPDX-License-Identifier: Apache-2.0
#include "worker/store/storage.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "common/crash.h"
#include "worker/store/copies.h"
#include "worker/store/storage_engine.h"
#include "worker/store/verdict.h"

#define REPEATS_LIMIT 4 /* of one article within a call, while others race with us */
#define IN_VAIN_LIMIT                                                           \
    3 /* articles tried alone, one after another, that had to wait for somebody \
       */

struct storage *storage_new(const char *database_url, const char *worker_name, int64_t timeout_ms)
{
    struct storage *storage = memory_new(sizeof *storage);
    storage->connection = storage_connection_new(database_url, worker_name, timeout_ms);
    return storage;
}

void storage_free(struct storage **storage_p)
{
    struct storage *storage = *storage_p;
    if (!storage)
        return;
    storage_connection_free(&storage->connection);
    row_columns_done(&storage->columns);
    free(storage);
    *storage_p = NULL;
}

struct storage_figures storage_figures(const struct storage *storage)
{
    return storage->figures;
}

enum status storage_open(struct storage *storage, struct error *err)
{
    enum status status = storage_connection_open(storage->connection, err);
    if (status == STATUS_OK && storage_connection_is_fresh(storage->connection)) {
        storage->id_count = 0; /* a server that failed over may give the same ids again */
        storage->figures.connects++;
    }
    return status;
}

/* ---- ids ---- */

static int64_t int8_of(const PGresult *result, int row, int column)
{
    uint64_t wire;
    ENSURE(PQgetlength(result, row, column) == (int)sizeof wire);
    memcpy(&wire, PQgetvalue(result, row, column), sizeof wire);
    return (int64_t)be64toh(wire);
}

static int32_t int4_of(const PGresult *result, int row, int column)
{
    uint32_t wire;
    ENSURE(PQgetlength(result, row, column) == (int)sizeof wire);
    memcpy(&wire, PQgetvalue(result, row, column), sizeof wire);
    return (int32_t)be32toh(wire);
}

static void take_ids(int number, PGresult *result, void *context)
{
    (void)number;
    struct storage *storage = context;
    for (int i = PQntuples(result) - 1; i >= 0 && storage->id_count < ID_POOL; i--)
        storage->ids[storage->id_count++] = int8_of(result, i, 0);
}

/* Ids are handed out in ascending order, and an id is used for one attempt only. */
static enum status assign_ids(struct storage *storage, struct article_row **rows, size_t count,
                              struct failure *failure)
{
    for (size_t i = 0; i < count; i++) {
        if (storage->id_count == 0) {
            const struct parameter wanted = {.bytes = "256"};
            storage_connection_send(storage->connection, SQL_RESERVE_IDS, &wanted);
            enum status status =
                storage_connection_finish(storage->connection, take_ids, storage, failure);
            if (status != STATUS_OK)
                return status;
            ENSURE(storage->id_count > 0);
        }
        rows[i]->article_id = storage->ids[--storage->id_count];
    }
    return STATUS_OK;
}

/* ---- one transaction ---- */

static void send_columns(struct storage *storage, enum statement statement,
                         const struct array *first, const struct array *columns, size_t count)
{
    struct parameter parameters[STATEMENT_PARAMETERS];
    size_t used = 0;
    if (first)
        parameters[used++] = (struct parameter){first->bytes, (int)first->size, true};
    for (size_t i = 0; i < count; i++)
        parameters[used++] = (struct parameter){columns[i].bytes, (int)columns[i].size, true};
    if (columns[0].count > 0)
        storage_connection_send(storage->connection, statement, parameters);
}

void storage_send_children(struct storage *storage)
{
    const struct row_columns *c = &storage->columns;
    send_columns(storage, SQL_INSERT_MENTIONS, c->ids, c->mentions, COUNT_OF(c->mentions));
    send_columns(storage, SQL_INSERT_ROLES, c->ids, c->roles, COUNT_OF(c->roles));
    send_columns(storage, SQL_INSERT_EVENTS, c->ids, c->events, COUNT_OF(c->events));
    send_columns(storage, SQL_INSERT_ARGUMENTS, c->ids, c->arguments, COUNT_OF(c->arguments));
    send_columns(storage, SQL_INSERT_ENTITIES, NULL, c->entities, COUNT_OF(c->entities));
    send_columns(storage, SQL_INSERT_ALIASES, NULL, c->aliases, COUNT_OF(c->aliases));
}

struct group {
    struct article_row **rows;
    size_t count;
    int first; /* number of the first article's statement */
    bool *inserted;
};

static void note_inserted(int number, PGresult *result, void *context)
{
    struct group *group = context;
    size_t at = (size_t)(number - group->first);
    if (number >= group->first && at < group->count)
        group->inserted[at] = PQntuples(result) == 1;
}

/*
 * Write all rows in one transaction. OK: it is committed, and inserted[] tells which rows are ours.
 * INVALID: nothing was written. AGAIN: the connection is gone, and what it did is in doubt.
 */
static enum status save_group(struct storage *storage, struct article_row **rows, size_t count,
                              bool *inserted, struct failure *failure)
{
    enum status status = copies_find(storage->connection, rows, count, INT64_MAX, failure);
    if (status == STATUS_OK)
        status = assign_ids(storage, rows, count, failure);
    if (status != STATUS_OK)
        return status;
    row_columns_fill(&storage->columns, rows, count);
    struct connection *connection = storage->connection;
    struct group group = {.rows = rows, .count = count, .first = 2, .inserted = inserted};
    storage_connection_send(connection, SQL_BEGIN, NULL);
    send_columns(storage, SQL_INSERT_SOURCES, NULL, storage->columns.sources, 1);
    for (size_t i = 0; i < count; i++) {
        struct parameter parameters[ARTICLE_PARAMETERS];
        inserted[i] = false;
        row_parameters(rows[i], parameters);
        storage_connection_send(connection, SQL_INSERT_ARTICLE, parameters);
    }
    storage_send_children(storage);
    storage_connection_send(connection, SQL_COMMIT, NULL);
    crash_here(CRASH_WORKER_BEFORE_STORE);
    status = storage_connection_finish(connection, note_inserted, &group, failure);
    if (status != STATUS_OK)
        return status;
    crash_here(CRASH_WORKER_AFTER_STORE);
    storage->figures.batches++;
    for (size_t i = 0; i < count; i++) {
        if (inserted[i]) {
            rows[i]->end = ROW_STORED;
            storage->figures.stored++;
        }
    }
    return STATUS_OK;
}

/* ---- an article that is there already ---- */

struct found {
    bool is_there;
    bool same_content;
    int64_t article_id;
    int32_t revision;
    int32_t generation;
    int32_t newest_revision;
    bool is_copy;
    struct arena *arena;
    void *extraction;
    size_t size;
};

static void take_found(int number, PGresult *result, void *context)
{
    struct found *found = context;
    if (number != 0 || PQntuples(result) != 1)
        return;
    found->is_there = true;
    found->article_id = int8_of(result, 0, 0);
    found->revision = int4_of(result, 0, 1);
    found->generation = int4_of(result, 0, 2);
    found->same_content = PQgetvalue(result, 0, 3)[0] != 0;
    found->size = (size_t)PQgetlength(result, 0, 4);
    found->extraction = arena_copy(found->arena, PQgetvalue(result, 0, 4), found->size);
    found->newest_revision = int4_of(result, 0, 5);
    found->is_copy = PQgetvalue(result, 0, 6)[0] != 0;
}

static enum status find_article(struct storage *storage, struct article_row *row,
                                struct found *ret_found, struct failure *failure)
{
    *ret_found = (struct found){.arena = row->arena};
    const struct parameter parameters[] = {
        {.bytes = row->source},
        {.bytes = row->key},
        {.bytes = arena_format(row->arena, "%u", row->revision)},
        {.bytes = row->content_digest, .size = DIGEST_SIZE, .binary = true},
    };
    storage_connection_send(storage->connection, SQL_FIND_ARTICLE, parameters);
    return storage_connection_finish(storage->connection, take_found, ret_found, failure);
}

static void refuse(struct storage *storage, struct article_row *row, bool permanent,
                   const char *why)
{
    verdict_refuse(row, permanent, why);
    storage->figures.refused++;
}

/* Give the row another revision, which its extraction names too. */
static bool renumber(struct storage *storage, struct article_row *row, int32_t revision)
{
    struct error err;
    if (row->verbatim) {
        refuse(storage, row, true,
               "it stands under another revision, or other content stands under its own");
        return false;
    }
    row->revision = (uint32_t)revision;
    if (row_pack(row, &err) == STATUS_OK)
        return true;
    refuse(storage, row, true, err.text);
    return false;
}

static void note_updated(int number, PGresult *result, void *context)
{
    if (number == 1)
        *(bool *)context = PQntuples(result) == 1;
}

/* A newer generation takes the place of an older; found no longer older: *ret_done is false. */
static enum status replace(struct storage *storage, struct article_row *row,
                           const struct found *found, bool *ret_done, struct failure *failure)
{
    struct connection *connection = storage->connection;
    struct parameter parameters[ARTICLE_PARAMETERS];
    struct parameter id;
    *ret_done = false;
    if (row->revision != (uint32_t)found->revision && !renumber(storage, row, found->revision))
        return STATUS_OK;
    /* an original stays one, whatever came after it: two of them do not become copies of each other
     */
    int64_t before_id = found->is_copy ? INT64_MAX : found->article_id;
    enum status status = copies_find(connection, &row, 1, before_id, failure);
    if (status != STATUS_OK)
        return status;
    row->article_id = found->article_id;
    row_parameters(row, parameters);
    id = parameters[0];
    storage_connection_send(connection, SQL_BEGIN, NULL);
    storage_connection_send(connection, SQL_UPDATE_ARTICLE, parameters);
    status = storage_connection_finish(connection, note_updated, ret_done, failure);
    if (status != STATUS_OK)
        return status;
    if (*ret_done) {
        row_columns_fill(&storage->columns, &row, 1);
        storage_connection_send(connection, SQL_DELETE_CHILDREN, &id);
        storage_send_children(storage);
        storage_connection_send(connection, SQL_COMMIT, NULL);
        crash_here(CRASH_WORKER_BEFORE_STORE);
    } else {
        storage_connection_send(connection, SQL_ROLLBACK, NULL);
    }
    status = storage_connection_finish(connection, NULL, NULL, failure);
    if (status == STATUS_OK && *ret_done) {
        crash_here(CRASH_WORKER_AFTER_STORE);
        row->end = ROW_STORED;
        storage->figures.replaced++;
    }
    return status;
}

static void adopt(struct storage *storage, struct article_row *row, const struct found *found)
{
    struct error err;
    if (row_adopt(row, found->extraction, found->size, &err) != STATUS_OK) {
        refuse(storage, row, false, "the extraction that is stored cannot be read");
        return;
    }
    row->article_id = found->article_id;
    row->end = ROW_FOUND;
    storage->figures.found++;
}

static enum status look(struct storage *storage, struct article_row *row, struct failure *failure)
{
    struct found found;
    enum status status = find_article(storage, row, &found, failure);
    if (status != STATUS_OK)
        return status;
    if (found.is_there && found.same_content && found.generation >= (int64_t)row->generation)
        adopt(storage, row, &found);
    else
        row->end = ROW_ABSENT;
    return STATUS_OK;
}

/* OK leaves the row OPEN only when somebody changed it meanwhile: look again. */
static enum status settle_found(struct storage *storage, struct article_row *row,
                                struct failure *failure)
{
    struct found found;
    enum status status = find_article(storage, row, &found, failure);
    if (status != STATUS_OK)
        return status;
    if (found.is_there && found.same_content && (int64_t)row->generation > found.generation) {
        bool done = false;
        return replace(storage, row, &found, &done, failure);
    }
    if (found.is_there && found.same_content) {
        adopt(storage, row, &found);
        return STATUS_OK;
    }
    /* Other content under this revision: the broker counts anew. The content is a revision more. */
    if (found.is_there && !renumber(storage, row, found.newest_revision + 1))
        return STATUS_OK;
    bool inserted = false;
    return save_group(storage, &row, 1, &inserted, failure);
}

/* ---- judging ---- */

static enum status judge(struct storage *storage, struct article_row *row,
                         const struct failure *failure, struct error *err)
{
    if (failure->verdict == SQL_AGAIN && strncmp(failure->state, "25", 2) == 0)
        storage_connection_close(storage->connection); /* find the server that takes writes */
    enum status status = verdict_judge(row, failure, storage->figures.batches, err);
    storage->figures.refused += row->end == ROW_REFUSED;
    return status;
}

static enum status save_alone(struct storage *storage, struct article_row *row, bool is_there,
                              struct error *err)
{
    enum status verdict = STATUS_OK;
    for (int i = 0; i < REPEATS_LIMIT && row->end == ROW_OPEN && verdict == STATUS_OK; i++) {
        struct failure failure = {.verdict = SQL_AGAIN};
        bool inserted = false;
        verdict = storage_open(storage, err);
        if (verdict != STATUS_OK)
            return verdict;
        enum status status = row->look_only ? look(storage, row, &failure)
                             : is_there     ? settle_found(storage, row, &failure)
                                            : save_group(storage, &row, 1, &inserted, &failure);
        if (status != STATUS_OK)
            verdict = judge(storage, row, &failure, err);
        else
            is_there = !inserted;
        if (verdict == STATUS_AGAIN && strncmp(failure.state, "40", 2) == 0)
            verdict = STATUS_OK; /* a deadlock is over at once */
    }
    if (verdict == STATUS_OK && row->end == ROW_OPEN)
        verdict = error_set(err, STATUS_AGAIN, "could not store: others write the same article");
    return verdict;
}

/*
 * Each OPEN row alone. A lost connection ends the round, so that the caller can wait; so do
 * IN_VAIN_LIMIT rows in a row that wait for somebody in vain: each may have taken as long as a
 * time-out, and the next are no better off. The next round begins behind them.
 */
static enum status save_each(struct storage *storage, struct article_row **rows, size_t count,
                             bool are_there, struct error *err)
{
    enum status worst = STATUS_OK;
    unsigned in_vain = 0;
    size_t first = storage->first;
    storage->first = 0;
    for (size_t i = 0; i < count; i++) {
        struct article_row *row = rows[(first + i) % count];
        if (row->end != ROW_OPEN)
            continue;
        enum status status = save_alone(storage, row, are_there, err);
        if (status == STATUS_BROKEN)
            return status;
        if (status != STATUS_OK)
            worst = status;
        in_vain = status == STATUS_OK ? 0 : in_vain + 1;
        if (in_vain == IN_VAIN_LIMIT ||
            (in_vain > 0 && !storage_connection_is_open(storage->connection))) {
            storage->first = first + i + 1;
            return status;
        }
    }
    return worst;
}

static int compare_rows(const void *left, const void *right)
{
    return row_compare(*(struct article_row *const *)left, *(struct article_row *const *)right);
}

/* OPEN rows to the front, in write order; returns how many. */
static size_t gather_open(struct article_row **rows, size_t count)
{
    size_t open = 0;
    for (size_t i = 0; i < count; i++) {
        struct article_row *row = rows[i];
        if (row->end == ROW_OPEN) {
            rows[i] = rows[open];
            rows[open++] = row;
        }
    }
    qsort(rows, open, sizeof *rows, compare_rows);
    return open;
}

/* One transaction for all; a connection that was cut while it was idle is not worth an alarm, so
 * the first loss is followed by a second attempt at once. A server that fell silent is. */
static enum status save_batch(struct storage *storage, struct article_row **rows, size_t count,
                              struct failure *failure, struct error *err)
{
    bool *inserted = memory_new(count * sizeof *inserted);
    enum status status = save_group(storage, rows, count, inserted, failure);
    if (status != STATUS_OK && failure->connection_lost && storage->losses++ == 0 &&
        failure->verdict != SQL_SLOW) {
        status = storage_open(storage, err);
        if (status == STATUS_OK) {
            *failure = (struct failure){.verdict = SQL_AGAIN};
            status = save_group(storage, rows, count, inserted, failure);
            storage->losses += status != STATUS_OK && failure->connection_lost;
        } else if (status == STATUS_BROKEN) {
            failure->verdict = SQL_BROKEN;
            (void)snprintf(failure->text, sizeof failure->text, "%s", err->text);
        }
    }
    free(inserted);
    return status;
}

enum status storage_save(struct storage *storage, struct article_row **rows, size_t count,
                         struct error *err)
{
    size_t open = gather_open(rows, count);
    if (open == 0)
        return STATUS_OK;
    struct error unused;
    if (!err)
        err = &unused;
    enum status status = storage_open(storage, err);
    if (status != STATUS_OK)
        return status;
    /* A row that was judged before, that may be what breaks the connection or is slow, or that is
     * only looked for goes alone. */
    bool alone = storage->losses >= 2;
    for (size_t i = 0; i < open; i++)
        alone |= verdict_is_pending(rows[i]) || rows[i]->look_only;
    if (alone) {
        storage->losses = 0;
        return save_each(storage, rows, open, false, err);
    }
    struct failure failure = {.verdict = SQL_AGAIN};
    status = save_batch(storage, rows, open, &failure, err);
    if (status == STATUS_OK) {
        storage->losses = 0;
        return save_each(storage, rows, open, true, err);
    }
    storage->figures.batch_failures++;
    if (failure.verdict == SQL_BROKEN)
        return error_set(err, STATUS_BROKEN, "cannot store: %s%s%s", failure.text,
                         failure.state[0] ? ", SQLSTATE " : "", failure.state);
    if (failure.connection_lost)
        return error_set(err, STATUS_AGAIN, "could not store: %s", failure.text);
    return save_each(storage, rows, open, false, err);
}
