// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "client/command/interrupt.h"
#include "client/command/invocation.h"
#include "client/command/print.h"
#include "client/command/progress.h"
#include "client/operator.h"

#define LOOK_MS        100
#define NAME_TEXT_SIZE 32

#define COPYING  NEWSLOOM__V1__BACKUP_STATE__BACKUP_COPYING
#define CHECKING NEWSLOOM__V1__BACKUP_STATE__BACKUP_CHECKING
#define MADE     NEWSLOOM__V1__BACKUP_STATE__BACKUP_MADE
#define FAILED   NEWSLOOM__V1__BACKUP_STATE__BACKUP_FAILED

static void name_by_time(char name[NAME_TEXT_SIZE])
{
    time_t now = time(NULL);
    struct tm parts;
    (void)strftime(name, NAME_TEXT_SIZE, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
}

static void draw(struct progress *progress, const Newsloom__V1__BackupAnswer *answer)
{
    bool copying = answer->state == COPYING;
    const struct progress_figures figures = {
        .share = copying && answer->total_bytes
                     ? (double)answer->copied_bytes / (double)answer->total_bytes
                     : -1,
        .done = answer->copied_bytes >> 20,
        .unit = "MiB",
        .note = copying ? "" : "syncing and reading back",
    };
    progress_draw(progress, &figures, false);
}

/* Until it is made or has failed; Ctrl-C takes it back first. */
static enum status follow(struct newsloom_operator *op, const char *name, bool wants_progress,
                          const Newsloom__V1__BackupAnswer **ret_answer, struct error *err)
{
    struct progress progress;
    Newsloom__V1__BackupRequest request = NEWSLOOM__V1__BACKUP_REQUEST__INIT;
    enum status status = STATUS_OK;
    request.name = (char *)(uintptr_t)name;
    progress_init(&progress, wants_progress);
    while (status == STATUS_OK &&
           ((*ret_answer)->state == COPYING || (*ret_answer)->state == CHECKING)) {
        draw(&progress, *ret_answer);
        interrupt_wait(LOOK_MS);
        request.verb = interrupt_count() ? NEWSLOOM__V1__BACKUP_VERB__BACKUP_CANCEL
                                         : NEWSLOOM__V1__BACKUP_VERB__BACKUP_LOOK;
        status = newsloom_operator_backup(op, &request, ret_answer, err);
    }
    progress_clear(&progress);
    if (status == STATUS_OK && strcmp((*ret_answer)->name, name) != 0)
        status = error_set(err, STATUS_AGAIN,
                           "the broker was restarted meanwhile: nothing of the backup is left");
    return status;
}

static void print_made(const Newsloom__V1__BackupAnswer *answer, bool as_json)
{
    char size[SHORT_TEXT_SIZE];
    if (as_json) {
        json_t *value = json_of_message(&answer->base);
        json_print_line(&value, stdout);
        return;
    }
    (void)printf("%s: %s, every entry up to %" PRIu64 "\n", answer->directory,
                 size_short(answer->copied_bytes, size), answer->last_sequence);
}

static int make_backup(struct invocation *invocation, struct newsloom_operator *op,
                       Newsloom__V1__BackupRequest *request)
{
    struct error err;
    const Newsloom__V1__BackupAnswer *answer = NULL;
    interrupt_install();
    enum status status = newsloom_operator_backup(op, request, &answer, &err);
    if (status == STATUS_OK)
        status = follow(op, request->name, !invocation_has(invocation, "quiet"), &answer, &err);
    if (status == STATUS_OK && answer->state == FAILED)
        status = error_set(&err, STATUS_AGAIN, "%s", answer->text);
    if (status == STATUS_OK && answer->state == MADE) {
        print_made(answer, invocation_has(invocation, "json"));
        return EX_OK;
    }
    int code = complain(invocation, &err);
    return interrupt_count() ? EXIT_INTERRUPTED : code;
}

static int run_backup(struct invocation *invocation)
{
    struct error err;
    struct newsloom_operator *op = NULL;
    Newsloom__V1__BackupRequest request = NEWSLOOM__V1__BACKUP_REQUEST__INIT;
    struct newsloom_options options = invocation_connect(invocation, "broker.operator");
    char name[NAME_TEXT_SIZE];
    int64_t limit_bytes = 0;
    name_by_time(name);
    if (invocation->operand_count > 1)
        return complain_usage(invocation, "name one backup, or none");
    if (invocation_size(invocation, "limit", &limit_bytes, &err) != STATUS_OK)
        return complain_usage(invocation, "%s", err.text);
    request.verb = NEWSLOOM__V1__BACKUP_VERB__BACKUP_BEGIN;
    request.limit_bytes = (uint64_t)limit_bytes;
    request.name = invocation->operand_count ? (char *)(uintptr_t)invocation->operands[0] : name;
    if (newsloom_operator_open(&op, &options, &err) != STATUS_OK)
        return complain(invocation, &err);
    int code = make_backup(invocation, op, &request);
    newsloom_operator_close(&op);
    return code;
}

static const struct option options[] = {
    {"limit", 0, "SIZE", "give up when it holds so much that was freed (half of the free room)"},
    {"quiet", 'q', NULL, "no progress"},
    {"json", 0, NULL, "one JSON object: directory, bytes, log_id, last_sequence"},
};

static const struct example examples[] = {
    {"newsloom backup", "named by the time, in the broker's store.backups"},
    {"newsloom backup before-upgrade --limit 256MiB", "named, and gives up sooner"},
};

const struct verb verb_backup = {
    .name = "backup",
    .purpose = "have the broker copy its store while it runs",
    .operands = "[NAME]",
    .about = "The copy is of one moment, and whole or not there: it has its name only after it was "
             "synced and\nread back. It stands on the broker's host, in store.backups/NAME, with "
             "b2sums beside data.mdb.\nWhat the broker frees meanwhile it cannot use again until "
             "the copy is done; before that\nbecomes too much the backup gives up and says so. "
             "Ctrl-C leaves nothing behind. To restore, give\na stopped broker a copy of the "
             "directory as its store.directory: docs/runbooks.md.",
    .options = options,
    .option_count = COUNT_OF(options),
    .examples = examples,
    .example_count = COUNT_OF(examples),
    .run = run_backup,
};
