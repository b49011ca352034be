// SPDX-License-Identifier: Apache-2.0
/*
 * forget - take an article out of PostgreSQL and out of the broker, in this order:
 *
 *      asked    the broker says which (source, key) an id is, and whether it knows it; nothing is
 *               changed
 *      rows     newsloom.forget(): one transaction leaves a tombstone and takes every row; rolled
 *               back when neither knows the article, for that is a slip of the pen
 *      broker   one request: queue, log and dead letters, a tombstone, subscribers are told, and
 * the answer comes when the file is scrubbed
 *
 * PostgreSQL goes first because a worker writes there before it reports: with its tombstone
 * standing no worker can store the article any more, so what the broker forgets afterwards nobody
 * brings back. The broker goes last because it is the only one that knows ids, and its entry tells
 * subscribers that the whole is done. Each step may be repeated: killed anywhere, the same command
 * finishes the rest, and what the broker has begun it finishes by itself.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/database.h"
#include "client/command/invocation.h"
#include "client/command/print.h"
#include "client/operator.h"
#include "common/crash.h"
#include "common/url.h"

#define SCRUB_MS (10 * 60 * 1000) /* how long the broker may take for its file */

static const char ask_tombstone[] = "SELECT EXISTS (SELECT FROM newsloom.forgotten f"
                                    " WHERE f.identity = newsloom.identity_of($1, $2))";
static const char forget_rows[] = "SELECT articles, entities, aliases, copies"
                                  " FROM newsloom.forget($1, $2)";
static const char unforget_rows[] = "SELECT newsloom.unforget($1, $2)";

struct forget {
    struct invocation *invocation;
    Newsloom__V1__ForgetRequest request;
    char *source;
    char *key;
    bool is_known;   /* to the broker or the database, under this key */
    bool beforehand; /* leave a tombstone also for what never was */
    json_t *json;
};

static void note(struct forget *forget, const char *name, json_int_t value)
{
    (void)json_object_set_new(forget->json, name, json_integer(value));
}

static enum status ask_broker(struct forget *forget, Newsloom__V1__ForgetVerb verb,
                              void (*use)(struct forget *, const Newsloom__V1__ForgetAnswer *),
                              struct error *err)
{
    struct newsloom_operator *op = NULL;
    const Newsloom__V1__ForgetAnswer *answer = NULL;
    struct newsloom_options options = invocation_connect(forget->invocation, "broker.operator");
    if (verb == NEWSLOOM__V1__FORGET_VERB__FORGET_DO)
        options.answer_timeout_ms = SCRUB_MS;
    forget->request.verb = verb;
    enum status status = newsloom_operator_open(&op, &options, err);
    if (status == STATUS_OK)
        status = newsloom_operator_forget(op, &forget->request, &answer, err);
    if (status == STATUS_OK)
        use(forget, answer);
    newsloom_operator_close(&op);
    return status;
}

/* ---- which */

static void take_name(struct forget *forget, const Newsloom__V1__ForgetAnswer *answer)
{
    free(forget->source);
    free(forget->key);
    forget->source = text_copy(answer->source);
    forget->key = text_copy(answer->key);
}

/* SOURCE/KEY or an id. */
static enum status read_operand(struct forget *forget, const char *operand, struct error *err)
{
    const char *slash = strchr(operand, '/');
    if (!slash) {
        char *end = NULL;
        forget->request.article_id = strtoull(operand, &end, 10);
        if (*operand >= '0' && *operand <= '9' && !*end && forget->request.article_id)
            return STATUS_OK;
        return error_set(err, STATUS_INVALID, "\"%.60s\" is neither SOURCE/KEY nor an article's id",
                         operand);
    }
    forget->source = text_format("%.*s", (int)(slash - operand), operand);
    if (!source_is_valid(forget->source) || !slash[1])
        return error_set(err, STATUS_INVALID,
                         "\"%.60s\" is not SOURCE/KEY: a source is 1 to 64 bytes of a-z 0-9 . _ -",
                         operand);
    forget->key = text_copy(slash + 1);
    return STATUS_OK;
}

static void take_state(struct forget *forget, const Newsloom__V1__ForgetAnswer *answer)
{
    forget->is_known = answer->state != NEWSLOOM__V1__STATE__STATE_UNKNOWN;
}

static enum status look(struct forget *forget, struct error *err)
{
    forget->request.source = forget->source;
    forget->request.key = forget->key;
    return ask_broker(forget, NEWSLOOM__V1__FORGET_VERB__FORGET_LOOK, take_state, err);
}

/* The key of an article that was fed by its URL is the canonical form of that. */
static enum status find_by_key(struct forget *forget, struct error *err)
{
    char *canonical = NULL;
    bool is_url = url_is_http(forget->key);
    enum status status = look(forget, err);
    if (status != STATUS_OK || forget->is_known || !is_url)
        return status;
    status = url_canonical(forget->key, &canonical, err);
    if (status != STATUS_OK)
        return status;
    free(forget->key);
    forget->key = canonical;
    return look(forget, err);
}

static enum status find(struct forget *forget, struct error *err)
{
    if (!forget->request.article_id)
        return find_by_key(forget, err);
    uint64_t id = forget->request.article_id;
    enum status status = ask_broker(forget, NEWSLOOM__V1__FORGET_VERB__FORGET_LOOK, take_name, err);
    forget->is_known = status == STATUS_OK;
    if (status == STATUS_OK)
        (void)fprintf(stderr,
                      "newsloom forget: article %" PRIu64
                      " is %s/%s: should this be cut short, run it again with that name\n",
                      id, forget->source, forget->key);
    return status;
}

/* ---- rows */

static enum status refuse_unknown(const struct forget *forget, bool with_rows, struct error *err)
{
    if (forget->is_known || forget->beforehand)
        return STATUS_OK;
    return error_set(err, STATUS_NOT_FOUND,
                     "there is no article %.40s/%.90s%s: nothing was changed. To have it refused "
                     "should it ever come, say --beforehand",
                     forget->source, forget->key,
                     with_rows ? ", neither at the broker nor in PostgreSQL" : " at the broker");
}

static enum status ask_rows(const struct forget *forget, PGconn *connection, const char *sql,
                            PGresult **ret_result, struct error *err)
{
    const char *const parameters[] = {forget->source, forget->key};
    return database_ask(connection, sql, parameters, COUNT_OF(parameters), ret_result, err);
}

static void note_rows(struct forget *forget, const PGresult *result)
{
    static const char *const names[] = {"articles", "entities", "names", "copies"};
    for (int i = 0; i < (int)COUNT_OF(names); i++)
        note(forget, names[i], strtoll(PQgetvalue(result, 0, i), NULL, 10));
    forget->is_known |= json_integer_value(json_object_get(forget->json, "articles")) > 0;
}

/* Within a transaction, which ends with the connection when this does not say OK. */
static enum status forget_rows_of(struct forget *forget, PGconn *connection, struct error *err)
{
    CLEANUP(database_clear) PGresult *stands = NULL;
    CLEANUP(database_clear) PGresult *taken = NULL;
    enum status status = ask_rows(forget, connection, ask_tombstone, &stands, err);
    if (status != STATUS_OK)
        return status;
    forget->is_known |= PQgetvalue(stands, 0, 0)[0] == 't';
    status = ask_rows(forget, connection, forget_rows, &taken, err);
    if (status == STATUS_OK)
        note_rows(forget, taken);
    return status == STATUS_OK ? refuse_unknown(forget, true, err) : status;
}

static enum status forget_in_database(struct forget *forget, bool lift, struct error *err)
{
    CLEANUP(database_clear) PGresult *lifted = NULL;
    PGconn *connection = NULL;
    enum status status = database_open_to_change(&connection, forget->invocation, err);
    if (status == STATUS_OK && lift)
        status = ask_rows(forget, connection, unforget_rows, &lifted, err);
    if (status == STATUS_OK && !lift)
        status = database_do(connection, "BEGIN", err);
    if (status == STATUS_OK && !lift)
        status = forget_rows_of(forget, connection, err);
    if (status == STATUS_OK && !lift)
        status = database_do(connection, "COMMIT", err);
    database_close(&connection);
    return status;
}

/* ---- the end */

static void take_answer(struct forget *forget, const Newsloom__V1__ForgetAnswer *answer)
{
    note(forget, "revisions", (json_int_t)answer->articles);
    note(forget, "entries", (json_int_t)answer->entries);
    note(forget, "sequence", (json_int_t)answer->sequence);
}

static void take_lifted(struct forget *forget, const Newsloom__V1__ForgetAnswer *answer)
{
    (void)json_object_set_new(forget->json, "lifted",
                              json_boolean(answer->state == NEWSLOOM__V1__STATE__FORGOTTEN));
}

static json_int_t noted(const struct forget *forget, const char *name)
{
    return json_integer_value(json_object_get(forget->json, name));
}

static void print_text(const struct forget *forget, bool lift, bool with_rows)
{
    if (lift) {
        (void)puts(json_is_true(json_object_get(forget->json, "lifted"))
                       ? "it is taken again when it is fed again"
                       : "it was not forgotten");
        return;
    }
    (void)printf(
        "broker      %lld revisions, %lld entries of the log; entry %lld tells subscribers\n",
        noted(forget, "revisions"), noted(forget, "entries"), noted(forget, "sequence"));
    if (with_rows)
        (void)printf("PostgreSQL  %lld articles, %lld entities, %lld names\n",
                     noted(forget, "articles"), noted(forget, "entities"), noted(forget, "names"));
    if (noted(forget, "copies"))
        (void)printf("%lld near copies by others stay: forget each by its own name\n",
                     noted(forget, "copies"));
}

static enum status forget_all(struct forget *forget, bool lift, bool with_rows, struct error *err)
{
    enum status status = find(forget, err);
    if (status == STATUS_OK && with_rows)
        status = forget_in_database(forget, lift, err);
    else if (status == STATUS_OK && !lift)
        status = refuse_unknown(forget, false, err);
    if (status != STATUS_OK)
        return status;
    crash_here(CRASH_CLIENT_ROWS_FORGOTTEN);
    forget->request.article_id = 0;
    forget->request.source = forget->source;
    forget->request.key = forget->key;
    forget->request.beforehand = forget->beforehand || with_rows; /* PostgreSQL may know more */
    return ask_broker(forget,
                      lift ? NEWSLOOM__V1__FORGET_VERB__FORGET_LIFT
                           : NEWSLOOM__V1__FORGET_VERB__FORGET_DO,
                      lift ? take_lifted : take_answer, err);
}

static int run_forget(struct invocation *invocation)
{
    struct error err;
    struct forget forget = {.invocation = invocation,
                            .request = NEWSLOOM__V1__FORGET_REQUEST__INIT,
                            .beforehand = invocation_has(invocation, "beforehand")};
    bool lift = invocation_has(invocation, "lift");
    bool with_rows = !invocation_has(invocation, "broker-only");
    int code = EX_OK;
    if (invocation->operand_count != 1)
        return complain_usage(invocation, "name one article: SOURCE/KEY, or its id");
    if (lift && forget.beforehand)
        return complain_usage(invocation, "--lift and --beforehand are opposites");
    if (with_rows && !*settings_text(invocation->settings, "database.url"))
        return complain_usage(invocation, "database.url is not set: forgetting in the broker alone "
                                          "leaves the rows; say --broker-only if that is meant");
    forget.json = json_object();
    if (read_operand(&forget, invocation->operands[0], &err) != STATUS_OK)
        code = complain_usage(invocation, "%s", err.text);
    else if (forget_all(&forget, lift, with_rows, &err) != STATUS_OK)
        code = complain(invocation, &err);
    else if (invocation_has(invocation, "json"))
        json_print_line(&forget.json, stdout);
    else
        print_text(&forget, lift, with_rows);
    json_decref(forget.json);
    free(forget.source);
    free(forget.key);
    return code;
}

static const struct option options[] = {
    {"lift", 0, NULL, "take the tombstone away: it is taken again when it is fed again"},
    {"beforehand", 0, NULL, "also an article that never was: it is refused should it come"},
    {"broker-only", 0, NULL, "leave PostgreSQL alone"},
    {"json", 0, NULL, "one JSON object: how much of what was taken"},
};

static const struct example examples[] = {
    {"newsloom forget vov.vn/https://vov.vn/an-ninh/bai-123.vov", "by source and URL"},
    {"newsloom forget archive/2026-03/017.txt", "by source and key"},
    {"newsloom forget 4711", "by the broker's id, as `newsloom trace` shows it"},
};

const struct verb verb_forget = {
    .name = "forget",
    .purpose = "take an article out of every place, and keep it out",
    .operands = "SOURCE/KEY|ID",
    .about =
        "All revisions leave PostgreSQL (with the entities and names that nothing else needs), the "
        "queue,\nthe event log and the dead letters; the broker's file is scrubbed of their bytes. "
        "Subscribers get\nan entry FORGOTTEN so that they can do the same. A tombstone without a "
        "word of it stays: a late\nresult is dropped, and the same article fed again is refused "
        "(WAS_FORGOTTEN) until --lift. Run again\nafter an interruption it finishes. A KEY that is "
        "a URL means the article that was fed by it.\n\n"
        "It needs a key with the role operator, and in PostgreSQL the role newsloom_operator. What "
        "it cannot\nreach: backups, PostgreSQL's dead rows until VACUUM and its WAL, what feeders "
        "and subscribers keep,\nand near copies by others, which it counts.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_forget,
};
