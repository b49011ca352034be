// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/database.h"
#include "client/command/invocation.h"
#include "client/command/outcome_text.h"
#include "client/command/print.h"
#include "common/url.h"

static const char ask_rows[] =
    "SELECT a.article_id, a.revision, a.generation, a.stored_at, a.reported_on, a.title,"
    " (SELECT count(*) FROM newsloom.mention m WHERE m.article_id = a.article_id) AS mentions,"
    " (SELECT count(*) FROM newsloom.role r WHERE r.article_id = a.article_id) AS roles,"
    " (SELECT count(*) FROM newsloom.event e WHERE e.article_id = a.article_id) AS events,"
    " (SELECT count(*) FROM newsloom.event_argument g WHERE g.article_id = a.article_id)"
    " AS event_arguments"
    " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
    " WHERE s.name = $1 AND a.key = $2 ORDER BY a.revision";

struct trace {
    struct invocation *invocation;
    struct newsloom_article identity;
    char *canonical; /* of a URL, which is the key */
    bool as_json;
    json_t *json;
    bool found;
};

static enum status trace_broker(struct trace *trace, uint32_t revision, struct error *err)
{
    struct newsloom_feeder *feeder = NULL;
    const struct newsloom_outcome *outcome = NULL;
    struct newsloom_options options = invocation_connect(trace->invocation, "broker.feed");
    enum status status = newsloom_feeder_open(&feeder, &options, NULL, NULL, err);
    if (status == STATUS_OK)
        status = newsloom_feeder_outcome(feeder, &trace->identity, revision, &outcome, err);
    if (status == STATUS_OK) {
        trace->found = true;
        if (trace->as_json)
            (void)json_object_set_new(trace->json, "outcome", outcome_json(outcome));
        else
            outcome_print(outcome, stdout);
    }
    newsloom_feeder_close(&feeder);
    return status;
}

static void print_rows(const PGresult *result)
{
    static const char *const heads[] = {"revision", "generation", "stored at", "article_id",
                                        "mentions", "roles",      "events",    "arguments"};
    struct table table;
    table_init(&table, heads, "rrlrrrrr");
    for (int row = 0; row < PQntuples(result); row++) {
        static const int columns[] = {1, 2, 3, 0, 6, 7, 8, 9};
        for (size_t i = 0; i < COUNT_OF(columns); i++)
            table_cell(&table, "%s", PQgetvalue(result, row, columns[i]));
    }
    (void)puts("\nin PostgreSQL");
    table_print(&table, stdout);
    table_done(&table);
}

static json_t *rows_json(const PGresult *result)
{
    json_t *rows = json_array();
    for (int row = 0; row < PQntuples(result); row++) {
        json_t *object = json_object();
        for (int column = 0; column < PQnfields(result); column++) {
            const char *text = PQgetvalue(result, row, column);
            bool is_text = column >= 3 && column <= 5;
            (void)json_object_set_new(object, PQfname(result, column),
                                      is_text ? json_string(text)
                                              : json_integer(strtoll(text, NULL, 10)));
        }
        (void)json_array_append_new(rows, object);
    }
    return rows;
}

static enum status trace_rows(struct trace *trace, struct error *err)
{
    PGconn *connection = NULL;
    PGresult *result = NULL;
    const char *key = trace->canonical ? trace->canonical : trace->identity.key;
    const char *const parameters[] = {trace->identity.source, key};
    enum status status = database_open(&connection, trace->invocation, err);
    if (status == STATUS_OK)
        status = database_ask(connection, ask_rows, parameters, 2, &result, err);
    if (status == STATUS_OK) {
        trace->found = trace->found || PQntuples(result) > 0;
        if (trace->as_json)
            (void)json_object_set_new(trace->json, "rows", rows_json(result));
        else if (PQntuples(result))
            print_rows(result);
        else
            (void)puts("\nin PostgreSQL: no row");
    }
    database_clear(&result);
    database_close(&connection);
    return status;
}

/* The broker forgets after a while, PostgreSQL does not: either may know what the other does not.
 */
static int trace_both(struct trace *trace, uint32_t revision)
{
    struct error err;
    int code = EX_OK;
    enum status status = trace_broker(trace, revision, &err);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return complain(trace->invocation, &err);
    bool known = status == STATUS_OK;
    const char *url = settings_text(trace->invocation->settings, "database.url");
    if (*url && trace_rows(trace, &err) != STATUS_OK)
        code = complain(trace->invocation, &err);
    if (trace->as_json)
        json_print_line(&trace->json, stdout);
    if (!known) {
        (void)error_set(&err, STATUS_NOT_FOUND,
                        "the broker knows no such article of source \"%s\"%s",
                        trace->identity.source, trace->found ? " any more; PostgreSQL has it" : "");
        int not_known = complain(trace->invocation, &err);
        code = trace->found || code != EX_OK ? code : not_known;
    }
    return code;
}

static int run_trace(struct invocation *invocation)
{
    struct error err;
    struct trace trace = {.invocation = invocation, .as_json = invocation_has(invocation, "json")};
    int64_t revision = 0;
    trace.identity.source = invocation_text(invocation, "source");
    if (invocation->operand_count != 1)
        return complain_usage(invocation, "name one article by its URL or key");
    if (!trace.identity.source)
        return complain_usage(invocation, "say --source NAME: keys are each source's own");
    if (invocation_number(invocation, "revision", &revision, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (revision < 0 || revision > UINT32_MAX)
        return complain_usage(invocation, "--revision is a small number");
    trace.identity.key = invocation->operands[0];
    if (url_is_http(trace.identity.key)) {
        trace.identity.url = trace.identity.key;
        trace.identity.key = NULL;
        if (url_canonical(trace.identity.url, &trace.canonical, &err) != STATUS_OK)
            return complain(invocation, &err);
    }
    trace.json = json_object();
    int code = trace_both(&trace, (uint32_t)revision);
    json_decref(trace.json);
    free(trace.canonical);
    return code;
}

static const struct option options[] = {
    {"source", 0, "NAME", "the source that the article was fed under"},
    {"revision", 0, "N", "this revision instead of the newest"},
    {"json", 0, NULL, "one JSON object: outcome, and rows"},
};

static const struct example examples[] = {
    {"newsloom trace --source vov.vn https://vov.vn/an-ninh/bai-123.vov",
     "receipt, attempts, end, log entry, rows"},
    {"newsloom trace --source archive 2026-03/017.txt", "by key"},
};

const struct verb verb_trace = {
    .name = "trace",
    .purpose = "show the whole way of one article",
    .operands = "URL|KEY --source NAME",
    .about = "When it was accepted, each attempt with worker and reason, its end and entry in the "
             "event log, later\nrevisions; and how many rows PostgreSQL has for each revision when "
             "database.url is given.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_trace,
};
