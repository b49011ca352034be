// SPDX-License-Identifier: Apache-2.0
#include "recovery/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/database.h"
#include "client/command/interrupt.h"
#include "client/command/print.h"

#define TOLD_FALLBACK 20

static enum status read_status(struct session *session, struct error *err)
{
    const Newsloom__V1__Status *status = NULL;
    enum status answer = newsloom_operator_status(session->op, &status, err);
    if (answer != STATUS_OK)
        return answer;
    session->first_retained = status->first_retained;
    session->last_sequence = status->last_sequence;
    return STATUS_OK;
}

int session_check_usage(struct invocation *invocation)
{
    struct error err;
    int64_t limit = 0;
    const char *only = invocation_text(invocation, "only");
    if (invocation->operand_count)
        return complain_usage(invocation, "%s takes no operand", invocation->verb->name);
    if (only && strcmp(only, "database") != 0 && strcmp(only, "log") != 0)
        return complain_usage(invocation, "--only is database or log, not \"%.40s\"", only);
    if (invocation_number(invocation, "limit", &limit, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    return EX_OK;
}

enum status session_open(struct session *session, struct invocation *invocation, struct error *err)
{
    struct newsloom_options options = invocation_connect(invocation, "broker.operator");
    int64_t limit = TOLD_FALLBACK;
    *session =
        (struct session){.invocation = invocation, .as_json = invocation_has(invocation, "json")};
    enum status status = invocation_number(invocation, "limit", &limit, err);
    session->limit = (uint64_t)limit;
    progress_init(&session->progress, !invocation_has(invocation, "quiet"));
    interrupt_install();
    if (status == STATUS_OK)
        status = newsloom_operator_open(&session->op, &options, err);
    if (status == STATUS_OK)
        status = read_status(session, err);
    if (status == STATUS_OK)
        status = database_open(&session->database, invocation, err);
    return status;
}

void session_close(struct session *session)
{
    progress_clear(&session->progress);
    database_close(&session->database);
    newsloom_operator_close(&session->op);
}

static void print_json(const struct finding *finding)
{
    json_t *value = json_pack("{ss}", "finding", finding->what);
    if (finding->source) {
        (void)json_object_set_new(value, "source", json_string(finding->source));
        (void)json_object_set_new(value, "key", json_string(finding->key));
        (void)json_object_set_new(value, "revision", json_integer(finding->revision));
    }
    if (finding->sequence)
        (void)json_object_set_new(value, "sequence", json_integer((json_int_t)finding->sequence));
    if (finding->why[0])
        (void)json_object_set_new(value, "why", json_string(finding->why));
    json_print_line(&value, stdout);
}

void session_tell(struct session *session, const struct finding *finding)
{
    if (session->limit && session->told >= session->limit)
        return;
    session->told++;
    progress_clear(&session->progress);
    if (session->as_json) {
        print_json(finding);
        return;
    }
    (void)printf("%s:", finding->what);
    if (finding->source)
        (void)printf(" %s %s revision %" PRIu32, finding->source, finding->key, finding->revision);
    if (finding->sequence)
        (void)printf(" (entry %" PRIu64 ")", finding->sequence);
    (void)printf("%s%s\n", finding->why[0] ? (finding->source ? ": " : " ") : "", finding->why);
}

void session_progress(struct session *session, double share, uint64_t done, const char *unit,
                      const char *note)
{
    const struct progress_figures figures = {
        .share = share, .done = done, .unit = unit, .note = note};
    progress_draw(&session->progress, &figures, false);
}
