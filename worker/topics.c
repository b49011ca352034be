// SPDX-License-Identifier: Apache-2.0
#include "worker/topics.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"

enum { TYPES = 32 }; /* more than either enum has values */

static size_t list_types(uint32_t set, int *list)
{
    size_t count = 0;
    for (int type = 1; type < TYPES; type++)
        if (set & (1u << type))
            list[count++] = type;
    return count;
}

static int compare_ids(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void add_entities(Newsloom__V1__Topics *topics, const Newsloom__V1__Extraction *extraction,
                         struct arena *arena)
{
    uint64_t *ids = arena_take(arena, extraction->n_entities + 1, sizeof *ids);
    size_t count = 0;
    size_t unique = 0;
    for (size_t i = 0; i < extraction->n_entities; i++) {
        if (extraction->entities[i]->id.len < sizeof *ids)
            continue;
        memcpy(&ids[count], extraction->entities[i]->id.data, sizeof *ids);
        ids[count] = be64toh(ids[count]);
        count++;
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[unique++] = ids[i];
    topics->every_entity = unique > TOPIC_ENTITY_LIMIT;
    topics->n_entities = topics->every_entity ? 0 : unique;
    topics->entities = ids;
}

Newsloom__V1__Topics *topics_of(const Newsloom__V1__Extraction *extraction, struct arena *arena)
{
    Newsloom__V1__Topics *topics = arena_take(arena, 1, sizeof *topics);
    newsloom__v1__topics__init(topics);
    uint32_t entity_types = 0;
    uint32_t event_types = 0;
    for (size_t i = 0; i < extraction->n_mentions; i++)
        if ((unsigned)extraction->mentions[i]->type < TYPES)
            entity_types |= 1u << (unsigned)extraction->mentions[i]->type;
    for (size_t i = 0; i < extraction->n_events; i++)
        if ((unsigned)extraction->events[i]->type < TYPES)
            event_types |= 1u << (unsigned)extraction->events[i]->type;
    int *types = arena_take(arena, (size_t)2 * TYPES, sizeof *types);
    topics->entity_types = (Newsloom__V1__EntityType *)types;
    topics->n_entity_types = list_types(entity_types, types);
    topics->event_types = (Newsloom__V1__EventType *)(types + TYPES);
    topics->n_event_types = list_types(event_types, types + TYPES);
    add_entities(topics, extraction, arena);
    topics->duplicate = extraction->duplicate_of != NULL;
    return topics;
}
