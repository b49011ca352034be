// SPDX-License-Identifier: Apache-2.0
#include "worker/extractor.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "common/clock.h"
#include "worker/extract/extract.h"
#include "worker/payload.h"

struct extractor {
    pthread_t thread;
    void *socket;
    const struct knowledge *knowledge;
    size_t memory_bytes;
};

static bool should_stop(void *context)
{
    const struct job *job = context;
    return atomic_load(&job->give_up) || clock_mono_ms() > job->deadline_ms;
}

static void fail(struct job *job, enum status status, const struct error *err)
{
    struct job_failure *failure = &job->failure;
    failure->permanent = status != STATUS_AGAIN;
    failure->code = job->row.extraction        ? "STORAGE_REJECTED"
                    : status == STATUS_INVALID ? "INVALID_PAYLOAD"
                    : status == STATUS_LIMIT   ? "RESOURCE_LIMIT"
                                               : "TIMED_OUT";
    (void)snprintf(failure->text, sizeof failure->text, "%s", err->text);
}

static void fill_row(struct job *job, const struct payload *payload,
                     const struct document *document, const struct knowledge *knowledge)
{
    const Newsloom__V1__Article *article = payload->article;
    struct article_row *row = &job->row;
    *row = (struct article_row){
        .arena = job->work,
        .broker_article_id = job->article_id,
        .source = job->source,
        .key = job->key,
        .revision = job->revision,
        .generation = job->generation,
        .content = article->content.data,
        .content_size = article->content.len,
        .content_type = *article->content_type ? article->content_type : "text/plain",
        .charset = article->charset,
        .labels = payload->labels,
        .trace_id = article->trace_id,
        .text = document->text.bytes,
        .text_size = document->text.size,
        .extraction = document_extraction(document, knowledge),
    };
    memcpy(row->content_digest, job->digest, DIGEST_SIZE);
}

static enum status extract(const struct knowledge *knowledge, size_t memory_bytes, struct job *job,
                           struct error *err)
{
    size_t size = zmq_msg_size(&job->payload);
    struct payload payload;
    struct document document;
    job->intake = arena_new(payload_budget(size));
    enum status status =
        payload_open(zmq_msg_data(&job->payload), size, job->digest, job->intake, &payload, err);
    if (status != STATUS_OK)
        return status;
    payload.input.source = job->source;
    const struct extract_limits limits = {
        .memory_bytes = memory_bytes, .should_stop = should_stop, .stop_context = job};
    /* without a budget of its own: the chain asks between its steps, which are bounded */
    job->work = arena_new(0);
    status = extract_document(knowledge, &payload.input, &limits, job->work, &document, err);
    if (status != STATUS_OK)
        return status;
    fill_row(job, &payload, &document, knowledge);
    return row_pack(&job->row, err);
}

void extractor_work(const struct knowledge *knowledge, size_t memory_bytes, struct job *job)
{
    struct error err = {0};
    int64_t begin_us = clock_mono_us();
    enum status status = extract(knowledge, memory_bytes, job, &err);
    if (status != STATUS_OK)
        fail(job, status, &err);
    job->extract_us = clock_mono_us() - begin_us;
}

static void *run(void *context)
{
    struct extractor *extractor = context;
    struct note note = {.kind = NOTE_STOPPED};
    for (;;) {
        if (!note_receive(extractor->socket, &note, -1))
            continue;
        if (note.kind == NOTE_STOP)
            break;
        extractor_work(extractor->knowledge, extractor->memory_bytes, note.job);
        (void)note_send(extractor->socket, &note);
    }
    (void)zmq_close(extractor->socket);
    return NULL;
}

struct extractor *extractor_start(void *socket, const struct knowledge *knowledge,
                                  size_t memory_bytes)
{
    struct extractor *extractor = memory_new(sizeof *extractor);
    extractor->socket = socket;
    extractor->knowledge = knowledge;
    extractor->memory_bytes = memory_bytes;
    ENSURE(pthread_create(&extractor->thread, NULL, run, extractor) == 0);
    return extractor;
}

void extractor_join(struct extractor **extractor_p)
{
    struct extractor *extractor = *extractor_p;
    if (!extractor)
        return;
    (void)pthread_join(extractor->thread, NULL);
    free(extractor);
    *extractor_p = NULL;
}
