// SPDX-License-Identifier: Apache-2.0
#include "worker/keeper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "common/digest.h"
#include "worker/note.h"
#include "worker/store/storage.h"
#include "worker/tallies.h"

#define BATCH_BYTES   (16u * 1024 * 1024) /* raw content of one transaction; bounds memory */
#define BACKOFF_FIRST 200                 /* milliseconds */
#define BACKOFF_LIMIT 15000

enum keeper_state { KEEPER_OPENING, KEEPER_READY, KEEPER_BLOCKED, KEEPER_BROKEN };

struct keeper {
    pthread_t thread;
    void *socket;
    const struct options *options;
    struct counters *counters;
    struct storage *storage;
    enum keeper_state state;
    struct job *jobs[SLOTS_LIMIT];
    size_t count;
    size_t bytes;
    int64_t first_ms; /* when the oldest of them came */
    int64_t retry_ms; /* BLOCKED: when to try again */
    int64_t backoff_ms;
    char reason[sizeof((struct error *)0)->text]; /* BLOCKED: what was said last */
    bool stopped;
};

static void say(struct keeper *keeper, enum note_kind kind, const struct error *err)
{
    struct note note = {.kind = kind};
    if (err)
        note.err = *err;
    (void)note_send(keeper->socket, &note);
}

static void become(struct keeper *keeper, enum status status, const struct error *err)
{
    if (status == STATUS_OK) {
        if (keeper->state != KEEPER_READY)
            say(keeper, NOTE_READY, NULL);
        keeper->state = KEEPER_READY;
        keeper->backoff_ms = 0;
    } else if (status == STATUS_BROKEN) {
        keeper->state = KEEPER_BROKEN;
        say(keeper, NOTE_BROKEN, err);
    } else {
        uint32_t dice;
        random_bytes(&dice, sizeof dice);
        keeper->backoff_ms = keeper->backoff_ms ? 2 * keeper->backoff_ms : BACKOFF_FIRST;
        if (keeper->backoff_ms > BACKOFF_LIMIT)
            keeper->backoff_ms = BACKOFF_LIMIT;
        /* between half and all of it, so that workers do not come back together */
        keeper->retry_ms = clock_mono_ms() + keeper->backoff_ms / 2 +
                           (int64_t)(dice % (uint32_t)(keeper->backoff_ms / 2 + 1));
        /* what keeps us off may change: first it restarts, then it has no connection left */
        if (keeper->state != KEEPER_BLOCKED || strcmp(keeper->reason, err->text) != 0)
            say(keeper, NOTE_BLOCKED, err);
        (void)snprintf(keeper->reason, sizeof keeper->reason, "%s", err->text);
        keeper->state = KEEPER_BLOCKED;
    }
}

static void count_figures(struct keeper *keeper, const struct storage_figures *before,
                          int64_t begin_us)
{
    struct storage_figures now = storage_figures(keeper->storage);
    counters_add(keeper->counters, TALLY_CONNECTS, now.connects - before->connects);
    counters_add(keeper->counters, TALLY_BATCHES, now.batches - before->batches);
    counters_add(keeper->counters, TALLY_BATCH_FAILURES,
                 now.batch_failures - before->batch_failures);
    counters_add(keeper->counters, TALLY_STORED,
                 now.stored - before->stored + now.replaced - before->replaced);
    counters_add(keeper->counters, TALLY_FOUND, now.found - before->found);
    counters_add(keeper->counters, TALLY_STORE_TIME, (uint64_t)(clock_mono_us() - begin_us));
}

/* Give back what has an end; what is open stays, in the order in which it came. */
static void give_back(struct keeper *keeper)
{
    size_t kept = 0;
    keeper->bytes = 0;
    for (size_t i = 0; i < keeper->count; i++) {
        struct job *job = keeper->jobs[i];
        if (job->row.end == ROW_OPEN) {
            keeper->jobs[kept++] = job;
            keeper->bytes += job->row.content_size;
        } else {
            struct note note = {.kind = NOTE_JOB, .job = job};
            (void)note_send(keeper->socket, &note);
        }
    }
    keeper->count = kept;
    keeper->first_ms = clock_mono_ms();
}

static void save(struct keeper *keeper)
{
    struct article_row *rows[SLOTS_LIMIT];
    size_t count = 0;
    size_t bytes = 0;
    struct error err = {0};
    struct storage_figures before = storage_figures(keeper->storage);
    int64_t begin_us = clock_mono_us();
    while (count < keeper->count && count < keeper->options->batch_articles &&
           (count == 0 || bytes + keeper->jobs[count]->row.content_size <= BATCH_BYTES)) {
        bytes += keeper->jobs[count]->row.content_size;
        rows[count] = &keeper->jobs[count]->row;
        count++;
    }
    enum status status = count ? storage_save(keeper->storage, rows, count, &err)
                               : storage_open(keeper->storage, &err);
    count_figures(keeper, &before, begin_us);
    give_back(keeper);
    become(keeper, status, &err);
}

/* Milliseconds until there is something to do without a note; -1: nothing. */
static int64_t patience(const struct keeper *keeper)
{
    int64_t until_ms = 0;
    if (keeper->state == KEEPER_BROKEN)
        return -1;
    if (keeper->state == KEEPER_BLOCKED)
        until_ms = keeper->retry_ms;
    else if (keeper->count == 0)
        return -1;
    else if (keeper->count >= keeper->options->batch_articles || keeper->bytes >= BATCH_BYTES)
        return 0;
    else
        until_ms = keeper->first_ms + keeper->options->batch_delay_ms;
    int64_t left_ms = until_ms - clock_mono_ms();
    return left_ms > 0 ? left_ms : 0;
}

static void take(struct keeper *keeper, const struct note *note)
{
    if (note->kind == NOTE_STOP) {
        keeper->stopped = true;
        return;
    }
    ENSURE(note->kind == NOTE_JOB && keeper->count < COUNT_OF(keeper->jobs));
    if (keeper->count == 0)
        keeper->first_ms = clock_mono_ms();
    keeper->bytes += note->job->row.content_size;
    keeper->jobs[keeper->count++] = note->job;
}

static void *run(void *context)
{
    struct keeper *keeper = context;
    struct note note;
    struct error err = {0};
    keeper->storage = storage_new(keeper->options->database_url, keeper->options->worker_name,
                                  keeper->options->database_timeout_ms);
    become(keeper, storage_open(keeper->storage, &err), &err);
    while (!keeper->stopped) {
        if (note_receive(keeper->socket, &note, patience(keeper)))
            take(keeper, &note);
        else if (patience(keeper) == 0)
            save(keeper);
    }
    storage_free(&keeper->storage);
    (void)zmq_close(keeper->socket);
    return NULL;
}

struct keeper *keeper_start(void *socket, const struct options *options, struct counters *counters)
{
    struct keeper *keeper = memory_new(sizeof *keeper);
    keeper->socket = socket;
    keeper->options = options;
    keeper->counters = counters;
    ENSURE(pthread_create(&keeper->thread, NULL, run, keeper) == 0);
    return keeper;
}

void keeper_join(struct keeper **keeper_p)
{
    struct keeper *keeper = *keeper_p;
    if (!keeper)
        return;
    (void)pthread_join(keeper->thread, NULL);
    free(keeper);
    *keeper_p = NULL;
}
