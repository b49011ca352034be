// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/names.h"

enum { TYPE_COUNT = 8, FIRST_BITS = 1024 };

struct name {
    uint32_t first;
    uint32_t end; /* 0: free */
    uint32_t weights[TYPE_COUNT];
};

struct names {
    struct reading *r;
    struct name *slots;
    uint32_t mask;
    uint32_t used;
    uint64_t firsts[FIRST_BITS / 64]; /* bits of the words that a name begins with */
};

struct names *names_new(struct reading *reading)
{
    struct names *names = arena_take(reading->document->arena, 1, sizeof(*names));
    names->r = reading;
    names->mask = 255;
    names->slots = arena_take(reading->document->arena, names->mask + 1, sizeof(struct name));
    return names;
}

static uint32_t hash_tokens(const struct names *names, uint32_t first, uint32_t end)
{
    uint64_t hash = 0;
    for (uint32_t i = first; i < end; i++)
        hash = (hash ^ names->r->tokens[i].key) * 0x9E3779B97F4A7C15ULL;
    return (uint32_t)(hash >> 32);
}

static bool is_same(const struct names *names, const struct name *name, uint32_t first,
                    uint32_t end)
{
    if (name->end - name->first != end - first)
        return false;
    for (uint32_t i = 0; i < end - first; i++)
        if (!token_equals(&names->r->tokens[name->first + i], &names->r->tokens[first + i]))
            return false;
    return true;
}

static struct name *slot_of(const struct names *names, uint32_t first, uint32_t end)
{
    uint32_t at = hash_tokens(names, first, end) & names->mask;
    while (names->slots[at].end && !is_same(names, &names->slots[at], first, end))
        at = (at + 1) & names->mask;
    return &names->slots[at];
}

static void grow(struct names *names)
{
    struct name *old = names->slots;
    uint32_t old_size = names->mask + 1;
    names->mask = old_size * 4 - 1;
    names->slots = arena_take(names->r->document->arena, names->mask + 1, sizeof(struct name));
    for (uint32_t i = 0; i < old_size; i++)
        if (old[i].end)
            *slot_of(names, old[i].first, old[i].end) = old[i];
}

/* Where the first word of a name has its bit. */
static uint32_t first_bit(const struct names *names, uint32_t first)
{
    return (uint32_t)(names->r->tokens[first].key * 0x9E3779B97F4A7C15ULL >> 32) % FIRST_BITS;
}

void names_add(struct names *names, uint32_t first, uint32_t end, Newsloom__V1__EntityType type,
               uint32_t weight)
{
    if (names->used * 2 > names->mask)
        grow(names);
    struct name *name = slot_of(names, first, end);
    if (!name->end) {
        name->first = first;
        name->end = end;
        names->used++;
        uint32_t bit = first_bit(names, first);
        names->firsts[bit / 64] |= 1ULL << (bit % 64);
    }
    name->weights[type] += weight;
}

Newsloom__V1__EntityType names_type(const struct names *names, uint32_t first, uint32_t end,
                                    uint32_t *ret_weight)
{
    uint32_t bit = first_bit(names, first);
    *ret_weight = 0;
    if (!(names->firsts[bit / 64] >> (bit % 64) & 1))
        return NEWSLOOM__V1__ENTITY_TYPE__ENTITY_TYPE_UNSPECIFIED;
    const struct name *name = slot_of(names, first, end);
    uint32_t best = 0;
    if (!name->end)
        return NEWSLOOM__V1__ENTITY_TYPE__ENTITY_TYPE_UNSPECIFIED;
    for (uint32_t type = 1; type < TYPE_COUNT; type++)
        if (name->weights[type] > *ret_weight) {
            *ret_weight = name->weights[type];
            best = type;
        }
    return (Newsloom__V1__EntityType)best;
}
