// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "broker/store_engine.h"

/* Names by id, and ids by name in an open-addressed table at most half full. Names are never freed
 * before the store is closed, so a pointer that was handed out stays valid. A name gets its id
 * before the transaction that needs it ends, for a reader may see what was committed at once; an
 * undone transaction leaves the id to the name, not yet durable. */
struct sources {
    pthread_rwlock_t lock;
    char **names;  /* names[id - 1]; NULL where an id was never given */
    bool *durable; /* likewise */
    uint32_t last;
    size_t name_room;
    uint32_t *slots; /* ids; 0: empty */
    size_t slot_count;
    size_t used;
};

struct sources *sources_new(void)
{
    struct sources *sources = memory_new(sizeof(*sources));
    ENSURE(pthread_rwlock_init(&sources->lock, NULL) == 0);
    sources->slot_count = 64;
    sources->slots = memory_new(sources->slot_count * sizeof(*sources->slots));
    return sources;
}

void sources_free(struct sources **sources_p)
{
    struct sources *sources = *sources_p;
    if (!sources)
        return;
    for (size_t i = 0; i < sources->name_room; i++)
        free(sources->names[i]);
    free(sources->names);
    free(sources->durable);
    free(sources->slots);
    (void)pthread_rwlock_destroy(&sources->lock);
    free(sources);
    *sources_p = NULL;
}

static size_t hash_of(const char *name)
{
    uint64_t hash = 1469598103934665603u;
    for (const char *at = name; *at; at++)
        hash = (hash ^ (uint8_t)*at) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

static size_t slot_of(const struct sources *sources, const char *name)
{
    size_t mask = sources->slot_count - 1;
    size_t slot = hash_of(name) & mask;
    while (sources->slots[slot] && strcmp(sources->names[sources->slots[slot] - 1], name) != 0)
        slot = (slot + 1) & mask;
    return slot;
}

static void grow_slots(struct sources *sources)
{
    uint32_t *old = sources->slots;
    size_t old_count = sources->slot_count;
    sources->slot_count *= 2;
    sources->slots = memory_new(sources->slot_count * sizeof(*sources->slots));
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            sources->slots[slot_of(sources, sources->names[old[i] - 1])] = old[i];
    free(old);
}

static void grow_names(struct sources *sources, uint32_t id)
{
    size_t room = sources->name_room ? sources->name_room : 64;
    while (room < id)
        room *= 2;
    sources->names = memory_resize(sources->names, room, sizeof(*sources->names));
    memset(sources->names + sources->name_room, 0,
           (room - sources->name_room) * sizeof(*sources->names));
    sources->durable = memory_resize(sources->durable, room, sizeof(*sources->durable));
    memset(sources->durable + sources->name_room, 0,
           (room - sources->name_room) * sizeof(*sources->durable));
    sources->name_room = room;
}

static void add(struct sources *sources, uint32_t id, const char *name)
{
    if (id > sources->name_room)
        grow_names(sources, id);
    if (2 * (sources->used + 1) > sources->slot_count)
        grow_slots(sources);
    size_t slot = slot_of(sources, name);
    if (sources->slots[slot] || sources->names[id - 1])
        return;
    sources->names[id - 1] = text_copy(name);
    sources->slots[slot] = id;
    sources->used++;
    if (id > sources->last)
        sources->last = id;
}

void sources_load(struct sources *sources, uint32_t id, const char *name)
{
    ENSURE(id > 0);
    (void)pthread_rwlock_wrlock(&sources->lock);
    add(sources, id, name);
    sources->durable[id - 1] = true;
    (void)pthread_rwlock_unlock(&sources->lock);
}

uint32_t sources_give_id(struct sources *sources, const char *name, bool *ret_durable)
{
    (void)pthread_rwlock_wrlock(&sources->lock);
    size_t slot = slot_of(sources, name);
    if (!sources->slots[slot]) {
        add(sources, sources->last + 1, name);
        slot = slot_of(sources, name);
    }
    uint32_t id = sources->slots[slot];
    *ret_durable = sources->durable[id - 1];
    (void)pthread_rwlock_unlock(&sources->lock);
    return id;
}

void sources_set_durable(struct sources *sources, uint32_t id)
{
    (void)pthread_rwlock_wrlock(&sources->lock);
    sources->durable[id - 1] = true;
    (void)pthread_rwlock_unlock(&sources->lock);
}

const char *sources_name(struct sources *sources, uint32_t id)
{
    (void)pthread_rwlock_rdlock(&sources->lock);
    const char *name = id > 0 && id <= sources->name_room ? sources->names[id - 1] : NULL;
    (void)pthread_rwlock_unlock(&sources->lock);
    return name;
}

uint32_t sources_id(struct sources *sources, const char *name)
{
    (void)pthread_rwlock_rdlock(&sources->lock);
    uint32_t id = sources->slots[slot_of(sources, name)];
    if (id && !sources->durable[id - 1])
        id = 0;
    (void)pthread_rwlock_unlock(&sources->lock);
    return id;
}

const char *store_source_name(struct store *store, uint32_t source_id)
{
    return sources_name(store->sources, source_id);
}

uint32_t store_source_id(struct store *store, const char *source)
{
    return sources_id(store->sources, source);
}
