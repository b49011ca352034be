// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store_engine.h"
#include "common/clock.h"

enum {
    WASH_PASSES = 4,
    WASH_CLEAN = 64,    /* buffers of zeros in a row: those below were never used */
    WASH_MOST = 120000, /* dirty pages of a transaction, which LMDB bounds at 131,071 */
    WALK_PAGES = 1024,  /* of one step */
    ZERO_MS = 5,
    ZERO_BYTES = 4 * 1024 * 1024, /* written before they are synced */
};

struct scrubbing {
    uint64_t forgettings; /* that it covers */
    bool washed;
    MDB_txn *txn; /* of the walk */
    struct walk *walk;
    bool walked;
    int code;          /* of the walk */
    struct bits *left; /* to be zeroed */
    uint64_t next;     /* page to look at */
    uint64_t tail;     /* bytes behind the last page that were looked at */
};

int scrub_load(struct store *store, MDB_txn *txn)
{
    MDB_val value;
    int code = table_get(txn, store->tables[TABLE_META], "scrub", 5, &value);
    store->facts.forgettings = code == 0;
    return code == MDB_NOTFOUND ? 0 : code;
}

static void end(struct store *store)
{
    struct scrubbing *s = store->scrubbing;
    if (!s)
        return;
    walk_free(&s->walk);
    if (s->txn)
        mdb_txn_abort(s->txn);
    bits_free(&s->left);
    free(s);
    store->scrubbing = NULL;
}

void scrub_close(struct store *store)
{
    end(store);
}

/* ---- wash */

/*
 * LMDB keeps the buffers of pages in a stack and fills of them what a page needs; the rest of the
 * old bytes goes to the disk with it. A value of a page's size takes one buffer and fills it, and
 * a transaction that is given up puts all of them back. Those below the first clean ones were not
 * used since the last wash, or never. A pass uses some buffers for the tree that holds the values:
 * further passes of other lengths come by them.
 */
static int wash_pass(struct store *store, size_t most, size_t *ret_count)
{
    MDB_txn *txn = NULL;
    size_t clean = 0;
    size_t count = 0;
    int code = mdb_txn_begin(store->env, NULL, 0, &txn);
    while (!code && (most ? count < most : clean < WASH_CLEAN) && count < WASH_MOST) {
        uint8_t key[12];
        MDB_val name = bytes_of(key, sizeof(key));
        MDB_val value = {.mv_size = store->room.page_size - 16};
        key_put_u64(key, UINT64_MAX);
        key_put_u32(key + 8, (uint32_t)count++);
        code = mdb_put(txn, store->tables[TABLE_BODY], &name, &value, MDB_RESERVE | MDB_APPEND);
        if (code)
            break;
        const uint8_t *bytes = value.mv_data;
        bool is_clean = bytes[0] == 0 && memcmp(bytes, bytes + 1, value.mv_size - 1) == 0;
        clean = is_clean ? clean + 1 : 0;
        if (!is_clean)
            memset(value.mv_data, 0, value.mv_size);
    }
    if (txn)
        mdb_txn_abort(txn);
    *ret_count = count;
    return code;
}

static int wash(struct store *store)
{
    size_t count = 0;
    int code = wash_pass(store, 0, &count);
    for (unsigned i = 1; !code && i < WASH_PASSES; i++) {
        uint8_t more;
        size_t unused;
        random_bytes(&more, sizeof(more));
        code = wash_pass(store, count + more, &unused);
    }
    return code;
}

/* ---- walk */

static int begin_walk(struct store *store)
{
    struct scrubbing *s = store->scrubbing;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &s->txn);
    return code ? code : walk_new(&s->walk, store, s->txn);
}

void store_scrub_walk(struct store *store)
{
    struct scrubbing *s = store->scrubbing;
    s->code = walk_on(s->walk, WALK_PAGES, &s->walked);
}

static int end_walk(struct store *store)
{
    struct scrubbing *s = store->scrubbing;
    int code = s->code ? s->code : walk_take_free(s->walk, &s->left);
    walk_free(&s->walk);
    mdb_txn_abort(s->txn);
    s->txn = NULL;
    return code;
}

/* ---- zero */

static bool may_go_on(int64_t until_ms, uint64_t bytes)
{
    return bytes < ZERO_BYTES && clock_mono_ms() < until_ms;
}

/* What is no longer free was written anew since, with washed buffers. */
static int zero_pages(struct store *store, int file, const struct bits *free_now,
                      const struct bits *safe)
{
    struct scrubbing *s = store->scrubbing;
    uint64_t size = store->room.page_size;
    int64_t until_ms = clock_mono_ms() + ZERO_MS;
    uint64_t bytes = 0;
    for (; s->next < bits_count(s->left) && may_go_on(until_ms, bytes); s->next++) {
        bool written = false;
        if (!bits_has(s->left, s->next))
            continue;
        int code =
            bits_has(safe, s->next) ? file_zero(file, s->next * size, (size_t)size, &written) : 0;
        if (code)
            return code;
        bytes += written ? size : 0;
        if (bits_has(safe, s->next) || !bits_has(free_now, s->next))
            bits_set(s->left, s->next, false);
    }
    return bytes > 0 && fdatasync(file) != 0 ? errno : 0;
}

static int zero_free(struct store *store, int file)
{
    MDB_txn *txn = NULL;
    MDB_envinfo info;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code)
        return code;
    size_t oldest = room_oldest_reader(store); /* at most this one */
    (void)mdb_env_info(store->env, &info);
    struct bits *free_now = bits_new(info.me_last_pgno + 1);
    struct bits *safe = bits_new(info.me_last_pgno + 1);
    code = pages_free(txn, oldest, free_now, safe);
    if (!code)
        code = zero_pages(store, file, free_now, safe);
    mdb_txn_abort(txn);
    bits_free(&free_now);
    bits_free(&safe);
    return code;
}

/* Behind the last page, where a commit that a crash cut short may have written. */
static int zero_tail(struct store *store, int file, bool *ret_over)
{
    struct scrubbing *s = store->scrubbing;
    int64_t until_ms = clock_mono_ms() + ZERO_MS;
    uint64_t bytes = 0;
    MDB_envinfo info;
    struct stat facts;
    (void)mdb_env_info(store->env, &info);
    if (fstat(file, &facts) != 0)
        return errno;
    uint64_t first = (info.me_last_pgno + 1) * store->room.page_size;
    uint64_t end_at = (uint64_t)facts.st_size;
    s->tail = s->tail > first ? s->tail : first;
    while (s->tail < end_at && may_go_on(until_ms, bytes)) {
        off_t data = lseek(file, (off_t)s->tail, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            data = (off_t)end_at; /* nothing but what was reserved */
        s->tail = data > (off_t)s->tail ? (uint64_t)data : s->tail;
        size_t part =
            end_at - s->tail < ZERO_BYTES / 16 ? (size_t)(end_at - s->tail) : ZERO_BYTES / 16;
        bool written = false;
        int code = file_zero(file, s->tail, part, &written);
        if (code)
            return code;
        bytes += written ? part : 0;
        s->tail += part;
    }
    *ret_over = s->tail >= end_at;
    return bytes > 0 && fdatasync(file) != 0 ? errno : 0;
}

static bool is_left(const struct scrubbing *s)
{
    for (uint64_t page = 0; page < bits_count(s->left); page++)
        if (bits_has(s->left, page))
            return true;
    return false;
}

/* A page that the last commit freed is safe two commits later. */
static int look_again(struct store *store, enum scrub *ret_next)
{
    store->scrubbing->next = 0;
    *ret_next = SCRUB_WAITS;
    return store_change(store, NULL);
}

/* ---- the end */

static int forget_scrub(struct commit *commit)
{
    return commit_delete(commit, TABLE_META, "scrub", 5);
}

static int conclude(struct store *store)
{
    struct scrubbing *s = store->scrubbing;
    struct store_facts facts;
    int file;
    int code = mdb_env_get_fd(store->env, &file);
    if (!code && fdatasync(file) != 0)
        code = errno;
    store_facts(store, &facts);
    if (!code && facts.forgettings == s->forgettings)
        code = store_change(store, forget_scrub);
    if (code)
        return code;
    (void)pthread_mutex_lock(&store->mutex);
    store->facts.scrubbed = s->forgettings;
    (void)pthread_mutex_unlock(&store->mutex);
    end(store);
    return 0;
}

static int zero_on(struct store *store, enum scrub *ret_next)
{
    struct scrubbing *s = store->scrubbing;
    bool is_over = false;
    int file;
    int code = mdb_env_get_fd(store->env, &file);
    *ret_next = SCRUB_GOES_ON;
    if (code)
        return code;
    if (s->next < bits_count(s->left))
        return zero_free(store, file);
    if (is_left(s))
        return look_again(store, ret_next);
    code = zero_tail(store, file, &is_over);
    if (!code && is_over) {
        *ret_next = SCRUB_OVER;
        code = conclude(store);
    }
    return code;
}

static int step(struct store *store, enum scrub *ret_next)
{
    struct scrubbing *s = store->scrubbing;
    int code = 0;
    *ret_next = SCRUB_WALK;
    if (!s->washed) {
        code = wash(store);
        s->washed = !code;
        if (!code)
            code = begin_walk(store);
        return code;
    }
    if (s->walk && !s->walked && !s->code)
        return 0;
    *ret_next = SCRUB_GOES_ON;
    return s->walk ? end_walk(store) : zero_on(store, ret_next);
}

enum status store_scrub(struct store *store, enum scrub *ret_next, struct error *err)
{
    struct store_facts facts;
    store_facts(store, &facts);
    *ret_next = SCRUB_OVER;
    if (facts.forgettings == facts.scrubbed)
        return STATUS_OK;
    if (!store->scrubbing) {
        store->scrubbing = memory_new(sizeof(*store->scrubbing));
        store->scrubbing->forgettings = facts.forgettings;
    }
    int code = step(store, ret_next);
    if (code == 0)
        return STATUS_OK;
    end(store); /* from its beginning, the next time */
    if (code == MDB_MAP_FULL || code == MDB_READERS_FULL)
        return error_set(err, STATUS_AGAIN, "could not scrub the store now: it is too full");
    if (code == EINVAL)
        return error_set(err, STATUS_INVALID,
                         "cannot scrub the store in \"%s\": its file is not laid out as this "
                         "broker knows it",
                         store->directory);
    return store_failed(store, code, "could not scrub the store", err);
}
