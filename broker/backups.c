// SPDX-License-Identifier: Apache-2.0
#include "broker/backups.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "broker/store_backup.h"
#include "common/clock.h"

#define NAME_LIMIT 64
#define NAME_BYTES "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

struct backups {
    struct store *store;
    char *home;
    char *name; /* of the last; NULL: there was none */
    char *directory;
    pthread_t thread;
    bool has_thread; /* to be joined */
    struct store_backup backup;
    int64_t since_ms;
    atomic_bool is_over; /* status and error are the loop's to read from then on */
    enum status status;
    struct error error;
};

struct backups *backups_new(struct store *store, const char *directory, const char *home)
{
    struct backups *backups = memory_new(sizeof(*backups));
    backups->store = store;
    backups->home = home[0] ? text_copy(home) : text_format("%s/backups", directory);
    store_backup_sweep(backups->home);
    return backups;
}

static void forget_last(struct backups *backups)
{
    if (backups->has_thread)
        (void)pthread_join(backups->thread, NULL);
    backups->has_thread = false;
    text_free(&backups->name);
    text_free(&backups->directory);
}

void backups_free(struct backups **backups_p)
{
    struct backups *backups = *backups_p;
    if (!backups)
        return;
    atomic_store(&backups->backup.is_cancelled, true);
    forget_last(backups);
    free(backups->home);
    free(backups);
    *backups_p = NULL;
}

/* ---- the thread ---- */

static void *run(void *context)
{
    struct backups *backups = context;
    struct store_backup *backup = &backups->backup;
    char reason[LOG_QUOTE_SIZE];
    if (mkdir(backups->home, 0700) != 0 && errno != EEXIST) {
        backups->status = error_set_errno(&backups->error, STATUS_INVALID,
                                          "could not make \"%s\" (store.backups)", backups->home);
    } else {
        store_backup_sweep(backups->home);
        backups->status = store_backup(backups->store, backup, &backups->error);
    }
    int64_t ms = clock_mono_ms() - backups->since_ms;
    if (backups->status == STATUS_OK)
        log_info("backup-made", "name=%s bytes=%" PRIu64 " last=%" PRIu64 " ms=%" PRId64,
                 backups->name, (uint64_t)atomic_load(&backup->copied_bytes), backup->last_sequence,
                 ms);
    else
        log_warn("backup-failed", "name=%s reason=%s ms=%" PRId64 ": nothing of it is left",
                 backups->name, log_quote(backups->error.text, reason), ms);
    atomic_store(&backups->is_over, true);
    return NULL;
}

static enum status begin(struct backups *backups, const char *name, uint64_t limit_bytes,
                         struct error *err)
{
    if (strspn(name, NAME_BYTES) != strlen(name) || !name[0] || name[0] == '.' ||
        strlen(name) > NAME_LIMIT || strstr(name, BACKUP_PARTIAL))
        return error_set(err, STATUS_INVALID,
                         "a backup is named by 1 to %d letters, digits, dots, - and _, the first "
                         "no dot",
                         NAME_LIMIT);
    if (backups->has_thread && !atomic_load(&backups->is_over))
        return error_set(err, STATUS_AGAIN, "the backup \"%s\" is being made: one at a time",
                         backups->name);
    forget_last(backups);
    backups->name = text_copy(name);
    backups->directory = text_format("%s/%s", backups->home, name);
    backups->backup =
        (struct store_backup){.directory = backups->directory, .limit_bytes = limit_bytes};
    backups->since_ms = clock_mono_ms();
    backups->status = STATUS_OK;
    atomic_store(&backups->is_over, false);
    if (pthread_create(&backups->thread, NULL, run, backups) != 0)
        return error_set(err, STATUS_AGAIN, "could not start a thread for the backup");
    backups->has_thread = true;
    log_info("backup-began", "name=%s", name);
    return STATUS_OK;
}

/* ---- the operator ---- */

static Newsloom__V1__BackupState state_of(const struct backups *backups)
{
    if (!backups->has_thread)
        return NEWSLOOM__V1__BACKUP_STATE__BACKUP_NONE;
    if (atomic_load(&backups->is_over))
        return backups->status == STATUS_OK ? NEWSLOOM__V1__BACKUP_STATE__BACKUP_MADE
                                            : NEWSLOOM__V1__BACKUP_STATE__BACKUP_FAILED;
    return atomic_load(&backups->backup.is_checking) ? NEWSLOOM__V1__BACKUP_STATE__BACKUP_CHECKING
                                                     : NEWSLOOM__V1__BACKUP_STATE__BACKUP_COPYING;
}

static void give_backup(struct broker *b, struct answer *answer)
{
    struct backups *backups = b->backups;
    struct store_backup *backup = &backups->backup;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__BackupAnswer body = NEWSLOOM__V1__BACKUP_ANSWER__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_BACKUP_ANSWER;
    envelope.backup_answer = &body;
    body.state = state_of(backups);
    if (backups->has_thread) {
        body.name = backups->name;
        body.directory = backups->directory;
        body.copied_bytes = atomic_load(&backup->copied_bytes);
        body.total_bytes = atomic_load(&backup->total_bytes);
        body.held_bytes = atomic_load(&backup->held_bytes);
        body.limit_bytes = atomic_load(&backup->allowed_bytes);
    }
    if (body.state == NEWSLOOM__V1__BACKUP_STATE__BACKUP_FAILED)
        body.text = backups->error.text;
    if (body.state == NEWSLOOM__V1__BACKUP_STATE__BACKUP_MADE) {
        body.log_id.data = backup->log_id;
        body.log_id.len = sizeof(backup->log_id);
        body.last_sequence = backup->last_sequence;
    }
    (void)broker_send(b, SOCKET_OPERATOR, &answer->peer, &envelope, NULL, 0);
}

void obey_backup_request(struct broker *b, const struct message *message,
                         const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__BackupRequest *request = envelope->backup_request;
    struct backups *backups = b->backups;
    struct error why;
    if (request->verb == NEWSLOOM__V1__BACKUP_VERB__BACKUP_BEGIN &&
        begin(backups, request->name, request->limit_bytes, &why) != STATUS_OK) {
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, "%s", why.text);
        return;
    }
    if (request->verb == NEWSLOOM__V1__BACKUP_VERB__BACKUP_CANCEL && backups->has_thread &&
        strcmp(request->name, backups->name) == 0)
        atomic_store(&backups->backup.is_cancelled, true);
    (void)broker_answer(b, sizeof(struct answer), SOCKET_OPERATOR, &message->peer,
                        envelope->request, give_backup);
}
