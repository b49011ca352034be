// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "broker/store_engine.h"

#define KEY_SIZE       (IDENTITY_SIZE + 4)
#define MOST_REVISIONS 1024 /* looked at, from the newest, for a digest seen before */

static void key_of(const struct identity *identity, uint32_t revision, uint8_t key[KEY_SIZE])
{
    memcpy(key, identity->hash, IDENTITY_SIZE);
    key_put_u32(key + IDENTITY_SIZE, revision);
}

static bool is_of(const struct identity *identity, const MDB_val *key)
{
    return key->mv_size == KEY_SIZE && memcmp(key->mv_data, identity->hash, IDENTITY_SIZE) == 0;
}

/* The cursor's last record before (identity, revision); MDB_NOTFOUND when there is none of it. */
static int step_below(MDB_cursor *cursor, const struct identity *identity, uint32_t revision,
                      MDB_val *ret_key, MDB_val *ret_value)
{
    uint8_t key[KEY_SIZE];
    key_of(identity, revision, key);
    *ret_key = bytes_of(key, sizeof(key));
    int code = mdb_cursor_get(cursor, ret_key, ret_value, MDB_SET_RANGE);
    code = mdb_cursor_get(cursor, ret_key, ret_value, code == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
    if (code)
        return code;
    return is_of(identity, ret_key) ? 0 : MDB_NOTFOUND;
}

static int has_digest(MDB_txn *txn, const struct store *store, const struct identity_record *record,
                      const uint8_t *digest, bool *ret_has)
{
    *ret_has = false;
    if (memcmp(record->digest_head, digest, sizeof(record->digest_head)) != 0)
        return 0;
    struct article_slot slot;
    int code = article_load(txn, store->tables[TABLE_ARTICLE], record->article_id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    *ret_has = memcmp(slot.record.digest, digest, DIGEST_SIZE) == 0;
    return 0;
}

static int walk(MDB_txn *txn, const struct store *store, MDB_cursor *cursor, const uint8_t *digest,
                struct identity *identity)
{
    MDB_val key;
    MDB_val value;
    int code = step_below(cursor, identity, UINT32_MAX, &key, &value);
    for (unsigned seen = 0; code == 0 && seen < MOST_REVISIONS; seen++) {
        struct identity_record record;
        bool same = false;
        if (!is_of(identity, &key))
            return 0;
        if (!identity_record_decode(&record, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        uint32_t revision = key_get_u32((uint8_t *)key.mv_data + IDENTITY_SIZE);
        if (seen == 0) {
            identity->newest_revision = revision;
            identity->newest_id = record.article_id;
        }
        if (!digest)
            return 0;
        code = has_digest(txn, store, &record, digest, &same);
        if (code)
            return code;
        if (same) {
            identity->same_revision = revision;
            identity->same_id = record.article_id;
            return 0;
        }
        code = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

int identity_find(MDB_txn *txn, const struct store *store, const char *source, const char *key,
                  const uint8_t *digest, struct identity *ret_identity)
{
    const char *parts[] = {source, key};
    *ret_identity = (struct identity){0};
    digest_parts(parts, COUNT_OF(parts), ret_identity->hash);
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, store->tables[TABLE_IDENTITY], &cursor);
    if (code)
        return code;
    code = walk(txn, store, cursor, digest, ret_identity);
    mdb_cursor_close(cursor);
    return code;
}

int identity_put(struct commit *commit, const struct identity *identity, uint32_t revision,
                 uint64_t article_id, const uint8_t *digest)
{
    struct identity_record record = {.article_id = article_id};
    uint8_t buffer[IDENTITY_RECORD_SIZE];
    uint8_t key[KEY_SIZE];
    memcpy(record.digest_head, digest, sizeof(record.digest_head));
    key_of(identity, revision, key);
    size_t size = identity_record_encode(&record, buffer);
    return table_put(commit->txn, commit->store->tables[TABLE_IDENTITY], bytes_of(key, sizeof(key)),
                     bytes_of(buffer, size), MDB_NOOVERWRITE);
}

int identity_delete(struct commit *commit, const struct identity *identity, uint32_t revision)
{
    uint8_t key[KEY_SIZE];
    key_of(identity, revision, key);
    return table_delete(commit->txn, commit->store->tables[TABLE_IDENTITY], key, sizeof(key));
}

int identity_has_older(MDB_txn *txn, const struct store *store, const struct identity *identity,
                       uint32_t revision, bool *ret_has)
{
    MDB_val key;
    MDB_val value;
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, store->tables[TABLE_IDENTITY], &cursor);
    if (code)
        return code;
    code = step_below(cursor, identity, revision, &key, &value);
    mdb_cursor_close(cursor);
    *ret_has = code == 0;
    return code == MDB_NOTFOUND ? 0 : code;
}

int identity_revision(MDB_txn *txn, const struct store *store, const struct identity *identity,
                      uint32_t revision, uint64_t *ret_id)
{
    uint8_t key[KEY_SIZE];
    MDB_val value;
    struct identity_record record;
    key_of(identity, revision, key);
    int code = table_get(txn, store->tables[TABLE_IDENTITY], key, sizeof(key), &value);
    if (code)
        return code;
    if (!identity_record_decode(&record, value.mv_data, value.mv_size))
        return MDB_CORRUPTED;
    *ret_id = record.article_id;
    return 0;
}
