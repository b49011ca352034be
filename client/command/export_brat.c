// SPDX-License-Identifier: Apache-2.0
/*
 * Standoff files as brat reads them (https://brat.nlplab.org/standoff.html): offsets count code
 * points, a span that crosses a line is given in parts, and what a line quotes holds no line break.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/database.h"
#include "client/command/database_article.h"
#include "client/command/export.h"
#include "client/lib/hex.h"

#define ROLES_MAX 16

struct standoff {
    const struct export *export;
    const struct database_article *article;
    FILE *out;
    size_t spans; /* numbers given */
    size_t events;
    size_t notes;
};

static bool is_break(char letter)
{
    return letter == '\n' || letter == '\r';
}

/* A note or quotation must stay on its line. */
static void print_on_line(const char *text, size_t size, FILE *out)
{
    for (size_t i = 0; i < size; i++)
        (void)fputc(is_break(text[i]) || text[i] == '\t' ? ' ' : text[i], out);
}

/* Its number, or 0: it lies outside of the text, or is empty. */
static size_t print_span(struct standoff *standoff, const char *type, uint32_t start, uint32_t end)
{
    size_t size = 0;
    bool is_open = false;
    uint32_t at = start;
    if (end <= start || end > standoff->article->length)
        return 0;
    const char *text = database_article_part(standoff->article, start, end, &size);
    (void)fprintf(standoff->out, "T%zu\t%s", ++standoff->spans, type);
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) == 0x80)
            continue;
        if (!is_break(text[i]) && !is_open)
            (void)fprintf(standoff->out, "%s%" PRIu32, at == start ? " " : ";", at);
        else if (is_break(text[i]) && is_open)
            (void)fprintf(standoff->out, " %" PRIu32, at);
        is_open = !is_break(text[i]);
        at++;
    }
    if (is_open)
        (void)fprintf(standoff->out, " %" PRIu32, end);
    (void)fputc('\t', standoff->out);
    /* Parts are quoted with one space between them. */
    for (size_t i = 0; i < size; i++)
        if (!is_break(text[i]))
            (void)fputc(text[i] == '\t' ? ' ' : text[i], standoff->out);
        else if (i == 0 || !is_break(text[i - 1]))
            (void)fputc(' ', standoff->out);
    (void)fputc('\n', standoff->out);
    return standoff->spans;
}

static void print_note(struct standoff *standoff, char of, size_t number, const char *text)
{
    (void)fprintf(standoff->out, "#%zu\tAnnotatorNotes %c%zu\t", ++standoff->notes, of, number);
    print_on_line(text, strlen(text), standoff->out);
    (void)fputc('\n', standoff->out);
}

static bool is_wanted(const char *wanted, const char *type)
{
    return !wanted || strcmp(wanted, type) == 0;
}

static void print_mention(struct standoff *standoff, const Newsloom__V1__Mention *mention,
                          size_t *ret_number)
{
    const Newsloom__V1__Extraction *found = standoff->article->found;
    const char *type = contract_name(&newsloom__v1__entity_type__descriptor, (int)mention->type);
    if (!is_wanted(export_entity_type(standoff->export), type))
        return;
    *ret_number = print_span(standoff, type, mention->start, mention->end);
    if (!*ret_number)
        return;
    if (mention->entity && mention->entity <= found->n_entities) {
        const Newsloom__V1__Entity *entity = found->entities[mention->entity - 1];
        char uuid[UUID_TEXT_SIZE] = "";
        char *note = text_format("%s %s", entity->name,
                                 entity->id.len == 16 ? uuid_text(entity->id.data, uuid) : "");
        print_note(standoff, 'T', *ret_number, note);
        free(note);
    } else if (*mention->value) {
        print_note(standoff, 'T', *ret_number, mention->value);
    }
}

/* "ACTOR:T3 ACTOR2:T5": brat numbers those of one role from the second on. */
static void print_event(struct standoff *standoff, const Newsloom__V1__Event *event,
                        const size_t *mention_numbers)
{
    size_t used[ROLES_MAX] = {0};
    size_t numbers[256];
    const char *type = contract_name(&newsloom__v1__event_type__descriptor, (int)event->type);
    if (!is_wanted(export_event_type(standoff->export), type))
        return;
    size_t trigger = print_span(standoff, type, event->trigger_start, event->trigger_end);
    size_t count = event->n_arguments < COUNT_OF(numbers) ? event->n_arguments : COUNT_OF(numbers);
    if (!trigger)
        return;
    for (size_t i = 0; i < count; i++) {
        const Newsloom__V1__Argument *argument = event->arguments[i];
        bool is_mention =
            argument->mention && argument->mention <= standoff->article->found->n_mentions;
        numbers[i] = is_mention ? mention_numbers[argument->mention - 1] : 0;
        if (!numbers[i])
            numbers[i] = print_span(standoff, "ARGUMENT", argument->start, argument->end);
    }
    (void)fprintf(standoff->out, "E%zu\t%s:T%zu", ++standoff->events, type, trigger);
    for (size_t i = 0; i < count; i++) {
        size_t role = (unsigned)event->arguments[i]->role % ROLES_MAX;
        if (!numbers[i])
            continue;
        (void)fprintf(standoff->out, " %s",
                      contract_name(&newsloom__v1__argument_role__descriptor,
                                    (int)event->arguments[i]->role));
        if (++used[role] > 1)
            (void)fprintf(standoff->out, "%zu", used[role]);
        (void)fprintf(standoff->out, ":T%zu", numbers[i]);
    }
    (void)fprintf(standoff->out, "\nA%zu\tModality E%zu %s\n", 2 * standoff->events - 1,
                  standoff->events,
                  contract_name(&newsloom__v1__modality__descriptor, (int)event->modality));
    if (event->mode)
        (void)fprintf(standoff->out, "A%zu\tMode E%zu %s\n", 2 * standoff->events, standoff->events,
                      contract_name(&newsloom__v1__event_mode__descriptor, (int)event->mode));
}

static void print_annotations(struct standoff *standoff)
{
    const Newsloom__V1__Extraction *found = standoff->article->found;
    size_t *numbers = memory_new((found->n_mentions + 1) * sizeof(*numbers));
    for (size_t i = 0; i < found->n_mentions; i++)
        print_mention(standoff, found->mentions[i], &numbers[i]);
    for (size_t i = 0; i < found->n_events; i++)
        print_event(standoff, found->events[i], numbers);
    free(numbers);
}

static enum status write_article(struct export *export, const struct database_article *article,
                                 struct error *err)
{
    char name[24];
    FILE *text = NULL;
    FILE *annotations = NULL;
    struct error ignored;
    (void)snprintf(name, sizeof(name), "%" PRId64, article->article_id);
    enum status status = export_open(export, name, ".txt", &text, err);
    if (status == STATUS_OK)
        status = export_open(export, name, ".ann", &annotations, err);
    if (status == STATUS_OK) {
        struct standoff standoff = {.export = export, .article = article, .out = annotations};
        (void)fputs(article->text, text);
        print_annotations(&standoff);
    }
    if (text) {
        enum status closed = export_close(export, &text, status == STATUS_OK ? err : &ignored);
        status = status == STATUS_OK ? closed : status;
    }
    if (annotations) {
        enum status closed =
            export_close(export, &annotations, status == STATUS_OK ? err : &ignored);
        status = status == STATUS_OK ? closed : status;
    }
    return status;
}

static enum status take_article(void *context, const PGresult *result, int row, struct error *err)
{
    struct export *export = context;
    struct database_article article;
    if (row < 0)
        return STATUS_OK;
    enum status status = database_article_of_row(result, row, &article, err);
    if (status != STATUS_OK)
        return status;
    if (article.length > 0) {
        status = write_article(export, &article, err);
        if (status == STATUS_OK)
            status = export_step(export, stderr, err);
    }
    database_article_done(&article);
    return status;
}

/* ---- what brat is told about types --------------------------------------------------------- */

static void print_types(const ProtobufCEnumDescriptor *type, const char *rest, FILE *out)
{
    for (unsigned i = 1; i < type->n_values; i++)
        (void)fprintf(out, "%s%s\n", type->values[i].name, rest);
}

static void print_choices(const char *name, const ProtobufCEnumDescriptor *type, FILE *out)
{
    (void)fprintf(out, "%s\tArg:<EVENT>, Value:", name);
    for (unsigned i = 1; i < type->n_values; i++)
        (void)fprintf(out, "%s%s", i > 1 ? "|" : "", type->values[i].name);
    (void)fputc('\n', out);
}

static enum status write_configuration(struct export *export, struct error *err)
{
    const ProtobufCEnumDescriptor *roles = &newsloom__v1__argument_role__descriptor;
    FILE *out = NULL;
    enum status status = export_open(export, "annotation", ".conf", &out, err);
    if (status != STATUS_OK)
        return status;
    char *arguments = text_copy("\t");
    for (unsigned i = 1; i < roles->n_values; i++) {
        char *longer =
            text_format("%s%s%s*:<ENTITY>", arguments, i > 1 ? ", " : "", roles->values[i].name);
        free(arguments);
        arguments = longer;
    }
    (void)fputs("[entities]\n", out);
    print_types(&newsloom__v1__entity_type__descriptor, "", out);
    (void)fputs("ARGUMENT\n[relations]\n[events]\n", out);
    print_types(&newsloom__v1__event_type__descriptor, arguments, out);
    (void)fputs("[attributes]\n", out);
    print_choices("Modality", &newsloom__v1__modality__descriptor, out);
    print_choices("Mode", &newsloom__v1__event_mode__descriptor, out);
    free(arguments);
    status = export_close(export, &out, err);
    if (status == STATUS_OK)
        status = export_open(export, "visual", ".conf", &out, err);
    if (status != STATUS_OK)
        return status;
    (void)fputs("[labels]\n[drawing]\n"
                "PERSON\tbgColor:#ffe08a\nORGANIZATION\tbgColor:#b5e4f4\n"
                "LOCATION\tbgColor:#bfe8bd\nDATE\tbgColor:#e5d3f3\nLAW\tbgColor:#cdd9fb\n"
                "EVENT\tbgColor:#f7cfe0\nCRIME\tbgColor:#ffcabd\n",
                out);
    return export_close(export, &out, err);
}

enum status export_brat(struct export *export, struct error *err)
{
    export->table = "articles";
    export->count = 0;
    enum status status = write_configuration(export, err);
    if (status == STATUS_OK)
        status = database_each(export->connection, export_articles_sql, export->parameters,
                               EXPORT_PARAMETERS, take_article, export, err);
    (void)json_object_set_new(export->counts, "articles", json_integer((json_int_t) export->count));
    return status;
}
