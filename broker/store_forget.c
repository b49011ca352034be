// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "broker/store_engine.h"

/* A transaction's freed pages are listed in one record, which needs pages side by side when it is
 * long: so much is taken out in one turn. */
#define PORTION_BYTES (8 * 1024 * 1024)

struct forgetting {
    struct commit *commit;
    const struct forget *forget;
    struct forget_result *result;
    struct identity identity;
    struct tombstone_record tombstone;
    struct entry_record erased; /* what an entry of it becomes */
    uint64_t bytes;             /* taken out so far */
    bool is_changed;
};

static bool is_portion(const struct forgetting *f)
{
    return f->bytes >= PORTION_BYTES || f->result->articles == FORGET_ARTICLES;
}

/* ---- tombstones */

int tombstone_find(MDB_txn *txn, const struct store *store, const struct identity *identity,
                   struct tombstone_record *ret_tombstone)
{
    MDB_val value;
    int code =
        table_get(txn, store->tables[TABLE_FORGOTTEN], identity->hash, IDENTITY_SIZE, &value);
    if (code)
        return code;
    return tombstone_record_decode(ret_tombstone, value.mv_data, value.mv_size) ? 0 : MDB_CORRUPTED;
}

static int put_tombstone(const struct forgetting *f)
{
    uint8_t buffer[TOMBSTONE_RECORD_SIZE];
    size_t size = tombstone_record_encode(&f->tombstone, buffer);
    return commit_put(f->commit, TABLE_FORGOTTEN, bytes_of(f->identity.hash, IDENTITY_SIZE),
                      bytes_of(buffer, size), 0);
}

enum status store_tombstone(struct store *store, const char *source, const char *key,
                            struct tombstone *ret_tombstone, struct error *err)
{
    MDB_txn *txn = NULL;
    struct identity identity;
    struct tombstone_record record;
    enum status status = read_begin(store, &txn, err);
    if (status != STATUS_OK)
        return status;
    int code = identity_find(txn, store, source, key, NULL, &identity);
    if (!code)
        code = tombstone_find(txn, store, &identity, &record);
    mdb_txn_abort(txn);
    if (code == MDB_NOTFOUND)
        return error_set(err, STATUS_NOT_FOUND, "it was not forgotten");
    if (code)
        return store_failed(store, code, "could not read a tombstone", err);
    *ret_tombstone = (struct tombstone){.sequence = record.sequence, .at_ms = record.at_ms};
    return STATUS_OK;
}

int unforget_apply(struct commit *commit, struct change *change)
{
    struct identity identity;
    struct tombstone_record tombstone;
    int code = identity_find(commit->txn, commit->store, change->forget.source, change->forget.key,
                             NULL, &identity);
    if (!code)
        code = tombstone_find(commit->txn, commit->store, &identity, &tombstone);
    if (code)
        return code == MDB_NOTFOUND ? 0 : code;
    change->changed = true;
    return commit_delete(commit, TABLE_FORGOTTEN, identity.hash, IDENTITY_SIZE);
}

/* ---- the log */

static int erase(struct forgetting *f, uint64_t sequence)
{
    uint64_t bytes = 0;
    if (sequence < f->commit->state.first_retained)
        return 0;
    int code = log_erase(f->commit, sequence, &f->erased, record_text(f->forget->key), &bytes);
    f->bytes += bytes;
    f->result->entries += bytes > 0;
    f->is_changed |= bytes > 0;
    return code;
}

static int erase_found(struct forgetting *f)
{
    int code = 0;
    while (!code && f->result->looked < f->forget->count && !is_portion(f))
        code = erase(f, f->forget->sequences[f->result->looked++]);
    return code;
}

/* What came into the log after the caller had looked. */
static int erase_since(struct forgetting *f)
{
    int code = 0;
    uint64_t last = f->commit->state.last_sequence;
    for (uint64_t at = f->forget->scanned_through + 1; !code && at <= last; at++)
        code = erase(f, at);
    return code;
}

/* Says to subscribers that this revision is to be deleted. */
static int append(struct forgetting *f, uint64_t id, uint32_t revision)
{
    struct article_record record = {.source_id = f->erased.source_id, .revision = revision};
    struct entry_record entry = f->erased;
    entry.stored_at_ms = f->forget->at_ms;
    int code = log_append(f->commit, id, &record, &entry, NULL);
    f->tombstone.sequence = record.sequence;
    f->is_changed = true;
    return code;
}

/* ---- articles */

static int remove_newest(struct forgetting *f)
{
    struct article_slot slot;
    struct commit *commit = f->commit;
    uint64_t id = f->identity.newest_id;
    int code = commit_article(commit, id, &slot);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    code = append(f, id, slot.record.revision);
    if (!code)
        code = article_remove(commit, id, &slot.record, &f->identity);
    f->bytes += slot.record.size;
    f->result->article_ids[f->result->articles++] = id;
    return code;
}

static int find(struct forgetting *f)
{
    return identity_find(f->commit->txn, f->commit->store, f->forget->source, f->forget->key, NULL,
                         &f->identity);
}

static int remove_articles(struct forgetting *f)
{
    int code = 0;
    while (!code && f->identity.newest_revision && !is_portion(f)) {
        code = remove_newest(f);
        if (!code)
            code = find(f);
    }
    return code;
}

/* ---- all of it */

/* A tombstone from before stays; a new one stands from the first portion on. */
static int begin(struct forgetting *f)
{
    int code = find(f);
    if (!code)
        code = commit_source_id(f->commit, f->forget->source, &f->erased.source_id);
    f->erased.kind = NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN;
    memcpy(f->erased.extraction_digest, f->identity.hash, IDENTITY_SIZE);
    if (!code)
        code = tombstone_find(f->commit->txn, f->commit->store, &f->identity, &f->tombstone);
    if (code != MDB_NOTFOUND)
        return code;
    f->tombstone.at_ms = f->forget->at_ms;
    f->is_changed = true;
    return 0;
}

static int mark_scrub(const struct forgetting *f)
{
    uint8_t due = 1;
    return commit_put(f->commit, TABLE_META, bytes_of("scrub", 5), bytes_of(&due, sizeof(due)), 0);
}

int forget_apply(struct commit *commit, const struct forget *forget)
{
    struct forgetting f = {.commit = commit, .forget = forget, .result = forget->ret_result};
    *f.result = (struct forget_result){0};
    int code = begin(&f);
    if (!code)
        code = erase_found(&f);
    if (!code)
        code = remove_articles(&f);
    bool is_all = f.result->looked == forget->count && !f.identity.newest_revision;
    if (!code && is_all)
        code = erase_since(&f);
    if (!code && is_all && f.tombstone.sequence == 0)
        code = append(&f, 0, 0);
    if (!code && f.is_changed)
        code = put_tombstone(&f);
    if (!code && f.is_changed)
        code = mark_scrub(&f);
    commit->forgot |= f.is_changed;
    f.result->sequence = f.tombstone.sequence;
    f.result->finished = is_all;
    return code;
}
