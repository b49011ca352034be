// SPDX-License-Identifier: Apache-2.0
#include "broker/forgetting.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/crash.h"

enum { REQUESTS_LIMIT = 64, SCAN_MOST = 8192, WAIT_MS = 200, AGAIN_MS = 2000 };

struct forgetting {
    struct job job;
    struct forgetting *next;
    struct peer peer;
    uint64_t request;
    Newsloom__V1__ForgetVerb verb;
    uint64_t article_id;
    char *source;
    char *key;
    bool beforehand;
    /* found */
    enum status status;
    struct error error;
    Newsloom__V1__State state;
    uint32_t newest_revision;
    struct tombstone tombstone;
    /* scanned */
    bool is_found;
    bool is_scanned;
    uint64_t scanned;
    uint64_t *sequences;
    size_t count;
    size_t room;
    size_t done;
    /* taken out */
    struct forget_result result;
    bool is_out;
    uint64_t articles;
    uint64_t entries;
    uint64_t mark; /* answered when so many forgettings are scrubbed */
};

static void forgetting_free(struct forgetting *f)
{
    free(f->source);
    free(f->key);
    free(f->sequences);
    free(f);
}

/* ---- on the reader's thread */

static void find(struct forgetting *f, struct store *store)
{
    struct stored_article article = {0};
    f->is_found = true;
    if (f->article_id)
        f->status = store_article(store, f->article_id, &article, &f->error);
    else
        f->status = store_find(store, f->source, f->key, 0, &article, &f->error);
    if (f->status == STATUS_OK) {
        free(f->source);
        free(f->key);
        f->source = text_copy(article.source);
        f->key = text_copy(article.key);
        f->newest_revision = article.newest_revision;
        f->state = article.state;
        stored_article_done(&article);
    } else if (f->status == STATUS_NOT_FOUND && !f->article_id) {
        f->status = STATUS_OK; /* PostgreSQL and the log may know it still */
    }
    if (f->status == STATUS_OK &&
        store_tombstone(store, f->source, f->key, &f->tombstone, NULL) == STATUS_OK)
        f->state = NEWSLOOM__V1__STATE__FORGOTTEN;
}

/* A name that nobody knows is a slip of the pen, unless it was said to be meant. */
static bool is_known(const struct forgetting *f)
{
    return f->state != NEWSLOOM__V1__STATE__STATE_UNKNOWN || f->count > 0;
}

static bool is_of_it(const struct log_entry *entry, void *context)
{
    struct forgetting *f = context;
    if (strcmp(entry->key, f->key) != 0 || strcmp(entry->source, f->source) != 0 ||
        entry->kind == NEWSLOOM__V1__ENTRY_KIND__ENTRY_FORGOTTEN)
        return false;
    if (f->count == f->room) {
        f->room = f->room ? 2 * f->room : 16;
        f->sequences = memory_resize(f->sequences, f->room, sizeof(*f->sequences));
    }
    f->sequences[f->count++] = entry->sequence;
    return false; /* the number is all that is wanted */
}

static void scan(struct forgetting *f, struct store *store)
{
    struct store_facts facts;
    struct log_entry unused;
    size_t none = 0;
    store_facts(store, &facts);
    if (f->scanned + 1 < facts.first_retained)
        f->scanned = facts.first_retained - 1;
    f->status = store_log(store, f->scanned, SCAN_MOST, 1, 0, is_of_it, f, &unused, &none,
                          &f->scanned, &f->error);
    if (f->status == STATUS_NOT_FOUND)
        f->status = STATUS_OK; /* retention was faster: from its new beginning */
    f->is_scanned = f->scanned >= facts.last_sequence;
    if (f->status == STATUS_OK && f->is_scanned && !f->beforehand && !is_known(f))
        f->status =
            error_set(&f->error, STATUS_NOT_FOUND,
                      "there is no article %.40s/%.90s: nothing was changed", f->source, f->key);
}

static void run(struct job *job, struct store *store)
{
    struct forgetting *f = (struct forgetting *)job;
    if (!f->is_found)
        find(f, store);
    if (f->status == STATUS_OK && f->verb == NEWSLOOM__V1__FORGET_VERB__FORGET_DO)
        scan(f, store);
}

/* ---- answers */

static void send_answer(struct broker *b, const struct forgetting *f)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__ForgetAnswer body = NEWSLOOM__V1__FORGET_ANSWER__INIT;
    envelope.request = f->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_FORGET_ANSWER;
    envelope.forget_answer = &body;
    body.source = f->source;
    body.key = f->key;
    body.state = f->state;
    body.articles = f->is_out ? f->articles : f->newest_revision;
    body.entries = f->entries;
    body.sequence = f->tombstone.sequence;
    body.forgotten_at_ms = f->tombstone.at_ms;
    (void)broker_send(b, SOCKET_OPERATOR, &f->peer, &envelope, NULL, 0);
}

static void refuse(struct broker *b, const struct forgetting *f, Newsloom__V1__RefusalCode code,
                   const char *text)
{
    broker_refuse(b, SOCKET_OPERATOR, &f->peer, f->request, code, "%s", text);
}

/* ---- taking out, a portion a turn */

struct portion {
    struct answer answer;
    struct forgetting *forgetting;
    size_t index; /* of a lift, in the turn */
};

static void after_portion(struct broker *b, struct answer *answer)
{
    struct forgetting *f = ((struct portion *)answer)->forgetting;
    const struct forget_result *result = &f->result;
    for (size_t i = 0; i < result->articles; i++)
        broker_forget(b, result->article_ids[i]);
    broker_tally(b, TALLY_FORGOTTEN, result->articles);
    f->done += result->looked;
    f->articles += result->articles;
    f->entries += result->entries;
    f->tombstone.sequence = result->sequence;
    f->is_out = result->finished;
    f->mark = b->facts.forgettings;
    if (f->is_out)
        log_info("article-forgotten",
                 "sequence=%" PRIu64 " articles=%" PRIu64 " entries=%" PRIu64
                 ": out of queue, log and dead letters; its bytes are scrubbed next",
                 result->sequence, f->articles, f->entries);
}

static void take_portion(struct broker *b, struct forgetting *f)
{
    struct forget forget = {.source = f->source,
                            .key = f->key,
                            .sequences = f->sequences ? f->sequences + f->done : NULL,
                            .count = f->count - f->done,
                            .scanned_through = f->scanned,
                            .at_ms = b->wall_ms,
                            .ret_result = &f->result};
    struct portion *portion =
        broker_answer(b, sizeof(*portion), SOCKET_OPERATOR, &f->peer, f->request, after_portion);
    portion->forgetting = f;
    turn_forget(b->batch->turn, &forget);
    b->batch->has_operator = true;
    b->others_are_dry = false;
    crash_here(CRASH_BROKER_OPERATOR_READ);
}

void forget_on(struct broker *b)
{
    for (struct forgetting *f = b->forgettings; f; f = f->next) {
        if (f->is_out)
            continue;
        take_portion(b, f);
        return; /* one a turn: its freed pages are enough for it */
    }
}

/* ---- scrubbing */

struct scrub_job {
    struct job job;
};

static void walk_run(struct job *job, struct store *store)
{
    (void)job;
    store_scrub_walk(store);
}

static void walk_finish(struct job *job, struct broker *b)
{
    b->scrub_is_read = false;
    free(job);
}

static void walk_discard(struct job *job)
{
    free(job);
}

static void ask_walk(struct broker *b)
{
    struct scrub_job *job = memory_new(sizeof(*job));
    job->job = (struct job){.run = walk_run, .finish = walk_finish, .discard = walk_discard};
    b->scrub_is_read = true;
    reader_ask(b->reader, &job->job);
}

/* false: it cannot be, and said so to whoever waits. */
static bool scrub_went_wrong(struct broker *b, enum status status, const struct error *why)
{
    char reason[LOG_QUOTE_SIZE];
    if (status == STATUS_OK)
        return false;
    b->scrub_again_ms = b->mono_ms + AGAIN_MS;
    if (log_gate_open(&b->scrub_gate))
        log_error("scrub-failed", "reason=%s suppressed=%llu: it will be tried again",
                  log_quote(why->text, reason), b->scrub_gate.suppressed);
    return true;
}

static void scrub(struct broker *b, struct error *err)
{
    enum scrub next = SCRUB_OVER;
    if (b->scrub_is_read || b->mono_ms < b->scrub_again_ms)
        return;
    crash_here(CRASH_BROKER_SCRUB);
    if (scrub_went_wrong(b, store_scrub(b->store, &next, err), err))
        return;
    store_facts(b->store, &b->facts);
    if (next == SCRUB_WALK)
        ask_walk(b);
    else if (next == SCRUB_WAITS)
        b->scrub_again_ms = b->mono_ms + WAIT_MS;
    else if (next == SCRUB_OVER)
        log_info("store-scrubbed", "forgettings=%" PRIu64 ": no byte of them is left",
                 b->facts.scrubbed);
    b->scrub_goes_on = next == SCRUB_GOES_ON;
}

void scrub_store(struct broker *b)
{
    struct error why = {0};
    b->scrub_goes_on = false;
    if (b->facts.scrubbed < b->facts.forgettings)
        scrub(b, &why);
    for (struct forgetting **at = &b->forgettings; *at;) {
        struct forgetting *f = *at;
        if (!f->is_out || b->facts.scrubbed < f->mark) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        f->state = NEWSLOOM__V1__STATE__FORGOTTEN;
        send_answer(b, f);
        forgetting_free(f);
    }
}

void drop_forgettings(struct broker *b)
{
    while (b->forgettings) {
        struct forgetting *f = b->forgettings;
        b->forgettings = f->next;
        forgetting_free(f);
    }
}

/* ---- lifting */

static void after_lift(struct broker *b, struct answer *answer)
{
    const struct portion *portion = (const struct portion *)answer;
    struct forgetting *f = portion->forgetting;
    f->state = turn_changed(b->batch->turn, portion->index) ? NEWSLOOM__V1__STATE__FORGOTTEN
                                                            : NEWSLOOM__V1__STATE__STATE_UNKNOWN;
    send_answer(b, f);
    forgetting_free(f);
}

static void lift(struct broker *b, struct forgetting *f)
{
    struct portion *portion =
        broker_answer(b, sizeof(*portion), SOCKET_OPERATOR, &f->peer, f->request, after_lift);
    portion->forgetting = f;
    portion->index = turn_unforget(b->batch->turn, f->source, f->key);
    b->batch->has_operator = true;
}

/* ---- */

static void finish(struct job *job, struct broker *b)
{
    struct forgetting *f = (struct forgetting *)job;
    if (f->status == STATUS_NOT_FOUND) {
        refuse(b, f, NEWSLOOM__V1__REFUSAL_CODE__NOT_FOUND, f->error.text);
        forgetting_free(f);
    } else if (f->status != STATUS_OK) {
        broker_read_failed(b, &f->error);
        refuse(b, f, NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, f->error.text);
        forgetting_free(f);
    } else if (f->verb == NEWSLOOM__V1__FORGET_VERB__FORGET_LOOK) {
        send_answer(b, f);
        forgetting_free(f);
    } else if (f->verb == NEWSLOOM__V1__FORGET_VERB__FORGET_LIFT) {
        lift(b, f);
    } else if (!f->is_scanned) {
        reader_ask(b->reader, &f->job);
    } else {
        f->next = b->forgettings;
        b->forgettings = f;
    }
}

static void discard(struct job *job)
{
    forgetting_free((struct forgetting *)job);
}

void obey_forget_request(struct broker *b, const struct message *message,
                         const Newsloom__V1__Envelope *envelope)
{
    const Newsloom__V1__ForgetRequest *request = envelope->forget_request;
    bool is_named =
        source_is_valid(request->source) && request->key[0] && strlen(request->key) <= KEY_LIMIT;
    if ((!request->article_id && !is_named) || reader_pending(b->reader) >= REQUESTS_LIMIT) {
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                      "an article id, or source and key, say what to forget; or there are too "
                      "many requests at a time");
        return;
    }
    struct forgetting *f = memory_new(sizeof(*f));
    f->job = (struct job){.run = run, .finish = finish, .discard = discard};
    f->peer = message->peer;
    f->request = envelope->request;
    f->verb = request->verb;
    f->article_id = request->article_id;
    f->source = text_copy(request->source);
    f->key = text_copy(request->key);
    f->beforehand = request->beforehand;
    reader_ask(b->reader, &f->job);
}
