// SPDX-License-Identifier: Apache-2.0
/*
 * newsloom-repair - give the database and the log back what one of them forgot.
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "client/command/interrupt.h"
#include "client/command/print.h"
#include "recovery/restoring.h"
#include "recovery/resubmitting.h"

struct repairing {
    struct session session;
    bool dry_run;
    bool database; /* is to be mended */
    bool log;      /* too */
    struct restoring restoring;
    struct resubmitting resubmitting;
};

static void read_wishes(struct repairing *r, const struct invocation *invocation)
{
    const char *only = invocation_text(invocation, "only");
    r->dry_run = invocation_has(invocation, "dry-run");
    r->database = !only || strcmp(only, "database") == 0;
    r->log = !only || strcmp(only, "log") == 0;
}

static enum status mend_database(struct repairing *r, struct error *err)
{
    struct session *session = &r->session;
    struct log_walk walk = {.session = session,
                            .on_batch = restoring_batch,
                            .context = &r->restoring,
                            .note = "of the log"};
    if (!r->dry_run)
        r->restoring.storage =
            storage_new(settings_text(session->invocation->settings, "database.url"),
                        "newsloom-repair", STORAGE_TIMEOUT_MS);
    enum status status = log_walk_run(&walk, err);
    storage_free(&r->restoring.storage);
    return status;
}

/* The moment at which the log begins, when it has lost what was before. */
static enum status first_at(struct session *session, int64_t *ret_ms, struct error *err)
{
    struct newsloom_options options = invocation_connect(session->invocation, "broker.subscribe");
    const struct newsloom_subscription subscription = {.from = NEWSLOOM_FROM_EARLIEST, .window = 1};
    struct newsloom_subscriber *subscriber = NULL;
    const struct newsloom_entry *entry = NULL;
    *ret_ms = 0;
    if (session->first_retained <= 1 || session->first_retained > session->last_sequence)
        return STATUS_OK;
    int64_t patience_ms = settings_number(session->invocation->settings, "answer.timeout");
    enum status status = newsloom_subscriber_open(&subscriber, &options, &subscription, err);
    if (status == STATUS_OK)
        status = newsloom_subscriber_next(subscriber, patience_ms, &entry, err);
    if (status == STATUS_OK)
        *ret_ms = entry->stored_at_ms;
    newsloom_subscriber_close(&subscriber);
    return status;
}

static enum status mend_log(struct repairing *r, struct error *err)
{
    struct row_walk walk = {.session = &r->session,
                            .on_row = resubmitting_row,
                            .context = &r->resubmitting,
                            .note = "of the database"};
    enum status status = first_at(&r->session, &walk.since_ms, err);
    if (status == STATUS_OK)
        status = resubmitting_open(&r->resubmitting, err);
    if (status == STATUS_OK)
        status = row_walk_run(&walk, err);
    if (status == STATUS_OK)
        status = resubmitting_finish(&r->resubmitting, err);
    resubmitting_close(&r->resubmitting);
    return status;
}

static void print_result(const struct repairing *r)
{
    uint64_t left = r->restoring.left + r->resubmitting.left;
    if (r->session.as_json) {
        json_t *value =
            json_pack("{sb sI sI sI sI sI}", "dry_run", r->dry_run, "written",
                      (json_int_t)r->restoring.written, "mended", (json_int_t)r->restoring.mended,
                      "submitted", (json_int_t)r->resubmitting.submitted, "retried",
                      (json_int_t)r->resubmitting.retried, "left", (json_int_t)left);
        json_print_line(&value, stdout);
        return;
    }
    const char *did = r->dry_run ? "would be " : "";
    if (r->database)
        (void)printf("database  %" PRIu64 " rows %swritten again, the facts of %" PRIu64
                     " rows %swritten again, %" PRIu64 " left\n",
                     r->restoring.written, did, r->restoring.mended, did, r->restoring.left);
    if (r->log)
        (void)printf("log       %" PRIu64 " articles %ssubmitted again, %" PRIu64
                     " dead letters %sretried, %" PRIu64 " left\n",
                     r->resubmitting.submitted, did, r->resubmitting.retried, did,
                     r->resubmitting.left);
}

static int run(struct invocation *invocation)
{
    struct error err;
    struct repairing r = {0};
    int code = session_check_usage(invocation);
    if (code != EX_OK)
        return code;
    read_wishes(&r, invocation);
    enum status status = session_open(&r.session, invocation, &err);
    r.restoring = (struct restoring){.session = &r.session, .dry_run = r.dry_run};
    r.resubmitting = (struct resubmitting){.session = &r.session, .dry_run = r.dry_run};
    if (status == STATUS_OK && r.database)
        status = mend_database(&r, &err);
    if (status == STATUS_OK && r.log)
        status = mend_log(&r, &err);
    progress_clear(&r.session.progress);
    if (status == STATUS_OK || r.restoring.written + r.resubmitting.submitted > 0)
        print_result(&r);
    code = r.restoring.left + r.resubmitting.left > 0 ? EXIT_FINDINGS : EX_OK;
    if (status != STATUS_OK) {
        code = complain(invocation, &err);
        code = interrupt_count() ? EXIT_INTERRUPTED : code;
    }
    session_close(&r.session);
    return code;
}

int main(int argc, char **argv)
{
    return invocation_helper_main("repair", run, argc, argv);
}
