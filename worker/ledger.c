// SPDX-License-Identifier: Apache-2.0
#include "worker/ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "worker/topics.h"

struct ledger {
    unsigned slots;
    unsigned count;
    struct job *jobs[]; /* in the order of arrival */
};

static const bool may_move[JOB_STATE_COUNT][JOB_STATE_COUNT] = {
    [JOB_WAITING][JOB_EXTRACTING] = true, /* a thread took it */
    [JOB_WAITING][JOB_STORING] = true,    /* look_only */
    [JOB_EXTRACTING][JOB_STORING] = true, /* something, or nothing, was found */
    [JOB_EXTRACTING][JOB_FAILED] = true,  /* the article is bad, too large or too slow */
    [JOB_STORING][JOB_DONE] = true,       /* its rows are committed */
    [JOB_STORING][JOB_FAILED] = true,     /* PostgreSQL does not take it */
};

struct ledger *ledger_new(unsigned slots)
{
    struct ledger *ledger = memory_new(sizeof *ledger + slots * sizeof(struct job *));
    ledger->slots = slots;
    return ledger;
}

static void job_forget_article(struct job *job)
{
    (void)zmq_msg_close(&job->payload);
    (void)zmq_msg_init(&job->payload);
    arena_free(&job->intake);
    arena_free(&job->work);
    job->row = (struct article_row){0};
}

static void job_free(struct job *job)
{
    job_forget_article(job);
    (void)zmq_msg_close(&job->payload);
    arena_free(&job->kept);
    free(job);
}

void ledger_free(struct ledger **ledger_p)
{
    struct ledger *ledger = *ledger_p;
    if (!ledger)
        return;
    for (unsigned i = 0; i < ledger->count; i++)
        job_free(ledger->jobs[i]);
    free(ledger);
    *ledger_p = NULL;
}

enum status ledger_add(struct ledger *ledger, const Newsloom__V1__Job *wire, zmq_msg_t *payload,
                       int64_t now_ms, struct error *err)
{
    if (strlen(wire->key) > KEY_LIMIT || !*wire->key || !source_is_valid(wire->source) ||
        wire->digest.len != DIGEST_SIZE)
        return error_set(err, STATUS_INVALID, "job %" PRIu64 " names no article", wire->lease);
    if (ledger_find(ledger, wire->lease))
        return error_set(err, STATUS_INVALID, "lease %" PRIu64 " is held already", wire->lease);
    if (ledger->count == ledger->slots)
        return error_set(err, STATUS_LIMIT, "all %u slots are taken", ledger->slots);
    struct job *job = memory_new(sizeof *job);
    job->lease = wire->lease;
    job->article_id = wire->article_id;
    (void)snprintf(job->source, sizeof job->source, "%s", wire->source);
    (void)snprintf(job->key, sizeof job->key, "%s", wire->key);
    job->revision = wire->revision ? wire->revision : 1;
    job->generation = wire->generation ? wire->generation : 1;
    job->attempt = wire->attempt;
    job->look_only = wire->look_only;
    memcpy(job->digest, wire->digest.data, DIGEST_SIZE);
    job->since_ms = now_ms;
    (void)zmq_msg_init(&job->payload);
    (void)zmq_msg_move(&job->payload, payload);
    ledger->jobs[ledger->count++] = job;
    return STATUS_OK;
}

void ledger_remove(struct ledger *ledger, struct job *job)
{
    ENSURE(job->state != JOB_EXTRACTING && job->state != JOB_STORING);
    unsigned at = 0;
    while (at < ledger->count && ledger->jobs[at] != job)
        at++;
    ENSURE(at < ledger->count);
    ledger->count--;
    memmove(&ledger->jobs[at], &ledger->jobs[at + 1],
            (ledger->count - at) * sizeof ledger->jobs[0]);
    job_free(job);
}

void ledger_move(struct ledger *ledger, struct job *job, enum job_state state, int64_t now_ms)
{
    (void)ledger;
    ENSURE(may_move[job->state][state]);
    job->state = state;
    job->since_ms = now_ms;
}

struct job *ledger_find(const struct ledger *ledger, uint64_t lease)
{
    for (unsigned i = 0; i < ledger->count; i++)
        if (ledger->jobs[i]->lease == lease)
            return ledger->jobs[i];
    return NULL;
}

struct job *ledger_next_waiting(const struct ledger *ledger)
{
    for (unsigned i = 0; i < ledger->count; i++)
        if (ledger->jobs[i]->state == JOB_WAITING)
            return ledger->jobs[i];
    return NULL;
}

unsigned ledger_count(const struct ledger *ledger)
{
    return ledger->count;
}

unsigned ledger_count_in(const struct ledger *ledger, enum job_state state)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ledger->count; i++)
        count += ledger->jobs[i]->state == state;
    return count;
}

struct job *ledger_at(const struct ledger *ledger, unsigned index)
{
    ENSURE(index < ledger->count);
    return ledger->jobs[index];
}

void job_keep_result(struct job *job)
{
    const struct article_row *row = &job->row;
    job->kept = arena_new(0);
    job->packed = arena_copy(job->kept, row->packed, row->packed_size);
    job->packed_size = row->packed_size;
    Newsloom__V1__Result *result = arena_take(job->kept, 1, sizeof *result);
    newsloom__v1__result__init(result);
    result->lease = job->lease;
    result->article_id = job->article_id;
    result->digest.data = job->digest;
    result->digest.len = DIGEST_SIZE;
    result->kind = job->revision > 1 || job->generation > 1
                       ? NEWSLOOM__V1__ENTRY_KIND__ENTRY_REPLACED
                       : NEWSLOOM__V1__ENTRY_KIND__ENTRY_STORED;
    result->extraction_digest.data = arena_copy(job->kept, row->packed_digest, DIGEST_SIZE);
    result->extraction_digest.len = DIGEST_SIZE;
    result->topics = topics_of(row->extraction, job->kept);
    result->size = row->packed_size;
    job->result = result;
    job_forget_article(job);
}

void job_keep_failure(struct job *job)
{
    ENSURE(job->failure.code);
    job_forget_article(job);
}
