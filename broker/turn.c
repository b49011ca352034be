// SPDX-License-Identifier: Apache-2.0
#include "broker/turn.h"

#include <stdlib.h>
#include <string.h>

#include "broker/record.h"

struct turn {
    struct change *changes;
    size_t count;
    size_t room;
    size_t live; /* not dropped */
};

struct turn *turn_new(void)
{
    return memory_new(sizeof(struct turn));
}

void turn_free(struct turn **turn_p)
{
    if (!*turn_p)
        return;
    free((*turn_p)->changes);
    free(*turn_p);
    *turn_p = NULL;
}

void turn_reset(struct turn *turn)
{
    turn->count = 0;
    turn->live = 0;
}

bool turn_is_empty(const struct turn *turn)
{
    return turn->live == 0;
}

static struct change *add(struct turn *turn, enum change_kind kind)
{
    if (turn->count == turn->room) {
        turn->room = turn->room ? 2 * turn->room : 64;
        turn->changes = memory_resize(turn->changes, turn->room, sizeof(*turn->changes));
    }
    struct change *change = &turn->changes[turn->count++];
    memset(change, 0, sizeof(*change));
    change->kind = kind;
    turn->live++;
    return change;
}

size_t turn_accept(struct turn *turn, const struct accept *accept)
{
    ENSURE(strlen(accept->key) <= RECORD_KEY_LIMIT);
    ENSURE(strlen(accept->source) <= RECORD_KEY_LIMIT);
    ENSURE(accept->size <= UINT32_MAX);
    add(turn, CHANGE_ACCEPT)->accept = *accept;
    return turn->count - 1;
}

size_t turn_settle(struct turn *turn, const struct settle *settle)
{
    ENSURE(settle->size <= UINT32_MAX);
    add(turn, CHANGE_SETTLE)->settle = *settle;
    return turn->count - 1;
}

size_t turn_attempt(struct turn *turn, const struct attempt_change *change)
{
    ENSURE(change->state == NEWSLOOM__V1__STATE__QUEUED ||
           change->state == NEWSLOOM__V1__STATE__WAITING ||
           change->state == NEWSLOOM__V1__STATE__DEAD);
    add(turn, CHANGE_ATTEMPT)->attempt = *change;
    return turn->count - 1;
}

static size_t add_operator(struct turn *turn, enum change_kind kind, uint64_t article_id,
                           const char *reason, int64_t at_ms)
{
    struct change *change = add(turn, kind);
    change->operator_.article_id = article_id;
    change->operator_.reason = reason;
    change->operator_.at_ms = at_ms;
    return turn->count - 1;
}

size_t turn_retry(struct turn *turn, uint64_t article_id, int64_t at_ms)
{
    return add_operator(turn, CHANGE_RETRY, article_id, NULL, at_ms);
}

size_t turn_withdraw(struct turn *turn, uint64_t article_id, const char *reason, int64_t at_ms)
{
    return add_operator(turn, CHANGE_WITHDRAW, article_id, reason, at_ms);
}

void turn_forget(struct turn *turn, const struct forget *forget)
{
    ENSURE(forget->ret_result);
    add(turn, CHANGE_FORGET)->forget = *forget;
}

size_t turn_unforget(struct turn *turn, const char *source, const char *key)
{
    struct change *change = add(turn, CHANGE_UNFORGET);
    change->forget.source = source;
    change->forget.key = key;
    return turn->count - 1;
}

void turn_cursor(struct turn *turn, const char *name, uint64_t sequence, int64_t at_ms)
{
    struct cursor cursor = {.sequence = sequence, .at_ms = at_ms};
    size_t length = strlen(name);
    ENSURE(length > 0 && length < sizeof(cursor.name));
    memcpy(cursor.name, name, length + 1);
    add(turn, CHANGE_CURSOR)->cursor = cursor;
}

void turn_retention(struct turn *turn, size_t most, int64_t now_ms)
{
    struct change *change = add(turn, CHANGE_RETENTION);
    change->retention.most = most;
    change->retention.now_ms = now_ms;
}

void turn_drop_accepts(struct turn *turn)
{
    for (size_t i = 0; i < turn->count; i++) {
        struct change *change = &turn->changes[i];
        if (change->kind != CHANGE_ACCEPT || change->dropped)
            continue;
        change->dropped = true;
        turn->live--;
    }
}

static const struct change *of_kind(const struct turn *turn, size_t index, enum change_kind kind)
{
    ENSURE(index < turn->count);
    ENSURE(turn->changes[index].kind == kind);
    return &turn->changes[index];
}

const struct accept_result *turn_accept_result(const struct turn *turn, size_t index)
{
    return &of_kind(turn, index, CHANGE_ACCEPT)->accepted;
}

const struct settle_result *turn_settle_result(const struct turn *turn, size_t index)
{
    return &of_kind(turn, index, CHANGE_SETTLE)->settled;
}

bool turn_changed(const struct turn *turn, size_t index)
{
    ENSURE(index < turn->count);
    const struct change *change = &turn->changes[index];
    ENSURE(change->kind == CHANGE_ATTEMPT || change->kind == CHANGE_RETRY ||
           change->kind == CHANGE_WITHDRAW || change->kind == CHANGE_UNFORGET);
    return change->changed;
}

size_t turn_count(const struct turn *turn)
{
    return turn->count;
}

struct change *turn_at(struct turn *turn, size_t index)
{
    ENSURE(index < turn->count);
    return &turn->changes[index];
}

bool turn_has_accepts(const struct turn *turn)
{
    for (size_t i = 0; i < turn->count; i++)
        if (turn->changes[i].kind == CHANGE_ACCEPT && !turn->changes[i].dropped)
            return true;
    return false;
}

void turn_clear_results(struct turn *turn)
{
    for (size_t i = 0; i < turn->count; i++) {
        struct change *change = &turn->changes[i];
        memset(&change->accepted, 0, sizeof(change->accepted));
        memset(&change->settled, 0, sizeof(change->settled));
        change->changed = false;
    }
}
