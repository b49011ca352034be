// SPDX-License-Identifier: Apache-2.0
#include "gateway/feeders.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct feeders {
    const struct newsloom_options *options;
    unsigned left; /* that may still be opened */
    pthread_mutex_t lock;
    pthread_cond_t given_back;
    struct feeder_loan *idle;
};

struct feeders *feeders_new(const struct newsloom_options *options, unsigned limit)
{
    struct feeders *feeders = memory_new(sizeof(*feeders));
    pthread_condattr_t attributes;
    feeders->options = options;
    feeders->left = limit;
    (void)pthread_mutex_init(&feeders->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&feeders->given_back, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return feeders;
}

void feeders_free(struct feeders **feeders_p)
{
    struct feeders *feeders = *feeders_p;
    if (!feeders)
        return;
    while (feeders->idle) {
        struct feeder_loan *loan = feeders->idle;
        feeders->idle = loan->next;
        newsloom_feeder_close(&loan->feeder);
        free(loan);
    }
    (void)pthread_cond_destroy(&feeders->given_back);
    (void)pthread_mutex_destroy(&feeders->lock);
    free(feeders);
    *feeders_p = NULL;
}

static void pass_on(void *context, void *tag, const struct newsloom_receipt *receipt)
{
    struct feeder_loan *loan = context;
    loan->on_receipt(loan->context, tag, receipt);
}

/* false: not in time. *ret_loan NULL: one may be opened. */
static bool wait_for_one(struct feeders *feeders, int64_t timeout_ms, struct feeder_loan **ret_loan)
{
    struct timespec until;
    int waited = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    (void)pthread_mutex_lock(&feeders->lock);
    while (!feeders->idle && feeders->left == 0 && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&feeders->given_back, &feeders->lock, &until);
    bool any = feeders->idle || feeders->left > 0;
    *ret_loan = feeders->idle;
    if (feeders->idle)
        feeders->idle = feeders->idle->next;
    else if (any)
        feeders->left--;
    (void)pthread_mutex_unlock(&feeders->lock);
    return any;
}

enum status feeders_take(struct feeders *feeders, int64_t timeout_ms, struct feeder_loan **ret_loan,
                         struct error *err)
{
    struct feeder_loan *loan = NULL;
    if (!wait_for_one(feeders, timeout_ms, &loan))
        return error_set(err, STATUS_AGAIN,
                         "as many requests as may submit articles at a time are doing so");
    if (!loan) {
        loan = memory_new(sizeof(*loan));
        enum status status =
            newsloom_feeder_open(&loan->feeder, feeders->options, pass_on, loan, err);
        if (status != STATUS_OK) {
            free(loan);
            (void)pthread_mutex_lock(&feeders->lock);
            feeders->left++;
            (void)pthread_mutex_unlock(&feeders->lock);
            return status;
        }
    }
    *ret_loan = loan;
    return STATUS_OK;
}

void feeders_give_back(struct feeders *feeders, struct feeder_loan **loan_p)
{
    struct feeder_loan *loan = *loan_p;
    if (!loan)
        return;
    newsloom_feeder_abandon(loan->feeder);
    loan->on_receipt = NULL;
    loan->context = NULL;
    (void)pthread_mutex_lock(&feeders->lock);
    loan->next = feeders->idle;
    feeders->idle = loan;
    (void)pthread_cond_signal(&feeders->given_back);
    (void)pthread_mutex_unlock(&feeders->lock);
    *loan_p = NULL;
}
