// SPDX-License-Identifier: Apache-2.0
#include "client/command/entry_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/command/print.h"
#include "client/lib/hex.h"
#include "common/arena.h"
#include "common/clock.h"
#include "proto/envelope.h"

#define EXTRACTION_MEMORY (64u * 1024 * 1024)
#define TITLE_COLUMNS     60
#define ARGUMENT_COLUMNS  40
#define TYPES_MAX         16

/* NULL: there is none, or it is none. */
static const Newsloom__V1__Extraction *unpack(const struct newsloom_entry *entry,
                                              struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    if (entry->extraction_size == 0 ||
        message_unpack(&newsloom__v1__extraction__descriptor, entry->extraction,
                       entry->extraction_size, arena, &message, NULL) != STATUS_OK)
        return NULL;
    return (const Newsloom__V1__Extraction *)message;
}

static const char *enum_name(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(type, value);
    return found ? found->name : "?";
}

static void print_fitted(const char *text, size_t columns, FILE *out)
{
    char *fitted = text_in_columns(text, columns);
    (void)fputs(fitted, out);
    free(fitted);
}

static void print_counts(const Newsloom__V1__Extraction *x, FILE *out)
{
    size_t counts[TYPES_MAX] = {0};
    const char *between = "  ";
    for (size_t i = 0; i < x->n_mentions; i++)
        if ((unsigned)x->mentions[i]->type < TYPES_MAX)
            counts[x->mentions[i]->type]++;
    for (int type = 1; type < TYPES_MAX; type++) {
        if (!counts[type])
            continue;
        (void)fprintf(out, "%s%zu %s", between, counts[type],
                      enum_name(&newsloom__v1__entity_type__descriptor, type));
        between = ", ";
    }
}

static void print_events(const Newsloom__V1__Extraction *x, FILE *out)
{
    for (size_t i = 0; i < x->n_events; i++) {
        const Newsloom__V1__Event *event = x->events[i];
        const char *between = "";
        (void)fprintf(out, "%s%s(", i ? ", " : "; ",
                      enum_name(&newsloom__v1__event_type__descriptor, (int)event->type));
        for (size_t at = 0; at < event->n_arguments; at++) {
            (void)fputs(between, out);
            print_fitted(event->arguments[at]->text, ARGUMENT_COLUMNS, out);
            between = ", ";
        }
        (void)fputc(')', out);
    }
}

void entry_print_text(const struct newsloom_entry *entry, FILE *out)
{
    char at[CLOCK_TEXT_SIZE];
    struct arena *arena = arena_new(EXTRACTION_MEMORY);
    const Newsloom__V1__Extraction *x = unpack(entry, arena);
    (void)fprintf(out, "%" PRIu64 " %s %s %s ", entry->sequence,
                  clock_text(entry->stored_at_ms, at), newsloom_entry_kind_name(entry->kind),
                  entry->source);
    print_fitted(entry->key, TITLE_COLUMNS, out);
    if (entry->revision > 1)
        (void)fprintf(out, " (revision %" PRIu32 ")", entry->revision);
    if (x && *x->title) {
        (void)fputs("  «", out);
        print_fitted(x->title, TITLE_COLUMNS, out);
        (void)fputs("»", out);
    }
    if (x) {
        print_counts(x, out);
        print_events(x, out);
    }
    if (x && x->duplicate_of) {
        (void)fprintf(out, "  copy of %s ", x->duplicate_of->source);
        print_fitted(x->duplicate_of->key, TITLE_COLUMNS, out);
    }
    if (entry->reason && *entry->reason) {
        (void)fputs("  ", out);
        print_fitted(entry->reason, 240, out);
    }
    if (entry->identity) {
        char identity[2 * NEWSLOOM_IDENTITY_SIZE + 1];
        (void)hex_text(entry->identity, NEWSLOOM_IDENTITY_SIZE, identity);
        (void)fprintf(out, "article %" PRIu64 " identity %s", entry->article_id, identity);
    }
    (void)fputc('\n', out);
    arena_free(&arena);
}

json_t *entry_json(const struct newsloom_entry *entry)
{
    char at[CLOCK_TEXT_SIZE];
    struct arena *arena = arena_new(EXTRACTION_MEMORY);
    const Newsloom__V1__Extraction *x = unpack(entry, arena);
    json_t *value = json_pack(
        "{sI ss ss sI ss ss sI ss so}", "sequence", (json_int_t)entry->sequence, "kind",
        newsloom_entry_kind_name(entry->kind), "stored_at", clock_text(entry->stored_at_ms, at),
        "article_id", (json_int_t)entry->article_id, "source", entry->source, "key", entry->key,
        "revision", (json_int_t)entry->revision, "reason", entry->reason ? entry->reason : "",
        "extraction", x ? json_of_message(&x->base) : json_null());
    if (entry->identity) {
        char identity[2 * NEWSLOOM_IDENTITY_SIZE + 1];
        (void)hex_text(entry->identity, NEWSLOOM_IDENTITY_SIZE, identity);
        (void)json_object_set_new(value, "identity", json_string(identity));
    }
    arena_free(&arena);
    return value;
}

void entry_print_json(const struct newsloom_entry *entry, FILE *out)
{
    json_t *value = entry_json(entry);
    json_print_line(&value, out);
}
