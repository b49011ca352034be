// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/*
 * Used pages are those of the trees, which LMDB counts in each tree's head: a sum of a dozen
 * numbers, exact to a few pages, and no walk through the list of free pages. Hysteresis: full ends
 * an eighth of the reserve (at least 16 pages) below where it began, so that it does not flicker
 * with every article.
 *
 * Held pages are free, but a reader that began before they were freed may still look at them: a
 * backup that runs for minutes holds all that is freed meanwhile. They count towards full, or
 * finishing would find no page; they do not make retention forget anything, for that would not free
 * them. They matter only near the end of the map, and are counted there by the list of free pages,
 * each of its records once.
 */

#define FREE_TABLE 0 /* LMDB's own two trees have fixed handles */
#define MAIN_TABLE 1
#define META_PAGES 2

void room_init(struct room *room, uint64_t page_size, const struct store_options *options,
               uint64_t map_bytes)
{
    uint64_t reserve = options->reserve_bytes / page_size;
    uint64_t margin = reserve / 8 > 16 ? reserve / 8 : 16;
    room->page_size = page_size;
    room->pages = options->budget_bytes / page_size;
    room->map_pages = map_bytes / page_size;
    room->tight_pages = room->map_pages - reserve / 2;
    room->full_pages = room->pages > reserve ? room->pages - reserve : 0;
    room->resume_pages = room->full_pages > margin ? room->full_pages - margin : 0;
}

static uint64_t tree_pages(MDB_txn *txn, MDB_dbi table)
{
    MDB_stat stat;
    if (mdb_stat(txn, table, &stat) != 0)
        return 0;
    return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

uint64_t room_used_pages(const struct store *store, MDB_txn *txn)
{
    uint64_t pages = META_PAGES + tree_pages(txn, FREE_TABLE) + tree_pages(txn, MAIN_TABLE);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        pages += tree_pages(txn, store->tables[i]);
    return pages;
}

/* ---- held pages */

struct oldest_reader {
    size_t txn; /* the oldest that is open; SIZE_MAX: none */
};

/* A line of LMDB's list of readers: process, thread, transaction or "-". */
static int look_at_reader(const char *line, void *context)
{
    struct oldest_reader *oldest = context;
    const char *last = strrchr(line, ' ');
    char *end = NULL;
    if (!last)
        return 0;
    unsigned long long txn = strtoull(last + 1, &end, 10);
    if (end != last + 1 && txn < oldest->txn)
        oldest->txn = txn;
    return 0;
}

int room_add_freed(MDB_txn *txn, size_t *through, uint64_t *pages)
{
    MDB_cursor *cursor = NULL;
    size_t from = *through + 1;
    MDB_val key = bytes_of(&from, sizeof(from));
    MDB_val value;
    int code = mdb_cursor_open(txn, FREE_TABLE, &cursor);
    if (code)
        return code;
    code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (code == 0) {
        size_t count = 0;
        if (value.mv_size >= sizeof(count))
            memcpy(&count, value.mv_data, sizeof(count));
        memcpy(through, key.mv_data, sizeof(*through));
        *pages += count;
        code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

size_t room_oldest_reader(const struct store *store)
{
    struct oldest_reader oldest = {.txn = SIZE_MAX};
    (void)mdb_reader_list(store->env, look_at_reader, &oldest);
    return oldest.txn;
}

/* The list of free pages may be read in a reading transaction only. */
int room_count_held(struct store *store)
{
    struct room *room = &store->room;
    size_t oldest = SIZE_MAX;
    MDB_envinfo info;
    MDB_txn *txn = NULL;
    (void)mdb_env_info(store->env, &info);
    if (info.me_last_pgno >= room->full_pages)
        oldest = room_oldest_reader(store);
    if (oldest >= info.me_last_txnid) {
        room->held_pages = 0;
        room->held_since = 0;
        return 0;
    }
    if (room->held_since != oldest) {
        room->held_pages = 0;
        room->held_since = oldest;
        room->held_through = oldest - 1;
    }
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code)
        return code == MDB_READERS_FULL ? 0 : code;
    code = room_add_freed(txn, &room->held_through, &room->held_pages);
    mdb_txn_abort(txn);
    return code;
}

/* ---- full */

bool room_is_over(const struct store *store, MDB_txn *txn)
{
    return room_used_pages(store, txn) >= store->room.resume_pages;
}

bool room_is_full(const struct store *store, MDB_txn *txn, bool was_full)
{
    const struct room *room = &store->room;
    uint64_t line = was_full ? room->resume_pages : room->full_pages;
    return room_used_pages(store, txn) + room->held_pages >= line;
}

int room_for(struct commit *commit, size_t size)
{
    const struct room *room = &commit->store->room;
    uint64_t needed = size / CHUNK_SIZE + 8; /* the last piece, and what the trees grow */
    if (!commit->is_counted || commit->counted_pages + needed >= room->full_pages) {
        commit->counted_pages = room_used_pages(commit->store, commit->txn) + room->held_pages;
        commit->is_counted = true;
    }
    commit->counted_pages += needed;
    return commit->full || commit->counted_pages >= room->full_pages ? MDB_MAP_FULL : 0;
}
