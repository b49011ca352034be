// SPDX-License-Identifier: Apache-2.0
/* outcomes - what became of an article: read by the reader, completed with what is in memory. */
#include "broker/outcomes.h"

#include <stdlib.h>
#include <string.h>

#include "common/url.h"

enum { QUESTIONS_LIMIT = 4096 };

struct question {
    struct job job;
    struct peer peer;
    uint64_t request;
    uint32_t revision;
    enum status status;
    struct error error;
    struct stored_article article;
    char *source;
    char *key;
};

static Newsloom__V1__State state_of(const struct broker *b, const struct stored_article *article)
{
    const struct item *item = queue_find(b->queue, article->article_id);
    if (!item)
        return article->state;
    if (item->state == ITEM_LEASED)
        return NEWSLOOM__V1__STATE__LEASED;
    return item->state == ITEM_WAITING ? NEWSLOOM__V1__STATE__WAITING : NEWSLOOM__V1__STATE__QUEUED;
}

Newsloom__V1__Outcome *outcome_of(struct broker *b, const struct stored_article *article)
{
    Newsloom__V1__Outcome *outcome = arena_take(b->batch->arena, 1, sizeof(*outcome));
    newsloom__v1__outcome__init(outcome);
    outcome->source = article->source;
    outcome->key = article->key;
    outcome->revision = article->revision;
    outcome->article_id = article->article_id;
    outcome->class_ = article->class_;
    outcome->state = state_of(b, article);
    outcome->digest.data = (uint8_t *)article->digest;
    outcome->digest.len = DIGEST_SIZE;
    outcome->accepted_at_ms = article->accepted_at_ms;
    outcome->ended_at_ms = article->ended_at_ms;
    outcome->attempts_charged = article->attempts;
    outcome->sequence = article->sequence;
    outcome->newest_revision = article->newest_revision;
    if (outcome->state == NEWSLOOM__V1__STATE__WAITING)
        outcome->due_at_ms = article->due_at_ms;
    if (article->code[0])
        outcome->reason = arena_format(b->batch->arena, "%s: %s", article->code, article->reason);
    outcome->attempts =
        arena_take(b->batch->arena, article->history_count + 1, sizeof(*outcome->attempts));
    for (size_t i = 0; i < article->history_count; i++) {
        const struct attempt_record *record = &article->history[i];
        Newsloom__V1__Attempt *attempt = arena_take(b->batch->arena, 1, sizeof(*attempt));
        newsloom__v1__attempt__init(attempt);
        attempt->number = record->number;
        attempt->worker = record->worker;
        attempt->at_ms = record->at_ms;
        attempt->charged = record->charged;
        attempt->code = record->code;
        attempt->text = record->text;
        outcome->attempts[outcome->n_attempts++] = attempt;
    }
    return outcome;
}

static void question_free(struct question *question)
{
    stored_article_done(&question->article);
    free(question->source);
    free(question->key);
    free(question);
}

/* Nothing is left of it but that. */
static bool was_forgotten(struct store *store, struct question *question)
{
    struct tombstone tombstone;
    if (store_tombstone(store, question->source, question->key, &tombstone, NULL) != STATUS_OK)
        return false;
    question->article = (struct stored_article){.source = text_copy(question->source),
                                                .key = text_copy(question->key),
                                                .state = NEWSLOOM__V1__STATE__FORGOTTEN,
                                                .ended_at_ms = tombstone.at_ms,
                                                .sequence = tombstone.sequence,
                                                .code = text_copy(""),
                                                .reason = text_copy("")};
    return true;
}

static void run(struct job *job, struct store *store)
{
    struct question *question = (struct question *)job;
    question->status = store_find(store, question->source, question->key, question->revision,
                                  &question->article, &question->error);
    if (question->status == STATUS_NOT_FOUND && was_forgotten(store, question))
        question->status = STATUS_OK;
}

static void send_outcome(struct broker *b, const struct question *question)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Outcome *outcome = outcome_of(b, &question->article);
    envelope.request = question->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_OUTCOME;
    envelope.outcome = outcome;
    /* eight long attempts may not fit: the oldest go first */
    while (outcome->n_attempts > 0 &&
           newsloom__v1__envelope__get_packed_size(&envelope) > ENVELOPE_LIMIT - 16) {
        outcome->attempts++;
        outcome->n_attempts--;
    }
    (void)broker_send(b, SOCKET_FEED, &question->peer, &envelope, NULL, 0);
}

static void finish(struct job *job, struct broker *b)
{
    struct question *question = (struct question *)job;
    if (question->status == STATUS_OK)
        send_outcome(b, question);
    else
        broker_refuse(b, SOCKET_FEED, &question->peer, question->request,
                      question->status == STATUS_NOT_FOUND
                          ? NEWSLOOM__V1__REFUSAL_CODE__NOT_FOUND
                          : NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                      "%s", question->error.text);
    question_free(question);
}

static void discard(struct job *job)
{
    question_free((struct question *)job);
}

void answer_outcome(struct broker *b, const struct message *message,
                    const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__OutcomeRequest *request = envelope->outcome_request;
    struct error why = {.text = "the source is not valid, or neither key nor url is given"};
    char *key = request->key[0] ? text_copy(request->key) : NULL;
    if (!key && request->url[0] && url_canonical(request->url, &key, &why) != STATUS_OK)
        key = NULL;
    if (!key || strlen(key) > KEY_LIMIT || !source_is_valid(request->source) ||
        reader_pending(b->reader) >= QUESTIONS_LIMIT) {
        broker_refuse(b, SOCKET_FEED, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, "%s",
                      reader_pending(b->reader) >= QUESTIONS_LIMIT ? "too many questions at a time"
                                                                   : why.text);
        free(key);
        return;
    }
    struct question *question = memory_new(sizeof(*question));
    question->job = (struct job){.run = run, .finish = finish, .discard = discard};
    question->peer = message->peer;
    question->request = envelope->request;
    question->revision = request->revision;
    question->source = text_copy(request->source);
    question->key = key;
    reader_ask(b->reader, &question->job);
}
