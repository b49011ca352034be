// SPDX-License-Identifier: Apache-2.0
#include "broker/subscribers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CURSOR_PAGE = 64 };

struct subscribers {
    struct subscriber **all;
    size_t count;
    struct named **named;
    size_t named_count;
    size_t limit;
    uint64_t serial;
};

struct subscribers *subscribers_new(struct store *store, unsigned limit)
{
    struct subscribers *subscribers = memory_new(sizeof(*subscribers));
    subscribers->limit = limit;
    subscribers->all = memory_new(limit * sizeof(struct subscriber *));
    subscribers->named = memory_new(limit * sizeof(struct named *));
    struct cursor page[CURSOR_PAGE];
    char after[sizeof(page[0].name)] = "";
    for (size_t count = CURSOR_PAGE; count == CURSOR_PAGE;) {
        count = store_cursors(store, after, page, CURSOR_PAGE);
        for (size_t i = 0; i < count; i++) {
            struct named *named = subscribers_register(subscribers, page[i].name);
            if (named)
                named->acknowledged = page[i].sequence;
            memcpy(after, page[i].name, sizeof(after));
        }
    }
    return subscribers;
}

void subscribers_free(struct subscribers **subscribers_p)
{
    struct subscribers *subscribers = *subscribers_p;
    if (!subscribers)
        return;
    while (subscribers->count > 0)
        subscribers_remove(subscribers, subscribers->all[0]);
    for (size_t i = 0; i < subscribers->named_count; i++)
        free(subscribers->named[i]);
    free(subscribers->all);
    free(subscribers->named);
    free(subscribers);
    *subscribers_p = NULL;
}

struct subscriber *subscribers_add(struct subscribers *subscribers, const struct peer *peer)
{
    struct subscriber *former = subscribers_by_peer(subscribers, peer);
    if (former)
        subscribers_remove(subscribers, former);
    if (subscribers->count == subscribers->limit)
        return NULL;
    struct subscriber *subscriber = memory_new(sizeof(*subscriber));
    subscriber->peer = *peer;
    subscriber->serial = ++subscribers->serial;
    subscribers->all[subscribers->count++] = subscriber;
    return subscriber;
}

void subscribers_remove(struct subscribers *subscribers, struct subscriber *subscriber)
{
    for (size_t i = 0; i < subscribers->count; i++) {
        if (subscribers->all[i] != subscriber)
            continue;
        subscribers->all[i] = subscribers->all[--subscribers->count];
        filter_drop(&subscriber->filter);
        free(subscriber);
        return;
    }
}

struct subscriber *subscribers_by_peer(const struct subscribers *subscribers,
                                       const struct peer *peer)
{
    for (size_t i = 0; i < subscribers->count; i++)
        if (peer_is(&subscribers->all[i]->peer, peer))
            return subscribers->all[i];
    return NULL;
}

struct subscriber *subscribers_by_serial(const struct subscribers *subscribers, uint64_t serial)
{
    for (size_t i = 0; i < subscribers->count; i++)
        if (subscribers->all[i]->serial == serial)
            return subscribers->all[i];
    return NULL;
}

size_t subscribers_count(const struct subscribers *subscribers)
{
    return subscribers->count;
}

struct subscriber *subscribers_at(const struct subscribers *subscribers, size_t index)
{
    return subscribers->all[index];
}

bool subscribers_have_name(const struct subscribers *subscribers, const char *name)
{
    for (size_t i = 0; i < subscribers->count; i++)
        if (strcmp(subscribers->all[i]->name, name) == 0)
            return true;
    return false;
}

struct named *subscribers_named(const struct subscribers *subscribers, const char *name)
{
    for (size_t i = 0; i < subscribers->named_count; i++)
        // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): memory_new() never gives NULL
        if (strcmp(subscribers->named[i]->name, name) == 0)
            return subscribers->named[i];
    return NULL;
}

struct named *subscribers_register(struct subscribers *subscribers, const char *name)
{
    struct named *named = subscribers_named(subscribers, name);
    if (named || subscribers->named_count == subscribers->limit)
        return named;
    named = memory_new(sizeof(*named));
    (void)snprintf(named->name, sizeof(named->name), "%.*s", CURSOR_NAME_LIMIT, name);
    subscribers->named[subscribers->named_count++] = named;
    return named;
}

size_t subscribers_named_count(const struct subscribers *subscribers)
{
    return subscribers->named_count;
}

struct named *subscribers_named_at(const struct subscribers *subscribers, size_t index)
{
    return subscribers->named[index];
}

void subscribers_keep(struct subscribers *subscribers, struct turn *turn, int64_t wall_ms)
{
    for (size_t i = 0; i < subscribers->named_count; i++) {
        struct named *named = subscribers->named[i];
        if (named->is_changed)
            turn_cursor(turn, named->name, named->acknowledged, wall_ms);
        named->is_changed = false;
    }
}

static enum start check_retained(const struct store_facts *facts, uint64_t after)
{
    if (after > facts->last_sequence)
        return START_AHEAD;
    return after + 1 < facts->first_retained ? START_GONE : START_OK;
}

enum start subscribers_start(const struct store_facts *facts, const Newsloom__V1__Subscribe *wanted,
                             const struct named *named, uint64_t *ret_after)
{
    uint64_t earliest = facts->first_retained ? facts->first_retained - 1 : 0;
    switch (wanted->from) {
    case NEWSLOOM__V1__FROM__FROM_EARLIEST:
        *ret_after = earliest;
        return START_OK;
    case NEWSLOOM__V1__FROM__FROM_LATEST:
        *ret_after = facts->last_sequence;
        return START_OK;
    case NEWSLOOM__V1__FROM__FROM_NAMED:
        *ret_after = named ? named->acknowledged : earliest;
        return check_retained(facts, *ret_after);
    default:
        break;
    }
    *ret_after = wanted->after;
    if (wanted->log_id.len != sizeof(facts->log_id) ||
        memcmp(wanted->log_id.data, facts->log_id, sizeof(facts->log_id)) != 0)
        return START_OTHER_LOG;
    return check_retained(facts, wanted->after);
}
