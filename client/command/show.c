// SPDX-License-Identifier: Apache-2.0
#include "client/command/show.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/article_json.h"
#include "client/command/database.h"
#include "client/command/invocation.h"
#include "client/command/print.h"

const char *show_entity_name(const struct database_article *article, uint32_t entity)
{
    if (entity == 0 || entity > article->found->n_entities)
        return "";
    const char *judged = article->judgements[entity - 1].name;
    return judged ? judged : article->found->entities[entity - 1]->name;
}

/* ---- the command line ---------------------------------------------------------------------- */

static void print_json(const struct database_article *article)
{
    json_t *value = article_json(article);
    json_print_line(&value, stdout);
}

static int run_show(struct invocation *invocation)
{
    struct error err;
    struct database_article article;
    PGconn *connection = NULL;
    int64_t revision = 0;
    bool as_json = invocation_has(invocation, "json");
    bool as_html = invocation_has(invocation, "html");
    if (invocation->operand_count != 1)
        return complain_usage(invocation, "name one article: SOURCE/KEY, its URL or article_id");
    if (as_json && as_html)
        return complain_usage(invocation, "--json excludes --html");
    if (invocation_number(invocation, "revision", &revision, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (revision < 0 || revision > INT32_MAX)
        return complain_usage(invocation, "--revision is a small number");
    enum status status = database_open(&connection, invocation, &err);
    if (status == STATUS_OK)
        status = database_article_find(connection, invocation->operands[0], (uint32_t)revision,
                                       &article, &err);
    database_close(&connection);
    if (status != STATUS_OK)
        return complain(invocation, &err);
    if (as_json)
        print_json(&article);
    else if (as_html)
        show_print_html(&article, stdout);
    else
        show_print_text(&article, stdout);
    database_article_done(&article);
    return EX_OK;
}

static const struct option options[] = {
    {"revision", 0, "N", "this revision instead of the newest"},
    {"html", 0, NULL, "one self-contained page for a browser"},
    {"json", 0, NULL, "one JSON object: the row, its text, and the extraction"},
};

static const struct example examples[] = {
    {"newsloom show vov.vn/vov.vn/a/1", "text with marks, entities, roles, events"},
    {"newsloom show https://vov.vn/a/1", "by address, whichever source it came from"},
    {"newsloom show --html vov.vn/vov.vn/a/1 >article.html", "a page to look at or to hand on"},
};

const struct verb verb_show = {
    .name = "show",
    .purpose = "show a stored article and what was found in it",
    .operands = "SOURCE/KEY|URL|ARTICLE_ID",
    .about = "Sections and mentions in the text, entities with their ids, roles and events each "
             "with the sentence\nthat says so. ARTICLE_ID is the database's, as graph and timeline "
             "print it. The page of --html loads\nand runs nothing: it can be mailed. The database "
             "is database.url.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_show,
};
