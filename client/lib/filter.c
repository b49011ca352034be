// SPDX-License-Identifier: Apache-2.0
#include "client/lib/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/lib/hex.h"

#define EXTRACTION_MEMORY (64u * 1024 * 1024)

/* ---- reading ------------------------------------------------------------------------------- */

/* The names of an enum's values but the first, for the sentence that says what would be right. */
static const char *value_names(const ProtobufCEnumDescriptor *type, char *buffer, size_t size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (unsigned i = 1; i < type->n_values && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "",
                                 type->values[i].name);
    return buffer;
}

/* Case does not matter, and the wire's ENTRY_ is not asked for. */
static const ProtobufCEnumValue *find_value(const ProtobufCEnumDescriptor *type, const char *name)
{
    for (unsigned i = 1; i < type->n_values; i++) {
        const char *known = type->values[i].name;
        if (strcasecmp(known, name) == 0 ||
            (strncmp(known, "ENTRY_", 6) == 0 && strcasecmp(known + 6, name) == 0))
            return &type->values[i];
    }
    return NULL;
}

static enum status add_enum(int *values, size_t *count, const ProtobufCEnumDescriptor *type,
                            const char *name, struct error *err)
{
    char names[160];
    const ProtobufCEnumValue *value = find_value(type, name);
    if (!value)
        return error_set(err, STATUS_INVALID, "the filter's \"%.40s\" is none of %s", name,
                         value_names(type, names, sizeof(names)));
    values[(*count)++] = value->value;
    return STATUS_OK;
}

static enum status add_source(struct filter *f, const char *name, struct error *err)
{
    if (!source_is_valid(name))
        return error_set(
            err, STATUS_INVALID,
            "the filter's source \"%.80s\" is none: 1 to %d characters of a-z 0-9 . _ -", name,
            SOURCE_LIMIT);
    f->sources[f->source_count++] = text_copy(name);
    return STATUS_OK;
}

static enum status add_entity(struct filter *f, const char *text, struct error *err)
{
    uint8_t *id = f->entities[f->entity_count];
    if (!uuid_parse(text, id))
        return error_set(err, STATUS_INVALID,
                         "the filter's entity \"%.60s\" is no UUID: `newsloom search` shows them",
                         text);
    uint64_t topic = 0;
    for (size_t i = 0; i < 8; i++)
        topic = topic << 8 | id[i];
    f->entity_topics[f->entity_count++] = topic;
    return STATUS_OK;
}

static enum status set_copies(struct filter *f, const char *value, struct error *err)
{
    f->originals = strcasecmp(value, "no") == 0;
    if (!f->originals && strcasecmp(value, "yes") != 0)
        return error_set(err, STATUS_INVALID, "the filter's copies=%.40s is neither yes nor no",
                         value);
    return STATUS_OK;
}

/* The generated enums are as wide as int: one function adds to all of them. */
_Static_assert(sizeof(Newsloom__V1__EntityType) == sizeof(int), "enum width");

static enum status add_value(struct filter *f, const char *name, const char *value,
                             struct error *err)
{
    if (f->type_count + 1 >= FILTER_VALUES_LIMIT || f->event_count + 1 >= FILTER_VALUES_LIMIT ||
        f->kind_count + 1 >= FILTER_VALUES_LIMIT || f->source_count + 1 >= FILTER_VALUES_LIMIT ||
        f->entity_count + 1 >= FILTER_VALUES_LIMIT)
        return error_set(err, STATUS_INVALID, "the filter gives \"%s\" more than %d times", name,
                         FILTER_VALUES_LIMIT - 1);
    if (strcmp(name, "type") == 0)
        return add_enum((int *)f->types, &f->type_count, &newsloom__v1__entity_type__descriptor,
                        value, err);
    if (strcmp(name, "event") == 0)
        return add_enum((int *)f->events, &f->event_count, &newsloom__v1__event_type__descriptor,
                        value, err);
    if (strcmp(name, "kind") == 0)
        return add_enum((int *)f->kinds, &f->kind_count, &newsloom__v1__entry_kind__descriptor,
                        value, err);
    if (strcmp(name, "source") == 0)
        return add_source(f, value, err);
    if (strcmp(name, "entity") == 0)
        return add_entity(f, value, err);
    if (strcmp(name, "copies") == 0)
        return set_copies(f, value, err);
    return error_set(err, STATUS_INVALID,
                     "the filter names \"%.40s\": it may name type, event, source, entity, kind, "
                     "copies",
                     name);
}

static enum status check_size(struct filter *f, struct error *err)
{
    Newsloom__V1__Filter wire;
    filter_wire(f, &wire);
    size_t size = newsloom__v1__filter__get_packed_size(&wire);
    if (size > ENVELOPE_LIMIT / 2)
        return error_set(err, STATUS_INVALID, "the filter takes %zu bytes, the limit is %d", size,
                         ENVELOPE_LIMIT / 2);
    return STATUS_OK;
}

enum status filter_parse(struct filter *filter, const char *text, struct error *err)
{
    *filter = (struct filter){0};
    char *copy = text_copy(text ? text : "");
    char *rest = NULL;
    enum status status = STATUS_OK;
    for (char *pair = strtok_r(copy, ", ", &rest); pair && status == STATUS_OK;
         pair = strtok_r(NULL, ", ", &rest)) {
        char *equals = strchr(pair, '=');
        if (!equals) {
            status = error_set(err, STATUS_INVALID,
                               "the filter's \"%.60s\" is no field=value: an example is "
                               "type=PERSON,event=SIGN",
                               pair);
            break;
        }
        *equals = '\0';
        status = add_value(filter, pair, equals + 1, err);
    }
    free(copy);
    if (status == STATUS_OK)
        status = check_size(filter, err);
    if (status != STATUS_OK)
        filter_done(filter);
    return status;
}

void filter_done(struct filter *filter)
{
    for (size_t i = 0; i < filter->source_count; i++)
        free(filter->sources[i]);
    *filter = (struct filter){0};
}

void filter_wire(struct filter *filter, Newsloom__V1__Filter *ret_wire)
{
    newsloom__v1__filter__init(ret_wire);
    ret_wire->entity_types = filter->types;
    ret_wire->n_entity_types = filter->type_count;
    ret_wire->event_types = filter->events;
    ret_wire->n_event_types = filter->event_count;
    ret_wire->sources = filter->sources;
    ret_wire->n_sources = filter->source_count;
    ret_wire->entities = filter->entity_topics;
    ret_wire->n_entities = filter->entity_count;
    ret_wire->kinds = filter->kinds;
    ret_wire->n_kinds = filter->kind_count;
    ret_wire->originals = filter->originals;
}

bool filter_is_empty(const struct filter *f)
{
    return f->type_count + f->event_count + f->kind_count + f->source_count + f->entity_count ==
               0 &&
           !f->originals;
}

/* ---- matching ------------------------------------------------------------------------------ */

static bool has_number(const int *values, size_t count, int value)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] == value)
            return true;
    return false;
}

static bool matches_source(const struct filter *f, const char *source)
{
    for (size_t i = 0; i < f->source_count; i++)
        if (strcmp(f->sources[i], source) == 0)
            return true;
    return f->source_count == 0;
}

static bool matches_types(const struct filter *f, const Newsloom__V1__Extraction *x)
{
    for (size_t i = 0; i < x->n_mentions; i++)
        if (has_number((const int *)f->types, f->type_count, (int)x->mentions[i]->type))
            return true;
    return f->type_count == 0;
}

static bool matches_events(const struct filter *f, const Newsloom__V1__Extraction *x)
{
    for (size_t i = 0; i < x->n_events; i++)
        if (has_number((const int *)f->events, f->event_count, (int)x->events[i]->type))
            return true;
    return f->event_count == 0;
}

static bool has_entity(const struct filter *f, const Newsloom__V1__Entity *entity)
{
    for (size_t i = 0; i < f->entity_count; i++)
        if (entity->id.len == 16 && memcmp(entity->id.data, f->entities[i], 16) == 0)
            return true;
    return false;
}

static bool matches_entities(const struct filter *f, const Newsloom__V1__Extraction *x)
{
    for (size_t i = 0; i < x->n_entities; i++)
        if (has_entity(f, x->entities[i]))
            return true;
    return f->entity_count == 0;
}

bool filter_passes(const struct filter *f, const struct newsloom_entry *entry)
{
    if (entry->kind ==
        NEWSLOOM_ENTRY_FORGOTTEN) /* whoever may have it is to hear that it must go */
        return matches_source(f, entry->source);
    if (f->kind_count && !has_number((const int *)f->kinds, f->kind_count, (int)entry->kind))
        return false;
    if (!matches_source(f, entry->source))
        return false;
    if (f->type_count + f->event_count + f->entity_count == 0 && !f->originals)
        return true;
    struct arena *arena = arena_new(EXTRACTION_MEMORY);
    ProtobufCMessage *message = NULL;
    bool matches = false;
    if (message_unpack(&newsloom__v1__extraction__descriptor, entry->extraction,
                       entry->extraction_size, arena, &message, NULL) == STATUS_OK) {
        const Newsloom__V1__Extraction *x = (const Newsloom__V1__Extraction *)message;
        matches = matches_types(f, x) && matches_events(f, x) && matches_entities(f, x) &&
                  !(f->originals && x->duplicate_of);
    }
    arena_free(&arena);
    return matches;
}
