// SPDX-License-Identifier: Apache-2.0
#include "common/context.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <zmq.h>

#include "common/status.h"

static void *end(void *context)
{
    while (zmq_ctx_term(context) != 0 && errno == EINTR)
        continue;
    return NULL;
}

/* Signals are for the threads that expect them. */
static pthread_t start_ending(void *context)
{
    sigset_t all;
    sigset_t before;
    pthread_t thread;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    ENSURE(pthread_create(&thread, NULL, end, context) == 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

bool context_end(void **context_p, int64_t patience_ms)
{
    struct timespec until;
    pthread_t thread = start_ending(*context_p);
    *context_p = NULL;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += patience_ms / 1000;
    until.tv_nsec += patience_ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0)
        return true;
    (void)pthread_detach(thread);
    return false;
}
