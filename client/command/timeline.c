// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/chosen_entity.h"
#include "client/command/csv.h"
#include "client/command/database.h"
#include "client/command/invocation.h"
#include "client/command/print.h"

/* An event stands under the day that it speaks of, else under the day it was reported on. */
#define EVENTS                                                                               \
    "SELECT coalesce(d.date_from, e.reported_on) AS date, d.date_to,"                        \
    " d.date_from IS NOT NULL AS is_dated, e.type, e.mode, e.modality, m.roles, m.entities," \
    " (SELECT json_agg(json_build_object('role', g.role, 'text', g.text, 'value', g.value,"  \
    "   'entity_id', coalesce(r.to_entity_id, g.entity_id)) ORDER BY g.ordinal)"             \
    "  FROM newsloom.event_argument g LEFT JOIN newsloom.entity_redirect r"                  \
    "  ON r.from_entity_id = g.entity_id AND r.undone_at IS NULL"                            \
    "  WHERE g.article_id = e.article_id AND g.event = e.ordinal) AS arguments,"             \
    " e.sentence, e.confidence, e.reported_on, s.name AS source, a.key, a.title, a.url,"     \
    " e.article_id, e.ordinal, e.sentence_start, e.sentence_end, a.duplicate_of"             \
    " FROM (SELECT g.article_id, g.event, json_agg(DISTINCT g.role) AS roles,"               \
    "       json_agg(DISTINCT em.entity_id) AS entities"                                     \
    "       FROM unnest($1::uuid[]) f (id)"                                                  \
    "       JOIN newsloom.entity_member em ON em.entity_id = f.id"                           \
    "       JOIN newsloom.event_argument g ON g.entity_id = em.member_id GROUP BY 1, 2) m"   \
    " JOIN newsloom.event e ON e.article_id = m.article_id AND e.ordinal = m.event"          \
    " JOIN newsloom.current_article a ON a.article_id = e.article_id"                        \
    " JOIN newsloom.source s ON s.source_id = a.source_id"                                   \
    " LEFT JOIN LATERAL (SELECT g.date_from, g.date_to FROM newsloom.event_argument g"       \
    "  WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'AT_DATE'"     \
    "  AND g.date_from IS NOT NULL ORDER BY g.ordinal LIMIT 1) d ON true"                    \
    " WHERE coalesce(d.date_from, e.reported_on) BETWEEN coalesce($2::date, '-infinity')"    \
    " AND coalesce($3::date, 'infinity') AND (a.duplicate_of IS NULL OR NOT $4::boolean)"    \
    " ORDER BY 1, e.article_id, e.ordinal"

static const char ask_events[] = EVENTS;
static const char ask_events_json[] = "SELECT row_to_json(t) FROM (" EVENTS ") t";

struct timeline {
    bool as_csv;
    bool as_json;
    uint64_t count;
};

static const char *cell(const PGresult *result, int row, const char *name)
{
    return PQgetvalue(result, row, PQfnumber(result, name));
}

static void print_fitted(const char *text)
{
    char *shown = text_in_columns(text, SIZE_MAX);
    (void)fputs(shown, stdout);
    free(shown);
}

static void print_arguments(const char *text)
{
    json_t *arguments = json_loads(text, 0, NULL);
    size_t at = 0;
    json_t *argument = NULL;
    json_array_foreach(arguments, at, argument)
    {
        (void)printf("; %s ", json_string_value(json_object_get(argument, "role")));
        print_fitted(json_string_value(json_object_get(argument, "text")));
    }
    json_decref(arguments);
}

static void print_event(const PGresult *result, int row)
{
    const char *until = cell(result, row, "date_to");
    const char *mode = cell(result, row, "mode");
    const char *date = cell(result, row, "date");
    const char *title = cell(result, row, "title");
    (void)printf("%s%s%s%s  %s%s%s %s", date, *until && strcmp(until, date) != 0 ? "/" : "",
                 *until && strcmp(until, date) != 0 ? until : "",
                 *cell(result, row, "is_dated") == 't' ? "" : " (reported)",
                 cell(result, row, "type"), *mode ? " " : "", mode, cell(result, row, "modality"));
    print_arguments(cell(result, row, "arguments"));
    (void)fputs("\n    «", stdout);
    print_fitted(cell(result, row, "sentence"));
    (void)printf("»\n    %s  ", cell(result, row, "source"));
    print_fitted(*title ? title : cell(result, row, "key"));
    (void)printf("  article_id %s%s\n", cell(result, row, "article_id"),
                 *cell(result, row, "duplicate_of") ? " (a copy)" : "");
}

static enum status take_event(void *context, const PGresult *result, int row, struct error *err)
{
    struct timeline *timeline = context;
    (void)err;
    if (row < 0) {
        if (timeline->as_csv)
            csv_print_names(result, stdout);
        return STATUS_OK;
    }
    timeline->count++;
    if (timeline->as_csv)
        csv_print_row(result, row, stdout);
    else if (timeline->as_json)
        (void)puts(PQgetvalue(result, row, 0));
    else
        print_event(result, row);
    return STATUS_OK;
}

static int run_timeline(struct invocation *invocation)
{
    struct error err;
    struct timeline timeline = {.as_csv = invocation_has(invocation, "csv"),
                                .as_json = invocation_has(invocation, "json")};
    struct chosen_entities chosen = {.count = 0};
    PGconn *connection = NULL;
    const char *from = NULL;
    const char *until = NULL;
    if (invocation->operand_count || !invocation_has(invocation, "entity"))
        return complain_usage(invocation, "name an entity: --entity NAME or --entity ID");
    if (timeline.as_csv && timeline.as_json)
        return complain_usage(invocation, "--csv excludes --json");
    if (invocation_day(invocation, "from", &from, &err) != STATUS_OK ||
        invocation_day(invocation, "until", &until, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    enum status status = database_open(&connection, invocation, &err);
    if (status == STATUS_OK)
        status = chosen_entities_find(connection, invocation, NULL, &chosen, &err);
    char *ids = chosen_entities_array(&chosen);
    const char *const parameters[] = {ids, from, until,
                                      invocation_has(invocation, "no-copies") ? "t" : "f"};
    if (status == STATUS_OK)
        status = database_each(connection, timeline.as_json ? ask_events_json : ask_events,
                               parameters, COUNT_OF(parameters), take_event, &timeline, &err);
    database_close(&connection);
    chosen_entities_done(&chosen);
    free(ids);
    if (status != STATUS_OK)
        return complain(invocation, &err);
    if (timeline.count == 0)
        (void)fputs("newsloom timeline: no event is stored that it has a part in\n", stderr);
    return timeline.count ? EX_OK : EX_NOINPUT;
}

static const struct option options[] = {
    {"entity", 'e', "NAME|ID", "whose events; may be given several times"},
    {"from", 0, "DAY", "only events of this day or later"},
    {"until", 0, "DAY", "only events of this day or before"},
    {"no-copies", 0, NULL, "leave near copies of an earlier article out"},
    {"csv", 0, NULL, "as RFC 4180, with a header line"},
    {"json", 0, NULL, "one JSON object an event"},
};

static const struct example examples[] = {
    {"newsloom timeline --entity 'Lê Hữu Khang'", "what he had a part in, and who says so"},
    {"newsloom timeline --entity 'Bộ Công an' --from 2024-03-01 --until 2024-03-31 --csv",
     "a month for a spreadsheet"},
};

const struct verb verb_timeline = {
    .name = "timeline",
    .purpose = "list the events of an entity by date, with their sentences",
    .operands = "--entity NAME|ID",
    .about = "Every event that the entity has a part in, under the day that it speaks of; where "
             "the article names\nnone, under the day on which it was reported, and says so. Each "
             "with its article and the sentence\nthat is the evidence. Two articles about one "
             "meeting are two events. Nothing is left out. The\ndatabase is database.url.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_timeline,
};
