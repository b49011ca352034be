// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "broker/store_engine.h"

#define QUEUED    NEWSLOOM__V1__STATE__QUEUED
#define WAITING   NEWSLOOM__V1__STATE__WAITING
#define STORED    NEWSLOOM__V1__STATE__STORED
#define DEAD      NEWSLOOM__V1__STATE__DEAD
#define WITHDRAWN NEWSLOOM__V1__STATE__WITHDRAWN

static const bool may_move[WITHDRAWN + 1][WITHDRAWN + 1] = {
    [QUEUED][QUEUED] = true,    /* given back */
    [QUEUED][WAITING] = true,   /* failed, tried again later */
    [QUEUED][DEAD] = true,      /* failed too often, or cannot ever work */
    [QUEUED][STORED] = true,    /* done */
    [WAITING][QUEUED] = true,   /* cleared, or given back by a late worker */
    [WAITING][WAITING] = true,  /* failed again */
    [WAITING][DEAD] = true,     /* failed too often */
    [WAITING][STORED] = true,   /* a late done */
    [DEAD][QUEUED] = true,      /* retried by an operator or submitted again */
    [DEAD][WITHDRAWN] = true,   /* dropped by an operator */
    [DEAD][STORED] = true,      /* a late done beats dead */
    [WITHDRAWN][QUEUED] = true, /* submitted again */
    [WITHDRAWN][STORED] = true, /* a late done: its rows stand */
};

bool article_has_body(uint8_t state)
{
    return state == QUEUED || state == WAITING || state == DEAD;
}

static int own_record(const MDB_val *value, struct article_slot *ret_slot)
{
    if (value->mv_size > sizeof(ret_slot->bytes))
        return MDB_CORRUPTED;
    memcpy(ret_slot->bytes, value->mv_data, value->mv_size);
    if (!article_record_decode(&ret_slot->record, ret_slot->bytes, value->mv_size))
        return MDB_CORRUPTED;
    return 0;
}

int article_load(MDB_txn *txn, MDB_dbi table, uint64_t id, struct article_slot *ret_slot)
{
    uint8_t key[8];
    MDB_val value;
    key_put_u64(key, id);
    int code = table_get(txn, table, key, sizeof(key), &value);
    return code ? code : own_record(&value, ret_slot);
}

int commit_article(struct commit *commit, uint64_t id, struct article_slot *ret_slot)
{
    uint8_t key[8];
    MDB_val value;
    key_put_u64(key, id);
    int code = commit_get(commit, TABLE_ARTICLE, key, sizeof(key), &value);
    return code ? code : own_record(&value, ret_slot);
}

int article_save(struct commit *commit, uint64_t id, const struct article_record *record,
                 unsigned flags)
{
    uint8_t key[8];
    uint8_t buffer[ARTICLE_RECORD_LIMIT];
    key_put_u64(key, id);
    size_t size = article_record_encode(record, buffer);
    return commit_put(commit, TABLE_ARTICLE, bytes_of(key, sizeof(key)), bytes_of(buffer, size),
                      flags);
}

static void ended_key(uint8_t key[16], int64_t since_ms, uint64_t id)
{
    key_put_u64(key, (uint64_t)since_ms);
    key_put_u64(key + 8, id);
}

int article_leave(struct commit *commit, uint64_t id, const struct article_record *record)
{
    uint8_t key[16];
    int code = 0;
    if (record->state == QUEUED || record->state == WAITING) {
        key_put_u64(key, id);
        return commit_delete(commit, TABLE_OPEN, key, 8);
    }
    if (record->state == DEAD)
        code = dead_delete(commit, id, record);
    if (code)
        return code;
    ended_key(key, record->retire_from_ms, id);
    return commit_delete(commit, TABLE_ENDED, key, sizeof(key));
}

static int put_open(struct commit *commit, uint64_t id, const struct article_record *record,
                    unsigned flags)
{
    struct open_record open = {
        .source_id = record->source_id,
        .size = record->size,
        .class_ = record->class_,
        .state = record->state,
        .suspect = record->suspect,
        .attempts = (uint16_t)(record->attempts < UINT16_MAX ? record->attempts : UINT16_MAX),
        .accepted_at_ms = record->accepted_at_ms,
        .due_at_ms = record->due_at_ms,
    };
    uint8_t buffer[OPEN_RECORD_SIZE];
    uint8_t key[8];
    key_put_u64(key, id);
    size_t size = open_record_encode(&open, buffer);
    return commit_put(commit, TABLE_OPEN, bytes_of(key, sizeof(key)), bytes_of(buffer, size),
                      flags);
}

int article_enter(struct commit *commit, uint64_t id, const struct article_record *record,
                  unsigned flags)
{
    uint8_t key[16];
    int code = 0;
    if (record->state == QUEUED || record->state == WAITING)
        return put_open(commit, id, record, flags);
    if (record->state == DEAD)
        code = dead_put(commit, id, record);
    if (code)
        return code;
    ended_key(key, record->retire_from_ms, id);
    return commit_put(commit, TABLE_ENDED, bytes_of(key, sizeof(key)), bytes_of(NULL, 0), 0);
}

/* The dead index is keyed by the code, so the record as it was is what must leave it. */
int article_move(struct commit *commit, uint64_t id, const struct article_record *was,
                 struct article_record *now)
{
    if (was->state > WITHDRAWN || now->state > WITHDRAWN || !may_move[was->state][now->state])
        return MDB_CORRUPTED;
    bool is_open = now->state == QUEUED || now->state == WAITING;
    bool was_open = was->state == QUEUED || was->state == WAITING;
    int code = is_open && was_open ? 0 : article_leave(commit, id, was);
    if (!code && article_has_body(was->state) && !article_has_body(now->state))
        code = chunks_delete(commit, TABLE_BODY, id, was->size);
    now->retire_from_ms = is_open ? 0 : now->ended_at_ms;
    if (!code)
        code = article_enter(commit, id, now, 0);
    if (!code)
        code = article_save(commit, id, now, 0);
    return code;
}

static int forget_attempts(struct commit *commit, uint64_t id, uint32_t tries)
{
    uint32_t first = tries > HISTORY_LIMIT ? tries - HISTORY_LIMIT + 1 : 1;
    for (uint32_t number = first; number <= tries; number++) {
        uint8_t key[12];
        key_put_u64(key, id);
        key_put_u32(key + 8, number);
        int code = commit_delete(commit, TABLE_ATTEMPT, key, sizeof(key));
        if (code)
            return code;
    }
    return 0;
}

int article_remove(struct commit *commit, uint64_t id, const struct article_record *record,
                   const struct identity *identity)
{
    uint8_t key[8];
    int code = article_leave(commit, id, record);
    if (!code && article_has_body(record->state))
        code = chunks_delete(commit, TABLE_BODY, id, record->size);
    if (!code)
        code = forget_attempts(commit, id, record->tries);
    if (!code)
        code = identity_delete(commit, identity, record->revision);
    key_put_u64(key, id);
    return code ? code : commit_delete(commit, TABLE_ARTICLE, key, sizeof(key));
}
