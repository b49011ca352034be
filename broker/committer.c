// SPDX-License-Identifier: Apache-2.0
#include "broker/committer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"

struct committer {
    struct store *store;
    pthread_t thread;
    int event;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct turn *turn; /* to be committed, or being so; NULL: nothing */
    bool is_over;      /* and the answer stands below */
    bool is_stopping;
    enum status status;
    struct error error;
    uint64_t us;
};

static void commit(struct committer *committer, struct turn *turn)
{
    int64_t since_us = clock_mono_us();
    struct error error = {0};
    enum status status = store_submit(committer->store, turn, &error);
    (void)pthread_mutex_lock(&committer->mutex);
    committer->status = status;
    committer->error = error;
    committer->us = (uint64_t)(clock_mono_us() - since_us);
    committer->turn = NULL;
    committer->is_over = true;
    (void)eventfd_write(committer->event, 1); /* with the mutex: never after it was read */
    (void)pthread_cond_broadcast(&committer->changed);
    (void)pthread_mutex_unlock(&committer->mutex);
}

static void *commit_for_ever(void *argument)
{
    struct committer *committer = argument;
    (void)pthread_mutex_lock(&committer->mutex);
    while (committer->turn || !committer->is_stopping) {
        struct turn *turn = committer->turn;
        if (!turn) {
            (void)pthread_cond_wait(&committer->changed, &committer->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&committer->mutex);
        commit(committer, turn);
        (void)pthread_mutex_lock(&committer->mutex);
    }
    (void)pthread_mutex_unlock(&committer->mutex);
    return NULL;
}

enum status committer_start(struct committer **ret_committer, struct store *store,
                            struct error *err)
{
    struct committer *committer = memory_new(sizeof(*committer));
    committer->store = store;
    (void)pthread_mutex_init(&committer->mutex, NULL);
    (void)pthread_cond_init(&committer->changed, NULL);
    committer->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failure = committer->event < 0
                      ? errno
                      : pthread_create(&committer->thread, NULL, commit_for_ever, committer);
    if (failure) {
        if (committer->event >= 0)
            (void)close(committer->event);
        free(committer);
        errno = failure;
        return error_set_errno(err, STATUS_BROKEN, "could not start the committer thread");
    }
    *ret_committer = committer;
    return STATUS_OK;
}

void committer_stop(struct committer **committer_p)
{
    struct committer *committer = *committer_p;
    if (!committer)
        return;
    (void)pthread_mutex_lock(&committer->mutex);
    committer->is_stopping = true;
    (void)pthread_cond_broadcast(&committer->changed);
    (void)pthread_mutex_unlock(&committer->mutex);
    (void)pthread_join(committer->thread, NULL);
    (void)close(committer->event);
    (void)pthread_cond_destroy(&committer->changed);
    (void)pthread_mutex_destroy(&committer->mutex);
    free(committer);
    *committer_p = NULL;
}

void committer_begin(struct committer *committer, struct turn *turn)
{
    (void)pthread_mutex_lock(&committer->mutex);
    ENSURE(!committer->turn && !committer->is_over);
    committer->turn = turn;
    (void)pthread_cond_broadcast(&committer->changed);
    (void)pthread_mutex_unlock(&committer->mutex);
}

int committer_fd(const struct committer *committer)
{
    return committer->event;
}

bool committer_is_over(struct committer *committer)
{
    (void)pthread_mutex_lock(&committer->mutex);
    bool is_over = committer->is_over;
    (void)pthread_mutex_unlock(&committer->mutex);
    return is_over;
}

enum status committer_end(struct committer *committer, uint64_t *ret_us, struct error *err)
{
    eventfd_t unused;
    (void)pthread_mutex_lock(&committer->mutex);
    ENSURE(committer->turn || committer->is_over);
    while (!committer->is_over)
        (void)pthread_cond_wait(&committer->changed, &committer->mutex);
    committer->is_over = false;
    enum status status = committer->status;
    if (status != STATUS_OK)
        *err = committer->error;
    *ret_us = committer->us;
    (void)pthread_mutex_unlock(&committer->mutex);
    (void)eventfd_read(committer->event, &unused);
    return status;
}
