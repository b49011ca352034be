// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/chosen_entity.h"
#include "client/command/database.h"
#include "client/command/invocation.h"
#include "client/command/print.h"

#define LIMIT_FALLBACK 20
#define LIMIT_MAX      999
#define NAME_WIDTH     60
#define TITLE_WIDTH    80

static const char ask_entities[] =
    "SELECT entity_id, type, name, articles, closeness"
    " FROM newsloom.search_entities($1, $2::newsloom.entity_type, $3::integer)";
static const char ask_articles[] =
    "SELECT article_id, source, key, title, url, reported_on, excerpt"
    " FROM newsloom.search_articles($1, $2::integer)";

struct search {
    struct invocation *invocation;
    PGconn *connection;
    const char *words;
    const char *type; /* or NULL */
    int64_t limit;
    bool as_json;
    uint64_t found;
};

/* One row as an object, the columns by name; figures are figures. */
static void print_row_json(const char *kind, const PGresult *result, int row)
{
    json_t *value = json_pack("{ss}", "found", kind);
    for (int column = 0; column < PQnfields(result); column++) {
        const char *name = PQfname(result, column);
        const char *text = PQgetvalue(result, row, column);
        bool is_count = strcmp(name, "articles") == 0 || strcmp(name, "article_id") == 0;
        (void)json_object_set_new(
            value, name, is_count ? json_integer(strtoll(text, NULL, 10)) : json_string(text));
    }
    json_print_line(&value, stdout);
}

static void print_entities(const PGresult *result, int rows)
{
    static const char *const heads[] = {"type", "name", "articles", "entity"};
    struct table table;
    table_init(&table, heads, "llrl");
    for (int row = 0; row < rows; row++) {
        char *name = text_in_columns(PQgetvalue(result, row, 2), NAME_WIDTH);
        table_cell(&table, "%s", PQgetvalue(result, row, 1));
        table_cell(&table, "%s", name);
        table_cell(&table, "%s", PQgetvalue(result, row, 3));
        table_cell(&table, "%s", PQgetvalue(result, row, 0));
        free(name);
    }
    table_print(&table, stdout);
    table_done(&table);
}

static void print_articles(const PGresult *result, int rows, bool after_entities)
{
    if (after_entities)
        (void)putchar('\n');
    for (int row = 0; row < rows; row++) {
        const char *title = PQgetvalue(result, row, 3);
        const char *url = PQgetvalue(result, row, 4);
        char *shown = text_in_columns(*title ? title : PQgetvalue(result, row, 2), TITLE_WIDTH);
        char *excerpt = text_in_columns(PQgetvalue(result, row, 6), 1000);
        char *address = text_in_columns(*url ? url : PQgetvalue(result, row, 2), 1000);
        (void)printf("%s  %s  %s\n    %s\n    %s\n", PQgetvalue(result, row, 5),
                     PQgetvalue(result, row, 1), shown, address, excerpt);
        free(address);
        free(excerpt);
        free(shown);
    }
}

static void say_more(const struct search *search, const char *what)
{
    (void)fprintf(
        stderr, "newsloom search: there are more %s than these %" PRId64 ": --limit N shows more\n",
        what, search->limit);
}

static enum status find(struct search *search, bool entities, struct error *err)
{
    char most[32];
    PGresult *result = NULL;
    (void)snprintf(most, sizeof(most), "%" PRId64, search->limit + 1); /* one more tells of more */
    const char *const for_entities[] = {search->words, search->type, most};
    const char *const for_articles[] = {search->words, most};
    enum status status =
        entities ? database_ask(search->connection, ask_entities, for_entities, 3, &result, err)
                 : database_ask(search->connection, ask_articles, for_articles, 2, &result, err);
    if (status != STATUS_OK)
        return status;
    bool more = PQntuples(result) > search->limit;
    int rows = more ? (int)search->limit : PQntuples(result);
    for (int row = 0; search->as_json && row < rows; row++)
        print_row_json(entities ? "entity" : "article", result, row);
    if (!search->as_json && rows && entities)
        print_entities(result, rows);
    if (!search->as_json && rows && !entities)
        print_articles(result, rows, search->found > 0);
    search->found += (uint64_t)rows;
    if (more)
        say_more(search, entities ? "entities" : "articles");
    database_clear(&result);
    return STATUS_OK;
}

static char *join(const struct invocation *invocation)
{
    char *words = text_copy("");
    for (size_t i = 0; i < invocation->operand_count; i++) {
        char *longer = text_format("%s%s%s", words, i ? " " : "", invocation->operands[i]);
        free(words);
        words = longer;
    }
    return words;
}

static int run_search(struct invocation *invocation)
{
    struct error err;
    struct search search = {.invocation = invocation,
                            .limit = LIMIT_FALLBACK,
                            .as_json = invocation_has(invocation, "json")};
    bool only_articles = invocation_has(invocation, "articles");
    bool only_entities =
        invocation_has(invocation, "entities") || invocation_has(invocation, "type");
    if (invocation->operand_count == 0)
        return complain_usage(invocation, "say what to search for");
    if (only_articles && only_entities)
        return complain_usage(invocation, "--articles excludes --entities and --type");
    if (invocation_number(invocation, "limit", &search.limit, &err) != STATUS_OK ||
        entity_type_parse(invocation_text(invocation, "type"), &search.type, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (search.limit < 1 || search.limit > LIMIT_MAX)
        return complain_usage(invocation, "--limit is 1 to %d", LIMIT_MAX);
    enum status status = database_open(&search.connection, invocation, &err);
    if (status != STATUS_OK)
        return complain(invocation, &err);
    char *words = join(invocation);
    search.words = words;
    if (!only_articles)
        status = find(&search, true, &err);
    if (status == STATUS_OK && !only_entities)
        status = find(&search, false, &err);
    int code = status == STATUS_OK ? EX_OK : complain(invocation, &err);
    if (status == STATUS_OK && search.found == 0) {
        (void)fprintf(stderr, "newsloom search: nothing stored is called or says \"%s\"\n", words);
        code = EX_NOINPUT;
    }
    database_close(&search.connection);
    free(words);
    return code;
}

static const struct option options[] = {
    {"entities", 'e', NULL, "only entities: who or what is called so"},
    {"articles", 'a', NULL, "only articles: which say so"},
    {"type", 't', "TYPE", "only entities of this type"},
    {"limit", 'n', "N", "at most this many of each (20); it says when there are more"},
    {"json", 0, NULL, "one JSON object a line"},
};

static const struct example examples[] = {
    {"newsloom search nguyen van thanh", "with or without diacritics, typing errors forgiven"},
    {"newsloom search --type ORGANIZATION \"bộ công an\"", "only bodies"},
    {"newsloom search --articles '\"dẫn độ\" -\"ma túy\"'",
     "a phrase, and what must not stand there"},
};

const struct verb verb_search = {
    .name = "search",
    .purpose = "find entities and articles in PostgreSQL",
    .operands = "WORD…",
    .about = "Entities by name, closest first; articles by the words of title and text, newest "
             "first, with an excerpt.\nWords, \"a phrase\", or, -without. The database is "
             "database.url.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_search,
};
