// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/invocation.h"
#include "client/command/outcome_text.h"
#include "client/command/print.h"
#include "client/operator.h"
#include "common/clock.h"

#define LIST_FALLBACK 50
#define REASON_WIDTH  70

static const struct {
    const char *name;
    Newsloom__V1__DeadVerb verb;
} actions[] = {
    {"list", NEWSLOOM__V1__DEAD_VERB__DEAD_LIST},
    {"show", NEWSLOOM__V1__DEAD_VERB__DEAD_SHOW},
    {"retry", NEWSLOOM__V1__DEAD_VERB__DEAD_RETRY},
    {"drop", NEWSLOOM__V1__DEAD_VERB__DEAD_DROP},
};

static void print_letters_json(const struct newsloom_dead_letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        json_t *value = json_of_message(&letters->letters[i]->base);
        json_print_line(&value, stdout);
    }
}

static void add_rows(struct table *table, const struct newsloom_dead_letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        const Newsloom__V1__DeadLetter *letter = letters->letters[i];
        const Newsloom__V1__Outcome *outcome = letter->outcome;
        char size[SHORT_TEXT_SIZE];
        char age[SHORT_TEXT_SIZE];
        if (!outcome)
            continue;
        int64_t ago_ms = clock_wall_ms() - outcome->ended_at_ms;
        char *reason = text_in_columns(outcome->reason, REASON_WIDTH);
        table_cell(table, "%" PRIu64, outcome->article_id);
        table_cell(table, "%s", outcome->source);
        table_cell(table, "%s", outcome->key);
        table_cell(table, "%s", letter->code);
        table_cell(table, "%" PRIu32, outcome->attempts_charged);
        table_cell(table, "%s", size_short(letter->size, size));
        table_cell(table, "%s ago", duration_short(ago_ms > 0 ? (uint64_t)ago_ms : 0, age));
        table_cell(table, "%s", reason);
        free(reason);
    }
}

/* Pages until the limit; says when there are more. */
static int list(struct invocation *invocation, struct newsloom_operator *op,
                Newsloom__V1__DeadRequest *request, uint64_t limit)
{
    static const char *const heads[] = {"id",       "source", "key",  "code",
                                        "attempts", "size",   "died", "reason"};
    struct error err;
    struct newsloom_dead_letters letters = {0};
    struct table table;
    uint64_t shown = 0;
    bool as_json = invocation_has(invocation, "json");
    int code = EX_OK;
    table_init(&table, heads, "rlllrrrl");
    do {
        request->most = (uint32_t)(limit - shown);
        if (newsloom_operator_dead(op, request, &letters, &err) != STATUS_OK) {
            code = complain(invocation, &err);
            break;
        }
        if (as_json)
            print_letters_json(&letters);
        else
            add_rows(&table, &letters);
        shown += letters.count;
        request->after = letters.next_after;
    } while (letters.next_after && letters.count && shown < limit);
    if (!as_json && shown)
        table_print(&table, stdout);
    else if (!as_json && code == EX_OK)
        (void)puts("there are no dead letters here");
    if (code == EX_OK && letters.next_after)
        (void)fprintf(stderr,
                      "newsloom dead: there are more; --limit N shows more, --after %" PRIu64
                      " goes on\n",
                      request->after);
    table_done(&table);
    return code;
}

static int show(struct invocation *invocation, struct newsloom_operator *op,
                Newsloom__V1__DeadRequest *request)
{
    struct error err;
    struct newsloom_dead_letters letters = {0};
    if (newsloom_operator_dead(op, request, &letters, &err) != STATUS_OK)
        return complain(invocation, &err);
    if (letters.count == 0) {
        (void)error_set(&err, STATUS_NOT_FOUND, "there is no dead letter %" PRIu64,
                        request->article_id);
        return complain(invocation, &err);
    }
    if (invocation_has(invocation, "json")) {
        print_letters_json(&letters);
        return EX_OK;
    }
    for (size_t i = 0; i < letters.count; i++)
        if (letters.letters[i]->outcome)
            outcome_print_wire(letters.letters[i]->outcome, stdout);
    return EX_OK;
}

/* The broker changes a page a turn: asked again until it has nothing more. */
static int change(struct invocation *invocation, struct newsloom_operator *op,
                  Newsloom__V1__DeadRequest *request)
{
    struct error err;
    struct newsloom_dead_letters letters = {0};
    const char *did =
        request->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_RETRY ? "queued again" : "withdrawn";
    uint64_t changed = 0;
    do {
        if (newsloom_operator_dead(op, request, &letters, &err) != STATUS_OK)
            return complain(invocation, &err);
        changed += letters.changed;
        request->after = letters.next_after;
    } while (letters.next_after);
    if (invocation_has(invocation, "json")) {
        json_t *value = json_pack("{sI}", "changed", (json_int_t)changed);
        json_print_line(&value, stdout);
    } else {
        (void)printf("%" PRIu64 " dead letter%s %s\n", changed, changed == 1 ? "" : "s", did);
    }
    return changed || !request->article_id ? EX_OK : EX_NOINPUT;
}

static enum status parse_id(const char *text, uint64_t *ret_id, struct error *err)
{
    char *end = NULL;
    errno = 0;
    *ret_id = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || *ret_id == 0)
        return error_set(err, STATUS_INVALID,
                         "\"%.40s\" is no article id: `newsloom dead list` shows them", text);
    return STATUS_OK;
}

/* What list, show, retry and drop are about: one id, or a filter, or all that was asked for aloud.
 */
static enum status read_request(struct invocation *invocation, Newsloom__V1__DeadRequest *request,
                                struct error *err)
{
    const char *source = invocation_text(invocation, "source");
    const char *code = invocation_text(invocation, "code");
    int64_t after = 0;
    if (invocation_number(invocation, "after", &after, err) != STATUS_OK)
        return STATUS_INVALID;
    request->after = (uint64_t)after;
    if (source)
        request->source = (char *)(uintptr_t)source;
    if (code)
        request->code = (char *)(uintptr_t)code;
    bool one = invocation->operand_count == 2;
    if (one && (source || code))
        return error_set(err, STATUS_INVALID, "give an id or a filter, not both");
    if (one)
        return parse_id(invocation->operands[1], &request->article_id, err);
    if (request->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_SHOW)
        return error_set(err, STATUS_INVALID, "show needs an article id");
    if (request->verb != NEWSLOOM__V1__DEAD_VERB__DEAD_LIST && !source && !code &&
        !invocation_has(invocation, "all"))
        return error_set(err, STATUS_INVALID, "name an id, --source, --code, or --all");
    return STATUS_OK;
}

static int run_dead(struct invocation *invocation)
{
    struct error err;
    struct newsloom_operator *op = NULL;
    Newsloom__V1__DeadRequest request = NEWSLOOM__V1__DEAD_REQUEST__INIT;
    struct newsloom_options options = invocation_connect(invocation, "broker.operator");
    const char *name = invocation->operand_count ? invocation->operands[0] : "list";
    int64_t limit = LIST_FALLBACK;
    size_t action = 0;
    while (action < COUNT_OF(actions) && strcmp(actions[action].name, name) != 0)
        action++;
    if (action == COUNT_OF(actions) || invocation->operand_count > 2)
        return complain_usage(invocation, "say list, show ID, retry [ID] or drop [ID]");
    request.verb = actions[action].verb;
    if (read_request(invocation, &request, &err) != STATUS_OK ||
        invocation_number(invocation, "limit", &limit, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (limit < 1 || limit > UINT32_MAX)
        return complain_usage(invocation, "--limit is at least 1");
    if (newsloom_operator_open(&op, &options, &err) != STATUS_OK)
        return complain(invocation, &err);
    int code = EX_OK;
    if (request.verb == NEWSLOOM__V1__DEAD_VERB__DEAD_LIST)
        code = list(invocation, op, &request, (uint64_t)limit);
    else if (request.verb == NEWSLOOM__V1__DEAD_VERB__DEAD_SHOW)
        code = show(invocation, op, &request);
    else
        code = change(invocation, op, &request);
    newsloom_operator_close(&op);
    return code;
}

static const struct option options[] = {
    {"source", 0, "SOURCE", "only dead letters of this source"},
    {"code", 0, "CODE", "only those that died of this, such as INVALID_PAYLOAD"},
    {"all", 0, NULL, "retry or drop every dead letter"},
    {"limit", 0, "N", "list at most this many (50)"},
    {"after", 0, "ID", "list those with a larger id"},
    {"json", 0, NULL, "one JSON object a line"},
};

static const struct example examples[] = {
    {"newsloom dead list --source vov.vn", "what died, and of what"},
    {"newsloom dead show 4711", "one of them with its history"},
    {"newsloom dead retry --code TIMED_OUT", "queue them again, with all their attempts"},
    {"newsloom dead drop 4711", "end it as withdrawn"},
};

const struct verb verb_dead = {
    .name = "dead",
    .purpose = "list, show, retry or drop dead letters",
    .operands = "list|show ID|retry [ID]|drop [ID]",
    .about = "A dead letter is an article that ended without being stored. A retry gives it all "
             "its attempts again;\na drop withdraws it. Both are entries of the event log once "
             "they end.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_dead,
};
