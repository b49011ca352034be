// SPDX-License-Identifier: Apache-2.0
#include "broker/store_check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

#define SLICE_BYTES (8u * 1024 * 1024) /* bodies and extractions read in one slice */

#define QUEUED  NEWSLOOM__V1__STATE__QUEUED
#define WAITING NEWSLOOM__V1__STATE__WAITING
#define STORED  NEWSLOOM__V1__STATE__STORED
#define DEAD    NEWSLOOM__V1__STATE__DEAD

struct checking {
    struct store *store;
    MDB_txn *txn;
    struct state_record state;
    struct store_check *check;
    size_t bytes;
};

static void PRINTF(2, 3) find(struct checking *c, const char *format, ...)
{
    va_list arguments;
    size_t at = c->check->finding_count++;
    if (at >= CHECK_FINDINGS)
        return;
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): it was started one line above
    (void)vsnprintf(c->check->findings[at], CHECK_FINDING_SIZE, format, arguments);
    va_end(arguments);
}

static int get(const struct checking *c, enum table table, MDB_val key, MDB_val *ret_value)
{
    return mdb_get(c->txn, c->store->tables[table], &key, ret_value);
}

/* ---- an article ---- */

static void check_identity(struct checking *c, uint64_t id, const struct article_record *record)
{
    struct identity identity = {0};
    uint64_t named = 0;
    const char *source = sources_name(c->store->sources, record->source_id);
    if (!source) {
        find(c, "article %" PRIu64 ": there is no source %" PRIu32, id, record->source_id);
        return;
    }
    char *key = text_of(record->key);
    identity_hash(source, key, identity.hash);
    if (identity_revision(c->txn, c->store, &identity, record->revision, &named) || named != id)
        find(c, "article %" PRIu64 ": its identity leads elsewhere", id);
    free(key);
}

static void check_body(struct checking *c, uint64_t id, const struct article_record *record)
{
    void *bytes = NULL;
    if (!article_has_body(record->state))
        return;
    if (chunks_read(c->txn, c->store->tables[TABLE_BODY], id, record->size, &bytes))
        find(c, "article %" PRIu64 ": its body of %" PRIu32 " bytes is not whole", id,
             record->size);
    free(bytes);
    c->bytes += record->size;
}

static void check_indexes(struct checking *c, uint64_t id, const struct article_record *record)
{
    uint8_t key[16];
    struct open_record open;
    MDB_val value;
    key_put_u64(key, id);
    bool has_open = get(c, TABLE_OPEN, bytes_of(key, 8), &value) == 0;
    bool is_open = record->state == QUEUED || record->state == WAITING;
    if (has_open != is_open)
        find(c, "article %" PRIu64 ": it is %s the index of open articles", id,
             has_open ? "still in" : "not in");
    else if (is_open && (!open_record_decode(&open, value.mv_data, value.mv_size) ||
                         open.state != record->state || open.size != record->size))
        find(c, "article %" PRIu64 ": the index of open articles says something else", id);
    if (is_open)
        return;
    key_put_u64(key, (uint64_t)record->retire_from_ms);
    key_put_u64(key + 8, id);
    if (get(c, TABLE_ENDED, bytes_of(key, sizeof(key)), &value))
        find(c, "article %" PRIu64 ": it is not in the index of ended articles", id);
    uint8_t dead_key[9] = {'a'};
    key_put_u64(dead_key + 1, id);
    if (record->state == DEAD && get(c, TABLE_DEAD, bytes_of(dead_key, sizeof(dead_key)), &value))
        find(c, "article %" PRIu64 ": it is not among the dead letters", id);
}

static void check_end(struct checking *c, uint64_t id, const struct article_record *record)
{
    uint8_t key[8];
    MDB_val value;
    struct entry_record entry;
    if (record->state != STORED || record->sequence < c->state.first_retained)
        return;
    key_put_u64(key, record->sequence);
    if (get(c, TABLE_LOG, bytes_of(key, sizeof(key)), &value) ||
        !entry_record_decode(&entry, value.mv_data, value.mv_size) || entry.article_id != id)
        find(c, "article %" PRIu64 ": entry %" PRIu64 " is not its end", id, record->sequence);
}

static void check_article(struct checking *c, uint64_t id)
{
    struct article_slot slot;
    if (article_load(c->txn, c->store->tables[TABLE_ARTICLE], id, &slot)) {
        find(c, "article %" PRIu64 ": its record is damaged", id);
        return;
    }
    if (id >= c->state.next_article_id)
        find(c, "article %" PRIu64 ": its id was never given out", id);
    check_identity(c, id, &slot.record);
    check_indexes(c, id, &slot.record);
    check_body(c, id, &slot.record);
    check_end(c, id, &slot.record);
}

static bool slice_is_full(const struct checking *c)
{
    return c->check->articles + c->check->entries >= c->check->most || c->bytes >= SLICE_BYTES;
}

/* true: there is none after these. */
static int check_articles(struct checking *c, bool *ret_over)
{
    MDB_cursor *cursor = NULL;
    MDB_val value;
    uint8_t first[8];
    key_put_u64(first, c->check->after_article + 1);
    MDB_val key = bytes_of(first, sizeof(first));
    int code = mdb_cursor_open(c->txn, c->store->tables[TABLE_ARTICLE], &cursor);
    if (code)
        return code;
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && !slice_is_full(c)) {
        if (key.mv_size != 8) {
            code = MDB_CORRUPTED;
            break;
        }
        c->check->after_article = key_get_u64(key.mv_data);
        c->check->articles++;
        check_article(c, c->check->after_article);
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    *ret_over = code == MDB_NOTFOUND;
    return code == MDB_NOTFOUND ? 0 : code;
}

/* ---- the log ---- */

static void check_extraction(struct checking *c, uint64_t sequence,
                             const struct entry_record *entry)
{
    void *bytes = NULL;
    uint8_t digest[DIGEST_SIZE];
    if (entry->size == 0)
        return;
    c->bytes += entry->size;
    if (chunks_read(c->txn, c->store->tables[TABLE_EXTRACTION], sequence, entry->size, &bytes)) {
        find(c, "entry %" PRIu64 ": its extraction of %" PRIu32 " bytes is not whole", sequence,
             entry->size);
        return;
    }
    digest_bytes(bytes, entry->size, digest);
    free(bytes);
    if (memcmp(digest, entry->extraction_digest, DIGEST_SIZE) != 0)
        find(c, "entry %" PRIu64 ": its extraction has another digest", sequence);
}

static void check_entry(struct checking *c, uint64_t sequence)
{
    uint8_t key[8];
    MDB_val value;
    struct entry_record entry;
    key_put_u64(key, sequence);
    if (get(c, TABLE_LOG, bytes_of(key, sizeof(key)), &value)) {
        find(c, "entry %" PRIu64 ": it is missing", sequence);
        return;
    }
    if (!entry_record_decode(&entry, value.mv_data, value.mv_size)) {
        find(c, "entry %" PRIu64 ": its record is damaged", sequence);
        return;
    }
    if (!sources_name(c->store->sources, entry.source_id))
        find(c, "entry %" PRIu64 ": there is no source %" PRIu32, sequence, entry.source_id);
    check_extraction(c, sequence, &entry);
}

static void check_log(struct checking *c)
{
    struct store_check *check = c->check;
    if (check->after_sequence + 1 < c->state.first_retained)
        check->after_sequence = c->state.first_retained - 1;
    while (check->after_sequence < c->state.last_sequence && !slice_is_full(c)) {
        check_entry(c, ++check->after_sequence);
        check->entries++;
    }
    check->is_over = check->after_sequence >= c->state.last_sequence;
}

/* ---- */

enum status store_check(struct store *store, struct store_check *check, struct error *err)
{
    struct checking checking = {.store = store, .check = check};
    bool articles_over = false;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &checking.txn);
    if (code)
        return error_set(err, STATUS_AGAIN, "could not check: %s", engine_text(code));
    code = state_load(checking.txn, store, &checking.state);
    if (!code)
        code = check_articles(&checking, &articles_over);
    if (!code && articles_over)
        check_log(&checking);
    mdb_txn_abort(checking.txn);
    if (code)
        return error_set(err, STATUS_INVALID, "the store cannot be read: %s", engine_text(code));
    return STATUS_OK;
}

static int look_up(MDB_txn *txn, const struct store *store, uint64_t id,
                   struct store_known *ret_known)
{
    struct article_slot slot;
    int code = article_load(txn, store->tables[TABLE_ARTICLE], id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    *ret_known = (struct store_known){.state = (Newsloom__V1__State)slot.record.state,
                                      .article_id = id,
                                      .sequence = slot.record.sequence};
    return 0;
}

struct known {
    const uint8_t *digest_head;
    uint64_t article_id; /* 0: it is not there */
};

static bool look(const struct unfiled_identity *unfiled, void *context)
{
    struct known *known = context;
    if (memcmp(unfiled->digest_head, known->digest_head, IDENTITY_HEAD_SIZE) == 0)
        known->article_id = unfiled->article_id;
    return known->article_id == 0;
}

/* The identity's revisions stand together in the table, the newest last. */
static int find_known(MDB_txn *txn, MDB_cursor *cursor, const struct store *store,
                      const uint8_t hash[16], const uint8_t digest_head[8],
                      struct store_known *ret_known)
{
    struct known known = {.digest_head = digest_head};
    unfiled_walk(store->unfiled, mdb_txn_id(txn), hash, look, &known);
    if (known.article_id)
        return look_up(txn, store, known.article_id, ret_known);
    MDB_val key = bytes_of(hash, IDENTITY_SIZE);
    MDB_val value;
    uint64_t newest = 0;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && key.mv_size > IDENTITY_SIZE &&
           memcmp(key.mv_data, hash, IDENTITY_SIZE) == 0) {
        struct identity_record record;
        if (!identity_record_decode(&record, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        if (memcmp(record.digest_head, digest_head, sizeof(record.digest_head)) == 0)
            newest = record.article_id;
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (code && code != MDB_NOTFOUND)
        return code;
    return newest ? look_up(txn, store, newest, ret_known) : 0;
}

enum status store_known(struct store *store, const uint8_t hash[16], const uint8_t digest_head[8],
                        struct store_known *ret_known, struct error *err)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    *ret_known = (struct store_known){.state = NEWSLOOM__V1__STATE__STATE_UNKNOWN};
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code)
        return error_set(err, STATUS_AGAIN, "could not look: %s", engine_text(code));
    code = mdb_cursor_open(txn, store->tables[TABLE_IDENTITY], &cursor);
    if (!code) {
        code = find_known(txn, cursor, store, hash, digest_head, ret_known);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    if (code)
        return error_set(err, STATUS_INVALID, "the store cannot be read: %s", engine_text(code));
    return STATUS_OK;
}
