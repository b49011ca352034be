// SPDX-License-Identifier: Apache-2.0
#include "gateway/reads.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/article_json.h"
#include "client/command/database.h"
#include "client/command/outcome_text.h"

#define FEEDER_WAIT_MS  2000
#define RETRY_AFTER_S   5
#define WORDS_LIMIT     512
#define PAGE_FALLBACK   20
#define PAGE_LIMIT      100
#define FOUND_LIMIT     1000 /* of search_entities() */
#define FOUND_LIMIT_SQL "1000"

const char *const article_parameters[] = {"revision", NULL};
const char *const entities_parameters[] = {"q", "type", "limit", "after", NULL};

static const char ask_entities[] =
    "SELECT entity_id, type, name, articles, closeness, rank"
    " FROM newsloom.search_entities($1, $2::newsloom.entity_type, " FOUND_LIMIT_SQL ")"
    " WITH ORDINALITY AS e(entity_id, type, name, alias, closeness, articles, rank)"
    " WHERE rank > $3::bigint ORDER BY rank LIMIT $4::bigint";

/* ---- PostgreSQL ---------------------------------------------------------------------------- */

/* One connection a question: it finds a server that was replaced, and none is held idle. To be
 * followed by end_question() when OK. */
static enum status begin_question(struct gateway *gateway, PGconn **ret_connection,
                                  struct error *err)
{
    const struct options *options = gateway->options;
    if (!*options->database_url)
        return error_set(err, STATUS_AGAIN, "the gateway has no database (database.url)");
    enum status status = STATUS_OK;
    if (atomic_fetch_add(&gateway->questions, 1) >= options->question_limit)
        status = error_set(err, STATUS_AGAIN,
                           "as many questions as may be asked of PostgreSQL at a time are asked");
    if (status == STATUS_OK)
        status = database_open_at(ret_connection, options->database_url, err);
    if (status != STATUS_OK)
        (void)atomic_fetch_sub(&gateway->questions, 1);
    return status;
}

static void end_question(struct gateway *gateway, PGconn **connection_p)
{
    database_close(connection_p);
    (void)atomic_fetch_sub(&gateway->questions, 1);
}

static void answer_unavailable(struct request *request, const char *text)
{
    answer_header(&request->answer, MHD_HTTP_HEADER_RETRY_AFTER, "%d", RETRY_AFTER_S);
    answer_problem(&request->answer, PROBLEM_UNAVAILABLE, "%s", text);
}

/* ---- one article --------------------------------------------------------------------------- */

/* What the broker says; *ret_json NULL: it does not know the article. AGAIN: it could not be asked.
 */
static enum status ask_outcome(struct gateway *gateway, const struct newsloom_article *identity,
                               uint32_t revision, json_t **ret_json, struct error *err)
{
    struct feeder_loan *loan = NULL;
    const struct newsloom_outcome *outcome = NULL;
    enum status status = feeders_take(gateway->feeders, FEEDER_WAIT_MS, &loan, err);
    if (status == STATUS_OK)
        status = newsloom_feeder_outcome(loan->feeder, identity, revision, &outcome, err);
    if (status == STATUS_OK)
        *ret_json = outcome_json(outcome);
    feeders_give_back(gateway->feeders, &loan);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* What PostgreSQL has; as above. */
static enum status ask_stored(struct gateway *gateway, const struct newsloom_article *identity,
                              uint32_t revision, json_t **ret_json, struct error *err)
{
    PGconn *connection = NULL;
    struct database_article article;
    enum status status = begin_question(gateway, &connection, err);
    if (status != STATUS_OK)
        return status;
    char *name = text_format("%s/%s", identity->source, identity->key);
    status = database_article_find(connection, name, revision, &article, err);
    text_free(&name);
    end_question(gateway, &connection);
    if (status == STATUS_OK) {
        *ret_json = article_json(&article);
        database_article_done(&article);
    }
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

struct article_answer {
    struct newsloom_article identity;
    long revision;
    json_t *outcome;
    json_t *stored;
    json_t *missing; /* sentences: who could not be asked */
};

/* "vov.vn/vov.vn/a/1": up to the first slash the source, which has none. Cuts rest in two. */
static enum status read_identity(const struct request *request, char *rest,
                                 struct article_answer *found, struct error *err)
{
    char *slash = strchr(rest, '/');
    if (!slash || !slash[1])
        return error_set(err, STATUS_INVALID, "an article is /v1/articles/{source}/{key}");
    *slash = '\0';
    found->identity = (struct newsloom_article){.source = rest, .key = slash + 1};
    return target_number(&request->target, "revision", 1, INT_MAX, &found->revision, err);
}

static void note_missing(struct article_answer *found, enum status status, const struct error *err)
{
    json_t *text = status == STATUS_OK ? NULL : json_string(err->text);
    if (text)
        (void)json_array_append_new(found->missing, text);
}

static enum status ask_both(struct gateway *gateway, const struct request *request,
                            struct article_answer *found, struct error *err)
{
    uint32_t revision = (uint32_t)found->revision;
    enum status status = ask_outcome(gateway, &found->identity, revision, &found->outcome, err);
    if (status == STATUS_INVALID) /* no source, or no key */
        return status;
    note_missing(found, status, err);
    if (!(request->roles & TOKEN_READER))
        return STATUS_OK;
    status = ask_stored(gateway, &found->identity, revision, &found->stored, err);
    note_missing(found, status, err);
    return STATUS_OK;
}

static void give_article(struct request *request, const struct article_answer *found)
{
    const char *source = found->identity.source;
    if (!found->outcome && !found->stored && json_array_size(found->missing) > 0) {
        answer_unavailable(request, json_string_value(json_array_get(found->missing, 0)));
        return;
    }
    if (!found->outcome && !found->stored) {
        answer_problem(&request->answer, PROBLEM_NOT_FOUND,
                       "no such article of source \"%s\" is known", source);
        return;
    }
    json_t *value = json_pack("{ss ss so so sO}", "source", source, "key", found->identity.key,
                              "outcome", found->outcome ? json_incref(found->outcome) : json_null(),
                              "stored", found->stored ? json_incref(found->stored) : json_null(),
                              "missing", found->missing);
    if (!(request->roles & TOKEN_READER))
        (void)json_object_del(value, "stored");
    answer_json(&request->answer, MHD_HTTP_OK, &value);
}

void article_get(struct gateway *gateway, struct request *request)
{
    struct article_answer found = {.missing = json_array()};
    struct error err;
    char *rest = text_copy(request->rest);
    enum status status = read_identity(request, rest, &found, &err);
    if (status == STATUS_OK)
        status = ask_both(gateway, request, &found, &err);
    if (status == STATUS_OK)
        give_article(request, &found);
    else
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
    json_decref(found.outcome);
    json_decref(found.stored);
    json_decref(found.missing);
    free(rest);
}

/* ---- entities ------------------------------------------------------------------------------ */

struct entity_wish {
    const char *words;
    const char *type; /* or NULL */
    long limit;
    long after; /* rank of the last one of the page before */
};

static enum status read_entity_wish(const struct target *target, struct entity_wish *wish,
                                    struct error *err)
{
    *wish = (struct entity_wish){.words = target_value(target, "q"),
                                 .type = target_value(target, "type"),
                                 .limit = PAGE_FALLBACK};
    if (!wish->words || !*wish->words || strlen(wish->words) > WORDS_LIMIT)
        return error_set(err, STATUS_INVALID, "q is a name, of at most %d bytes", WORDS_LIMIT);
    if (wish->type && !protobuf_c_enum_descriptor_get_value_by_name(
                          &newsloom__v1__entity_type__descriptor, wish->type))
        return error_set(err, STATUS_INVALID,
                         "type is PERSON, ORGANIZATION, LOCATION, LAW, EVENT or CRIME");
    enum status status = target_number(target, "limit", 1, PAGE_LIMIT, &wish->limit, err);
    if (status == STATUS_OK)
        status = target_number(target, "after", 0, FOUND_LIMIT, &wish->after, err);
    return status;
}

static json_t *entity_row(const PGresult *result, int row)
{
    return json_pack("{ss ss ss sI sf}", "entity_id", PQgetvalue(result, row, 0), "type",
                     PQgetvalue(result, row, 1), "name", PQgetvalue(result, row, 2), "articles",
                     (json_int_t)strtoll(PQgetvalue(result, row, 3), NULL, 10), "closeness",
                     strtod(PQgetvalue(result, row, 4), NULL));
}

/* One row more than the page tells that there is a next one. */
static void give_entities(struct request *request, const struct entity_wish *wish,
                          const PGresult *result)
{
    json_t *list = json_array();
    bool more = PQntuples(result) > wish->limit;
    int rows = more ? (int)wish->limit : PQntuples(result);
    for (int row = 0; row < rows; row++)
        (void)json_array_append_new(list, entity_row(result, row));
    long last = wish->after + rows;
    json_t *value =
        json_pack("{so so sb}", "entities", list, "next", more ? json_integer(last) : json_null(),
                  "complete", (int)(!more && last < FOUND_LIMIT));
    answer_json(&request->answer, MHD_HTTP_OK, &value);
}

void entities_get(struct gateway *gateway, struct request *request)
{
    struct entity_wish wish;
    struct error err;
    PGconn *connection = NULL;
    PGresult *result = NULL;
    char after[24];
    char most[24];
    if (read_entity_wish(&request->target, &wish, &err) != STATUS_OK) {
        answer_problem(&request->answer, PROBLEM_BAD_ADDRESS, "%s", err.text);
        return;
    }
    (void)snprintf(after, sizeof(after), "%ld", wish.after);
    (void)snprintf(most, sizeof(most), "%ld", wish.limit + 1);
    const char *const parameters[] = {wish.words, wish.type, after, most};
    enum status status = begin_question(gateway, &connection, &err);
    if (status == STATUS_OK) {
        status = database_ask(connection, ask_entities, parameters, 4, &result, &err);
        end_question(gateway, &connection);
    }
    if (status == STATUS_OK)
        give_entities(request, &wish, result);
    else
        answer_unavailable(request, err.text);
    database_clear(&result);
}
