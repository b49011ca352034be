// SPDX-License-Identifier: Apache-2.0
#include "broker/reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct jobs {
    struct job *first;
    struct job **end;
};

struct reader {
    struct store *store;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards urgent, asked, finished, stopping */
    pthread_cond_t wake;
    struct jobs urgent;
    struct jobs asked;
    struct jobs finished;
    bool stopping;
    int event;
    size_t pending; /* the loop's own */
};

static void jobs_init(struct jobs *jobs)
{
    jobs->first = NULL;
    jobs->end = &jobs->first;
}

static void jobs_append(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    *jobs->end = job;
    jobs->end = &job->next;
}

static struct job *jobs_take(struct jobs *jobs)
{
    struct job *job = jobs->first;
    if (!job)
        return NULL;
    jobs->first = job->next;
    if (!jobs->first)
        jobs->end = &jobs->first;
    return job;
}

static void signal_loop(const struct reader *reader)
{
    uint64_t one = 1;
    while (write(reader->event, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

static void *read_for_ever(void *argument)
{
    struct reader *reader = argument;
    (void)pthread_mutex_lock(&reader->mutex);
    while (!reader->stopping) {
        struct job *job = jobs_take(&reader->urgent);
        if (!job)
            job = jobs_take(&reader->asked);
        if (!job) {
            (void)pthread_cond_wait(&reader->wake, &reader->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&reader->mutex);
        job->run(job, reader->store);
        (void)pthread_mutex_lock(&reader->mutex);
        bool first = !reader->finished.first;
        jobs_append(&reader->finished, job);
        if (first)
            signal_loop(reader);
    }
    (void)pthread_mutex_unlock(&reader->mutex);
    return NULL;
}

enum status reader_start(struct reader **ret_reader, struct store *store, struct error *err)
{
    struct reader *reader = memory_new(sizeof(*reader));
    reader->store = store;
    jobs_init(&reader->urgent);
    jobs_init(&reader->asked);
    jobs_init(&reader->finished);
    (void)pthread_mutex_init(&reader->mutex, NULL);
    (void)pthread_cond_init(&reader->wake, NULL);
    reader->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int failure =
        reader->event < 0 ? errno : pthread_create(&reader->thread, NULL, read_for_ever, reader);
    if (failure) {
        if (reader->event >= 0)
            (void)close(reader->event);
        free(reader);
        errno = failure;
        return error_set_errno(err, STATUS_BROKEN, "could not start the reader thread");
    }
    *ret_reader = reader;
    return STATUS_OK;
}

static void discard_all(struct jobs *jobs)
{
    for (struct job *job = jobs_take(jobs); job; job = jobs_take(jobs))
        job->discard(job);
}

void reader_stop(struct reader **reader_p)
{
    struct reader *reader = *reader_p;
    if (!reader)
        return;
    (void)pthread_mutex_lock(&reader->mutex);
    reader->stopping = true;
    (void)pthread_cond_signal(&reader->wake);
    (void)pthread_mutex_unlock(&reader->mutex);
    (void)pthread_join(reader->thread, NULL);
    discard_all(&reader->urgent);
    discard_all(&reader->asked);
    discard_all(&reader->finished);
    (void)close(reader->event);
    (void)pthread_cond_destroy(&reader->wake);
    (void)pthread_mutex_destroy(&reader->mutex);
    free(reader);
    *reader_p = NULL;
}

void reader_ask(struct reader *reader, struct job *job)
{
    reader->pending++;
    (void)pthread_mutex_lock(&reader->mutex);
    jobs_append(job->urgent ? &reader->urgent : &reader->asked, job);
    (void)pthread_cond_signal(&reader->wake);
    (void)pthread_mutex_unlock(&reader->mutex);
}

size_t reader_pending(const struct reader *reader)
{
    return reader->pending;
}

int reader_fd(const struct reader *reader)
{
    return reader->event;
}

void reader_collect(struct reader *reader, struct broker *broker)
{
    uint64_t count = 0;
    if (read(reader->event, &count, sizeof(count)) < 0 && errno == EAGAIN)
        return;
    (void)pthread_mutex_lock(&reader->mutex);
    struct jobs finished = reader->finished;
    if (!finished.first)
        finished.end = &finished.first;
    jobs_init(&reader->finished);
    (void)pthread_mutex_unlock(&reader->mutex);
    for (struct job *job = jobs_take(&finished); job; job = jobs_take(&finished)) {
        reader->pending--;
        job->finish(job, broker);
    }
}
