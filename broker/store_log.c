// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/* ---- writing */

int log_append(struct commit *commit, uint64_t article_id, struct article_record *record,
               struct entry_record *entry, const void *extraction)
{
    uint8_t key[8];
    uint8_t buffer[ENTRY_RECORD_LIMIT];
    uint64_t sequence = commit->state.last_sequence + 1;
    entry->article_id = article_id;
    entry->source_id = record->source_id;
    entry->revision = record->revision;
    entry->key = record->key;
    key_put_u64(key, sequence);
    size_t size = entry_record_encode(entry, buffer);
    int code = commit_put(commit, TABLE_LOG, bytes_of(key, sizeof(key)), bytes_of(buffer, size),
                          MDB_APPEND);
    if (code)
        return code;
    code = chunks_put(commit, TABLE_EXTRACTION, sequence,
                      (struct record_text){.bytes = extraction, .size = entry->size}, MDB_APPEND);
    if (code)
        return code;
    commit->state.last_sequence = sequence;
    commit->state.log_bytes += size + entry->size;
    record->sequence = sequence;
    return 0;
}

static int load_entry(MDB_txn *txn, const struct store *store, uint64_t sequence,
                      struct entry_record *ret_entry, size_t *ret_size)
{
    uint8_t key[8];
    MDB_val value;
    key_put_u64(key, sequence);
    int code = table_get(txn, store->tables[TABLE_LOG], key, sizeof(key), &value);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    if (!entry_record_decode(ret_entry, value.mv_data, value.mv_size))
        return MDB_CORRUPTED;
    *ret_size = value.mv_size;
    return 0;
}

int log_first(const struct commit *commit, struct entry_record *ret_entry)
{
    size_t size;
    if (commit->state.first_retained > commit->state.last_sequence)
        return MDB_NOTFOUND;
    return load_entry(commit->txn, commit->store, commit->state.first_retained, ret_entry, &size);
}

int log_delete_first(struct commit *commit)
{
    struct entry_record entry;
    size_t size;
    uint8_t key[8];
    uint64_t sequence = commit->state.first_retained;
    int code = load_entry(commit->txn, commit->store, sequence, &entry, &size);
    if (code)
        return code;
    size_t extraction_size = entry.size; /* the entry's bytes end with the next change */
    key_put_u64(key, sequence);
    code = commit_delete(commit, TABLE_LOG, key, sizeof(key));
    if (!code)
        code = chunks_delete(commit, TABLE_EXTRACTION, sequence, extraction_size);
    if (code)
        return code;
    uint64_t freed = size + extraction_size;
    commit->state.first_retained++;
    commit->state.log_bytes -= freed < commit->state.log_bytes ? freed : commit->state.log_bytes;
    return 0;
}

int log_erase(struct commit *commit, uint64_t sequence, const struct entry_record *erased,
              struct record_text key, uint64_t *ret_bytes)
{
    struct entry_record entry;
    size_t size;
    uint8_t log_key[8];
    uint8_t buffer[ENTRY_RECORD_LIMIT];
    *ret_bytes = 0;
    int code = load_entry(commit->txn, commit->store, sequence, &entry, &size);
    if (code)
        return code;
    if (entry.kind == erased->kind || entry.source_id != erased->source_id ||
        entry.key.size != key.size || memcmp(entry.key.bytes, key.bytes, key.size) != 0)
        return 0;
    struct entry_record now = *erased;
    now.stored_at_ms = entry.stored_at_ms;
    now.article_id = entry.article_id;
    now.revision = entry.revision;
    uint64_t freed = size + entry.size;
    code = chunks_delete(commit, TABLE_EXTRACTION, sequence, entry.size);
    key_put_u64(log_key, sequence);
    size = entry_record_encode(&now, buffer);
    if (!code)
        code = commit_put(commit, TABLE_LOG, bytes_of(log_key, sizeof(log_key)),
                          bytes_of(buffer, size), 0);
    *ret_bytes = freed;
    freed -= size;
    commit->state.log_bytes -= freed < commit->state.log_bytes ? freed : commit->state.log_bytes;
    return code;
}

/* ---- reading */

void log_entry_done(struct log_entry *entry)
{
    free(entry->source);
    free(entry->key);
    free(entry->reason);
    free(entry->extraction);
    *entry = (struct log_entry){0};
}

/* Everything of an entry but its extraction, in memory of its own. */
static int own_entry(struct store *store, uint64_t sequence, const struct entry_record *record,
                     struct log_entry *ret_entry)
{
    const char *source = sources_name(store->sources, record->source_id);
    if (!source)
        return MDB_CORRUPTED;
    *ret_entry = (struct log_entry){
        .sequence = sequence,
        .kind = (Newsloom__V1__EntryKind)record->kind,
        .stored_at_ms = record->stored_at_ms,
        .article_id = record->article_id,
        .revision = record->revision,
        .size = record->size,
    };
    memcpy(ret_entry->extraction_digest, record->extraction_digest, DIGEST_SIZE);
    ret_entry->source = text_copy(source);
    ret_entry->key = text_of(record->key);
    ret_entry->reason = text_of(record->reason);
    return 0;
}

struct log_walk {
    struct store *store;
    MDB_txn *txn;
    bool has_heads;    /* they are ours for the walk */
    uint64_t sequence; /* the last that was looked at */
    size_t most;
    size_t most_bytes;
    bool (*wanted)(const struct log_entry *, void *);
    void *context;
    struct log_entry *entries;
    size_t count;
    size_t bytes;
    bool is_over; /* as many as were asked for */
};

static int give_extraction(struct log_walk *walk, struct log_entry *entry)
{
    if (entry->size == 0)
        return 0;
    return chunks_read(walk->txn, walk->store->tables[TABLE_EXTRACTION], entry->sequence,
                       entry->size, &entry->extraction);
}

static int read_entry(struct log_walk *walk, uint64_t sequence, struct log_entry *ret_entry)
{
    struct entry_record record;
    size_t record_size;
    *ret_entry = (struct log_entry){0};
    int code = load_entry(walk->txn, walk->store, sequence, &record, &record_size);
    return code ? code : own_entry(walk->store, sequence, &record, ret_entry);
}

static int read_head(struct log_walk *walk, uint64_t sequence, struct log_entry *ret_head)
{
    struct entry_record record;
    size_t record_size;
    head_done(ret_head);
    int code = load_entry(walk->txn, walk->store, sequence, &record, &record_size);
    if (code)
        return code;
    const char *source = sources_name(walk->store->sources, record.source_id);
    Newsloom__V1__Topics *topics = NULL;
    if (record.topics.size)
        topics = newsloom__v1__topics__unpack(NULL, record.topics.size,
                                              (const uint8_t *)record.topics.bytes);
    bool is_whole = source && (topics || !record.topics.size);
    *ret_head = (struct log_entry){.sequence = is_whole ? sequence : 0,
                                   .kind = (Newsloom__V1__EntryKind)record.kind,
                                   .size = record.size,
                                   .source = (char *)source,
                                   .key = text_of(record.key),
                                   .topics = topics};
    return is_whole ? 0 : MDB_CORRUPTED;
}

static int ask(struct log_walk *walk, uint64_t sequence, bool *ret_is_wanted)
{
    struct log_entry own = {0};
    struct log_entry *head = walk->has_heads ? heads_place(walk->store->heads, sequence) : &own;
    int code = head->sequence == sequence ? 0 : read_head(walk, sequence, head);
    *ret_is_wanted = !code && walk->wanted(head, walk->context);
    head_done(&own);
    return code;
}

static int look_at(struct log_walk *walk, uint64_t sequence)
{
    struct log_entry *entry = &walk->entries[walk->count];
    bool is_wanted = true;
    int code = walk->wanted ? ask(walk, sequence, &is_wanted) : 0;
    *entry = (struct log_entry){0};
    if (!code && is_wanted)
        code = read_entry(walk, sequence, entry);
    is_wanted = is_wanted && !code;
    if (is_wanted && walk->count > 0 && walk->bytes + entry->size > walk->most_bytes)
        walk->is_over = true;
    else
        walk->sequence = sequence;
    if (is_wanted && !walk->is_over)
        code = give_extraction(walk, entry);
    if (code || !is_wanted || walk->is_over) {
        log_entry_done(entry);
        return code;
    }
    walk->bytes += entry->size;
    walk->count++;
    walk->is_over = walk->count == walk->most;
    return 0;
}

static int walk_log(struct log_walk *walk, size_t most_scanned, uint64_t last)
{
    for (size_t scanned = 0; scanned < most_scanned; scanned++) {
        if (walk->is_over || walk->sequence >= last)
            return 0;
        int code = look_at(walk, walk->sequence + 1);
        if (code)
            return code;
    }
    return 0;
}

// NOLINTNEXTLINE(readability-function-size): a question with a filter and three bounds
enum status store_log(struct store *store, uint64_t after, size_t most_scanned, size_t most,
                      size_t most_bytes, bool (*wanted)(const struct log_entry *, void *context),
                      void *context, struct log_entry *ret_entries, size_t *ret_count,
                      uint64_t *ret_scanned, struct error *err)
{
    MDB_txn *txn = NULL;
    struct state_record state;
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = state_load(txn, store, &state);
    if (!code && after + 1 < state.first_retained) {
        mdb_txn_abort(txn);
        return error_set(err, STATUS_NOT_FOUND,
                         "cannot read the event log after %llu: the first entry kept is %llu",
                         (unsigned long long)after, (unsigned long long)state.first_retained);
    }
    struct log_walk walk = {.store = store,
                            .txn = txn,
                            .sequence = after,
                            .most = most,
                            .most_bytes = most_bytes,
                            .wanted = wanted,
                            .context = context,
                            .entries = ret_entries,
                            .is_over = most == 0};
    walk.has_heads = !code && wanted && heads_take(store->heads, mdb_txn_id(txn));
    if (!code)
        code = walk_log(&walk, most_scanned, state.last_sequence);
    if (walk.has_heads)
        heads_give_back(store->heads);
    mdb_txn_abort(txn);
    if (code) {
        for (size_t i = 0; i < walk.count; i++)
            log_entry_done(&ret_entries[i]);
        return store_failed(store, code, "could not read the event log", err);
    }
    *ret_count = walk.count;
    *ret_scanned = walk.sequence;
    return STATUS_OK;
}
