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

static int has_digest(MDB_txn *txn, const struct store *store, uint64_t article_id,
                      const uint8_t *digest_head, const uint8_t *digest, bool *ret_has)
{
    struct article_slot slot;
    *ret_has = false;
    if (memcmp(digest_head, digest, IDENTITY_HEAD_SIZE) != 0)
        return 0;
    int code = article_load(txn, store->tables[TABLE_ARTICLE], article_id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    *ret_has = memcmp(slot.record.digest, digest, DIGEST_SIZE) == 0;
    return 0;
}

struct search {
    MDB_txn *txn;
    const struct store *store;
    const uint8_t *digest; /* NULL: only the newest is wanted */
    struct identity *identity;
    unsigned seen;
    int code;
};

/* Newest first. Whether the next is to be looked at as well. */
static bool look(struct search *search, uint32_t revision, uint64_t article_id,
                 const uint8_t *digest_head)
{
    struct identity *identity = search->identity;
    bool same = false;
    if (revision > identity->newest_revision) {
        identity->newest_revision = revision;
        identity->newest_id = article_id;
    }
    if (!search->digest || identity->same_revision)
        return false;
    search->code =
        has_digest(search->txn, search->store, article_id, digest_head, search->digest, &same);
    if (same) {
        identity->same_revision = revision;
        identity->same_id = article_id;
    }
    return !same && !search->code && ++search->seen < MOST_REVISIONS;
}

static bool look_at_unfiled(const struct unfiled_identity *unfiled, void *context)
{
    return look(context, unfiled->revision, unfiled->article_id, unfiled->digest_head);
}

static int walk_table(struct search *search, MDB_cursor *cursor)
{
    MDB_val key;
    MDB_val value;
    const struct identity *identity = search->identity;
    int code = step_below(cursor, identity, UINT32_MAX, &key, &value);
    while (code == 0 && is_of(identity, &key)) {
        struct identity_record record;
        if (!identity_record_decode(&record, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        if (!look(search, key_get_u32((uint8_t *)key.mv_data + IDENTITY_SIZE), record.article_id,
                  record.digest_head))
            return search->code;
        code = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

void identity_hash(const char *source, const char *key, uint8_t ret_hash[IDENTITY_SIZE])
{
    const char *parts[] = {source, key};
    digest_parts(parts, COUNT_OF(parts), ret_hash);
}

int identity_find(MDB_txn *txn, const struct store *store, const char *source, const char *key,
                  const uint8_t *digest, struct identity *ret_identity)
{
    struct search search = {.txn = txn, .store = store, .digest = digest, .identity = ret_identity};
    *ret_identity = (struct identity){0};
    identity_hash(source, key, ret_identity->hash);
    unfiled_walk(store->unfiled, mdb_txn_id(txn), ret_identity->hash, look_at_unfiled, &search);
    if (search.code)
        return search.code;
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, store->tables[TABLE_IDENTITY], &cursor);
    if (code)
        return code;
    code = walk_table(&search, cursor);
    mdb_cursor_close(cursor);
    return code;
}

int identity_put(struct commit *commit, const struct identity *identity, uint32_t revision,
                 uint64_t article_id, const uint8_t *digest)
{
    struct unfiled_identity unfiled = {.article_id = article_id, .revision = revision};
    uint64_t unused;
    if (identity->newest_revision > 0) {
        int code = identity_revision(commit->txn, commit->store, identity, revision, &unused);
        if (code != MDB_NOTFOUND)
            return code ? code : MDB_CORRUPTED;
    }
    memcpy(unfiled.hash, identity->hash, IDENTITY_SIZE);
    memcpy(unfiled.digest_head, digest, IDENTITY_HEAD_SIZE);
    unfiled_add(commit->store->unfiled, mdb_txn_id(commit->txn), &unfiled);
    return 0;
}

/* A start may find it in both places: then it was filed already. */
int identity_file(struct commit *commit, const struct unfiled_identity *unfiled)
{
    struct identity_record record = {.article_id = unfiled->article_id};
    struct identity_record there;
    uint8_t buffer[IDENTITY_RECORD_SIZE];
    uint8_t key_bytes[KEY_SIZE];
    memcpy(record.digest_head, unfiled->digest_head, IDENTITY_HEAD_SIZE);
    memcpy(key_bytes, unfiled->hash, IDENTITY_SIZE);
    key_put_u32(key_bytes + IDENTITY_SIZE, unfiled->revision);
    MDB_val key = bytes_of(key_bytes, sizeof(key_bytes));
    MDB_val value = bytes_of(buffer, identity_record_encode(&record, buffer));
    MDB_cursor *cursor = NULL;
    int code = commit_cursor(commit, TABLE_IDENTITY, &cursor);
    if (!code)
        code = mdb_cursor_put(cursor, &key, &value, MDB_NOOVERWRITE);
    if (code != MDB_KEYEXIST)
        return code;
    return identity_record_decode(&there, value.mv_data, value.mv_size) &&
                   there.article_id == record.article_id
               ? 0
               : MDB_CORRUPTED;
}

int identity_delete(struct commit *commit, const struct identity *identity, uint32_t revision)
{
    uint8_t key[KEY_SIZE];
    key_of(identity, revision, key);
    bool was_unfiled =
        unfiled_remove(commit->store->unfiled, mdb_txn_id(commit->txn), identity->hash, revision);
    MDB_val unused;
    int code = commit_get(commit, TABLE_IDENTITY, key, sizeof(key), &unused);
    if (code == MDB_NOTFOUND)
        return was_unfiled ? 0 : MDB_CORRUPTED;
    return code ? code : mdb_cursor_del(commit->cursors[TABLE_IDENTITY], 0);
}

/* ---- one of its revisions ---- */

struct wanted {
    uint32_t revision; /* exactly this one, or one below it */
    uint64_t id;
    bool is_found;
};

static bool look_for_older(const struct unfiled_identity *unfiled, void *context)
{
    struct wanted *wanted = context;
    wanted->is_found = unfiled->revision < wanted->revision;
    return !wanted->is_found;
}

static bool look_for_revision(const struct unfiled_identity *unfiled, void *context)
{
    struct wanted *wanted = context;
    wanted->is_found = unfiled->revision == wanted->revision;
    wanted->id = unfiled->article_id;
    return !wanted->is_found;
}

int identity_has_older(MDB_txn *txn, const struct store *store, const struct identity *identity,
                       uint32_t revision, bool *ret_has)
{
    MDB_val key;
    MDB_val value;
    MDB_cursor *cursor = NULL;
    struct wanted wanted = {.revision = revision};
    unfiled_walk(store->unfiled, mdb_txn_id(txn), identity->hash, look_for_older, &wanted);
    *ret_has = wanted.is_found;
    if (wanted.is_found)
        return 0;
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
    struct wanted wanted = {.revision = revision};
    unfiled_walk(store->unfiled, mdb_txn_id(txn), identity->hash, look_for_revision, &wanted);
    if (wanted.is_found) {
        *ret_id = wanted.id;
        return 0;
    }
    key_of(identity, revision, key);
    int code = table_get(txn, store->tables[TABLE_IDENTITY], key, sizeof(key), &value);
    if (code)
        return code;
    if (!identity_record_decode(&record, value.mv_data, value.mv_size))
        return MDB_CORRUPTED;
    *ret_id = record.article_id;
    return 0;
}
