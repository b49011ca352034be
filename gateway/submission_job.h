// SPDX-License-Identifier: Apache-2.0
/*
 * submission_job - the articles of one request on their way, and what became of each.
 *
 * Borrows a feeder for as long as it lives. Belongs to the request's thread.
 */
#ifndef GATEWAY_SUBMISSION_JOB_H
#define GATEWAY_SUBMISSION_JOB_H

#include <jansson.h>

#include "gateway/answer.h"
#include "gateway/gateway.h"

enum submission_end {
    SUBMISSION_PENDING, /* no receipt: see job.is_held and job.failure */
    SUBMISSION_RECEIVED,
    SUBMISSION_REFUSED, /* by the broker, or here by the rules that the broker has */
    SUBMISSION_UNREADABLE,
};

struct submission_item {
    uint64_t line; /* from 1 */
    enum submission_end end;
    struct newsloom_receipt receipt; /* its texts are not kept */
    char *source;
    char *key;
    char *refusal; /* "TOO_LARGE", … */
    char *text;
};

struct submission_defaults {
    const char *source; /* of articles that name none; or NULL */
    enum newsloom_class article_class;
    bool is_repeat; /* DUPLICATE is taken for the receipt of the first time */
};

struct submission_job {
    struct gateway *gateway;
    struct feeder_loan *loan;
    struct submission_defaults defaults;
    struct submission_item *items;
    size_t count;
    size_t capacity;
    int64_t deadline_ms;
    uint64_t retries; /* of the feeder, when the job began */
    bool is_held;     /* the broker asked to wait */
    int64_t retry_after_s;
    bool has_failed; /* no receipt came in time: failure says why */
    struct error failure;
};

/* AGAIN: no feeder is free. */
enum status submission_job_begin(struct submission_job *job, struct gateway *gateway,
                                 const struct submission_defaults *defaults,
                                 struct error *err) MUST_CHECK;
void submission_job_done(struct submission_job *job);

/* One article as JSON, followed by a zero byte; blank text is no article. */
void submission_job_add(struct submission_job *job, uint64_t line, const char *text, size_t length);
/* Waits for receipts: until all are there, the broker asks to wait, or the time is over. */
void submission_job_finish(struct submission_job *job);

/* What HTTP says of an item, and the item as an object. */
enum problem submission_problem(const struct submission_job *job,
                                const struct submission_item *item);
unsigned submission_status(const struct submission_job *job, const struct submission_item *item);
json_t *submission_json(const struct submission_job *job, const struct submission_item *item);

#endif
