// SPDX-License-Identifier: Apache-2.0
#include "broker/store_engine.h"

/*
 * The log goes by age and size, ended articles by the age of their end. While the store is full a
 * slice goes below the configured ages: first the log, oldest first (subscribers who have not read
 * it are told so by a GAP), then the memory of what was stored or withdrawn; PostgreSQL still knows
 * it. Dead letters go by age alone: nobody else has them.
 */

#define LOOKS_PER_ITEM  64 /* dead letters that may be passed over for each that is forgotten */
#define PORTION_BYTES   (8 * 1024 * 1024)
#define EMERGENCY_BYTES (1024 * 1024)

struct slice {
    struct commit *commit;
    size_t left;
    int64_t now_ms;
    bool force;
    uint64_t log_bytes_before;
    uint8_t after[16]; /* the last ended article that was looked at */
};

/* Asked anew for each item, so that a slice takes no more than is needed. */
static bool needs_room(const struct slice *slice)
{
    const struct commit *commit = slice->commit;
    if (slice->force)
        return true;
    return commit->full && room_is_over(commit->store, commit->txn);
}

static bool is_due(const struct slice *slice, const struct entry_record *entry)
{
    const struct commit *commit = slice->commit;
    const struct store_options *options = &commit->store->options;
    return commit->state.log_bytes > options->log_limit_bytes ||
           entry->stored_at_ms < slice->now_ms - options->log_retention_ms || needs_room(slice);
}

/* A transaction's freed pages are listed in one record, which itself needs pages side by side when
 * it is long: what is given up goes in portions. */
static bool is_portion(const struct slice *slice)
{
    uint64_t most = slice->force ? EMERGENCY_BYTES : PORTION_BYTES;
    return slice->log_bytes_before - slice->commit->state.log_bytes >= most;
}

static int shrink_log(struct slice *slice)
{
    for (; slice->left > 0 && !is_portion(slice); slice->left--) {
        struct entry_record entry;
        int code = log_first(slice->commit, &entry);
        if (code)
            return code == MDB_NOTFOUND ? 0 : code;
        if (!is_due(slice, &entry))
            return 0;
        code = log_delete_first(slice->commit);
        if (code)
            return code;
    }
    return 0;
}

/* Revision numbers must not be given twice while an older one is kept: the newest then stays for
 * another round. */
static int postpone(struct slice *slice, uint64_t id, struct article_record *record)
{
    int code = article_leave(slice->commit, id, record);
    record->retire_from_ms = slice->now_ms;
    if (!code)
        code = article_enter(slice->commit, id, record, 0);
    if (!code)
        code = article_save(slice->commit, id, record, 0);
    return code;
}

static int forget(struct slice *slice, uint64_t id, struct article_slot *slot)
{
    struct commit *commit = slice->commit;
    struct article_record *record = &slot->record;
    const char *source = sources_name(commit->store->sources, record->source_id);
    char *key = text_of(record->key);
    struct identity identity;
    bool has_older = false;
    int code = source ? identity_find(commit->txn, commit->store, source, key, NULL, &identity)
                      : MDB_CORRUPTED;
    text_free(&key);
    if (!code)
        code =
            identity_has_older(commit->txn, commit->store, &identity, record->revision, &has_older);
    if (code)
        return code;
    if (has_older && identity.newest_id == id)
        return postpone(slice, id, record);
    return article_remove(commit, id, record, &identity);
}

/* The next ended article; MDB_NOTFOUND after the last. */
static int next_ended(struct slice *slice, uint64_t *ret_id, int64_t *ret_since_ms)
{
    MDB_cursor *cursor = NULL;
    int code =
        mdb_cursor_open(slice->commit->txn, slice->commit->store->tables[TABLE_ENDED], &cursor);
    if (code)
        return code;
    uint64_t id = key_get_u64(slice->after + 8);
    key_put_u64(slice->after + 8, id + 1);
    MDB_val key = bytes_of(slice->after, sizeof(slice->after));
    MDB_val value;
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (!code && key.mv_size != sizeof(slice->after))
        code = MDB_CORRUPTED;
    if (!code) {
        const uint8_t *bytes = key.mv_data;
        *ret_since_ms = (int64_t)key_get_u64(bytes);
        *ret_id = key_get_u64(bytes + 8);
        key_put_u64(slice->after, (uint64_t)*ret_since_ms);
        key_put_u64(slice->after + 8, *ret_id);
    }
    mdb_cursor_close(cursor);
    return code;
}

static bool log_is_empty(const struct commit *commit)
{
    return commit->state.first_retained > commit->state.last_sequence;
}

static int forget_ended(struct slice *slice)
{
    struct commit *commit = slice->commit;
    int64_t limit_ms = slice->now_ms - commit->store->options.key_retention_ms;
    size_t looks_left = slice->left * LOOKS_PER_ITEM;
    while (slice->left > 0 && looks_left-- > 0) {
        uint64_t id;
        int64_t since_ms;
        struct article_slot slot;
        int code = next_ended(slice, &id, &since_ms);
        if (code)
            return code == MDB_NOTFOUND ? 0 : code;
        bool is_old = since_ms < limit_ms;
        if (!is_old && !(log_is_empty(commit) && needs_room(slice)))
            return 0;
        code = commit_article(commit, id, &slot);
        if (code)
            return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
        if (!is_old && slot.record.state == NEWSLOOM__V1__STATE__DEAD)
            continue;
        code = forget(slice, id, &slot);
        if (code)
            return code;
        slice->left--;
    }
    return 0;
}

int retention_apply(struct commit *commit, size_t most, int64_t now_ms, bool force)
{
    struct slice slice = {.commit = commit,
                          .left = most,
                          .now_ms = now_ms,
                          .force = force,
                          .log_bytes_before = commit->state.log_bytes};
    int code = shrink_log(&slice);
    if (code || is_portion(&slice))
        return code;
    slice.left = most;
    return forget_ended(&slice);
}
