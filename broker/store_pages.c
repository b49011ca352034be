// SPDX-License-Identifier: Apache-2.0
/*
 * The file as pages, read byte by byte, for LMDB shows records only. What is known here of its
 * format (version 1, lmdb 0.9) is checked at every step, and a walk counts: pages in use and pages
 * in the list of free ones must make up the file, or nothing that is free is touched.
 *
 *     page    number 8, padding 2, flags 2, lower 2, upper 2, then one offset of 2 for each node
 *             (an overflow page has its count of pages in place of lower and upper)
 *     node    size or page 4, flags 2, key's size 2, key, data
 *     meta    in pages 0 and 1: magic, version, address, size, two trees of 48, last page, txn
 *
 * Between lower and upper nothing is used, nor behind the last byte of an overflow page's value,
 * nor behind the numbers in a record of the list of free pages, which LMDB makes too large.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/store_engine.h"

#define HEADER_SIZE   16
#define NODE_SIZE     8
#define TREE_SIZE     48
#define TREE_ROOT     40
#define META_MAGIC    0xBEEFC0DE
#define META_VERSION  1
#define META_TREES    (HEADER_SIZE + 24)
#define META_LAST     (META_TREES + 2 * TREE_SIZE)
#define META_TXN      (META_LAST + 8)
#define META_PAGES    2
#define NO_PAGE       UINT64_MAX
#define FREE_TABLE    0
#define PAGE_SIZE_MAX 65536

enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_DIRTY = 16 };
enum { NODE_BIG = 1, NODE_TREE = 2 };

/* ---- bits */

struct bits {
    uint64_t count;
    uint64_t words[];
};

struct bits *bits_new(uint64_t count)
{
    struct bits *bits = memory_new(sizeof(*bits) + (count / 64 + 1) * sizeof(uint64_t));
    bits->count = count;
    return bits;
}

void bits_free(struct bits **bits_p)
{
    free(*bits_p);
    *bits_p = NULL;
}

uint64_t bits_count(const struct bits *bits)
{
    return bits->count;
}

void bits_set(struct bits *bits, uint64_t at, bool is_set)
{
    ENSURE(at < bits->count);
    uint64_t bit = UINT64_C(1) << (at % 64);
    bits->words[at / 64] = is_set ? bits->words[at / 64] | bit : bits->words[at / 64] & ~bit;
}

bool bits_has(const struct bits *bits, uint64_t at)
{
    return at < bits->count && (bits->words[at / 64] >> (at % 64) & 1);
}

/* ---- bytes of the file */

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size); /* the file has this machine's byte order */
    return value;
}

static int file_read(int file, uint64_t from, void *ret_bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file, (uint8_t *)ret_bytes + done, size - done, (off_t)(from + done));
        if (got == 0)
            return EINVAL;
        if (got < 0 && errno != EINTR)
            return errno;
        done += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static int write_zeros(int file, uint64_t from, size_t size)
{
    static const uint8_t zeros[PAGE_SIZE_MAX];
    while (size > 0) {
        size_t part = size < sizeof(zeros) ? size : sizeof(zeros);
        ssize_t put = pwrite(file, zeros, part, (off_t)from);
        if (put < 0 && errno != EINTR)
            return errno;
        from += put > 0 ? (uint64_t)put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return 0;
}

int file_zero(int file, uint64_t from, size_t size, bool *ret_written)
{
    uint8_t bytes[PAGE_SIZE_MAX];
    *ret_written = false;
    for (size_t done = 0; done < size;) {
        size_t part = size - done < sizeof(bytes) ? size - done : sizeof(bytes);
        int code = file_read(file, from + done, bytes, part);
        if (code)
            return code;
        if (!is_zero(bytes, part)) {
            *ret_written = true;
            code = write_zeros(file, from + done, part);
        }
        if (code)
            return code;
        done += part;
    }
    return 0;
}

/* ---- the list of free pages */

static int note_free(const MDB_val *value, struct bits *bits)
{
    const uint8_t *bytes = value->mv_data;
    uint64_t count = value->mv_size >= 8 ? number(bytes, 8) : UINT64_MAX;
    if (count > value->mv_size / 8 - 1)
        return EINVAL;
    for (uint64_t i = 1; i <= count; i++) {
        uint64_t page = number(bytes + 8 * i, 8);
        if (page < META_PAGES || page >= bits->count)
            return EINVAL;
        bits_set(bits, page, true);
    }
    return 0;
}

int pages_free(MDB_txn *txn, size_t oldest, struct bits *ret_free, struct bits *ret_safe)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int code = mdb_cursor_open(txn, FREE_TABLE, &cursor);
    if (code)
        return code;
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        bool is_safe = ret_safe && key.mv_size == 8 && number(key.mv_data, 8) < oldest;
        code = note_free(&value, ret_free);
        if (!code && is_safe)
            code = note_free(&value, ret_safe);
        if (code)
            break;
    }
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
}

/* ---- the walk */

struct place {
    uint64_t page;
    bool is_free_list; /* of the tree that lists free pages */
};

struct walk {
    int file;
    size_t page_size;
    uint64_t count; /* of pages, the metas included */
    struct bits *free;
    struct bits *used;
    struct place *stack;
    size_t depth;
    size_t room;
};

void walk_free(struct walk **walk_p)
{
    struct walk *walk = *walk_p;
    if (!walk)
        return;
    bits_free(&walk->free);
    bits_free(&walk->used);
    free(walk->stack);
    free(walk);
    *walk_p = NULL;
}

static void push(struct walk *walk, uint64_t page, bool is_free_list)
{
    if (walk->depth == walk->room) {
        walk->room = walk->room ? 2 * walk->room : 256;
        walk->stack = memory_resize(walk->stack, walk->room, sizeof(*walk->stack));
    }
    walk->stack[walk->depth++] = (struct place){.page = page, .is_free_list = is_free_list};
}

/* The meta page of this transaction: of two the one that names it. */
static int begin(struct walk *walk, MDB_txn *txn)
{
    for (uint64_t i = 0; i < META_PAGES; i++) {
        uint8_t meta[META_TXN + 8];
        int code = file_read(walk->file, i * walk->page_size, meta, sizeof(meta));
        if (code)
            return code;
        if (number(meta + HEADER_SIZE, 4) != META_MAGIC ||
            (number(meta + HEADER_SIZE + 4, 4) & 0xffff) != META_VERSION)
            return EINVAL;
        if (number(meta + META_TXN, 8) != mdb_txn_id(txn))
            continue;
        walk->count = number(meta + META_LAST, 8) + 1;
        push(walk, number(meta + META_TREES + TREE_ROOT, 8), true);
        push(walk, number(meta + META_TREES + TREE_SIZE + TREE_ROOT, 8), false);
        return 0;
    }
    return EINVAL;
}

int walk_new(struct walk **ret_walk, const struct store *store, MDB_txn *txn)
{
    struct walk *walk = memory_new(sizeof(*walk));
    walk->page_size = (size_t)store->room.page_size;
    int code = mdb_env_get_fd(store->env, &walk->file);
    if (!code && walk->page_size > PAGE_SIZE_MAX)
        code = EINVAL;
    if (!code)
        code = begin(walk, txn);
    if (!code && walk->count > store->room.map_pages)
        code = EINVAL;
    if (!code) {
        walk->free = bits_new(walk->count);
        walk->used = bits_new(walk->count);
        code = pages_free(txn, 0, walk->free, NULL);
    }
    if (code)
        walk_free(&walk);
    else
        *ret_walk = walk;
    return code;
}

static int take_page(struct walk *walk, uint64_t page)
{
    if (page < META_PAGES || page >= walk->count || bits_has(walk->used, page))
        return EINVAL;
    bits_set(walk->used, page, true);
    return 0;
}

static int zero_part(const struct walk *walk, uint64_t page, size_t from, size_t size)
{
    bool unused;
    return file_zero(walk->file, page * walk->page_size + from, size, &unused);
}

/* How many of a value's bytes mean something. */
static size_t meaning(const uint8_t *value, size_t size, bool is_free_list)
{
    uint64_t count = is_free_list && size >= 8 ? number(value, 8) : UINT64_MAX;
    return count < size / 8 ? (size_t)(count + 1) * 8 : size;
}

static int look_at_overflow(struct walk *walk, uint64_t page, size_t size, bool is_free_list)
{
    uint8_t head[HEADER_SIZE + 8];
    if (page >= walk->count)
        return EINVAL;
    int code = file_read(walk->file, page * walk->page_size, head, sizeof(head));
    uint64_t count = number(head + 12, 4);
    size_t room = (size_t)count * walk->page_size - HEADER_SIZE;
    if (!code && (number(head, 8) != page ||
                  (number(head + 10, 2) & ~(uint64_t)PAGE_DIRTY) != PAGE_OVERFLOW || count == 0 ||
                  size > room || count > walk->count))
        return EINVAL;
    for (uint64_t i = 0; !code && i < count; i++)
        code = take_page(walk, page + i);
    size_t used = meaning(head + HEADER_SIZE, size, is_free_list);
    return code ? code : zero_part(walk, page, HEADER_SIZE + used, room - used);
}

static int look_at_leaf_node(struct walk *walk, const struct place *place, const uint8_t *page,
                             size_t at)
{
    const uint8_t *node = page + at;
    uint64_t flags = number(node + 4, 2);
    size_t start = at + NODE_SIZE + (size_t)number(node + 6, 2);
    size_t size = (size_t)number(node, 4);
    size_t inside = flags & NODE_BIG ? 8 : size;
    if ((flags & ~(uint64_t)(NODE_BIG | NODE_TREE)) || start + inside > walk->page_size)
        return EINVAL;
    if (flags & NODE_BIG)
        return look_at_overflow(walk, number(page + start, 8), size, place->is_free_list);
    if (flags & NODE_TREE) {
        uint64_t root = size == TREE_SIZE ? number(page + start + TREE_ROOT, 8) : 0;
        if (root != NO_PAGE)
            push(walk, root, false);
        return 0;
    }
    size_t used = meaning(page + start, size, place->is_free_list);
    return zero_part(walk, place->page, start + used, size - used);
}

static int look_at_node(struct walk *walk, const struct place *place, const uint8_t *page,
                        size_t at)
{
    if (at < HEADER_SIZE || at + NODE_SIZE > walk->page_size)
        return EINVAL;
    if (number(page + 10, 2) & PAGE_LEAF)
        return look_at_leaf_node(walk, place, page, at);
    push(walk, number(page + at, 4) | number(page + at + 4, 2) << 32, place->is_free_list);
    return 0;
}

static int look_at_page(struct walk *walk, const struct place *place)
{
    uint8_t page[PAGE_SIZE_MAX];
    int code = take_page(walk, place->page);
    if (!code)
        code = file_read(walk->file, place->page * walk->page_size, page, walk->page_size);
    if (code)
        return code;
    uint64_t flags = number(page + 10, 2) & ~(uint64_t)PAGE_DIRTY;
    size_t lower = (size_t)number(page + 12, 2);
    size_t upper = (size_t)number(page + 14, 2);
    if (number(page, 8) != place->page || (flags != PAGE_BRANCH && flags != PAGE_LEAF) ||
        lower < HEADER_SIZE || lower > upper || upper > walk->page_size)
        return EINVAL;
    for (size_t at = HEADER_SIZE; !code && at < lower; at += 2)
        code = look_at_node(walk, place, page, (size_t)number(page + at, 2));
    return code ? code : zero_part(walk, place->page, lower, upper - lower);
}

int walk_on(struct walk *walk, size_t most, bool *ret_over)
{
    int code = 0;
    while (!code && walk->depth > 0 && most-- > 0) {
        struct place place = walk->stack[--walk->depth];
        if (place.page != NO_PAGE) /* an empty tree */
            code = look_at_page(walk, &place);
    }
    *ret_over = walk->depth == 0;
    return code;
}

int walk_take_free(struct walk *walk, struct bits **ret_free)
{
    for (uint64_t page = META_PAGES; page < walk->count; page++)
        if (bits_has(walk->free, page) == bits_has(walk->used, page))
            return EINVAL;
    *ret_free = walk->free;
    walk->free = NULL;
    return 0;
}
