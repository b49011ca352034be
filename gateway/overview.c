// SPDX-License-Identifier: Apache-2.0
#include "gateway/overview.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/command/entry_text.h"
#include "client/command/print.h"
#include "client/operator.h"
#include "common/clock.h"

enum {
    EVERY_MS = 2000,
    TIMEOUT_MS = 2000,
    ENTRY_MS = 500,
    MINUTES = 60,
    MINUTE_MS = 60000,
    LATEST = 15,
    GAP_MS = 2 * MINUTE_MS, /* longer between two answers: what came between has no minute */
};

#define ACCEPTED_COUNTER "newsloom_receipts_total{code=\"accepted\"}"

struct minute {
    int64_t number; /* since 1970; 0: nothing is known of it */
    uint64_t stored;
    uint64_t accepted;
};

/* What rates are made of. */
struct mark {
    int64_t at_ms; /* 0: there is none */
    uint64_t boot;
    uint64_t last_sequence;
    uint64_t accepted;
    uint8_t log_id[16];
};

struct overview {
    const struct options *options;
    struct newsloom_options operate; /* with a time-out of our own */
    struct newsloom_operator *op;    /* the thread's */
    struct mark mark;                /* the thread's */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t stop;
    bool is_stopping;
    json_t *broker; /* or NULL */
    json_t *latest;
    struct newsloom_cursor cursor; /* of the newest of them */
    int64_t asked_at_ms;           /* 0: never answered */
    struct error away;             /* OK: it answers */
    struct minute minutes[MINUTES];
};

/* ---- rates --------------------------------------------------------------------------------- */

static uint64_t accepted_of(const Newsloom__V1__Status *status)
{
    for (size_t i = 0; i < status->n_counters; i++)
        if (strcmp(status->counters[i]->name, ACCEPTED_COUNTER) == 0)
            return status->counters[i]->value;
    return 0;
}

static struct mark mark_of(const Newsloom__V1__Status *status)
{
    struct mark mark = {.at_ms = clock_wall_ms(),
                        .boot = status->boot,
                        .last_sequence = status->last_sequence,
                        .accepted = accepted_of(status)};
    if (status->log_id.len == sizeof(mark.log_id))
        memcpy(mark.log_id, status->log_id.data, sizeof(mark.log_id));
    return mark;
}

static void count_minute(struct overview *overview, const struct mark *now)
{
    const struct mark *before = &overview->mark;
    int64_t number = now->at_ms / MINUTE_MS;
    struct minute *minute = &overview->minutes[number % MINUTES];
    if (minute->number != number)
        *minute = (struct minute){.number = number};
    if (before->at_ms == 0 || now->at_ms - before->at_ms > GAP_MS || now->at_ms < before->at_ms)
        return;
    if (memcmp(now->log_id, before->log_id, sizeof(now->log_id)) == 0 &&
        now->last_sequence >= before->last_sequence)
        minute->stored += now->last_sequence - before->last_sequence;
    minute->accepted += now->boot == before->boot && now->accepted >= before->accepted
                            ? now->accepted - before->accepted
                            : now->accepted; /* it counts from its start */
}

static json_t *rates_json(const struct overview *overview)
{
    json_t *rates = json_array();
    char at[CLOCK_TEXT_SIZE];
    int64_t now = clock_wall_ms() / MINUTE_MS;
    for (int64_t number = now - MINUTES + 1; number <= now; number++) {
        const struct minute *minute = &overview->minutes[number % MINUTES];
        if (minute->number == number)
            (void)json_array_append_new(rates, json_pack("{ss sI sI}", "at",
                                                         clock_text(number * MINUTE_MS, at),
                                                         "stored", (json_int_t)minute->stored,
                                                         "accepted", (json_int_t)minute->accepted));
    }
    return rates;
}

/* ---- the newest entries -------------------------------------------------------------------- */

static json_t *short_entry(const struct newsloom_entry *entry)
{
    json_t *whole = entry_json(entry);
    const char *title =
        json_string_value(json_object_get(json_object_get(whole, "extraction"), "title"));
    json_t *value = json_object();
    static const char *const kept[] = {"sequence", "kind", "stored_at", "source", "key", "reason"};
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        (void)json_object_set(value, kept[i], json_object_get(whole, kept[i]));
    (void)json_object_set_new(value, "title", json_string(title ? title : ""));
    json_decref(whole);
    return value;
}

/* A short subscription now and then costs the same however many entries there are. */
static void read_latest(struct overview *overview, const struct mark *now, uint64_t first_retained)
{
    struct newsloom_subscription wish = {.from = NEWSLOOM_FROM_CURSOR};
    struct newsloom_subscriber *subscriber = NULL;
    const struct newsloom_entry *entry = NULL;
    uint64_t after = now->last_sequence > LATEST ? now->last_sequence - LATEST : 0;
    memcpy(wish.cursor.log_id, now->log_id, sizeof(now->log_id));
    wish.cursor.sequence = first_retained > after + 1 ? first_retained - 1 : after;
    struct newsloom_cursor cursor = wish.cursor;
    json_t *latest = json_array();
    enum status status = STATUS_OK;
    if (cursor.sequence < now->last_sequence)
        status = newsloom_subscriber_open(&subscriber, &overview->options->subscribe, &wish, NULL);
    while (status == STATUS_OK && cursor.sequence < now->last_sequence) {
        status = newsloom_subscriber_next(subscriber, ENTRY_MS, &entry, NULL);
        if (status != STATUS_OK)
            break;
        cursor.sequence = entry->sequence;
        (void)json_array_insert_new(latest, 0, short_entry(entry));
    }
    newsloom_subscriber_close(&subscriber);
    (void)pthread_mutex_lock(&overview->lock);
    json_decref(overview->latest);
    overview->latest = latest;
    overview->cursor = cursor;
    (void)pthread_mutex_unlock(&overview->lock);
}

/* ---- asking -------------------------------------------------------------------------------- */

/* Sessions identify workers to the broker, and are nobody else's business. */
static json_t *broker_json(const Newsloom__V1__Status *status)
{
    json_t *value = json_of_message(&status->base);
    json_t *workers = json_object_get(value, "workers");
    (void)json_object_del(value, "counters");
    for (size_t i = 0; i < json_array_size(workers); i++)
        (void)json_object_del(json_array_get(workers, i), "session");
    return value;
}

static void take_status(struct overview *overview, const Newsloom__V1__Status *status)
{
    struct mark now = mark_of(status);
    bool is_new = now.last_sequence != overview->mark.last_sequence ||
                  memcmp(now.log_id, overview->mark.log_id, sizeof(now.log_id)) != 0 ||
                  overview->mark.at_ms == 0;
    json_t *broker = broker_json(status);
    (void)pthread_mutex_lock(&overview->lock);
    json_decref(overview->broker);
    overview->broker = broker;
    overview->asked_at_ms = now.at_ms;
    overview->away.status = STATUS_OK;
    count_minute(overview, &now);
    (void)pthread_mutex_unlock(&overview->lock);
    if (is_new)
        read_latest(overview, &now, status->first_retained);
    overview->mark = now;
}

static void ask(struct overview *overview)
{
    const Newsloom__V1__Status *broker = NULL;
    struct error err = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    if (!overview->op)
        status = newsloom_operator_open(&overview->op, &overview->operate, &err);
    if (status == STATUS_OK)
        status = newsloom_operator_status(overview->op, &broker, &err);
    if (status == STATUS_OK) {
        take_status(overview, broker);
        return;
    }
    (void)pthread_mutex_lock(&overview->lock);
    overview->away = err;
    (void)pthread_mutex_unlock(&overview->lock);
}

/* false: it is time to end. */
static bool wait_a_while(struct overview *overview)
{
    struct timespec until;
    int waited = 0;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_MS / 1000;
    (void)pthread_mutex_lock(&overview->lock);
    while (!overview->is_stopping && waited == 0)
        waited = pthread_cond_timedwait(&overview->stop, &overview->lock, &until);
    bool goes_on = !overview->is_stopping;
    (void)pthread_mutex_unlock(&overview->lock);
    return goes_on;
}

static void *ask_again_and_again(void *context)
{
    struct overview *overview = context;
    do
        ask(overview);
    while (wait_a_while(overview));
    newsloom_operator_close(&overview->op);
    return NULL;
}

/* ---- public -------------------------------------------------------------------------------- */

struct overview *overview_new(const struct options *options)
{
    struct overview *overview = memory_new(sizeof(*overview));
    pthread_condattr_t attributes;
    sigset_t all;
    sigset_t before;
    overview->options = options;
    overview->operate = options->operate;
    if (overview->operate.answer_timeout_ms > TIMEOUT_MS)
        overview->operate.answer_timeout_ms = TIMEOUT_MS;
    overview->latest = json_array();
    (void)pthread_mutex_init(&overview->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&overview->stop, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)error_set(&overview->away, STATUS_AGAIN, "%s",
                    *options->operate.endpoints
                        ? "the broker has not answered yet"
                        : "the broker is not asked how it is: broker.operator is empty");
    if (!*options->operate.endpoints)
        return overview;
    (void)sigfillset(&all); /* signals belong to the loop */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    overview->has_thread =
        pthread_create(&overview->thread, NULL, ask_again_and_again, overview) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    ENSURE(overview->has_thread);
    return overview;
}

void overview_free(struct overview **overview_p)
{
    struct overview *overview = *overview_p;
    if (!overview)
        return;
    (void)pthread_mutex_lock(&overview->lock);
    overview->is_stopping = true;
    (void)pthread_cond_signal(&overview->stop);
    (void)pthread_mutex_unlock(&overview->lock);
    if (overview->has_thread)
        (void)pthread_join(overview->thread, NULL);
    json_decref(overview->broker);
    json_decref(overview->latest);
    (void)pthread_cond_destroy(&overview->stop);
    (void)pthread_mutex_destroy(&overview->lock);
    free(overview);
    *overview_p = NULL;
}

static json_t *copy_or_null(const json_t *value)
{
    return value ? json_deep_copy(value) : json_null();
}

json_t *overview_json(struct overview *overview)
{
    char at[CLOCK_TEXT_SIZE];
    char cursor[NEWSLOOM_CURSOR_TEXT_SIZE];
    (void)pthread_mutex_lock(&overview->lock);
    json_t *value = json_pack(
        "{ss so so so so so so}", "version", NEWSLOOM_VERSION, "asked_at",
        overview->asked_at_ms ? json_string(clock_text(overview->asked_at_ms, at)) : json_null(),
        "away", overview->away.status == STATUS_OK ? json_null() : json_string(overview->away.text),
        "broker", copy_or_null(overview->broker), "rates", rates_json(overview), "latest",
        copy_or_null(overview->latest), "cursor",
        overview->asked_at_ms ? json_string(newsloom_cursor_text(&overview->cursor, cursor))
                              : json_null());
    (void)pthread_mutex_unlock(&overview->lock);
    return value;
}

enum status overview_is_ready(struct overview *overview, struct error *err)
{
    (void)pthread_mutex_lock(&overview->lock);
    struct error away = overview->away;
    (void)pthread_mutex_unlock(&overview->lock);
    if (away.status == STATUS_OK || !overview->has_thread) /* not asked: not known to be away */
        return STATUS_OK;
    return error_set(err, STATUS_AGAIN, "%s", away.text);
}
