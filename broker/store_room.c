// SPDX-License-Identifier: Apache-2.0
#include "broker/store_engine.h"

/*
 * Used pages are those of the trees, which LMDB counts in each tree's head: a sum of a dozen
 * numbers, exact to a few pages, and no walk through the list of free pages. Hysteresis: full ends
 * an eighth of the reserve (at least 16 pages) below where it began, so that it does not flicker
 * with every article.
 */

#define FREE_TABLE 0 /* LMDB's own two trees have fixed handles */
#define MAIN_TABLE 1
#define META_PAGES 2

void room_init(struct room *room, uint64_t page_size, const struct store_options *options)
{
    uint64_t reserve = options->reserve_bytes / page_size;
    uint64_t margin = reserve / 8 > 16 ? reserve / 8 : 16;
    room->page_size = page_size;
    room->pages = options->budget_bytes / page_size;
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

bool room_is_full(const struct store *store, MDB_txn *txn, bool was_full)
{
    uint64_t line = was_full ? store->room.resume_pages : store->room.full_pages;
    return room_used_pages(store, txn) >= line;
}

int room_for(const struct commit *commit, size_t size)
{
    const struct room *room = &commit->store->room;
    uint64_t needed = size / (CHUNK_SIZE * 2) + 8; /* two chunks a page, and what the trees grow */
    if (commit->full || room_used_pages(commit->store, commit->txn) + needed >= room->full_pages)
        return MDB_MAP_FULL;
    return 0;
}
