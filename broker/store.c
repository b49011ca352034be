// SPDX-License-Identifier: Apache-2.0
#include "broker/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "broker/store_engine.h"
#include "common/clock.h"

#define READER_CHECK_MS  30000
#define FULL_CHECK_MS    1000 /* while it is full, which a dead reader may be the cause of */
#define EMERGENCY_SLICE  256  /* log entries given up so that a done can be recorded */
#define EMERGENCY_ROUNDS 64

/* ---- words of the engine */

MDB_val bytes_of(const void *bytes, size_t size)
{
    return (MDB_val){.mv_size = size, .mv_data = (void *)bytes};
}

int table_get(MDB_txn *txn, MDB_dbi table, const void *key, size_t key_size, MDB_val *ret_value)
{
    MDB_val wanted = bytes_of(key, key_size);
    return mdb_get(txn, table, &wanted, ret_value);
}

int commit_cursor(struct commit *commit, enum table table, MDB_cursor **ret_cursor)
{
    MDB_cursor **cursor = &commit->cursors[table];
    int code = *cursor ? 0 : mdb_cursor_open(commit->txn, commit->store->tables[table], cursor);
    *ret_cursor = *cursor;
    return code;
}

int commit_get(struct commit *commit, enum table table, const void *key, size_t key_size,
               MDB_val *ret_value)
{
    MDB_cursor *cursor = NULL;
    MDB_val wanted = bytes_of(key, key_size);
    int code = commit_cursor(commit, table, &cursor);
    return code ? code : mdb_cursor_get(cursor, &wanted, ret_value, MDB_SET);
}

int commit_put(struct commit *commit, enum table table, MDB_val key, MDB_val value, unsigned flags)
{
    MDB_cursor *cursor = NULL;
    int code = commit_cursor(commit, table, &cursor);
    if (!code)
        code = mdb_cursor_put(cursor, &key, &value, flags);
    return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
}

int commit_delete(struct commit *commit, enum table table, const void *key, size_t key_size)
{
    MDB_val unused;
    int code = commit_get(commit, table, key, key_size, &unused);
    if (!code)
        code = mdb_cursor_del(commit->cursors[table], 0);
    return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
}

int state_load(MDB_txn *txn, const struct store *store, struct state_record *ret_state)
{
    MDB_val value;
    int code = table_get(txn, store->tables[TABLE_META], "state", 5, &value);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    return state_record_decode(ret_state, value.mv_data, value.mv_size) ? 0 : MDB_CORRUPTED;
}

int commit_save_state(struct commit *commit)
{
    uint8_t buffer[STATE_RECORD_SIZE];
    size_t size = state_record_encode(&commit->state, buffer);
    return commit_put(commit, TABLE_META, bytes_of("state", 5), bytes_of(buffer, size), 0);
}

const char *engine_text(int code)
{
    if (code == MDB_CORRUPTED)
        return "a record on disk is damaged";
    if (code == EIO)
        return "the disk failed (or is full)";
    return mdb_strerror(code);
}

enum status store_failed(struct store *store, int code, const char *could_not, struct error *err)
{
    if (code == MDB_READERS_FULL)
        return error_set(err, STATUS_AGAIN, "%s: too many readers at once", could_not);
    (void)pthread_mutex_lock(&store->mutex);
    if (!store->broken) {
        store->broken = true;
        (void)error_set(&store->broken_error, STATUS_BROKEN, "%s in \"%s\": %s", could_not,
                        store->directory, engine_text(code));
        store->broken_error.os_errno = code > 0 ? code : 0;
    }
    if (err)
        *err = store->broken_error;
    (void)pthread_mutex_unlock(&store->mutex);
    return STATUS_BROKEN;
}

/* ---- a transaction */

void commit_publish(const struct commit *commit)
{
    struct store *store = commit->store;
    struct store_facts *facts = &store->facts;
    (void)pthread_mutex_lock(&store->mutex);
    facts->next_article_id = commit->state.next_article_id;
    facts->first_retained = commit->state.first_retained;
    facts->last_sequence = commit->state.last_sequence;
    facts->log_bytes = commit->state.log_bytes;
    facts->dead_count = commit->state.dead_count;
    facts->forgettings += commit->forgot;
    (void)pthread_mutex_unlock(&store->mutex);
}

void store_publish_room(struct store *store, uint64_t used_pages, bool full)
{
    (void)pthread_mutex_lock(&store->mutex);
    store->facts.used_bytes = used_pages * store->room.page_size;
    store->facts.full = full;
    store->facts.tight = used_pages >= store->room.tight_pages;
    (void)pthread_mutex_unlock(&store->mutex);
}

static void end_sources(struct commit *commit, bool durable)
{
    for (size_t i = 0; durable && i < commit->new_source_count; i++)
        sources_set_durable(commit->store->sources, commit->new_sources[i]);
    free(commit->new_sources);
    commit->new_sources = NULL;
    commit->new_source_count = 0;
}

static int commit_begin(struct commit *commit, struct store *store)
{
    struct store_facts facts;
    *commit = (struct commit){.store = store};
    int code = room_count_held(store);
    if (!code)
        code = mdb_txn_begin(store->env, NULL, 0, &commit->txn);
    if (code)
        return code;
    code = state_load(commit->txn, store, &commit->state);
    if (code) {
        mdb_txn_abort(commit->txn);
        return code;
    }
    store_facts(store, &facts);
    commit->full = room_is_full(store, commit->txn, facts.full);
    unfiled_begin(commit);
    return 0;
}

/* Durable, or undone: whatever happened before is given in code. */
static int commit_end(struct commit *commit, int code)
{
    struct store *store = commit->store;
    size_t id = mdb_txn_id(commit->txn);
    if (!code)
        code = commit_save_state(commit);
    if (code) {
        unfiled_undo(store->unfiled, id);
        mdb_txn_abort(commit->txn);
        end_sources(commit, false);
        return code;
    }
    uint64_t used = room_used_pages(store, commit->txn) + store->room.held_pages;
    bool full = room_is_full(store, commit->txn, commit->full);
    if (commit->forgot)
        heads_forget(store->heads, id);
    code = mdb_txn_commit(commit->txn);
    end_sources(commit, code == 0);
    if (code) {
        unfiled_undo(store->unfiled, id);
        return code;
    }
    unfiled_committed(commit, id);
    commit_publish(commit);
    store_publish_room(store, used, full);
    return 0;
}

static int run_turn(struct store *store, struct turn *turn)
{
    struct commit commit;
    int code = commit_begin(&commit, store);
    if (code)
        return code;
    size_t accepts = 0;
    for (size_t i = 0; !code && i < turn_count(turn); i++) {
        struct change *change = turn_at(turn, i);
        if (change->dropped)
            continue;
        code = commit_apply(&commit, change);
        accepts += change->kind == CHANGE_ACCEPT;
    }
    if (!code)
        code = unfiled_file(&commit, accepts);
    return commit_end(&commit, code);
}

int store_change(struct store *store, int (*change)(struct commit *commit))
{
    struct commit commit;
    int code = commit_begin(&commit, store);
    return code ? code : commit_end(&commit, change ? change(&commit) : 0);
}

/* Gives up the oldest entries of the log. The second, empty transaction makes the pages that the
 * first one freed usable: LMDB reuses what was freed two transactions ago. */
static int make_room(struct store *store)
{
    struct commit commit;
    int code = commit_begin(&commit, store);
    if (code)
        return code;
    code = commit_end(&commit, retention_apply(&commit, EMERGENCY_SLICE, clock_wall_ms(), true));
    return code ? code : store_change(store, NULL);
}

static enum status refuse_accepts(struct store *store, struct error *err)
{
    (void)pthread_mutex_lock(&store->mutex);
    store->facts.full = true;
    uint64_t used = store->facts.used_bytes;
    (void)pthread_mutex_unlock(&store->mutex);
    return error_set(err, STATUS_LIMIT,
                     "could not accept: the store is full (%" PRIu64 " of %" PRIu64 " MiB, %" PRIu64
                     " kept for finishing)",
                     used >> 20, store->options.budget_bytes >> 20,
                     store->options.reserve_bytes >> 20);
}

/* A reader that was killed holds its pages until somebody looks. */
static void check_readers(struct store *store)
{
    int64_t now_ms = clock_mono_ms();
    struct store_facts facts;
    int dead = 0;
    store_facts(store, &facts);
    if (now_ms - store->readers_checked_ms < (facts.full ? FULL_CHECK_MS : READER_CHECK_MS))
        return;
    store->readers_checked_ms = now_ms;
    (void)mdb_reader_check(store->env, &dead);
}

static bool is_broken(struct store *store, struct error *err)
{
    (void)pthread_mutex_lock(&store->mutex);
    bool broken = store->broken;
    if (broken && err)
        *err = store->broken_error;
    (void)pthread_mutex_unlock(&store->mutex);
    return broken;
}

enum status store_submit(struct store *store, struct turn *turn, struct error *err)
{
    if (is_broken(store, err))
        return STATUS_BROKEN;
    if (turn_is_empty(turn))
        return STATUS_OK;
    check_readers(store);
    int code = run_turn(store, turn);
    if (code == MDB_MAP_FULL && turn_has_accepts(turn)) {
        turn_clear_results(turn);
        return refuse_accepts(store, err);
    }
    for (unsigned round = 0; code == MDB_MAP_FULL && round < EMERGENCY_ROUNDS; round++) {
        turn_clear_results(turn);
        code = make_room(store);
        if (!code)
            code = run_turn(store, turn);
    }
    if (code == 0)
        return STATUS_OK;
    turn_clear_results(turn);
    if (code == MDB_MAP_FULL)
        return error_set(err, STATUS_LIMIT,
                         "could not record the turn: the store in \"%s\" has no page left; end "
                         "what reads it from outside, or raise store.budget",
                         store->directory);
    return store_failed(store, code, "could not record the turn", err);
}

void store_facts(const struct store *store, struct store_facts *ret_facts)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)&store->mutex;
    (void)pthread_mutex_lock(mutex);
    *ret_facts = store->facts;
    (void)pthread_mutex_unlock(mutex);
}
