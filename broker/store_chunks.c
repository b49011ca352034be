// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/* A piece of CHUNK_SIZE is a page of its own, the shorter last one shares a page with others: the
 * bytes of a body are written once, and nothing needs pages that lie side by side. What was written
 * with shorter pieces is read all the same: a piece is as long as it is. */
#define CHUNK_KEY_SIZE 12

static void chunk_key(uint8_t *key, uint64_t id, uint32_t number)
{
    key_put_u64(key, id);
    key_put_u32(key + 8, number);
}

static int put_pieces(MDB_cursor *cursor, uint64_t id, struct record_text bytes, unsigned flags)
{
    uint8_t number_key[CHUNK_KEY_SIZE];
    uint32_t number = 0;
    for (size_t offset = 0; offset < bytes.size; offset += CHUNK_SIZE) {
        chunk_key(number_key, id, number++);
        MDB_val key = bytes_of(number_key, sizeof(number_key));
        size_t left = bytes.size - offset;
        MDB_val value = bytes_of(bytes.bytes + offset, left < CHUNK_SIZE ? left : CHUNK_SIZE);
        int code = mdb_cursor_put(cursor, &key, &value, flags);
        if (code)
            return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
    }
    return 0;
}

int chunks_put(struct commit *commit, enum table table, uint64_t id, struct record_text bytes,
               unsigned flags)
{
    MDB_cursor *cursor = NULL;
    int code = commit_cursor(commit, table, &cursor);
    return code ? code : put_pieces(cursor, id, bytes, flags);
}

/* The pieces of one id, one after the other. */
struct pieces {
    MDB_cursor *cursor;
    uint64_t id;
    uint32_t number; /* of the next */
    size_t left;     /* bytes from there on */
};

/* One descent for all: what stands behind a piece, also a deleted one, is the next. */
static int next_piece(struct pieces *pieces, MDB_val *ret_value)
{
    uint8_t wanted[CHUNK_KEY_SIZE];
    chunk_key(wanted, pieces->id, pieces->number);
    MDB_val key = bytes_of(wanted, sizeof(wanted));
    int code = mdb_cursor_get(pieces->cursor, &key, ret_value,
                              pieces->number == 0 ? MDB_SET_KEY : MDB_NEXT);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    if (key.mv_size != sizeof(wanted) || memcmp(key.mv_data, wanted, sizeof(wanted)) != 0 ||
        ret_value->mv_size == 0 || ret_value->mv_size > pieces->left)
        return MDB_CORRUPTED;
    pieces->number++;
    pieces->left -= ret_value->mv_size;
    return 0;
}

static int delete_pieces(struct pieces *pieces)
{
    MDB_val value;
    int code = 0;
    while (!code && pieces->left > 0) {
        code = next_piece(pieces, &value);
        if (!code)
            code = mdb_cursor_del(pieces->cursor, 0);
    }
    return code;
}

int chunks_delete(struct commit *commit, enum table table, uint64_t id, size_t size)
{
    struct pieces pieces = {.id = id, .left = size};
    int code = commit_cursor(commit, table, &pieces.cursor);
    return code ? code : delete_pieces(&pieces);
}

/* Whether there are so many pieces that this can be their size: before memory is taken for what a
 * damaged record says. */
static int check_size(MDB_cursor *cursor, uint64_t id, size_t size)
{
    uint8_t behind[CHUNK_KEY_SIZE];
    chunk_key(behind, id, UINT32_MAX);
    MDB_val key = bytes_of(behind, sizeof(behind));
    MDB_val value;
    int code = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (!code || code == MDB_NOTFOUND)
        code = mdb_cursor_get(cursor, &key, &value, code ? MDB_LAST : MDB_PREV);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    if (key.mv_size != sizeof(behind) || key_get_u64(key.mv_data) != id)
        return MDB_CORRUPTED;
    uint64_t count = (uint64_t)key_get_u32((uint8_t *)key.mv_data + 8) + 1;
    return size <= count * CHUNK_SIZE ? 0 : MDB_CORRUPTED;
}

static int copy_pieces(struct pieces *pieces, uint8_t *ret_bytes)
{
    MDB_val value;
    int code = 0;
    while (!code && pieces->left > 0) {
        code = next_piece(pieces, &value);
        if (code)
            return code;
        memcpy(ret_bytes, value.mv_data, value.mv_size);
        ret_bytes += value.mv_size;
    }
    return code;
}

int chunks_read(MDB_txn *txn, MDB_dbi table, uint64_t id, size_t size, void **ret_bytes)
{
    struct pieces pieces = {.id = id, .left = size};
    int code = mdb_cursor_open(txn, table, &pieces.cursor);
    if (code)
        return code;
    if (size > 0)
        code = check_size(pieces.cursor, id, size);
    void *bytes = code ? NULL : memory_new(size > 0 ? size : 1);
    if (!code)
        code = copy_pieces(&pieces, bytes);
    mdb_cursor_close(pieces.cursor);
    if (code)
        free(bytes);
    else
        *ret_bytes = bytes;
    return code;
}
