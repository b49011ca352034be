// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/*
 * Two sets: fresh takes what comes in; filing is one that goes into the table, in the order of its
 * hashes, a slice a turn. Both stay whole, so that readers of any age find what is theirs: an entry
 * is seen by transactions from `born` on and before `gone`. Only turns change them, under the lock.
 */

#define SLICE         512 /* filed in a turn at least */
#define UNFILED_LEAST 8192
#define UNFILED_MOST  65536
#define TABLE_SHARE   16 /* one of so many that the table holds */

struct entry {
    struct unfiled_identity identity;
    size_t born;   /* transactions */
    size_t gone;   /* 0: it is there */
    uint32_t next; /* index + 1 of an older one in the same bucket; 0: the last */
};

struct set {
    struct entry *entries; /* in the order of their coming */
    uint32_t count;
    uint32_t room;
    uint32_t *buckets; /* index + 1 of the newest; 0: empty */
    uint32_t bucket_count;
};

struct unfiled {
    pthread_rwlock_t lock;
    struct set fresh;
    struct set filing;
    uint32_t *order; /* of filing; NULL: there is none */
    uint32_t filed;  /* of order, that the last commit left behind */
    size_t filed_by; /* the transaction that filed the last; 0: some are left */
};

/* ---- a set ---- */

static uint32_t *bucket_of(const struct set *set, const uint8_t *hash)
{
    uint32_t number;
    memcpy(&number, hash, sizeof(number)); /* a hash already */
    return &set->buckets[number & (set->bucket_count - 1)];
}

static void set_link(struct set *set, uint32_t index)
{
    uint32_t *bucket = bucket_of(set, set->entries[index].identity.hash);
    set->entries[index].next = *bucket;
    *bucket = index + 1;
}

static void set_grow(struct set *set)
{
    set->room = set->room ? 2 * set->room : 64;
    set->entries = memory_resize(set->entries, set->room, sizeof(*set->entries));
    free(set->buckets);
    set->bucket_count = set->room;
    set->buckets = memory_new(set->bucket_count * sizeof(*set->buckets));
    for (uint32_t i = 0; i < set->count; i++)
        set_link(set, i);
}

static void set_add(struct set *set, const struct unfiled_identity *identity, size_t born)
{
    if (set->count == set->room)
        set_grow(set);
    set->entries[set->count] = (struct entry){.identity = *identity, .born = born};
    set_link(set, set->count++);
}

static void set_free(struct set *set)
{
    free(set->entries);
    free(set->buckets);
    *set = (struct set){0};
}

static struct entry *set_first(const struct set *set, const uint8_t *hash)
{
    uint32_t at = set->bucket_count ? *bucket_of(set, hash) : 0;
    return at ? &set->entries[at - 1] : NULL;
}

static struct entry *set_next(const struct set *set, const struct entry *entry)
{
    return entry->next ? &set->entries[entry->next - 1] : NULL;
}

static bool is_seen(const struct entry *entry, size_t txn)
{
    return entry->born <= txn && (!entry->gone || txn < entry->gone);
}

/* ---- */

struct unfiled *unfiled_new(void)
{
    struct unfiled *unfiled = memory_new(sizeof(*unfiled));
    ENSURE(pthread_rwlock_init(&unfiled->lock, NULL) == 0);
    return unfiled;
}

void unfiled_free(struct unfiled **unfiled_p)
{
    struct unfiled *unfiled = *unfiled_p;
    if (!unfiled)
        return;
    set_free(&unfiled->fresh);
    set_free(&unfiled->filing);
    free(unfiled->order);
    (void)pthread_rwlock_destroy(&unfiled->lock);
    free(unfiled);
    *unfiled_p = NULL;
}

void unfiled_add(struct unfiled *unfiled, size_t txn, const struct unfiled_identity *identity)
{
    (void)pthread_rwlock_wrlock(&unfiled->lock);
    set_add(&unfiled->fresh, identity, txn);
    (void)pthread_rwlock_unlock(&unfiled->lock);
}

bool unfiled_remove(struct unfiled *unfiled, size_t txn, const uint8_t *hash, uint32_t revision)
{
    const struct set *sets[] = {&unfiled->fresh, &unfiled->filing};
    bool was_there = false;
    (void)pthread_rwlock_wrlock(&unfiled->lock);
    for (size_t i = 0; !was_there && i < COUNT_OF(sets); i++)
        for (struct entry *at = set_first(sets[i], hash); at && !was_there;
             at = set_next(sets[i], at)) {
            if (!is_seen(at, txn) || at->identity.revision != revision ||
                memcmp(at->identity.hash, hash, IDENTITY_SIZE) != 0)
                continue;
            at->gone = txn;
            was_there = true;
        }
    (void)pthread_rwlock_unlock(&unfiled->lock);
    return was_there;
}

void unfiled_walk(struct unfiled *unfiled, size_t txn, const uint8_t *hash,
                  bool (*look)(const struct unfiled_identity *identity, void *context),
                  void *context)
{
    const struct set *sets[] = {&unfiled->fresh, &unfiled->filing};
    bool goes_on = true;
    (void)pthread_rwlock_rdlock(&unfiled->lock);
    for (size_t i = 0; goes_on && i < COUNT_OF(sets); i++)
        for (const struct entry *at = set_first(sets[i], hash); at && goes_on;
             at = set_next(sets[i], at))
            if (is_seen(at, txn) && memcmp(at->identity.hash, hash, IDENTITY_SIZE) == 0)
                goes_on = look(&at->identity, context);
    (void)pthread_rwlock_unlock(&unfiled->lock);
}

/* ---- an undone transaction ---- */

static void bring_back(struct set *set, size_t txn)
{
    for (uint32_t i = 0; i < set->count; i++)
        if (set->entries[i].gone == txn)
            set->entries[i].gone = 0;
}

void unfiled_undo(struct unfiled *unfiled, size_t txn)
{
    struct set *fresh = &unfiled->fresh;
    (void)pthread_rwlock_wrlock(&unfiled->lock);
    while (fresh->count > 0 && fresh->entries[fresh->count - 1].born == txn) {
        const struct entry *last = &fresh->entries[--fresh->count];
        *bucket_of(fresh, last->identity.hash) = last->next; /* the newest stands first */
    }
    bring_back(fresh, txn);
    bring_back(&unfiled->filing, txn);
    (void)pthread_rwlock_unlock(&unfiled->lock);
}

/* ---- filing ---- */

static int by_hash(const void *one, const void *other, void *context)
{
    const struct entry *entries = context;
    const struct unfiled_identity *a = &entries[*(const uint32_t *)one].identity;
    const struct unfiled_identity *b = &entries[*(const uint32_t *)other].identity;
    int order = memcmp(a->hash, b->hash, IDENTITY_SIZE);
    return order ? order : (a->revision > b->revision) - (a->revision < b->revision);
}

/* So many make a set worth filing: the more the table holds, the farther apart their pages lie. */
static bool is_worth_filing(const struct commit *commit)
{
    const struct store *store = commit->store;
    uint32_t count = store->unfiled->fresh.count;
    MDB_stat table;
    if (store->options.file_after)
        return count >= store->options.file_after;
    if (count < UNFILED_LEAST || mdb_stat(commit->txn, store->tables[TABLE_IDENTITY], &table) != 0)
        return false;
    return count >= UNFILED_MOST || count >= table.ms_entries / TABLE_SHARE;
}

/* What was filed is let go when every reader finds it in the table. */
static void let_go(struct unfiled *unfiled, const struct store *store)
{
    if (!unfiled->filed_by || room_oldest_reader(store) < unfiled->filed_by)
        return;
    (void)pthread_rwlock_wrlock(&unfiled->lock);
    set_free(&unfiled->filing);
    (void)pthread_rwlock_unlock(&unfiled->lock);
    free(unfiled->order);
    unfiled->order = NULL;
    unfiled->filed = 0;
    unfiled->filed_by = 0;
}

static void begin_filing(struct unfiled *unfiled)
{
    (void)pthread_rwlock_wrlock(&unfiled->lock);
    unfiled->filing = unfiled->fresh;
    unfiled->fresh = (struct set){0};
    (void)pthread_rwlock_unlock(&unfiled->lock);
    uint32_t count = unfiled->filing.count;
    unfiled->order = memory_new(count * sizeof(*unfiled->order));
    for (uint32_t i = 0; i < count; i++)
        unfiled->order[i] = i;
    qsort_r(unfiled->order, count, sizeof(*unfiled->order), by_hash, unfiled->filing.entries);
}

void unfiled_begin(struct commit *commit)
{
    struct unfiled *unfiled = commit->store->unfiled;
    let_go(unfiled, commit->store);
    if (!unfiled->order && unfiled->fresh.count > 0 && is_worth_filing(commit))
        begin_filing(unfiled);
    commit->filed = unfiled->filed;
}

static int file_slice(struct commit *commit, uint32_t end)
{
    const struct unfiled *unfiled = commit->store->unfiled;
    int code = 0;
    for (; !code && commit->filed < end; commit->filed++) {
        const struct entry *entry = &unfiled->filing.entries[unfiled->order[commit->filed]];
        if (!entry->gone)
            code = identity_file(commit, &entry->identity);
    }
    return code;
}

int unfiled_file(struct commit *commit, size_t accepts)
{
    const struct unfiled *unfiled = commit->store->unfiled;
    const struct set *filing = &unfiled->filing;
    uint32_t left = filing->count - commit->filed;
    if (!unfiled->order || unfiled->filed_by || commit->full)
        return 0;
    size_t most = accepts > SLICE / 2 ? 2 * accepts : SLICE;
    int code = file_slice(commit, commit->filed + (left < most ? left : (uint32_t)most));
    if (!code && commit->filed == filing->count)
        commit->state.filed_through = filing->entries[filing->count - 1].identity.article_id;
    return code;
}

void unfiled_committed(const struct commit *commit, size_t txn)
{
    struct unfiled *unfiled = commit->store->unfiled;
    unfiled->filed = commit->filed;
    if (unfiled->order && !unfiled->filed_by && unfiled->filed == unfiled->filing.count)
        unfiled->filed_by = txn;
}

/* ---- at a start ---- */

static int load_one(struct unfiled *unfiled, const struct store *store, const MDB_val *key,
                    const MDB_val *value)
{
    struct article_record record;
    struct unfiled_identity identity;
    if (key->mv_size != 8)
        return MDB_CORRUPTED;
    if (!article_record_decode(&record, value->mv_data, value->mv_size))
        return 0; /* store_check() tells of it */
    const char *source = sources_name(store->sources, record.source_id);
    if (!source)
        return 0;
    char *name = text_of(record.key);
    identity_hash(source, name, identity.hash);
    text_free(&name);
    identity.article_id = key_get_u64(key->mv_data);
    identity.revision = record.revision;
    memcpy(identity.digest_head, record.digest, sizeof(identity.digest_head));
    set_add(&unfiled->fresh, &identity, 0);
    return 0;
}

int unfiled_load(struct store *store, MDB_txn *txn, uint64_t filed_through)
{
    uint8_t first[8];
    MDB_cursor *cursor = NULL;
    MDB_val value;
    key_put_u64(first, filed_through + 1);
    MDB_val key = bytes_of(first, sizeof(first));
    int code = mdb_cursor_open(txn, store->tables[TABLE_ARTICLE], &cursor);
    if (code)
        return code;
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (!code) {
        code = load_one(store->unfiled, store, &key, &value);
        if (!code)
            code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}
