// SPDX-License-Identifier: Apache-2.0
#include "broker/store_copy.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/store_engine.h"
#include "common/clock.h"

#define LOOK_MS    20 /* between two looks of the guard */
#define BLOCK_SIZE (256 * 1024)

struct copy {
    struct store *store;
    struct store_backup *backup;
    int from_copier; /* the writer's end */
    int to_writer;   /* the copier's end */
    int file;
    int copier_code; /* of LMDB */
    int writer_errno;
    uint64_t held_pages;
    size_t counted_through; /* the transactions whose freed pages were counted */
    pthread_mutex_t mutex;  /* guards is_written */
    pthread_cond_t ended;
    bool is_written;
};

static void *run_copier(void *context)
{
    struct copy *copy = context;
    copy->copier_code = mdb_env_copyfd2(copy->store->env, copy->to_writer, MDB_CP_COMPACT);
    (void)shutdown(copy->to_writer, SHUT_WR);
    return NULL;
}

static int write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, bytes, size);
        if (written < 0 && errno != EINTR)
            return errno;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

static void *run_writer(void *context)
{
    struct copy *copy = context;
    char *block = memory_new(BLOCK_SIZE);
    for (;;) {
        ssize_t size = recv(copy->from_copier, block, BLOCK_SIZE, MSG_WAITALL);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            break;
        copy->writer_errno = write_all(copy->file, block, (size_t)size);
        if (copy->writer_errno)
            break;
        (void)atomic_fetch_add(&copy->backup->copied_bytes, (uint64_t)size);
    }
    free(block);
    (void)shutdown(copy->from_copier, SHUT_RDWR); /* the copier may still be writing */
    (void)pthread_mutex_lock(&copy->mutex);
    copy->is_written = true;
    (void)pthread_cond_signal(&copy->ended);
    (void)pthread_mutex_unlock(&copy->mutex);
    return NULL;
}

/* ---- the guard ---- */

/* The pages that were freed since the copier's transaction began: none of them is used again while
 * it is open, so their records only become more. Adds what is new; gives the pages in use. */
static int count_held(struct copy *copy, uint64_t *ret_used)
{
    MDB_txn *txn = NULL;
    struct store *store = copy->store;
    int code = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (code)
        return code;
    *ret_used = room_used_pages(store, txn);
    code = room_add_freed(txn, &copy->counted_through, &copy->held_pages);
    mdb_txn_abort(txn);
    return code;
}

/* Why the backup must end, or OK. */
static enum status judge(struct copy *copy, uint64_t first_used, struct error *err)
{
    struct store_backup *backup = copy->backup;
    const struct room *room = &copy->store->room;
    uint64_t used = 0;
    if (atomic_load(&backup->is_cancelled))
        return error_set(err, STATUS_AGAIN, "the backup was cancelled; nothing of it is left");
    int code = count_held(copy, &used);
    if (code)
        return error_set(err, STATUS_AGAIN, "gave up: could not count the pages it holds: %s",
                         engine_text(code));
    uint64_t held = copy->held_pages * room->page_size;
    uint64_t allowed = atomic_load(&backup->allowed_bytes);
    uint64_t margin = (room->full_pages - first_used) / 8;
    atomic_store(&backup->held_bytes, held);
    if (held >= allowed)
        return error_set(err, STATUS_LIMIT,
                         "gave up at %" PRIu64 " of %" PRIu64 " MiB: it held %" PRIu64
                         " MiB that were freed meanwhile, its limit; allow more, or back up when "
                         "less is going on",
                         (uint64_t)atomic_load(&backup->copied_bytes) >> 20,
                         (uint64_t)atomic_load(&backup->total_bytes) >> 20, held >> 20);
    if (used + copy->held_pages + margin >= room->full_pages)
        return error_set(err, STATUS_LIMIT,
                         "gave up at %" PRIu64 " of %" PRIu64 " MiB: with the %" PRIu64
                         " MiB that it held the store was about to be full; back up when less is "
                         "going on, or raise store.budget",
                         (uint64_t)atomic_load(&backup->copied_bytes) >> 20,
                         (uint64_t)atomic_load(&backup->total_bytes) >> 20, held >> 20);
    return STATUS_OK;
}

static bool wait_for_end(struct copy *copy)
{
    int64_t until_ms = clock_mono_ms() + LOOK_MS;
    const struct timespec until = {.tv_sec = until_ms / 1000,
                                   .tv_nsec = (until_ms % 1000) * 1000000};
    (void)pthread_mutex_lock(&copy->mutex);
    if (!copy->is_written)
        (void)pthread_cond_timedwait(&copy->ended, &copy->mutex, &until);
    bool ended = copy->is_written;
    (void)pthread_mutex_unlock(&copy->mutex);
    return ended;
}

static enum status guard(struct copy *copy, uint64_t first_used, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !wait_for_end(copy))
        status = judge(copy, first_used, err);
    if (status != STATUS_OK)
        (void)shutdown(copy->from_copier, SHUT_RDWR);
    return status;
}

/* ---- */

static enum status result_of(const struct copy *copy, enum status status, struct error *err)
{
    if (status != STATUS_OK)
        return status;
    if (copy->writer_errno) {
        errno = copy->writer_errno;
        return error_set_errno(err,
                               errno == ENOSPC || errno == EDQUOT ? STATUS_LIMIT : STATUS_BROKEN,
                               "could not write \"%s%s\"", copy->backup->directory, BACKUP_PARTIAL);
    }
    if (copy->copier_code)
        return error_set(err, STATUS_BROKEN, "could not copy the store: %s",
                         engine_text(copy->copier_code));
    return STATUS_OK;
}

static enum status run_threads(struct copy *copy, uint64_t first_used, struct error *err)
{
    pthread_t copier;
    pthread_t writer;
    if (pthread_create(&writer, NULL, run_writer, copy) != 0)
        return error_set(err, STATUS_AGAIN, "could not start a thread for the backup");
    if (pthread_create(&copier, NULL, run_copier, copy) != 0) {
        (void)shutdown(copy->from_copier, SHUT_RDWR);
        (void)pthread_join(writer, NULL);
        return error_set(err, STATUS_AGAIN, "could not start a thread for the backup");
    }
    enum status status = guard(copy, first_used, err);
    (void)pthread_join(copier, NULL);
    (void)pthread_join(writer, NULL);
    return result_of(copy, status, err);
}

enum status store_copy(struct store *store, struct store_backup *backup, int fd, struct error *err)
{
    struct copy copy = {.store = store, .backup = backup, .file = fd};
    MDB_envinfo info;
    pthread_condattr_t monotonic;
    uint64_t used = 0;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set_errno(err, STATUS_AGAIN, "could not begin the backup");
    copy.from_copier = ends[0];
    copy.to_writer = ends[1];
    (void)mdb_env_info(store->env, &info);
    copy.counted_through = info.me_last_txnid;
    ENSURE(pthread_mutex_init(&copy.mutex, NULL) == 0);
    ENSURE(pthread_condattr_init(&monotonic) == 0);
    ENSURE(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ENSURE(pthread_cond_init(&copy.ended, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    int code = count_held(&copy, &used);
    enum status status =
        code ? error_set(err, STATUS_AGAIN, "could not begin the backup: %s", engine_text(code))
             : run_threads(&copy, used, err);
    (void)pthread_cond_destroy(&copy.ended);
    (void)pthread_mutex_destroy(&copy.mutex);
    (void)close(copy.from_copier);
    (void)close(copy.to_writer);
    return status;
}
