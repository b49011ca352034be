// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/print.h"
#include "client/command/show.h"
#include "client/lib/hex.h"

static void print_plain(const char *text, size_t size, FILE *out)
{
    char *copy = text_format("%.*s", (int)size, text);
    char *shown = text_in_columns(copy, SIZE_MAX);
    (void)fputs(shown, out);
    free(shown);
    free(copy);
}

static void print_field(const char *name, const char *value, FILE *out)
{
    if (!*value)
        return;
    (void)fprintf(out, "%-12s", name);
    print_plain(value, strlen(value), out);
    (void)fputc('\n', out);
}

static void print_head(const struct database_article *article, FILE *out)
{
    const char *title = *article->title ? article->title : article->key;
    print_plain(title, strlen(title), out);
    (void)fputc('\n', out);
    print_field("source", article->source, out);
    print_field("key", article->key, out);
    print_field("url", article->url, out);
    print_field("published", article->published, out);
    print_field("reported on", article->reported_on, out);
    print_field("author", article->author, out);
    print_field("publisher", article->publisher, out);
    (void)fprintf(out,
                  "stored      article_id %" PRId64 ", revision %" PRIu32 ", generation %" PRIu32
                  ", %s\n",
                  article->article_id, article->revision, article->generation, article->stored_at);
    if (article->newest_revision > article->revision)
        (void)fprintf(out, "newer       revision %" PRIu32 " is stored too\n",
                      article->newest_revision);
    if (article->duplicate_of)
        (void)fprintf(out, "copy of     article_id %" PRId64 "\n", article->duplicate_of);
}

/* ---- the text ------------------------------------------------------------------------------ */

struct drawing {
    const struct database_article *article;
    FILE *out;
};

static void draw_section(void *context, Newsloom__V1__SectionKind kind, bool begins)
{
    const struct drawing *drawing = context;
    const char *name = contract_name(&newsloom__v1__section_kind__descriptor, (int)kind);
    const char *prefix = "SECTION_KIND_";
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    if (begins)
        (void)fprintf(drawing->out, "%-8s  ", name);
    else
        (void)fputc('\n', drawing->out);
}

static void draw_open(void *context, const struct mark *mark, bool is_new)
{
    const struct drawing *drawing = context;
    if (mark->kind == MARK_MENTION && is_new)
        (void)fprintf(drawing->out, "[%s ",
                      contract_name(&newsloom__v1__entity_type__descriptor,
                                    (int)drawing->article->found->mentions[mark->index]->type));
}

static void draw_close(void *context, const struct mark *mark, bool is_end)
{
    const struct drawing *drawing = context;
    if (mark->kind == MARK_MENTION && is_end)
        (void)fputc(']', drawing->out);
}

static void draw_text(void *context, const char *text, size_t size)
{
    const struct drawing *drawing = context;
    print_plain(text, size, drawing->out);
}

static void print_text(const struct database_article *article, FILE *out)
{
    static const struct marks_visitor visitor = {draw_section, draw_open, draw_close, draw_text};
    struct drawing drawing = {article, out};
    struct marks marks;
    if (article->length == 0) {
        (void)fputs("\nno text is stored: the row was written again from the event log, which has "
                    "none\n",
                    out);
        return;
    }
    (void)fputc('\n', out);
    marks_init(&marks, article);
    marks_visit(&marks, article, &visitor, &drawing);
    marks_done(&marks);
}

/* ---- what was found ------------------------------------------------------------------------ */

static void print_entities(const struct database_article *article, FILE *out)
{
    static const char *const heads[] = {"type", "name",   "mentions",
                                        "code", "entity", "judged to be"};
    const Newsloom__V1__Extraction *found = article->found;
    struct table table;
    table_init(&table, heads, "llrlll");
    for (size_t i = 0; i < found->n_entities; i++) {
        const Newsloom__V1__Entity *entity = found->entities[i];
        char uuid[UUID_TEXT_SIZE] = "";
        table_cell(&table, "%s",
                   contract_name(&newsloom__v1__entity_type__descriptor, (int)entity->type));
        table_cell(&table, "%s", entity->name);
        table_cell(&table, "%" PRIu32, entity->mention_count);
        table_cell(&table, "%s", *entity->code ? entity->code : entity->country);
        table_cell(&table, "%s", entity->id.len == 16 ? uuid_text(entity->id.data, uuid) : "");
        table_cell(&table, "%s",
                   article->judgements[i].name ? article->judgements[i].entity_id : "");
    }
    (void)fprintf(out, "\nentities (%zu)\n", found->n_entities);
    if (found->n_entities)
        table_print(&table, out);
    table_done(&table);
}

static void print_sentence(const char *text, size_t size, FILE *out)
{
    (void)fputs("    «", out);
    print_plain(text, size, out);
    (void)fputs("»\n", out);
}

static void print_roles(const struct database_article *article, FILE *out)
{
    const Newsloom__V1__Extraction *found = article->found;
    (void)fprintf(out, "\nroles (%zu)\n", found->n_roles);
    for (size_t i = 0; i < found->n_roles; i++) {
        const Newsloom__V1__Role *role = found->roles[i];
        const char *name = show_entity_name(article, role->person);
        const char *between = ": ";
        print_plain(name, strlen(name), out);
        if (*role->rank) {
            (void)fputs(between, out);
            print_plain(role->rank, strlen(role->rank), out);
            between = "; ";
        }
        for (size_t at = 0; at < role->n_positions; at++, between = "; ") {
            (void)fputs(between, out);
            print_plain(role->positions[at], strlen(role->positions[at]), out);
        }
        (void)fputc('\n', out);
        size_t size = 0;
        const char *text =
            database_article_part(article, role->sentence_start, role->sentence_end, &size);
        if (size)
            print_sentence(text, size, out);
    }
}

static void print_event(const Newsloom__V1__Event *event, size_t number, FILE *out)
{
    (void)fprintf(out, "%zu %s", number,
                  contract_name(&newsloom__v1__event_type__descriptor, (int)event->type));
    if (event->mode)
        (void)fprintf(out, " %s",
                      contract_name(&newsloom__v1__event_mode__descriptor, (int)event->mode));
    (void)fprintf(out, " %s, confidence %.3f",
                  contract_name(&newsloom__v1__modality__descriptor, (int)event->modality),
                  (double)event->confidence / 1000.0);
    for (size_t i = 0; i < event->n_arguments; i++) {
        const Newsloom__V1__Argument *argument = event->arguments[i];
        (void)fprintf(out, "; %s ",
                      contract_name(&newsloom__v1__argument_role__descriptor, (int)argument->role));
        print_plain(argument->text, strlen(argument->text), out);
        if (*argument->value && strcmp(argument->value, argument->text) != 0) {
            (void)fputs(" (", out);
            print_plain(argument->value, strlen(argument->value), out);
            (void)fputc(')', out);
        }
    }
    (void)fputc('\n', out);
    print_sentence(event->sentence, strlen(event->sentence), out);
}

void show_print_text(const struct database_article *article, FILE *out)
{
    const Newsloom__V1__Extraction *found = article->found;
    print_head(article, out);
    print_text(article, out);
    print_entities(article, out);
    print_roles(article, out);
    (void)fprintf(out, "\nevents (%zu)\n", found->n_events);
    for (size_t i = 0; i < found->n_events; i++)
        print_event(found->events[i], i + 1, out);
}
