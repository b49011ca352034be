// SPDX-License-Identifier: Apache-2.0
#include "broker/dead_letters.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/outcomes.h"
#include "common/crash.h"

enum { PAGE = ARTICLES_LIMIT, CHANGES = 256, REQUESTS_LIMIT = 256 };

struct letters {
    struct job job;
    struct peer peer;
    uint64_t request;
    Newsloom__V1__DeadVerb verb;
    uint64_t article_id;
    char *source;
    char *code;
    uint64_t after;
    size_t most;
    struct stored_article found[CHANGES];
    size_t count;
    uint64_t next_after;
    struct error error;
};

static bool changes_something(const struct letters *letters)
{
    return letters->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_RETRY ||
           letters->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_DROP;
}

static void letters_free(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++)
        stored_article_done(&letters->found[i]);
    free(letters->source);
    free(letters->code);
    free(letters);
}

static const char *or_null(const char *text)
{
    return text[0] ? text : NULL;
}

static void run(struct job *job, struct store *store)
{
    struct letters *letters = (struct letters *)job;
    uint64_t ids[CHANGES] = {letters->article_id};
    size_t count = 1;
    if (!letters->article_id) {
        count = store_dead(store, letters->after, or_null(letters->source), or_null(letters->code),
                           ids, letters->most);
        if (count == letters->most)
            letters->next_after = ids[count - 1];
    }
    for (size_t i = 0; i < count; i++) {
        struct stored_article *found = &letters->found[letters->count];
        if (store_article(store, ids[i], found, &letters->error) != STATUS_OK)
            continue;
        if (found->state == NEWSLOOM__V1__STATE__DEAD)
            letters->count++;
        else
            stored_article_done(found);
    }
}

/* ---- list and show */

static void send_letters(struct broker *b, const struct letters *letters)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__DeadAnswer body = NEWSLOOM__V1__DEAD_ANSWER__INIT;
    zmq_msg_t payloads[PAGE];
    envelope.request = letters->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DEAD_ANSWER;
    envelope.dead_answer = &body;
    body.matched = letters->count;
    body.next_after = letters->next_after;
    for (size_t i = 0; i < letters->count; i++) {
        Newsloom__V1__DeadLetter letter = NEWSLOOM__V1__DEAD_LETTER__INIT;
        letter.outcome = outcome_of(b, &letters->found[i]);
        letter.code = letters->found[i].code;
        letter.size = letters->found[i].size;
        size_t size = newsloom__v1__dead_letter__get_packed_size(&letter);
        ENSURE(zmq_msg_init_size(&payloads[i], size) == 0);
        (void)newsloom__v1__dead_letter__pack(&letter, zmq_msg_data(&payloads[i]));
    }
    (void)broker_send(b, SOCKET_OPERATOR, &letters->peer, &envelope, payloads, letters->count);
    for (size_t i = 0; i < letters->count; i++)
        ENSURE(zmq_msg_close(&payloads[i]) == 0);
}

/* ---- retry and drop */

struct changed {
    struct answer answer;
    bool is_retry;
    size_t count;
    uint64_t next_after;
    struct change {
        size_t index; /* in the turn */
        struct item item;
    } changes[];
};

static void give_changed(struct broker *b, struct answer *answer)
{
    const struct changed *changed = (const struct changed *)answer;
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__DeadAnswer body = NEWSLOOM__V1__DEAD_ANSWER__INIT;
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DEAD_ANSWER;
    envelope.dead_answer = &body;
    body.next_after = changed->next_after;
    for (size_t i = 0; i < changed->count; i++) {
        if (!turn_changed(b->batch->turn, changed->changes[i].index))
            continue;
        body.matched++;
        if (changed->is_retry)
            (void)queue_add(b->queue, &changed->changes[i].item, ITEM_QUEUED, 0);
        else
            broker_tally(b, TALLY_WITHDRAWN, 1);
    }
    if (changed->count > 0)
        log_info("dead-letters-changed", "verb=%s changed=%" PRIu64,
                 changed->is_retry ? "retry" : "drop", body.matched);
    (void)broker_send(b, SOCKET_OPERATOR, &answer->peer, &envelope, NULL, 0);
}

static void change_letters(struct broker *b, const struct letters *letters)
{
    size_t size = sizeof(struct changed) + letters->count * sizeof(struct change);
    struct changed *changed =
        broker_answer(b, size, SOCKET_OPERATOR, &letters->peer, letters->request, give_changed);
    changed->is_retry = letters->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_RETRY;
    changed->next_after = letters->next_after;
    for (size_t i = 0; i < letters->count; i++) {
        const struct stored_article *found = &letters->found[i];
        struct change *change = &changed->changes[changed->count++];
        change->item = broker_item(b, found->article_id, found->source, found->size, found->class_,
                                   found->accepted_at_ms);
        change->index = changed->is_retry
                            ? turn_retry(b->batch->turn, found->article_id, b->wall_ms)
                            : turn_withdraw(b->batch->turn, found->article_id,
                                            "dropped by an operator", b->wall_ms);
    }
    b->batch->has_operator = true;
    crash_here(CRASH_BROKER_OPERATOR_READ);
}

static void finish(struct job *job, struct broker *b)
{
    struct letters *letters = (struct letters *)job;
    if (letters->article_id && letters->count == 0)
        broker_refuse(b, SOCKET_OPERATOR, &letters->peer, letters->request,
                      NEWSLOOM__V1__REFUSAL_CODE__NOT_FOUND,
                      "there is no dead letter of article %" PRIu64, letters->article_id);
    else if (changes_something(letters))
        change_letters(b, letters);
    else
        send_letters(b, letters);
    letters_free(letters);
}

static void discard(struct job *job)
{
    letters_free((struct letters *)job);
}

void obey_dead_request(struct broker *b, const struct message *message,
                       const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__DeadRequest *request = envelope->dead_request;
    if (reader_pending(b->reader) >= REQUESTS_LIMIT ||
        (request->verb == NEWSLOOM__V1__DEAD_VERB__DEAD_SHOW && !request->article_id)) {
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                      "show needs an article id; or there are too many requests at a time");
        return;
    }
    struct letters *letters = memory_new(sizeof(*letters));
    letters->job = (struct job){.run = run, .finish = finish, .discard = discard};
    letters->peer = message->peer;
    letters->request = envelope->request;
    letters->verb = request->verb;
    letters->article_id = request->article_id;
    letters->source = text_copy(request->source);
    letters->code = text_copy(request->code);
    letters->after = request->after;
    size_t page = changes_something(letters) ? CHANGES : PAGE;
    letters->most = request->most && request->most < page ? request->most : page;
    reader_ask(b->reader, &letters->job);
}
