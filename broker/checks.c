// SPDX-License-Identifier: Apache-2.0
#include "broker/checks.h"

#include <stdlib.h>
#include <string.h>

#include "broker/store_check.h"

enum {
    REQUESTS_LIMIT = 256,
    SLICE_LIMIT = 1024,
    KNOWN_LIMIT = 128,
    HASH_SIZE = 16,
    HEAD_SIZE = 8,
    NAME_SIZE = HASH_SIZE + HEAD_SIZE,
};

/* What both have: who asked, and what became of it. */
struct inquiry {
    struct job job;
    struct peer peer;
    uint64_t request;
    enum status status;
    struct error error;
};

static void discard(struct job *job)
{
    free(job);
}

static bool refuse_failed(struct broker *b, const struct inquiry *inquiry)
{
    if (inquiry->status == STATUS_OK)
        return false;
    broker_refuse(b, SOCKET_OPERATOR, &inquiry->peer, inquiry->request,
                  NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, "%s", inquiry->error.text);
    return true;
}

static void ask(struct broker *b, struct inquiry *inquiry, const struct message *message,
                const Newsloom__V1__Envelope *envelope)
{
    inquiry->job.discard = discard;
    inquiry->peer = message->peer;
    inquiry->request = envelope->request;
    reader_ask(b->reader, &inquiry->job);
}

static bool refuse_asked(struct broker *b, const struct message *message,
                         const Newsloom__V1__Envelope *envelope, bool is_sound)
{
    bool busy = reader_pending(b->reader) >= REQUESTS_LIMIT;
    if (!busy && is_sound)
        return false;
    broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                  NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                  busy ? "too many requests at a time" : "1 to %d names of %d bytes each",
                  KNOWN_LIMIT, NAME_SIZE);
    return true;
}

/* ---- check ---- */

struct slice {
    struct inquiry inquiry;
    struct store_check check;
};

static void run_check(struct job *job, struct store *store)
{
    struct slice *slice = (struct slice *)job;
    slice->inquiry.status = store_check(store, &slice->check, &slice->inquiry.error);
}

static void send_check(struct broker *b, struct slice *slice)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__CheckAnswer body = NEWSLOOM__V1__CHECK_ANSWER__INIT;
    char *findings[CHECK_FINDINGS];
    struct store_check *check = &slice->check;
    envelope.request = slice->inquiry.request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_CHECK_ANSWER;
    envelope.check_answer = &body;
    body.articles = check->articles;
    body.entries = check->entries;
    body.after_article = check->after_article;
    body.after_sequence = check->after_sequence;
    body.is_over = check->is_over;
    body.finding_count = check->finding_count;
    body.findings = findings;
    for (size_t i = 0; i < check->finding_count && i < CHECK_FINDINGS; i++)
        findings[body.n_findings++] = check->findings[i];
    (void)broker_send(b, SOCKET_OPERATOR, &slice->inquiry.peer, &envelope, NULL, 0);
}

static void finish_check(struct job *job, struct broker *b)
{
    struct slice *slice = (struct slice *)job;
    if (!refuse_failed(b, &slice->inquiry))
        send_check(b, slice);
    free(slice);
}

void obey_check_request(struct broker *b, const struct message *message,
                        const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__CheckRequest *request = envelope->check_request;
    if (refuse_asked(b, message, envelope, true))
        return;
    struct slice *slice = memory_new(sizeof(*slice));
    slice->inquiry.job.run = run_check;
    slice->inquiry.job.finish = finish_check;
    slice->check = (struct store_check){
        .after_article = request->after_article,
        .after_sequence = request->after_sequence,
        .most = request->most && request->most < SLICE_LIMIT ? request->most : SLICE_LIMIT};
    ask(b, &slice->inquiry, message, envelope);
}

/* ---- known ---- */

struct names {
    struct inquiry inquiry;
    size_t count;
    uint8_t names[KNOWN_LIMIT][NAME_SIZE];
    struct store_known known[KNOWN_LIMIT];
};

static void run_known(struct job *job, struct store *store)
{
    struct names *names = (struct names *)job;
    for (size_t i = 0; i < names->count && names->inquiry.status == STATUS_OK; i++)
        names->inquiry.status = store_known(store, names->names[i], names->names[i] + HASH_SIZE,
                                            &names->known[i], &names->inquiry.error);
}

static void send_known(struct broker *b, const struct names *names)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__KnownAnswer body = NEWSLOOM__V1__KNOWN_ANSWER__INIT;
    Newsloom__V1__State states[KNOWN_LIMIT];
    uint64_t ids[KNOWN_LIMIT];
    uint64_t sequences[KNOWN_LIMIT];
    for (size_t i = 0; i < names->count; i++) {
        states[i] = names->known[i].state;
        ids[i] = names->known[i].article_id;
        sequences[i] = names->known[i].sequence;
    }
    body.states = states;
    body.article_ids = ids;
    body.sequences = sequences;
    body.n_states = body.n_article_ids = body.n_sequences = names->count;
    envelope.request = names->inquiry.request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_KNOWN_ANSWER;
    envelope.known_answer = &body;
    (void)broker_send(b, SOCKET_OPERATOR, &names->inquiry.peer, &envelope, NULL, 0);
}

static void finish_known(struct job *job, struct broker *b)
{
    struct names *names = (struct names *)job;
    if (!refuse_failed(b, &names->inquiry))
        send_known(b, names);
    free(names);
}

void obey_known_request(struct broker *b, const struct message *message,
                        const Newsloom__V1__Envelope *envelope)
{
    const ProtobufCBinaryData *bytes = &envelope->known_request->names;
    if (refuse_asked(b, message, envelope,
                     bytes->len > 0 && bytes->len % NAME_SIZE == 0 &&
                         bytes->len <= (size_t)KNOWN_LIMIT * NAME_SIZE))
        return;
    struct names *names = memory_new(sizeof(*names));
    names->inquiry.job.run = run_known;
    names->inquiry.job.finish = finish_known;
    names->count = bytes->len / NAME_SIZE;
    memcpy(names->names, bytes->data, bytes->len);
    ask(b, &names->inquiry, message, envelope);
}
