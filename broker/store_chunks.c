// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/* Two pieces fill one page of 4,096 bytes; nothing needs pages that lie side by side. */
#define CHUNK_KEY_SIZE 12

static void chunk_key(uint8_t *key, uint64_t id, uint32_t number)
{
    key_put_u64(key, id);
    key_put_u32(key + 8, number);
}

static size_t chunk_size_at(size_t offset, size_t size)
{
    return size - offset < CHUNK_SIZE ? size - offset : CHUNK_SIZE;
}

static int put_pieces(MDB_cursor *cursor, uint64_t id, struct record_text bytes, unsigned flags)
{
    uint8_t number_key[CHUNK_KEY_SIZE];
    uint32_t number = 0;
    for (size_t offset = 0; offset < bytes.size; offset += CHUNK_SIZE) {
        chunk_key(number_key, id, number++);
        MDB_val key = bytes_of(number_key, sizeof(number_key));
        MDB_val value = bytes_of(bytes.bytes + offset, chunk_size_at(offset, bytes.size));
        int code = mdb_cursor_put(cursor, &key, &value, flags);
        if (code)
            return code == MDB_KEYEXIST ? MDB_CORRUPTED : code;
    }
    return 0;
}

int chunks_put(MDB_txn *txn, MDB_dbi table, uint64_t id, struct record_text bytes, unsigned flags)
{
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, table, &cursor);
    if (code)
        return code;
    code = put_pieces(cursor, id, bytes, flags);
    mdb_cursor_close(cursor);
    return code;
}

/* One descent for all: what stood behind a deleted piece is the next one. */
static int delete_pieces(MDB_cursor *cursor, uint64_t id, size_t size)
{
    uint8_t wanted[CHUNK_KEY_SIZE] = {0};
    MDB_val key = bytes_of(wanted, sizeof(wanted));
    MDB_val value;
    MDB_cursor_op step = MDB_SET;
    uint32_t number = 0;
    for (size_t offset = 0; offset < size; offset += CHUNK_SIZE) {
        chunk_key(wanted, id, number++);
        int code = mdb_cursor_get(cursor, &key, &value, step);
        if (!code &&
            (key.mv_size != sizeof(wanted) || memcmp(key.mv_data, wanted, sizeof(wanted)) != 0))
            code = MDB_CORRUPTED;
        if (!code)
            code = mdb_cursor_del(cursor, 0);
        if (code)
            return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
        step = MDB_NEXT;
    }
    return 0;
}

int chunks_delete(MDB_txn *txn, MDB_dbi table, uint64_t id, size_t size)
{
    MDB_cursor *cursor = NULL;
    int code = mdb_cursor_open(txn, table, &cursor);
    if (code)
        return code;
    code = delete_pieces(cursor, id, size);
    mdb_cursor_close(cursor);
    return code;
}

static int copy_chunks(MDB_cursor *cursor, uint64_t id, uint8_t *ret_bytes, size_t size)
{
    uint8_t first[CHUNK_KEY_SIZE];
    chunk_key(first, id, 0);
    MDB_val key = bytes_of(first, sizeof(first));
    MDB_val value;
    MDB_cursor_op step = MDB_SET_KEY;
    uint32_t number = 0;
    for (size_t offset = 0; offset < size; offset += CHUNK_SIZE) {
        int code = mdb_cursor_get(cursor, &key, &value, step);
        if (code)
            return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
        uint8_t expected[CHUNK_KEY_SIZE];
        chunk_key(expected, id, number++);
        size_t part = chunk_size_at(offset, size);
        if (key.mv_size != sizeof(expected) || memcmp(key.mv_data, expected, key.mv_size) != 0 ||
            value.mv_size != part)
            return MDB_CORRUPTED;
        memcpy(ret_bytes + offset, value.mv_data, part);
        step = MDB_NEXT;
    }
    return 0;
}

/* Whether the last piece is there and as long as it should be: before memory is taken for what a
 * damaged record says. */
static int check_last(MDB_txn *txn, MDB_dbi table, uint64_t id, size_t size)
{
    uint8_t key[CHUNK_KEY_SIZE];
    MDB_val value;
    size_t last = (size - 1) / CHUNK_SIZE;
    chunk_key(key, id, (uint32_t)last);
    int code = table_get(txn, table, key, sizeof(key), &value);
    if (code)
        return code == MDB_NOTFOUND ? MDB_CORRUPTED : code;
    return value.mv_size == size - last * CHUNK_SIZE ? 0 : MDB_CORRUPTED;
}

int chunks_read(MDB_txn *txn, MDB_dbi table, uint64_t id, size_t size, void **ret_bytes)
{
    MDB_cursor *cursor = NULL;
    int code = size > 0 ? check_last(txn, table, id, size) : 0;
    if (!code)
        code = mdb_cursor_open(txn, table, &cursor);
    if (code)
        return code;
    void *bytes = memory_new(size > 0 ? size : 1);
    code = copy_chunks(cursor, id, bytes, size);
    mdb_cursor_close(cursor);
    if (code)
        free(bytes);
    else
        *ret_bytes = bytes;
    return code;
}
