// SPDX-License-Identifier: Apache-2.0
#include "worker/store/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/instant.h"
#include "proto/envelope.h"

#define BANDS_LIMIT 64
#define ID_SIZE     16
#define BAND_DIGITS 21 /* of an int8, its sign and a comma */

typedef Newsloom__V1__Extraction extraction_message;
typedef Newsloom__V1__Mention mention_message;
typedef Newsloom__V1__Entity entity_message;
typedef Newsloom__V1__Role role_message;
typedef Newsloom__V1__Event event_message;
typedef Newsloom__V1__Argument argument_message;

/* The name of an enum value as the contract spells it, without the prefix that only C needs. NULL
 * for the value 0 of types in which 0 means none. */
static const char *word(const ProtobufCEnumDescriptor *type, int value, const char *prefix)
{
    const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(type, value);
    ENSURE(row);
    size_t length = strlen(prefix);
    return strncmp(row->name, prefix, length) == 0 ? row->name + length : row->name;
}

static bool is_known(const ProtobufCEnumDescriptor *type, int value, bool zero_too)
{
    return (value != 0 || zero_too) && protobuf_c_enum_descriptor_get_value(type, value);
}

/* ---- checking ---- */

static bool mention_is_sound(const extraction_message *extraction, const mention_message *mention)
{
    return is_known(&newsloom__v1__entity_type__descriptor, (int)mention->type, false) &&
           is_known(&newsloom__v1__section_kind__descriptor, (int)mention->section, true) &&
           mention->entity <= extraction->n_entities && mention->start <= mention->end &&
           mention->end <= INT32_MAX && mention->confidence <= INT16_MAX;
}

static bool event_is_sound(const extraction_message *extraction, const event_message *event)
{
    if (!is_known(&newsloom__v1__event_type__descriptor, (int)event->type, false) ||
        !is_known(&newsloom__v1__event_mode__descriptor, (int)event->mode, true) ||
        !is_known(&newsloom__v1__modality__descriptor, (int)event->modality, true) ||
        event->confidence > INT16_MAX)
        return false;
    for (size_t i = 0; i < event->n_arguments; i++) {
        const argument_message *argument = event->arguments[i];
        if (!is_known(&newsloom__v1__argument_role__descriptor, (int)argument->role, false) ||
            argument->mention > extraction->n_mentions)
            return false;
    }
    return true;
}

static enum status check_extraction(const extraction_message *extraction, struct error *err)
{
    for (size_t i = 0; i < extraction->n_entities; i++) {
        const entity_message *entity = extraction->entities[i];
        if (entity->id.len != ID_SIZE ||
            !is_known(&newsloom__v1__entity_type__descriptor, (int)entity->type, false) ||
            !is_known(&newsloom__v1__resolution__descriptor, (int)entity->resolution, true))
            return error_set(err, STATUS_INVALID, "cannot store: entities[%zu] is not sound", i);
    }
    for (size_t i = 0; i < extraction->n_mentions; i++)
        if (!mention_is_sound(extraction, extraction->mentions[i]))
            return error_set(err, STATUS_INVALID, "cannot store: mentions[%zu] is not sound", i);
    for (size_t i = 0; i < extraction->n_roles; i++)
        if (extraction->roles[i]->person < 1 ||
            extraction->roles[i]->person > extraction->n_entities)
            return error_set(err, STATUS_INVALID, "cannot store: roles[%zu] names nobody", i);
    for (size_t i = 0; i < extraction->n_events; i++)
        if (!event_is_sound(extraction, extraction->events[i]))
            return error_set(err, STATUS_INVALID, "cannot store: events[%zu] is not sound", i);
    if (!is_known(&newsloom__v1__page_kind__descriptor, (int)extraction->page_kind, true) ||
        !is_known(&newsloom__v1__published_origin__descriptor, (int)extraction->published_origin,
                  true) ||
        extraction->text_length > INT32_MAX || extraction->n_bands > BANDS_LIMIT)
        return error_set(err, STATUS_INVALID, "cannot store: the extraction's head is not sound");
    return STATUS_OK;
}

enum status row_check(const struct article_row *row, struct error *err)
{
    return check_extraction(row->extraction, err);
}

enum status row_pack(struct article_row *row, struct error *err)
{
    extraction_message *extraction = row->extraction;
    enum status status = check_extraction(extraction, err);
    if (status != STATUS_OK)
        return status;
    extraction->source = arena_text(row->arena, row->source, strlen(row->source));
    extraction->key = arena_text(row->arena, row->key, strlen(row->key));
    extraction->revision = row->revision;
    extraction->generation = row->generation;
    extraction->content_digest.data = row->content_digest;
    extraction->content_digest.len = DIGEST_SIZE;
    size_t size = protobuf_c_message_get_packed_size(&extraction->base);
    if (size > EXTRACTION_LIMIT)
        return error_set(err, STATUS_LIMIT,
                         "cannot store: the extraction takes %zu bytes, the limit is %u", size,
                         EXTRACTION_LIMIT);
    row->packed = message_pack(&extraction->base, row->arena, &row->packed_size);
    digest_bytes(row->packed, row->packed_size, row->packed_digest);
    return STATUS_OK;
}

enum status row_adopt(struct article_row *row, const void *packed, size_t size, struct error *err)
{
    ProtobufCMessage *message = NULL;
    enum status status = message_unpack(&newsloom__v1__extraction__descriptor, packed, size,
                                        row->arena, &message, err);
    if (status != STATUS_OK)
        return status;
    row->extraction = (extraction_message *)message;
    row->packed = arena_copy(row->arena, packed, size);
    row->packed_size = size;
    digest_bytes(row->packed, size, row->packed_digest);
    return STATUS_OK;
}

int row_compare(const struct article_row *a, const struct article_row *b)
{
    int order = strcmp(a->source, b->source);
    if (!order)
        order = strcmp(a->key, b->key);
    if (!order)
        order = (a->revision > b->revision) - (a->revision < b->revision);
    return order;
}

/* ---- the article itself ---- */

static struct parameter as_text(const char *text)
{
    return (struct parameter){.bytes = text};
}

static struct parameter as_bytes(const void *bytes, size_t size)
{
    return (struct parameter){.bytes = bytes ? bytes : "", .size = (int)size, .binary = true};
}

static struct parameter as_number(struct arena *arena, int64_t value)
{
    return as_text(arena_format(arena, "%" PRId64, value));
}

/* Texts of a message are never NULL in protobuf-c unless we made the message carelessly. */
static struct parameter as_words(const char *text)
{
    return as_text(text ? text : "");
}

struct parameter row_bands(const struct article_row *row)
{
    const extraction_message *x = row->extraction;
    struct arena *arena = row->arena;
    char *text = arena_take(arena, x->n_bands * BAND_DIGITS + sizeof "{}", 1);
    char *end = text;
    *end++ = '{';
    for (size_t i = 0; i < x->n_bands; i++) {
        int64_t band;
        memcpy(&band, &x->bands[i], sizeof band);
        end += sprintf(end, "%s%" PRId64, i ? "," : "", band);
    }
    (void)stpcpy(end, "}");
    return as_text(text);
}

void row_parameters(struct article_row *row, struct parameter parameters[ARTICLE_PARAMETERS])
{
    const extraction_message *x = row->extraction;
    const Newsloom__V1__Extractor *extractor = x->extractor;
    struct arena *arena = row->arena;
    struct instant *published = arena_take(arena, 1, sizeof *published);
    struct instant *fetched = arena_take(arena, 1, sizeof *fetched);
    bool is_published = instant_parse(x->published, published);
    bool is_fetched = instant_parse(x->fetched, fetched);
    const char *fetched_at = fetched->time[0] ? fetched->time : fetched->day;
    const Newsloom__V1__ArticleName *first = x->duplicate_of;
    int64_t sketch;
    memcpy(&sketch, &x->sketch, sizeof sketch);
    const struct parameter filled[ARTICLE_PARAMETERS] = {
        as_number(arena, row->article_id),
        as_number(arena, (int64_t)row->broker_article_id),
        as_text(row->source),
        as_text(row->key),
        as_number(arena, row->revision),
        as_number(arena, row->generation),
        as_number(arena, sketch),
        as_words(x->published),
        as_text(is_published && published->time[0] ? published->time : NULL),
        as_text(is_published ? published->day : NULL),
        as_text(word(&newsloom__v1__published_origin__descriptor, (int)x->published_origin,
                     "PUBLISHED_ORIGIN_")),
        as_text(is_fetched ? fetched_at : NULL),
        as_number(arena, x->text_length),
        as_text(word(&newsloom__v1__page_kind__descriptor, (int)x->page_kind, "PAGE_KIND_")),
        as_words(x->url),
        as_words(x->title),
        as_words(x->author),
        as_words(x->language),
        as_words(row->content_type),
        as_words(row->charset),
        as_words(extractor ? extractor->name : ""),
        as_words(extractor ? extractor->version : ""),
        as_bytes(extractor ? extractor->model_digest.data : NULL,
                 extractor ? extractor->model_digest.len : 0),
        as_words(row->trace_id),
        as_text(row->labels && *row->labels ? row->labels : "{}"),
        as_bytes(row->content_digest, DIGEST_SIZE),
        as_bytes(row->packed_digest, DIGEST_SIZE),
        as_bytes(row->text, row->text_size),
        as_bytes(row->packed, row->packed_size),
        as_bytes(row->content, row->content_size),
        first ? as_text("{}") : row_bands(row), /* only originals are looked for */
        as_text(first ? first->source : NULL),
        as_text(first ? first->key : NULL),
        first ? as_number(arena, first->revision) : as_text(NULL),
        as_words(x->publisher),
    };
    memcpy(parameters, filled, sizeof filled);
}

/* ---- children ---- */

static const enum pg_type ids_types[] = {PG_INT8};
static const enum pg_type sources_types[] = {PG_TEXT};
static const enum pg_type mentions_types[] = {PG_INT8, PG_INT4, PG_INT4, PG_INT4, PG_TEXT, PG_TEXT,
                                              PG_INT4, PG_UUID, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT};
static const enum pg_type roles_types[] = {PG_INT8, PG_INT4, PG_INT4, PG_INT4,
                                           PG_UUID, PG_TEXT, PG_TEXT};
static const enum pg_type events_types[] = {PG_INT8, PG_INT4, PG_INT4, PG_INT4, PG_INT4, PG_INT4,
                                            PG_TEXT, PG_TEXT, PG_TEXT, PG_INT4, PG_TEXT};
static const enum pg_type arguments_types[] = {PG_INT8, PG_INT4, PG_INT4, PG_INT4,
                                               PG_INT4, PG_INT4, PG_TEXT, PG_UUID,
                                               PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT};
static const enum pg_type entities_types[] = {PG_UUID, PG_TEXT, PG_TEXT, PG_INT4,
                                              PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT};
static const enum pg_type aliases_types[] = {PG_UUID, PG_TEXT};

#define COLUMN_GROUPS(X) \
    X(ids)               \
    X(sources)           \
    X(mentions)          \
    X(roles)             \
    X(events)            \
    X(arguments)         \
    X(entities)          \
    X(aliases)

static void for_each_group(struct row_columns *columns,
                           void (*visit)(struct array *group, const enum pg_type *types,
                                         size_t count))
{
#define X(name) visit(columns->name, name##_types, COUNT_OF(columns->name));
    COLUMN_GROUPS(X)
#undef X
}

static void clear_group(struct array *group, const enum pg_type *types, size_t count)
{
    for (size_t i = 0; i < count; i++)
        array_clear(&group[i], types[i]);
}

static void finish_group(struct array *group, const enum pg_type *types, size_t count)
{
    (void)types;
    for (size_t i = 0; i < count; i++)
        array_finish(&group[i]);
}

static void free_group(struct array *group, const enum pg_type *types, size_t count)
{
    (void)types;
    for (size_t i = 0; i < count; i++)
        array_done(&group[i]);
}

static const char *text_or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static void add_day(struct array *array, const char *text)
{
    struct instant instant;
    array_add_text(array, instant_parse(text, &instant) ? instant.day : NULL);
}

static void add_entity_id(struct array *array, const extraction_message *x, uint32_t entity)
{
    if (entity)
        array_add_bytes(array, x->entities[entity - 1]->id.data, ID_SIZE);
    else
        array_add_null(array);
}

static void add_mention(struct array *c, const struct article_row *row, size_t ordinal)
{
    const mention_message *mention = row->extraction->mentions[ordinal];
    array_add_int8(&c[0], row->article_id);
    array_add_int4(&c[1], (int32_t)ordinal);
    array_add_int4(&c[2], (int32_t)mention->start);
    array_add_int4(&c[3], (int32_t)mention->end);
    array_add_text(&c[4], word(&newsloom__v1__entity_type__descriptor, (int)mention->type, ""));
    array_add_text(&c[5], word(&newsloom__v1__section_kind__descriptor, (int)mention->section,
                               "SECTION_KIND_"));
    array_add_int4(&c[6], (int32_t)mention->confidence);
    add_entity_id(&c[7], row->extraction, mention->entity);
    add_day(&c[8], mention->date_from);
    add_day(&c[9], mention->date_to);
    array_add_text(&c[10], mention->text ? mention->text : "");
    array_add_text(&c[11], text_or_null(mention->value));
}

static void add_role(struct array *c, const struct article_row *row, size_t ordinal)
{
    const role_message *role = row->extraction->roles[ordinal];
    size_t size = 1;
    for (size_t i = 0; i < role->n_positions; i++)
        size += strlen(role->positions[i]) + 1;
    char *positions = arena_take(row->arena, size, 1);
    char *end = positions;
    for (size_t i = 0; i < role->n_positions; i++) {
        if (i)
            *end++ = '\x1f'; /* the unit separator, which the statement splits at */
        end = stpcpy(end, role->positions[i]);
    }
    array_add_int8(&c[0], row->article_id);
    array_add_int4(&c[1], (int32_t)ordinal);
    array_add_int4(&c[2], (int32_t)role->sentence_start);
    array_add_int4(&c[3], (int32_t)role->sentence_end);
    add_entity_id(&c[4], row->extraction, role->person);
    array_add_text(&c[5], role->rank ? role->rank : "");
    array_add_text(&c[6], positions);
}

static void add_argument(struct array *c, const struct article_row *row, size_t event,
                         size_t ordinal)
{
    const extraction_message *x = row->extraction;
    const argument_message *argument = x->events[event]->arguments[ordinal];
    const mention_message *mention = argument->mention ? x->mentions[argument->mention - 1] : NULL;
    array_add_int8(&c[0], row->article_id);
    array_add_int4(&c[1], (int32_t)event);
    array_add_int4(&c[2], (int32_t)ordinal);
    array_add_int4(&c[3], (int32_t)argument->start);
    array_add_int4(&c[4], (int32_t)argument->end);
    if (mention)
        array_add_int4(&c[5], (int32_t)argument->mention - 1);
    else
        array_add_null(&c[5]);
    array_add_text(&c[6], word(&newsloom__v1__argument_role__descriptor, (int)argument->role, ""));
    add_entity_id(&c[7], x, mention ? mention->entity : 0);
    bool is_date = argument->role == NEWSLOOM__V1__ARGUMENT_ROLE__AT_DATE;
    add_day(&c[8], !is_date ? NULL : mention ? mention->date_from : argument->value);
    add_day(&c[9], !is_date ? NULL : mention ? mention->date_to : argument->value);
    array_add_text(&c[10], argument->text ? argument->text : "");
    array_add_text(&c[11], text_or_null(argument->value));
}

static void add_event(struct row_columns *columns, const struct article_row *row, size_t ordinal)
{
    const event_message *event = row->extraction->events[ordinal];
    struct array *c = columns->events;
    array_add_int8(&c[0], row->article_id);
    array_add_int4(&c[1], (int32_t)ordinal);
    array_add_int4(&c[2], (int32_t)event->trigger_start);
    array_add_int4(&c[3], (int32_t)event->trigger_end);
    array_add_int4(&c[4], (int32_t)event->sentence_start);
    array_add_int4(&c[5], (int32_t)event->sentence_end);
    array_add_text(&c[6], word(&newsloom__v1__event_type__descriptor, (int)event->type, ""));
    array_add_text(&c[7], event->mode
                              ? word(&newsloom__v1__event_mode__descriptor, (int)event->mode, "")
                              : NULL);
    array_add_text(&c[8],
                   word(&newsloom__v1__modality__descriptor, (int)event->modality, "MODALITY_"));
    array_add_int4(&c[9], (int32_t)event->confidence);
    array_add_text(&c[10], event->sentence ? event->sentence : "");
    for (size_t i = 0; i < event->n_arguments; i++)
        add_argument(columns->arguments, row, ordinal, i);
}

/* An entity under one of its names; sorted so that every worker writes in the same order. */
struct naming {
    const entity_message *entity;
    const char *name;
};

static int naming_compare(const void *left, const void *right)
{
    const struct naming *a = left;
    const struct naming *b = right;
    int order = memcmp(a->entity->id.data, b->entity->id.data, ID_SIZE);
    return order ? order : strcmp(a->name, b->name);
}

static struct naming *list_namings(struct article_row *const *rows, size_t count, size_t *ret_count)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++)
        room += rows[i]->extraction->n_entities + rows[i]->extraction->n_mentions;
    struct naming *namings = memory_new((room + 1) * sizeof *namings);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const extraction_message *x = rows[i]->extraction;
        for (size_t at = 0; at < x->n_entities; at++)
            namings[used++] = (struct naming){x->entities[at], x->entities[at]->name};
        for (size_t at = 0; at < x->n_mentions; at++)
            if (x->mentions[at]->entity)
                namings[used++] = (struct naming){x->entities[x->mentions[at]->entity - 1],
                                                  x->mentions[at]->text};
    }
    qsort(namings, used, sizeof *namings, naming_compare);
    *ret_count = used;
    return namings;
}

static void add_entity(struct array *c, const entity_message *entity)
{
    array_add_bytes(&c[0], entity->id.data, ID_SIZE);
    array_add_text(&c[1], word(&newsloom__v1__entity_type__descriptor, (int)entity->type, ""));
    array_add_text(
        &c[2], word(&newsloom__v1__resolution__descriptor, (int)entity->resolution, "RESOLUTION_"));
    array_add_int4(&c[3], (int32_t)entity->key_version);
    array_add_text(&c[4], entity->name);
    array_add_text(&c[5], entity->canonical_key);
    array_add_text(&c[6], text_or_null(entity->country));
    array_add_text(&c[7], text_or_null(entity->code));
}

static void add_entities(struct row_columns *columns, struct article_row *const *rows, size_t count)
{
    size_t naming_count = 0;
    struct naming *namings = list_namings(rows, count, &naming_count);
    const struct naming *last = NULL;
    for (size_t i = 0; i < naming_count; i++) {
        const struct naming *naming = &namings[i];
        bool is_new = !last || memcmp(last->entity->id.data, naming->entity->id.data, ID_SIZE) != 0;
        if (is_new)
            add_entity(columns->entities, naming->entity);
        if (is_new || strcmp(last->name, naming->name) != 0) {
            array_add_bytes(&columns->aliases[0], naming->entity->id.data, ID_SIZE);
            array_add_text(&columns->aliases[1], naming->name);
        }
        last = naming;
    }
    free(namings);
}

void row_columns_fill(struct row_columns *columns, struct article_row *const *rows, size_t count)
{
    for_each_group(columns, clear_group);
    for (size_t i = 0; i < count; i++) {
        const struct article_row *row = rows[i];
        array_add_int8(&columns->ids[0], row->article_id);
        if (i == 0 || strcmp(rows[i - 1]->source, row->source) != 0)
            array_add_text(&columns->sources[0], row->source);
        for (size_t at = 0; at < row->extraction->n_mentions; at++)
            add_mention(columns->mentions, row, at);
        for (size_t at = 0; at < row->extraction->n_roles; at++)
            add_role(columns->roles, row, at);
        for (size_t at = 0; at < row->extraction->n_events; at++)
            add_event(columns, row, at);
    }
    add_entities(columns, rows, count);
    for_each_group(columns, finish_group);
}

void row_columns_done(struct row_columns *columns)
{
    for_each_group(columns, free_group);
}
