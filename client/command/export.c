// SPDX-License-Identifier: Apache-2.0
#include "client/command/export.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "client/command/chosen_entity.h"
#include "client/command/csv.h"
#include "client/command/database.h"
#include "client/command/interrupt.h"
#include "client/command/print.h"
#include "proto/envelope.h"

/* A million articles take longer than a question may. */
static const char snapshot[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                               "SET LOCAL statement_timeout = 0; SET LOCAL jit = off";

const char *export_entity_type(const struct export *export)
{
    return export->parameters[3];
}

const char *export_event_type(const struct export *export)
{
    return export->parameters[4];
}

/* ---- files --------------------------------------------------------------------------------- */

enum status export_open(struct export *export, const char *name, const char *ending, FILE **ret_out,
                        struct error *err)
{
    *ret_out = stdout;
    if (!export->folder)
        return STATUS_OK;
    char *path = text_format("%s/%s%s", export->folder, name, ending);
    *ret_out = fopen(path, "wxe"); /* never over something that is there */
    enum status status = STATUS_OK;
    if (!*ret_out)
        status = error_set_errno(err, STATUS_AGAIN, "could not make %.150s", path);
    free(path);
    return status;
}

enum status export_close(struct export *export, FILE **out_p, struct error *err)
{
    FILE *out = *out_p;
    *out_p = NULL;
    if (!out)
        return STATUS_OK;
    errno = 0;
    bool lost = ferror(out) != 0 || fflush(out) != 0;
    int reason = errno;
    if (out != stdout && fclose(out) != 0 && !lost) {
        lost = true;
        reason = errno;
    }
    errno = reason;
    if (lost)
        return error_set_errno(err, STATUS_AGAIN, "could not write all of %.120s",
                               export->folder ? export->folder : "standard output");
    return STATUS_OK;
}

enum status export_step(struct export *export, FILE *out, struct error *err)
{
    export->count++;
    const struct progress_figures figures = {-1, export->count, NULL, export->table};
    progress_draw(&export->progress, &figures, false);
    if (interrupt_count())
        return error_set(err, STATUS_BROKEN, "interrupted");
    if (ferror(out))
        return error_set_errno(err, STATUS_AGAIN, "could not write all of %.120s",
                               export->folder ? export->folder : "standard output");
    return STATUS_OK;
}

/* A new folder, or an empty one: nothing of an earlier export is mixed with this one. */
static enum status make_folder(const char *folder, struct error *err)
{
    if (mkdir(folder, 0777) == 0)
        return STATUS_OK;
    if (errno != EEXIST)
        return error_set_errno(err, STATUS_AGAIN, "could not make the folder %.150s", folder);
    char *const roots[] = {(char *)(uintptr_t)folder, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    const FTSENT *root = walk ? fts_read(walk) : NULL;
    bool is_folder = root && root->fts_info == FTS_D;
    bool is_empty = is_folder && !fts_children(walk, FTS_NAMEONLY) && errno == 0;
    if (walk)
        (void)fts_close(walk);
    if (!is_folder)
        return error_set(err, STATUS_INVALID, "%.150s is no folder", folder);
    if (!is_empty)
        return error_set(err, STATUS_INVALID,
                         "the folder %.120s is not empty: name a new one, so that nothing of an "
                         "earlier export is mixed in",
                         folder);
    return STATUS_OK;
}

/* What was written is on disk, before export.json says so. */
static enum status sync_folder(const char *folder, struct error *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && syncfs(fd) == 0;
    enum status status = STATUS_OK;
    if (!synced)
        status = error_set_errno(err, STATUS_AGAIN, "could not write all of %.120s", folder);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

/* ---- tables -------------------------------------------------------------------------------- */

static enum status take_row(void *context, const PGresult *result, int row, struct error *err)
{
    struct export *export = context;
    if (row < 0) {
        if (export->format->as_csv)
            csv_print_names(result, export->out);
        return STATUS_OK;
    }
    if (export->format->as_csv) {
        csv_print_row(result, row, export->out);
    } else {
        (void)fputs(PQgetvalue(result, row, 0), export->out);
        (void)fputc('\n', export->out);
    }
    return export_step(export, export->out, err);
}

static enum status write_table(struct export *export, const struct export_table *table,
                               struct error *err)
{
    const char *sql = export->format->as_csv ? table->columns : table->lines;
    export->table = table->name;
    export->count = 0;
    enum status status = database_each(export->connection, sql, export->parameters,
                                       EXPORT_PARAMETERS, take_row, export, err);
    (void)json_object_set_new(export->counts, table->name,
                              json_integer((json_int_t) export->count));
    return status;
}

static bool is_wanted(const struct invocation *invocation, const char *table)
{
    const char *name = invocation_text_at(invocation, "table", 0);
    for (size_t i = 1; name && strcmp(name, table) != 0; i++) {
        name = invocation_text_at(invocation, "table", i);
        if (!name)
            return false;
    }
    return true;
}

static enum status write_tables(struct export *export, struct error *err)
{
    const struct export_format *format = export->format;
    struct error ignored;
    enum status status = STATUS_OK;
    if (format->file)
        status = export_open(export, format->file, format->ending, &export->out, err);
    for (size_t i = 0; i < format->table_count && status == STATUS_OK; i++) {
        const struct export_table *table = &format->tables[i];
        if (!is_wanted(export->invocation, table->name))
            continue;
        if (!format->file)
            status = export_open(export, table->name, format->ending, &export->out, err);
        if (status == STATUS_OK)
            status = write_table(export, table, err);
        if (status == STATUS_OK && !format->file)
            status = export_close(export, &export->out, err);
    }
    enum status closed = export_close(export, &export->out, status == STATUS_OK ? err : &ignored);
    return status == STATUS_OK ? closed : status;
}

/* ---- one run ------------------------------------------------------------------------------- */

static enum status write_summary(struct export *export, struct error *err)
{
    static const char *const names[EXPORT_PARAMETERS] = {"source", "from", "until", "entity_type",
                                                         "event_type"};
    FILE *out = NULL;
    if (!export->folder)
        return STATUS_OK;
    json_t *value = json_pack("{ss ss so}", "newsloom", newsloom_version(), "format",
                              export->format->name, "counts", json_incref(export->counts));
    for (size_t i = 0; i < EXPORT_PARAMETERS; i++)
        if (export->parameters[i])
            (void)json_object_set_new(value, names[i], json_string(export->parameters[i]));
    (void)json_object_set_new(value, "without_text",
                              json_integer((json_int_t) export->without_text));
    enum status status = sync_folder(export->folder, err);
    if (status == STATUS_OK)
        status = export_open(export, "export", ".json", &out, err);
    if (status == STATUS_OK) {
        json_print_line(&value, out);
        status = export_close(export, &out, err);
    }
    if (value)
        json_decref(value);
    return status;
}

static void say_counts(const struct export *export)
{
    const char *table = NULL;
    json_t *count = NULL;
    const char *between = "";
    (void)fputs("newsloom export: ", stderr);
    json_object_foreach(export->counts, table, count)
    {
        (void)fprintf(stderr, "%s%" JSON_INTEGER_FORMAT " %s", between, json_integer_value(count),
                      table);
        between = ", ";
    }
    if (export->without_text)
        (void)fprintf(stderr,
                      "; %" PRIu64 " articles are left out: their rows were written again from the "
                      "event log, which has no text",
                      export->without_text);
    (void)fputc('\n', stderr);
}

static const char ask_without_text[] =
    "SELECT count(*) FROM newsloom.current_article a JOIN newsloom.source s USING (source_id)"
    " WHERE a.text = '' AND ($1::text IS NULL OR s.name = $1)"
    " AND a.reported_on BETWEEN coalesce($2::date, '-infinity')"
    " AND coalesce($3::date, 'infinity')";

static enum status count_without_text(struct export *export, struct error *err)
{
    PGresult *result = NULL;
    enum status status =
        database_ask(export->connection, ask_without_text, export->parameters, 3, &result, err);
    if (status == STATUS_OK)
        export->without_text = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
    database_clear(&result);
    return status;
}

static enum status run(struct export *export, struct error *err)
{
    bool needs_text = !export->format->tables || strcmp(export->format->name, "spans") == 0;
    enum status status = database_open(&export->connection, export->invocation, err);
    if (status == STATUS_OK && export->folder)
        status = make_folder(export->folder, err);
    if (status == STATUS_OK)
        status = database_do(export->connection, snapshot, err);
    if (status == STATUS_OK && needs_text)
        status = count_without_text(export, err);
    if (status == STATUS_OK)
        status = export->format->tables ? write_tables(export, err) : export_brat(export, err);
    if (status == STATUS_OK)
        status = write_summary(export, err);
    progress_clear(&export->progress);
    database_close(&export->connection);
    return status;
}

/* ---- the command line ---------------------------------------------------------------------- */

/* One option for both kinds of types: no name is in both but EVENT, which is an entity's. */
static enum status read_type(struct export *export, struct error *err)
{
    const char *text = invocation_text(export->invocation, "type");
    const ProtobufCEnumDescriptor *events = &newsloom__v1__event_type__descriptor;
    for (unsigned i = 1; text && i < events->n_values; i++)
        if (strcasecmp(events->values[i].name, text) == 0)
            export->parameters[4] = events->values[i].name;
    if (export->parameters[4])
        return STATUS_OK;
    if (entity_type_parse(text, &export->parameters[3], NULL) != STATUS_OK)
        return error_set(err, STATUS_INVALID,
                         "--type is one of entities (PERSON, ORGANIZATION, LOCATION, LAW, EVENT, "
                         "CRIME) or of events (MEET, VISIT, SIGN, ARREST, HANDOVER, APPOINT)");
    return STATUS_OK;
}

static enum status check_tables(const struct export *export, struct error *err)
{
    const struct invocation *invocation = export->invocation;
    const char *name = NULL;
    size_t count = 0;
    for (; (name = invocation_text_at(invocation, "table", count)); count++) {
        bool is_known = false;
        for (size_t i = 0; i < export->format->table_count; i++)
            is_known = is_known ||
                       (!export->format->file && strcmp(export->format->tables[i].name, name) == 0);
        if (!is_known)
            return error_set(err, STATUS_INVALID,
                             "--table is for csv and jsonl: articles, entities, mentions, roles, "
                             "events, arguments");
    }
    if (!export->folder && export->format->as_csv && count != 1)
        return error_set(err, STATUS_INVALID,
                         "csv to standard output is one table: say --table mentions, or another");
    if (!export->folder && !export->format->tables)
        return error_set(err, STATUS_INVALID, "brat is two files an article: give --output DIR");
    return STATUS_OK;
}

static enum status read_options(struct export *export, struct error *err)
{
    const struct invocation *invocation = export->invocation;
    const char *format = invocation_text(invocation, "format");
    const char *output = invocation_text(invocation, "output");
    for (size_t i = 0; format && i < export_format_count; i++)
        if (strcmp(export_formats[i].name, format) == 0)
            export->format = &export_formats[i];
    if (!export->format)
        return error_set(err, STATUS_INVALID, "--format is csv, jsonl, ftm, brat or spans");
    if (!output || !*output)
        return error_set(err, STATUS_INVALID,
                         "say where to: --output DIR, or - for standard output");
    export->folder = strcmp(output, "-") == 0 ? NULL : output;
    export->parameters[0] = invocation_text(invocation, "source");
    enum status status = check_tables(export, err);
    if (status == STATUS_OK)
        status = invocation_day(invocation, "from", &export->parameters[1], err);
    if (status == STATUS_OK)
        status = invocation_day(invocation, "until", &export->parameters[2], err);
    if (status == STATUS_OK)
        status = read_type(export, err);
    return status;
}

static int run_export(struct invocation *invocation)
{
    struct error err;
    struct export export = {.invocation = invocation, .counts = json_object()};
    int code = EX_OK;
    enum status status = STATUS_INVALID;
    if (invocation->operand_count)
        (void)error_set(&err, STATUS_INVALID, "export takes options alone");
    else
        status = read_options(&export, &err);
    if (status != STATUS_OK) {
        json_decref(export.counts);
        return complain_usage(invocation, "%s", err.text);
    }
    interrupt_install();
    progress_init(&export.progress, !invocation_has(invocation, "quiet"));
    status = run(&export, &err);
    if (status == STATUS_OK) {
        say_counts(&export);
    } else {
        code = complain(invocation, &err);
        if (interrupt_count())
            code = EXIT_INTERRUPTED;
        (void)fprintf(stderr, "newsloom export: %s is not complete\n",
                      export.folder ? export.folder : "standard output");
    }
    json_decref(export.counts);
    return code;
}

static const struct option options[] = {
    {"format", 'f', "csv|jsonl|ftm|brat|spans", "what the other tool reads"},
    {"output", 'o', "DIR|-", "a new or empty folder, or standard output"},
    {"source", 0, "NAME", "only articles of this source"},
    {"from", 0, "DAY", "only articles reported on this day or later"},
    {"until", 0, "DAY", "only articles reported on this day or before"},
    {"type", 't', "TYPE", "only entities or events of this type, and the articles that have one"},
    {"table", 0, "TABLE", "csv and jsonl: only this table; may be given several times"},
    {"quiet", 'q', NULL, "no progress line"},
};

static const struct example examples[] = {
    {"newsloom export --format csv --output facts/", "six tables for a spreadsheet or a notebook"},
    {"newsloom export --format csv --table events --type ARREST --output - >arrests.csv",
     "one of them"},
    {"newsloom export --format ftm --output - | alephclient write-entities -f my-collection",
     "into OpenAleph"},
    {"newsloom export --format brat --source vov.vn --from 2024-03-01 --output brat/",
     "for annotators"},
};

const struct verb verb_export = {
    .name = "export",
    .purpose = "write what is stored for other tools",
    .operands = "--format FORMAT --output DIR|-",
    .about =
        "Articles in their newest revision, with all that was found in them, from one snapshot:\n\n"
        "  csv    RFC 4180: articles, entities, mentions, roles, events, arguments\n"
        "  jsonl  the same rows as JSON lines, each with its kind\n"
        "  ftm    FollowTheMoney entities: Article, Person, Organization, Address, Event, "
        "Mention,\n"
        "         Documentation (roles and places, with article and sentence); laws and crimes "
        "are\n"
        "         keywords of their article, for the model has no schema for them\n"
        "  brat   ARTICLE_ID.txt and .ann, annotation.conf and visual.conf\n"
        "  spans  one JSON line an article: text, spans {start, end, label}, events\n\n"
        "Offsets count code points of the article's text from 0, ends are exclusive. Facts and "
        "articles are\njoined by article_id. Ids stay the same from export to export. In a folder, "
        "export.json is written\nlast: without it the folder is not complete. Ends with 0 when all "
        "was written, else with the reason.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_export,
};
