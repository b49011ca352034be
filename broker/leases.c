// SPDX-License-Identifier: Apache-2.0
#include "broker/leases.h"

#include <stdlib.h>

#include "common/status.h"

enum { FIRST_SIZE = 1 << 10 };

struct leases {
    struct lease **table;
    size_t size;
    size_t count;
    uint64_t boot;
    uint64_t given;
};

struct leases *leases_new(uint64_t boot)
{
    struct leases *leases = memory_new(sizeof(*leases));
    leases->boot = boot;
    leases->size = FIRST_SIZE;
    leases->table = memory_new(leases->size * sizeof(struct lease *));
    return leases;
}

void leases_free(struct leases **leases_p)
{
    struct leases *leases = *leases_p;
    if (!leases)
        return;
    for (size_t i = 0; i < leases->size; i++) {
        while (leases->table[i]) {
            struct lease *lease = leases->table[i];
            leases->table[i] = lease->collision;
            free(lease);
        }
    }
    free(leases->table);
    free(leases);
    *leases_p = NULL;
}

static struct lease **slot_of(const struct leases *leases, uint64_t id)
{
    return &leases->table[(size_t)(id * UINT64_C(0x9E3779B97F4A7C15) >> 24) & (leases->size - 1)];
}

static void grow(struct leases *leases)
{
    struct lease **old = leases->table;
    size_t old_size = leases->size;
    leases->size *= 2;
    leases->table = memory_new(leases->size * sizeof(struct lease *));
    for (size_t i = 0; i < old_size; i++) {
        while (old[i]) {
            struct lease *lease = old[i];
            old[i] = lease->collision;
            struct lease **slot = slot_of(leases, lease->id);
            lease->collision = *slot;
            *slot = lease;
        }
    }
    free(old);
}

static struct lease *put(struct leases *leases, const struct lease *wanted, struct lease_list *list)
{
    if (leases->count == leases->size)
        grow(leases);
    struct lease *lease = memory_copy(wanted, sizeof(*wanted));
    struct lease **slot = slot_of(leases, lease->id);
    lease->collision = *slot;
    *slot = lease;
    leases->count++;
    lease->next = list->first;
    if (list->first)
        list->first->previous = lease;
    list->first = lease;
    list->count++;
    return lease;
}

struct lease *leases_grant(struct leases *leases, uint64_t article_id, struct worker *worker,
                           struct lease_list *list)
{
    struct lease wanted = {.id = leases->boot << LEASE_BOOT_SHIFT | ++leases->given,
                           .article_id = article_id,
                           .worker = worker};
    return put(leases, &wanted, list);
}

struct lease *leases_adopt(struct leases *leases, uint64_t id, uint64_t article_id,
                           struct worker *worker, struct lease_list *list)
{
    uint64_t boot = id >> LEASE_BOOT_SHIFT;
    if (boot == 0 || boot >= leases->boot || leases_find(leases, id))
        return NULL;
    struct lease wanted = {.id = id, .article_id = article_id, .worker = worker};
    return put(leases, &wanted, list);
}

struct lease *leases_find(const struct leases *leases, uint64_t id)
{
    struct lease *lease = *slot_of(leases, id);
    while (lease && lease->id != id)
        lease = lease->collision;
    return lease;
}

void leases_end(struct leases *leases, struct lease *lease, struct lease_list *list)
{
    struct lease **link = slot_of(leases, lease->id);
    while (*link != lease)
        link = &(*link)->collision;
    *link = lease->collision;
    if (lease->previous)
        lease->previous->next = lease->next;
    else
        list->first = lease->next;
    if (lease->next)
        lease->next->previous = lease->previous;
    list->count--;
    leases->count--;
    free(lease);
}

size_t leases_count(const struct leases *leases)
{
    return leases->count;
}
