// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

enum status read_begin(struct store *store, MDB_txn **ret_txn, struct error *err)
{
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, ret_txn);
    return code ? store_failed(store, code, "could not read", err) : STATUS_OK;
}

char *text_of(struct record_text text)
{
    char *copy = memory_new(text.size + 1);
    if (text.size)
        memcpy(copy, text.bytes, text.size);
    return copy;
}

/* ---- open articles */

static int scan_open(MDB_cursor *cursor, uint64_t after, struct open_article *ret_articles,
                     size_t most, size_t *ret_count)
{
    uint8_t first[8];
    key_put_u64(first, after + 1);
    MDB_val key = bytes_of(first, sizeof(first));
    MDB_val value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0 && *ret_count < most) {
        struct open_record record;
        if (key.mv_size != 8 || !open_record_decode(&record, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        ret_articles[(*ret_count)++] = (struct open_article){
            .article_id = key_get_u64(key.mv_data),
            .source_id = record.source_id,
            .size = record.size,
            .class_ = (Newsloom__V1__Class)record.class_,
            .state = (Newsloom__V1__State)record.state,
            .attempts = record.attempts,
            .suspect = record.suspect,
            .accepted_at_ms = record.accepted_at_ms,
            .due_at_ms = record.due_at_ms,
        };
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

size_t store_open_articles(struct store *store, uint64_t after, struct open_article *ret_articles,
                           size_t most)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    size_t count = 0;
    if (after == UINT64_MAX || read_begin(store, &txn, NULL) != STATUS_OK)
        return 0;
    int code = mdb_cursor_open(txn, store->tables[TABLE_OPEN], &cursor);
    if (!code) {
        code = scan_open(cursor, after, ret_articles, most, &count);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    if (code)
        (void)store_failed(store, code, "could not list the open articles", NULL);
    return count;
}

uint64_t store_open_count(struct store *store)
{
    MDB_txn *txn = NULL;
    MDB_stat stat = {0};
    if (read_begin(store, &txn, NULL) != STATUS_OK)
        return 0;
    int code = mdb_stat(txn, store->tables[TABLE_OPEN], &stat);
    mdb_txn_abort(txn);
    return code ? 0 : stat.ms_entries;
}

/* ---- one article */

void stored_article_done(struct stored_article *article)
{
    free(article->source);
    free(article->key);
    free(article->code);
    free(article->reason);
    for (size_t i = 0; i < article->history_count; i++) {
        free(article->history[i].worker);
        free(article->history[i].code);
        free(article->history[i].text);
    }
    *article = (struct stored_article){0};
}

static int read_history(struct store *store, MDB_txn *txn, uint32_t tries,
                        struct stored_article *article)
{
    uint32_t number = tries > HISTORY_LIMIT ? tries - HISTORY_LIMIT + 1 : 1;
    for (; number <= tries; number++) {
        uint8_t key[12];
        MDB_val value;
        struct attempt_entry entry;
        key_put_u64(key, article->article_id);
        key_put_u32(key + 8, number);
        int code = table_get(txn, store->tables[TABLE_ATTEMPT], key, sizeof(key), &value);
        if (code)
            return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
        if (!attempt_entry_decode(&entry, value.mv_data, value.mv_size))
            return MDB_CORRUPTED;
        article->history[article->history_count++] = (struct attempt_record){
            .number = number,
            .worker = text_of(entry.worker),
            .at_ms = entry.at_ms,
            .charged = entry.charged,
            .code = text_of(entry.code),
            .text = text_of(entry.text),
        };
    }
    return 0;
}

static void own_record(const struct article_record *record, struct stored_article *article)
{
    article->key = text_of(record->key);
    article->revision = record->revision;
    article->generation = record->generation;
    article->class_ = (Newsloom__V1__Class)record->class_;
    article->state = (Newsloom__V1__State)record->state;
    memcpy(article->digest, record->digest, DIGEST_SIZE);
    article->size = record->size;
    article->accepted_at_ms = record->accepted_at_ms;
    article->ended_at_ms = record->ended_at_ms;
    article->due_at_ms = record->due_at_ms;
    article->attempts = record->attempts;
    article->suspect = record->suspect;
    article->sequence = record->sequence;
    article->code = text_of(record->code);
    article->reason = text_of(record->reason);
}

static int read_article(struct store *store, MDB_txn *txn, uint64_t id,
                        struct stored_article *article)
{
    struct article_slot slot;
    struct identity identity;
    *article = (struct stored_article){.article_id = id};
    int code = article_load(txn, store->tables[TABLE_ARTICLE], id, &slot);
    if (code)
        return code;
    const char *source = sources_name(store->sources, slot.record.source_id);
    if (!source)
        return MDB_CORRUPTED;
    article->source = text_copy(source);
    own_record(&slot.record, article);
    code = read_history(store, txn, slot.record.tries, article);
    if (!code)
        code = identity_find(txn, store, source, article->key, NULL, &identity);
    if (!code)
        article->newest_revision = identity.newest_revision;
    return code;
}

enum status store_article(struct store *store, uint64_t article_id,
                          struct stored_article *ret_article, struct error *err)
{
    MDB_txn *txn = NULL;
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = read_article(store, txn, article_id, ret_article);
    mdb_txn_abort(txn);
    if (code == 0)
        return STATUS_OK;
    stored_article_done(ret_article);
    if (code == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no article %" PRIu64, article_id);
    return store_failed(store, code, "could not read an article", err);
}

static int find_article(struct store *store, MDB_txn *txn, const struct identity *identity,
                        uint32_t revision, struct stored_article *article)
{
    uint64_t id = identity->newest_id;
    if (identity->newest_revision == 0)
        return MDB_NOTFOUND;
    int code = revision ? identity_revision(txn, store, identity, revision, &id) : 0;
    if (code)
        return code;
    code = read_article(store, txn, id, article);
    return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
}

// NOLINTNEXTLINE(readability-function-size): the parameters are the interface's
enum status store_find(struct store *store, const char *source, const char *key, uint32_t revision,
                       struct stored_article *ret_article, struct error *err)
{
    MDB_txn *txn = NULL;
    struct identity identity;
    *ret_article = (struct stored_article){0};
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = identity_find(txn, store, source, key, NULL, &identity);
    if (!code)
        code = find_article(store, txn, &identity, revision, ret_article);
    mdb_txn_abort(txn);
    if (code == 0)
        return STATUS_OK;
    stored_article_done(ret_article);
    if (code == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no article \"%.80s\" of \"%.64s\"", key,
                         source);
    return store_failed(store, code, "could not find an article", err);
}

/* ---- bodies */

static int read_body(struct store *store, MDB_txn *txn, uint64_t id, void **ret_bytes,
                     size_t *ret_size)
{
    struct article_slot slot;
    int code = article_load(txn, store->tables[TABLE_ARTICLE], id, &slot);
    if (code)
        return code;
    if (!article_has_body(slot.record.state))
        return MDB_NOTFOUND;
    code = chunks_read(txn, store->tables[TABLE_BODY], id, slot.record.size, ret_bytes);
    if (code)
        return code;
    *ret_size = slot.record.size;
    return 0;
}

enum status store_body(struct store *store, uint64_t article_id, void **ret_bytes, size_t *ret_size,
                       struct error *err)
{
    MDB_txn *txn = NULL;
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = read_body(store, txn, article_id, ret_bytes, ret_size);
    mdb_txn_abort(txn);
    if (code == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no body of article %" PRIu64, article_id);
    return code ? store_failed(store, code, "could not read a body", err) : STATUS_OK;
}

/* ---- cursors */

static int own_cursor(const MDB_val *key, const MDB_val *value, struct cursor *ret_cursor)
{
    struct cursor_record record;
    if (key->mv_size >= sizeof(ret_cursor->name) ||
        !cursor_record_decode(&record, value->mv_data, value->mv_size))
        return MDB_CORRUPTED;
    *ret_cursor = (struct cursor){.sequence = record.sequence, .at_ms = record.at_ms};
    memcpy(ret_cursor->name, key->mv_data, key->mv_size);
    return 0;
}

enum status store_cursor(struct store *store, const char *name, struct cursor *ret_cursor,
                         struct error *err)
{
    MDB_txn *txn = NULL;
    MDB_val key = bytes_of(name, strlen(name));
    MDB_val value;
    if (key.mv_size == 0 || key.mv_size >= sizeof(ret_cursor->name))
        return error_set(err, STATUS_NOT_FOUND, "there is no cursor of that name");
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = mdb_get(txn, store->tables[TABLE_CURSOR], &key, &value);
    if (!code)
        code = own_cursor(&key, &value, ret_cursor);
    mdb_txn_abort(txn);
    if (code == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "there is no cursor \"%s\"", name);
    return code ? store_failed(store, code, "could not read a cursor", err) : STATUS_OK;
}

static int list_cursors(MDB_cursor *walk, const char *after, struct cursor *ret_cursors,
                        size_t most, size_t *ret_count)
{
    size_t length = after ? strlen(after) : 0;
    MDB_val key = bytes_of(after, length);
    MDB_val value;
    int code = mdb_cursor_get(walk, &key, &value, length ? MDB_SET_RANGE : MDB_FIRST);
    if (!code && length && key.mv_size == length && memcmp(key.mv_data, after, length) == 0)
        code = mdb_cursor_get(walk, &key, &value, MDB_NEXT);
    while (code == 0 && *ret_count < most) {
        code = own_cursor(&key, &value, &ret_cursors[*ret_count]);
        if (code)
            return code;
        (*ret_count)++;
        code = mdb_cursor_get(walk, &key, &value, MDB_NEXT);
    }
    return code == MDB_NOTFOUND ? 0 : code;
}

size_t store_cursors(struct store *store, const char *after, struct cursor *ret_cursors,
                     size_t most)
{
    MDB_txn *txn = NULL;
    MDB_cursor *walk = NULL;
    size_t count = 0;
    if (read_begin(store, &txn, NULL) != STATUS_OK)
        return 0;
    int code = mdb_cursor_open(txn, store->tables[TABLE_CURSOR], &walk);
    if (!code) {
        code = list_cursors(walk, after, ret_cursors, most, &count);
        mdb_cursor_close(walk);
    }
    mdb_txn_abort(txn);
    if (code)
        (void)store_failed(store, code, "could not list the cursors", NULL);
    return count;
}
