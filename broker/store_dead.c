// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "broker/store_engine.h"

/* Each dead letter stands in three places: by id, by source and by code, each in id order. */

#define ID_SIZE      8
#define KEY_ROOM     (1 + RECORD_CODE_LIMIT + ID_SIZE)
#define SOURCE_WIDTH 4

struct dead_key {
    uint8_t bytes[KEY_ROOM];
    size_t prefix; /* everything before the id */
};

static struct dead_key key_of_all(void)
{
    return (struct dead_key){.bytes = {'a'}, .prefix = 1};
}

static struct dead_key key_of_source(uint32_t source_id)
{
    struct dead_key key = {.bytes = {'s'}, .prefix = 1 + SOURCE_WIDTH};
    key_put_u32(key.bytes + 1, source_id);
    return key;
}

/* Padded with zero bytes, which no code holds, so that no code is the beginning of another. */
static struct dead_key key_of_code(struct record_text code)
{
    struct dead_key key = {.bytes = {'c'}, .prefix = 1 + RECORD_CODE_LIMIT};
    size_t size = code.size < RECORD_CODE_LIMIT ? code.size : RECORD_CODE_LIMIT;
    if (size)
        memcpy(key.bytes + 1, code.bytes, size);
    return key;
}

static MDB_val with_id(struct dead_key *key, uint64_t id)
{
    key_put_u64(key->bytes + key->prefix, id);
    return bytes_of(key->bytes, key->prefix + ID_SIZE);
}

int dead_put(struct commit *commit, uint64_t id, const struct article_record *record)
{
    struct dead_key keys[] = {key_of_all(), key_of_source(record->source_id),
                              key_of_code(record->code)};
    struct dead_record dead = {.source_id = record->source_id, .code = record->code};
    uint8_t buffer[DEAD_RECORD_LIMIT];
    size_t size = dead_record_encode(&dead, buffer);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int code = commit_put(commit, TABLE_DEAD, with_id(&keys[i], id), bytes_of(buffer, size), 0);
        if (code)
            return code;
    }
    commit->state.dead_count++;
    return 0;
}

int dead_delete(struct commit *commit, uint64_t id, const struct article_record *record)
{
    struct dead_key keys[] = {key_of_all(), key_of_source(record->source_id),
                              key_of_code(record->code)};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        MDB_val key = with_id(&keys[i], id);
        int code = commit_delete(commit, TABLE_DEAD, key.mv_data, key.mv_size);
        if (code)
            return code;
    }
    if (commit->state.dead_count == 0)
        return MDB_CORRUPTED;
    commit->state.dead_count--;
    return 0;
}

struct dead_walk {
    struct dead_key key;
    const char *code; /* to compare with, or NULL */
    uint64_t *ids;
    size_t most;
    size_t count;
};

static int collect(MDB_cursor *cursor, struct dead_walk *walk, uint64_t after)
{
    MDB_val key = with_id(&walk->key, after + 1);
    MDB_val value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && walk->count < walk->most) {
        struct dead_record dead;
        if (key.mv_size != walk->key.prefix + ID_SIZE ||
            memcmp(key.mv_data, walk->key.bytes, walk->key.prefix) != 0)
            return 0;
        if (!dead_record_decode(&dead, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        struct record_text wish = record_text(walk->code);
        if (!walk->code || (dead.code.size == wish.size && wish.size &&
                            memcmp(dead.code.bytes, wish.bytes, wish.size) == 0))
            walk->ids[walk->count++] = key_get_u64((uint8_t *)key.mv_data + walk->key.prefix);
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

size_t store_dead(struct store *store, uint64_t after, const char *source, const char *code,
                  uint64_t *ret_ids, size_t most)
{
    bool by_source = source && *source;
    bool by_code = code && *code;
    struct dead_walk walk = {.most = most, .key = key_of_all()};
    walk.ids = ret_ids;
    if (by_source)
        walk.key = key_of_source(sources_id(store->sources, source));
    else if (by_code)
        walk.key = key_of_code(record_text(code));
    if (by_source && by_code)
        walk.code = code;
    if (after == UINT64_MAX)
        return 0;
    MDB_txn *txn = NULL;
    if (read_begin(store, &txn, NULL) != STATUS_OK)
        return 0;
    MDB_cursor *cursor = NULL;
    int failed = mdb_cursor_open(txn, store->tables[TABLE_DEAD], &cursor);
    if (!failed) {
        failed = collect(cursor, &walk, after);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    if (failed)
        (void)store_failed(store, failed, "could not list dead letters", NULL);
    return walk.count;
}
