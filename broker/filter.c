// SPDX-License-Identifier: Apache-2.0
#include "broker/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static uint32_t bit(int value)
{
    return value >= 0 && value < 32 ? UINT32_C(1) << value : 0;
}

struct filter *filter_new(const Newsloom__V1__Filter *wanted)
{
    struct filter *filter = memory_new(sizeof(*filter));
    filter->holders = 1;
    if (!wanted)
        return filter;
    for (size_t i = 0; i < wanted->n_entity_types; i++)
        filter->entity_types |= bit(wanted->entity_types[i]);
    for (size_t i = 0; i < wanted->n_event_types; i++)
        filter->event_types |= bit(wanted->event_types[i]);
    for (size_t i = 0; i < wanted->n_kinds; i++)
        filter->kinds |= bit(wanted->kinds[i]);
    filter->originals = wanted->originals;
    filter->source_count = wanted->n_sources;
    filter->sources = memory_new(wanted->n_sources * sizeof(*filter->sources));
    for (size_t i = 0; i < wanted->n_sources; i++)
        (void)snprintf(filter->sources[i], sizeof(*filter->sources), "%s", wanted->sources[i]);
    filter->entity_count = wanted->n_entities;
    filter->entities =
        memory_copy(wanted->entities, wanted->n_entities * sizeof(*filter->entities));
    qsort(filter->entities, filter->entity_count, sizeof(*filter->entities), compare);
    return filter;
}

struct filter *filter_hold(struct filter *filter)
{
    filter->holders++;
    return filter;
}

void filter_drop(struct filter **filter_p)
{
    struct filter *filter = *filter_p;
    *filter_p = NULL;
    if (!filter || --filter->holders > 0)
        return;
    free(filter->sources);
    free(filter->entities);
    free(filter);
}

static bool source_matches(const struct filter *filter, const char *source)
{
    for (size_t i = 0; i < filter->source_count; i++)
        if (strcmp(filter->sources[i], source) == 0)
            return true;
    return filter->source_count == 0;
}

static bool entity_matches(const struct filter *filter, const Newsloom__V1__Topics *topics)
{
    if (topics->every_entity)
        return true;
    for (size_t i = 0; i < topics->n_entities; i++)
        if (bsearch(&topics->entities[i], filter->entities, filter->entity_count,
                    sizeof(*filter->entities), compare))
            return true;
    return false;
}

bool filter_matches(const struct filter *filter, const struct log_entry *entry)
{
    /* whoever may have had the article is to hear that it must go */
    if (entry->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN)
        return source_matches(filter, entry->source);
    if (filter->kinds && !(filter->kinds & bit((int)entry->kind)))
        return false;
    if (!source_matches(filter, entry->source))
        return false;
    if (filter->originals && entry->topics && entry->topics->duplicate)
        return false;
    if (!filter->entity_types && !filter->event_types && !filter->entity_count)
        return true;
    const Newsloom__V1__Topics *topics = entry->topics;
    if (!topics)
        return false;
    uint32_t entity_types = 0;
    uint32_t event_types = 0;
    for (size_t i = 0; i < topics->n_entity_types; i++)
        entity_types |= bit(topics->entity_types[i]);
    for (size_t i = 0; i < topics->n_event_types; i++)
        event_types |= bit(topics->event_types[i]);
    return (!filter->entity_types || (filter->entity_types & entity_types)) &&
           (!filter->event_types || (filter->event_types & event_types)) &&
           (!filter->entity_count || entity_matches(filter, topics));
}
