// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "client/command/interrupt.h"
#include "client/command/invocation.h"
#include "client/command/print.h"
#include "client/lib/hex.h"
#include "client/operator.h"
#include "common/clock.h"

#define WATCH_FALLBACK_MS 2000

static const char *class_name(Newsloom__V1__Class class)
{
    return class == NEWSLOOM__V1__CLASS__BACKFILL ? "backfill" : "live";
}

static void print_head(const Newsloom__V1__Status *s, FILE *out)
{
    char since[SHORT_TEXT_SIZE];
    char log_id[2 * 16 + 1] = "";
    int64_t up_ms = clock_wall_ms() - s->started_at_ms;
    if (s->log_id.len == 16)
        (void)hex_text(s->log_id.data, 16, log_id);
    (void)fprintf(out, "newsloom-broker %s, %s", s->version, s->condition);
    if (*s->condition_reason)
        (void)fprintf(out, " (%s)", s->condition_reason);
    (void)fprintf(out, ", up %s, start number %" PRIu64 "\n",
                  duration_short(up_ms > 0 ? (uint64_t)up_ms : 0, since), s->boot);
    (void)fprintf(out, "log      %s, entries %" PRIu64 " to %" PRIu64 "\n", log_id,
                  s->first_retained, s->last_sequence);
}

static void print_disk(const Newsloom__V1__Status *s, FILE *out)
{
    char used[SHORT_TEXT_SIZE];
    char budget[SHORT_TEXT_SIZE];
    char free_text[SHORT_TEXT_SIZE];
    double share = s->store_budget_bytes
                       ? 100.0 * (double)s->store_used_bytes / (double)s->store_budget_bytes
                       : 0;
    (void)fprintf(out, "store    %s of %s (%.1f %%), %s free on its disk\n",
                  size_short(s->store_used_bytes, used), size_short(s->store_budget_bytes, budget),
                  share, size_short(s->disk_free_bytes, free_text));
    (void)fprintf(out, "dead     %" PRIu64 "%s\n\n", s->dead,
                  s->dead ? "  (`newsloom dead list` shows them)" : "");
}

static void print_queue(const Newsloom__V1__Status *s, FILE *out)
{
    static const char *const heads[] = {"class",   "queued", "leased",
                                        "waiting", "oldest", "backlog"};
    struct table table;
    table_init(&table, heads, "lrrrrr");
    for (size_t i = 0; i < s->n_classes; i++) {
        const Newsloom__V1__ClassStatus *class = s->classes[i];
        char oldest[SHORT_TEXT_SIZE];
        char backlog[SHORT_TEXT_SIZE];
        table_cell(&table, "%s", class_name(class->class_));
        table_cell(&table, "%" PRIu64, class->queued);
        table_cell(&table, "%" PRIu64, class->leased);
        table_cell(&table, "%" PRIu64, class->waiting);
        table_cell(&table, "%s",
                   class->queued ? duration_short(class->oldest_queued_ms, oldest) : "-");
        table_cell(&table, "%s",
                   class->backlog_ms ? duration_short(class->backlog_ms, backlog) : "-");
    }
    table_print(&table, out);
    table_done(&table);
}

static void print_workers(const Newsloom__V1__Status *s, FILE *out)
{
    static const char *const heads[] = {"worker", "version",    "slots", "held", "done",
                                        "failed", "per minute", "heard", "state"};
    struct table table;
    if (s->n_workers == 0) {
        (void)fputs("\nno worker is connected\n", out);
        return;
    }
    table_init(&table, heads, "llrrrrrrl");
    for (size_t i = 0; i < s->n_workers; i++) {
        const Newsloom__V1__WorkerStatus *worker = s->workers[i];
        char heard[SHORT_TEXT_SIZE];
        table_cell(&table, "%s", worker->worker);
        table_cell(&table, "%s", worker->version);
        table_cell(&table, "%" PRIu32, worker->slots);
        table_cell(&table, "%" PRIu32, worker->held);
        table_cell(&table, "%" PRIu64, worker->done);
        table_cell(&table, "%" PRIu64, worker->failed);
        table_cell(&table, "%" PRIu32, worker->rate_per_minute);
        table_cell(&table, "%s ago", duration_short(worker->last_heard_ms, heard));
        table_cell(&table, "%s%s%s",
                   worker->paused    ? "paused by the breaker"
                   : worker->blocked ? "blocked"
                                     : "working",
                   *worker->blocked_reason ? ": " : "", worker->blocked_reason);
    }
    (void)fputc('\n', out);
    table_print(&table, out);
    table_done(&table);
}

static void print_subscribers(const Newsloom__V1__Status *s, FILE *out)
{
    static const char *const heads[] = {"subscriber", "connected", "acknowledged", "lag"};
    struct table table;
    if (s->n_subscribers == 0)
        return;
    table_init(&table, heads, "llrr");
    for (size_t i = 0; i < s->n_subscribers; i++) {
        const Newsloom__V1__SubscriberStatus *subscriber = s->subscribers[i];
        table_cell(&table, "%s", *subscriber->name ? subscriber->name : "(no name)");
        table_cell(&table, "%s", subscriber->connected ? "yes" : "no");
        table_cell(&table, "%" PRIu64, subscriber->acknowledged);
        table_cell(&table, "%" PRIu64, subscriber->lag);
    }
    (void)fputc('\n', out);
    table_print(&table, out);
    table_done(&table);
}

static void print_status(const Newsloom__V1__Status *s, bool as_json, FILE *out)
{
    if (as_json) {
        json_t *value = json_of_message(&s->base);
        json_print_line(&value, out);
        return;
    }
    print_head(s, out);
    print_disk(s, out);
    print_queue(s, out);
    print_workers(s, out);
    print_subscribers(s, out);
}

static int show(struct invocation *invocation, struct newsloom_operator *op, bool clear)
{
    struct error err;
    const Newsloom__V1__Status *answer = NULL;
    if (newsloom_operator_status(op, &answer, &err) != STATUS_OK)
        return complain(invocation, &err);
    if (clear)
        (void)fputs("\033[H\033[2J", stdout);
    print_status(answer, invocation_has(invocation, "json"), stdout);
    (void)fflush(stdout);
    return EX_OK;
}

static int run_status(struct invocation *invocation)
{
    struct error err;
    struct newsloom_operator *op = NULL;
    struct newsloom_options options = invocation_connect(invocation, "broker.operator");
    int64_t every_ms = WATCH_FALLBACK_MS;
    if (invocation->operand_count)
        return complain_usage(invocation, "status takes no operand");
    if (invocation_duration(invocation, "every", &every_ms, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    if (newsloom_operator_open(&op, &options, &err) != STATUS_OK)
        return complain(invocation, &err);
    bool watch = invocation_has(invocation, "watch");
    bool clear = watch && !invocation_has(invocation, "json") && isatty(STDOUT_FILENO);
    interrupt_install();
    int code = EX_OK;
    do {
        code = show(invocation, op, clear);
        /* A broker that restarts is waited for: that is when one watches. */
        if (watch && !interrupt_count())
            interrupt_wait(every_ms);
    } while (watch && !interrupt_count() && (code == EX_OK || code == EX_TEMPFAIL));
    newsloom_operator_close(&op);
    return watch && interrupt_count() ? EX_OK : code;
}

static const struct option options[] = {
    {"watch", 'w', NULL, "show it again and again until Ctrl-C"},
    {"every", 0, "DURATION", "with --watch: how often (2s)"},
    {"json", 0, NULL, "one JSON object a line, with every counter"},
};

static const struct example examples[] = {
    {"newsloom status", "the broker's condition, queue, workers, log, disk and subscribers"},
    {"newsloom status --watch", "the same, refreshed every two seconds"},
    {"newsloom status --json | jq .last_sequence", "one figure for a script"},
};

const struct verb verb_status = {
    .name = "status",
    .purpose = "show what the broker is doing",
    .operands = "",
    .about = "Queue by class and state, the oldest article, workers with their rate and last sign "
             "of life,\nevent log, disk, subscribers with their lag.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_status,
};
