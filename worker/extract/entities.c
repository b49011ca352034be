// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/entities.h"

#include <string.h>

#include "worker/extract/identity.h"

#define PERSON NEWSLOOM__V1__ENTITY_TYPE__PERSON
#define DATE   NEWSLOOM__V1__ENTITY_TYPE__DATE

enum { ALIASES_MOST = 16, SHORT_WORDS_MOST = 2 };

struct slot {
    const char *text; /* folded; NULL: free */
    Newsloom__V1__EntityType type;
    uint32_t entity; /* plus one */
};

struct joining {
    struct document *document;
    const struct identity *identities; /* of each mention */
    struct slot *slots;
    uint32_t mask;
};

static uint32_t hash_name(const char *text, Newsloom__V1__EntityType type)
{
    uint32_t hash = 2166136261U ^ (uint32_t)type;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    return hash ^ (hash >> 15);
}

static struct slot *slot_of(const struct joining *j, const char *text,
                            Newsloom__V1__EntityType type)
{
    uint32_t at = hash_name(text, type) & j->mask;
    while (j->slots[at].text && (j->slots[at].type != type || strcmp(j->slots[at].text, text) != 0))
        at = (at + 1) & j->mask;
    return &j->slots[at];
}

static void bind(struct joining *j, const char *text, Newsloom__V1__EntityType type,
                 uint32_t entity)
{
    struct slot *slot = slot_of(j, text, type);
    *slot = (struct slot){text, type, entity + 1};
}

/* The last words of a full name, as many as asked for, or NULL when it is not longer. */
static const char *last_words(const char *text, unsigned words)
{
    const char *at = text + strlen(text);
    while (at > text) {
        at--;
        if (*at == ' ' && --words == 0)
            return at + 1;
    }
    return NULL;
}

static void prefer_name(struct joining *j, struct entity *entity, uint32_t mention)
{
    const char *name = document_text(j->document, j->document->mentions[mention].span);
    if (entity->resolution != NEWSLOOM__V1__RESOLUTION__RESOLUTION_TABLE &&
        (!entity->name || strlen(name) > strlen(entity->name)))
        entity->name = name;
}

static void add_alias(struct joining *j, struct entity *entity, const char *text)
{
    if (!entity->aliases)
        entity->aliases = arena_take(j->document->arena, ALIASES_MOST, sizeof(const char *));
    for (uint32_t i = 0; i < entity->alias_count; i++)
        if (strcmp(entity->aliases[i], text) == 0)
            return;
    if (entity->alias_count == 1 && entity->resolution == NEWSLOOM__V1__RESOLUTION__RESOLUTION_NONE)
        entity->resolution = NEWSLOOM__V1__RESOLUTION__RESOLUTION_RULE;
    if (entity->alias_count < ALIASES_MOST)
        entity->aliases[entity->alias_count++] = text;
}

static uint32_t entity_new(struct joining *j, uint32_t mention)
{
    struct document *document = j->document;
    uint32_t entity = document->entity_count++;
    document->entities[entity] =
        (struct entity){.type = document->mentions[mention].type, .country = "", .code = ""};
    bind(j, j->identities[mention].key, document->mentions[mention].type, entity);
    return entity;
}

/* Full names first, so that a short form in the headline finds the name that stands below. */
static void bind_full_names(struct joining *j, const uint32_t *entity_of)
{
    const struct document *document = j->document;
    for (uint32_t m = 0; m < document->mention_count; m++) {
        if (document->mentions[m].type != PERSON || !last_words(j->identities[m].text, 1))
            continue;
        struct slot *slot = slot_of(j, j->identities[m].text, PERSON);
        if (slot->text && slot->entity)
            continue;
        *slot = (struct slot){j->identities[m].text, PERSON, 0};
    }
    for (uint32_t m = 0; m < document->mention_count; m++)
        for (unsigned words = 1; words <= SHORT_WORDS_MOST; words++) {
            const char *tail = document->mentions[m].type == PERSON
                                   ? last_words(j->identities[m].text, words)
                                   : NULL;
            if (!tail)
                continue;
            struct slot *slot = slot_of(j, tail, PERSON);
            if (!slot->text)
                *slot = (struct slot){tail, PERSON, 0};
            if (!entity_of[m] && slot->entity == 0)
                slot->entity = UINT32_MAX - m; /* the first full name that ends so */
        }
}

/* The mention with the full name that this one is short for, or itself. */
static uint32_t full_name_of(const struct joining *j, uint32_t m)
{
    const struct slot *slot = slot_of(j, j->identities[m].key, j->document->mentions[m].type);
    return slot->text && slot->entity >= UINT32_MAX / 2 ? UINT32_MAX - slot->entity : m;
}

/* The person of the full name; each shorter form on the way there means this person from now on. */
static uint32_t join_short_form(struct joining *j, uint32_t m)
{
    uint32_t last = m;
    while (full_name_of(j, last) != last) /* each is longer than the one before */
        last = full_name_of(j, last);
    const struct slot *slot = slot_of(j, j->identities[last].key, PERSON);
    bool is_bound = slot->text && slot->entity && slot->entity < UINT32_MAX / 2;
    uint32_t entity = is_bound ? slot->entity - 1 : entity_new(j, last);
    for (uint32_t at = m; at != last;) {
        uint32_t longer = full_name_of(j, at);
        j->document->entities[entity].resolution = NEWSLOOM__V1__RESOLUTION__RESOLUTION_RULE;
        bind(j, j->identities[at].text, PERSON, entity);
        at = longer;
    }
    return entity;
}

static uint32_t join_mention(struct joining *j, uint32_t m)
{
    const struct document *document = j->document;
    const struct slot *slot = slot_of(j, j->identities[m].key, document->mentions[m].type);
    if (slot->text && slot->entity && slot->entity < UINT32_MAX / 2)
        return slot->entity - 1;
    if (slot->text && slot->entity >= UINT32_MAX / 2)
        return join_short_form(j, m);
    return entity_new(j, m);
}

/* From here on a short form means this person, until another full name ends the same way. */
static void bind_short_forms(struct joining *j, uint32_t m, uint32_t entity)
{
    for (unsigned words = 1; words <= SHORT_WORDS_MOST; words++) {
        const char *tail = last_words(j->identities[m].text, words);
        if (tail)
            bind(j, tail, PERSON, entity);
    }
}

void entities_join(struct document *document, const struct knowledge *knowledge)
{
    struct arena *arena = document->arena;
    const struct reading *r = reading_of(document, knowledge);
    struct joining j = {.document = document};
    uint32_t size = 64;
    while (size < document->mention_count * 8)
        size *= 2;
    j.mask = size - 1;
    j.slots = arena_take(arena, size, sizeof(struct slot));
    j.identities = identities_find(document, r);
    document->entities = arena_take(arena, document->mention_count + 1, sizeof(struct entity));
    document->entity_count = 0;
    uint32_t *entity_of = arena_take(arena, document->mention_count + 1, sizeof(uint32_t));
    bind_full_names(&j, entity_of);
    for (uint32_t m = 0; m < document->mention_count; m++) {
        struct mention *mention = &document->mentions[m];
        if (mention->type == DATE)
            continue;
        uint32_t entity = join_mention(&j, m);
        mention->entity = entity + 1;
        document->entities[entity].mention_count++;
        prefer_name(&j, &document->entities[entity], m);
        if (mention->type == PERSON)
            bind_short_forms(&j, m, entity);
        add_alias(&j, &document->entities[entity], j.identities[m].text);
    }
    identity_give(document, r, j.identities);
}
