// SPDX-License-Identifier: Apache-2.0
#include "client/command/outcome_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "client/command/print.h"
#include "client/lib/outcome.h"
#include "common/clock.h"

#define FACT_COLUMNS 1000

static const char *class_name(enum newsloom_class class)
{
    return class == NEWSLOOM_CLASS_BACKFILL ? "backfill" : "live";
}

static void print_attempts(const struct newsloom_outcome *outcome, FILE *out)
{
    static const char *const heads[] = {"attempt", "at", "worker", "charged", "code", "reason"};
    struct table table;
    if (outcome->attempt_count == 0)
        return;
    table_init(&table, heads, "rlllll");
    for (size_t i = 0; i < outcome->attempt_count; i++) {
        const struct newsloom_attempt *attempt = &outcome->attempts[i];
        char at[CLOCK_TEXT_SIZE];
        table_cell(&table, "%" PRIu32, attempt->number);
        table_cell(&table, "%s", clock_text(attempt->at_ms, at));
        table_cell(&table, "%s", attempt->worker);
        table_cell(&table, "%s", attempt->charged ? "yes" : "no");
        table_cell(&table, "%s", attempt->code);
        table_cell(&table, "%s", attempt->text);
    }
    table_print(&table, out);
    table_done(&table);
}

/* Texts from outside: without control characters. */
static void print_fact(const char *what, const char *first, const char *text, FILE *out)
{
    char *clean = text_in_columns(text, FACT_COLUMNS);
    (void)fprintf(out, "%-9s %s%s%s\n", what, first, *first ? " " : "", clean);
    free(clean);
}

static void print_time(const char *what, int64_t at_ms, FILE *out)
{
    char at[CLOCK_TEXT_SIZE];
    if (at_ms)
        (void)fprintf(out, "%-9s %s\n", what, clock_text(at_ms, at));
}

void outcome_print(const struct newsloom_outcome *outcome, FILE *out)
{
    print_fact("article", outcome->source, outcome->key, out);
    (void)fprintf(out, "id        %" PRIu64 ", revision %" PRIu32, outcome->article_id,
                  outcome->revision);
    if (outcome->newest_revision > outcome->revision)
        (void)fprintf(out, " (revision %" PRIu32 " came later: --revision shows each)",
                      outcome->newest_revision);
    (void)fprintf(out, ", %s\n", class_name(outcome->article_class));
    (void)fprintf(out, "state     %s", newsloom_state_name(outcome->state));
    if (outcome->sequence)
        (void)fprintf(out, ", entry %" PRIu64 " of the event log", outcome->sequence);
    (void)fputc('\n', out);
    print_time("accepted", outcome->accepted_at_ms, out);
    print_time("ended", outcome->ended_at_ms, out);
    print_time("next try", outcome->due_at_ms, out);
    if (outcome->reason && *outcome->reason)
        print_fact("reason", "", outcome->reason, out);
    (void)fprintf(out, "attempts  %" PRIu32 " charged\n", outcome->attempts_charged);
    print_attempts(outcome, out);
}

void outcome_print_wire(const Newsloom__V1__Outcome *wire, FILE *out)
{
    struct outcome_memory memory = {0};
    outcome_fill(&memory, wire);
    outcome_print(&memory.outcome, out);
}

static json_t *attempts_json(const struct newsloom_outcome *outcome)
{
    json_t *attempts = json_array();
    for (size_t i = 0; i < outcome->attempt_count; i++) {
        const struct newsloom_attempt *attempt = &outcome->attempts[i];
        (void)json_array_append_new(
            attempts,
            json_pack("{sI ss sI sb ss ss}", "number", (json_int_t)attempt->number, "worker",
                      attempt->worker, "at_ms", (json_int_t)attempt->at_ms, "charged",
                      (int)attempt->charged, "code", attempt->code, "text", attempt->text));
    }
    return attempts;
}

json_t *outcome_json(const struct newsloom_outcome *outcome)
{
    return json_pack(
        "{ss ss sI sI sI ss ss sI sI sI sI sI ss so}", "source", outcome->source, "key",
        outcome->key, "article_id", (json_int_t)outcome->article_id, "revision",
        (json_int_t)outcome->revision, "newest_revision", (json_int_t)outcome->newest_revision,
        "class", class_name(outcome->article_class), "state", newsloom_state_name(outcome->state),
        "accepted_at_ms", (json_int_t)outcome->accepted_at_ms, "ended_at_ms",
        (json_int_t)outcome->ended_at_ms, "due_at_ms", (json_int_t)outcome->due_at_ms, "sequence",
        (json_int_t)outcome->sequence, "attempts_charged", (json_int_t)outcome->attempts_charged,
        "reason", outcome->reason ? outcome->reason : "", "attempts", attempts_json(outcome));
}
