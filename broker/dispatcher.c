// SPDX-License-Identifier: Apache-2.0
/* dispatcher - dispatch: articles to workers that have room, suspects alone. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "broker/attempts.h"
#include "broker/broker.h"
#include "common/crash.h"

enum {
    JOBS_MOST = 16, /* a message */
    JOBS_BYTES = ENVELOPE_LIMIT - 64,
    JOB_OVERHEAD = 96, /* of numbers and digest */
    FETCH_MOST = 64,
    FETCH_BYTES = 32 * 1024 * 1024,
};

/* ---- bodies from disk */

struct fetch {
    struct job job;
    uint64_t article_id;
    size_t counted;
    enum status status;
    struct error error;
    struct stored_article article;
    void *bytes;
    size_t size;
};

static void fetch_free(struct fetch *fetch)
{
    stored_article_done(&fetch->article);
    free(fetch->bytes);
    free(fetch);
}

static void fetch_run(struct job *job, struct store *store)
{
    struct fetch *fetch = (struct fetch *)job;
    fetch->status = store_article(store, fetch->article_id, &fetch->article, &fetch->error);
    if (fetch->status == STATUS_OK)
        fetch->status =
            store_body(store, fetch->article_id, &fetch->bytes, &fetch->size, &fetch->error);
}

static void free_bytes(void *bytes, void *hint)
{
    (void)hint;
    free(bytes);
}

static void fetch_finish(struct job *job, struct broker *b)
{
    struct fetch *fetch = (struct fetch *)job;
    struct item *item = queue_find(b->queue, fetch->article_id);
    b->fetching--;
    b->fetching_bytes -= fetch->counted;
    if (!item || item->state != ITEM_FETCHING) {
        /* it ended meanwhile */
    } else if (fetch->status == STATUS_OK) {
        zmq_msg_t payload;
        ENSURE(zmq_msg_init_data(&payload, fetch->bytes, fetch->size, free_bytes, NULL) == 0);
        fetch->bytes = NULL;
        struct body *body =
            body_new(&b->bodies, (enum queue_class)item->class_, fetch->article.key, &payload);
        body->revision = fetch->article.revision;
        body->generation = fetch->article.generation;
        memcpy(body->digest, fetch->article.digest, DIGEST_SIZE);
        ENSURE(zmq_msg_close(&payload) == 0);
        item->body = body;
        queue_move(b->queue, item, ITEM_READY);
        broker_tally(b, TALLY_COLD, 1);
    } else if (fetch->status == STATUS_NOT_FOUND) {
        log_error("article-missing",
                  "article=%" PRIu64 ": the store has no open article of this id",
                  fetch->article_id);
        queue_remove(b->queue, item);
    } else {
        broker_read_failed(b, &fetch->error);
        queue_move(b->queue, item, ITEM_QUEUED);
    }
    fetch_free(fetch);
}

static void fetch_discard(struct job *job)
{
    fetch_free((struct fetch *)job);
}

static void fetch_body(struct broker *b, struct item *item)
{
    struct fetch *fetch = memory_new(sizeof(*fetch));
    fetch->job = (struct job){
        .run = fetch_run, .finish = fetch_finish, .discard = fetch_discard, .urgent = true};
    fetch->article_id = item->article_id;
    fetch->counted = item->size;
    b->fetching++;
    b->fetching_bytes += item->size;
    queue_move(b->queue, item, ITEM_FETCHING);
    reader_ask(b->reader, &fetch->job);
}

static bool may_fetch(const struct broker *b)
{
    size_t ready = queue_count(b->queue, QUEUE_LIVE, ITEM_READY) +
                   queue_count(b->queue, QUEUE_BACKFILL, ITEM_READY);
    return b->fetching + ready < FETCH_MOST && b->fetching_bytes < FETCH_BYTES &&
           b->mono_ms >= b->read_again_ms;
}

/* ---- choosing */

/* With its body; cold ones on the way are asked for. */
static struct item *next_article(struct broker *b)
{
    struct item *item = queue_next_ready(b->queue);
    while (!item && may_fetch(b)) {
        item = queue_next(b->queue);
        if (!item)
            return NULL;
        if (item->body)
            break;
        fetch_body(b, item);
        item = NULL;
    }
    return item;
}

static struct item *next_suspect(struct broker *b)
{
    struct item *item = queue_next_ready_suspect(b->queue);
    if (item)
        return item;
    if (may_fetch(b) && (item = queue_next_suspect(b->queue)))
        fetch_body(b, item);
    return NULL;
}

/* ---- sending */

struct load {
    struct item *items[JOBS_MOST];
    size_t count;
    size_t bytes;
};

static size_t job_size(struct broker *b, const struct item *item)
{
    return JOB_OVERHEAD + strlen(item->body->key) +
           strlen(store_source_name(b->store, item->source_id));
}

static bool load_add(struct broker *b, struct load *load, struct item *item)
{
    size_t size = job_size(b, item);
    if (load->bytes + size > JOBS_BYTES)
        return false;
    load->items[load->count++] = item;
    load->bytes += size;
    return true;
}

static void fill_job(struct broker *b, const struct item *item, uint64_t lease,
                     Newsloom__V1__Job *job)
{
    newsloom__v1__job__init(job);
    job->lease = lease;
    job->article_id = item->article_id;
    job->source = (char *)store_source_name(b->store, item->source_id);
    job->key = item->body->key;
    job->revision = item->body->revision;
    job->generation = item->body->generation ? item->body->generation : 1;
    job->attempt = item->attempts + 1u;
    job->look_only = attempts_are_used_up(b, item);
    job->class_ =
        item->class_ == QUEUE_BACKFILL ? NEWSLOOM__V1__CLASS__BACKFILL : NEWSLOOM__V1__CLASS__LIVE;
    job->digest.data = item->body->digest;
    job->digest.len = DIGEST_SIZE;
    job->accepted_at_ms = item->accepted_at_ms;
}

/* Leases are granted first, because their ids stand in the message, and ended when it did not
 * leave. */
static bool send_load(struct broker *b, struct worker *worker, const struct load *load)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__Dispatch dispatch = NEWSLOOM__V1__DISPATCH__INIT;
    Newsloom__V1__Job jobs[JOBS_MOST];
    Newsloom__V1__Job *list[JOBS_MOST];
    struct lease *leases[JOBS_MOST];
    zmq_msg_t payloads[JOBS_MOST];
    uint32_t sizes[ARTICLES_LIMIT];
    envelope.protocol = protocol_oldest;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_DISPATCH;
    envelope.dispatch = &dispatch;
    dispatch.jobs = list;
    dispatch.n_jobs = load->count;
    for (size_t i = 0; i < load->count; i++) {
        struct item *item = load->items[i];
        handouts_note(b->handouts, item);
        leases[i] = leases_grant(b->leases, item->article_id, worker, &worker->leases);
        leases[i]->since_ms = b->loop_ms;
        leases[i]->connection = worker->connection;
        leases[i]->suspect = item->suspect;
        fill_job(b, item, leases[i]->id, &jobs[i]);
        list[i] = &jobs[i];
        ENSURE(zmq_msg_init(&payloads[i]) == 0);
        ENSURE(zmq_msg_copy(&payloads[i], &item->body->payload) == 0);
    }
    size_t frames = sockets_join(&envelope, worker->features, payloads, load->count, sizes);
    bool sent = broker_send(b, SOCKET_WORK, &worker->peer, &envelope, payloads, frames) == SENT;
    for (size_t i = 0; i < load->count; i++) {
        struct item *item = load->items[i];
        ENSURE(zmq_msg_close(&payloads[i]) == 0);
        if (!sent) {
            leases_end(b->leases, leases[i], &worker->leases);
            queue_move(b->queue, item, ITEM_READY);
            continue;
        }
        body_free(&b->bodies, &item->body);
        queue_move(b->queue, item, ITEM_LEASED);
        item->lease = leases[i];
    }
    if (sent) {
        broker_tally(b, TALLY_DISPATCHED, load->count);
        if (worker->leases.count == load->count)
            worker->progress_ms = b->loop_ms; /* it held nothing before */
    }
    if (!sent)
        worker->willing = 0; /* until its next beat says otherwise */
    return sent;
}

/* Up to a message's worth; false when there was nothing to give or it could not be sent. */
static bool give_articles(struct broker *b, struct worker *worker, unsigned room)
{
    struct load load = {.count = 0};
    while (load.count < room && load.count < JOBS_MOST) {
        struct item *item = next_article(b);
        if (!item)
            break;
        if (!load_add(b, &load, item)) {
            queue_move(b->queue, item, ITEM_READY);
            break;
        }
    }
    return load.count > 0 && send_load(b, worker, &load);
}

/* The one with the fewest articles is emptied for the suspect that waits. */
static void choose_for_suspect(struct broker *b)
{
    struct worker *chosen = NULL;
    for (size_t i = 0; i < workers_count(b->workers); i++) {
        struct worker *worker = workers_at(b->workers, i);
        if (worker->clearing)
            return;
        if (worker_room(worker, b->loop_ms) + worker->leases.count == 0 ||
            worker_holds_suspect(worker) || worker->blocked || breaker_is_open(&worker->breaker))
            continue;
        if (!chosen || worker->leases.count < chosen->leases.count)
            chosen = worker;
    }
    if (chosen)
        chosen->clearing = true;
}

static void give_suspects(struct broker *b)
{
    for (size_t i = 0; i < workers_count(b->workers) && queue_suspects(b->queue) > 0; i++) {
        struct worker *worker = workers_at(b->workers, i);
        if (worker->leases.count > 0 || worker_room(worker, b->loop_ms) == 0)
            continue;
        struct item *item = next_suspect(b);
        struct load load = {.count = 0};
        if (!item || !load_add(b, &load, item))
            return;
        worker->clearing = false;
        (void)send_load(b, worker, &load);
    }
    if (queue_suspects(b->queue) > 0)
        choose_for_suspect(b);
}

static void stop_clearing(struct broker *b)
{
    for (size_t i = 0; i < workers_count(b->workers); i++)
        workers_at(b->workers, i)->clearing = false;
}

/* What each of so many workers may have of what is there, so that one does not take all while
 * others idle. */
static unsigned fair_share(const struct broker *b, size_t workers)
{
    size_t there = 0;
    for (int class_ = 0; class_ < QUEUE_CLASS_COUNT; class_++)
        there += queue_count(b->queue, (enum queue_class)class_, ITEM_QUEUED) +
                 queue_count(b->queue, (enum queue_class)class_, ITEM_READY);
    size_t share = (there + workers - 1) / workers;
    if (share < 1)
        return 1;
    return share < JOBS_MOST ? (unsigned)share : JOBS_MOST;
}

void dispatch_articles(struct broker *b)
{
    size_t count = workers_count(b->workers);
    uint64_t before = counters_get(b->counters, TALLY_DISPATCHED);
    if (b->condition == CONDITION_PAUSED || b->condition == CONDITION_STOPPING || count == 0)
        return;
    if (b->facts.tight) /* what is held must find room for its done first */
        return;
    if (queue_suspects(b->queue) > 0)
        give_suspects(b);
    else
        stop_clearing(b);
    /* rounds of one message each, the first worker another each time */
    unsigned share = fair_share(b, count);
    for (bool gave = true; gave;) {
        gave = false;
        for (size_t i = 0; i < count; i++) {
            struct worker *worker = workers_at(b->workers, (b->next_worker + i) % count);
            unsigned room = worker->clearing ? 0 : worker_room(worker, b->loop_ms);
            room = room < share ? room : share;
            gave = (room > 0 && give_articles(b, worker, room)) || gave;
        }
        b->next_worker++;
    }
    if (counters_get(b->counters, TALLY_DISPATCHED) > before)
        crash_here(CRASH_BROKER_AFTER_DISPATCH);
}
