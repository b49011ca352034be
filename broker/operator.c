// SPDX-License-Identifier: Apache-2.0
/* operator - status and control; dead letters are in dead_letters.c. */
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>

#include "broker/backups.h"
#include "broker/broker.h"
#include "broker/checks.h"
#include "broker/dead_letters.h"
#include "broker/forgetting.h"
#include "broker/gauges.h"
#include "broker/subscribers.h"
#include "common/clock.h"
#include "common/crash.h"

enum { TURN_MESSAGES = 32 };

static const char *condition_name(const struct broker *b, const char **ret_reason)
{
    static const char *const names[] = {[CONDITION_RUNNING] = "running",
                                        [CONDITION_PAUSED] = "paused",
                                        [CONDITION_DRAINING] = "draining",
                                        [CONDITION_STOPPING] = "draining"};
    *ret_reason = "";
    if (b->condition == CONDITION_PAUSED)
        *ret_reason = "an operator said so: articles are accepted, none is dispatched";
    else if (b->condition != CONDITION_RUNNING)
        *ret_reason = "nothing new is accepted, what is here is finished";
    else if (b->facts.full || b->mono_ms < b->full_until_ms) {
        *ret_reason = "the store has no room: feeders hear RETRY_LATER";
        return "full";
    } else if (b->all_paused)
        *ret_reason = "the breaker paused every worker: nothing but failures came from them";
    return names[b->condition];
}

/* ---- status */

static void fill_classes(struct broker *b, Newsloom__V1__Status *status)
{
    status->classes = arena_take(b->batch->arena, QUEUE_CLASS_COUNT, sizeof(*status->classes));
    for (int i = 0; i < QUEUE_CLASS_COUNT; i++) {
        enum queue_class class_ = (enum queue_class)i;
        Newsloom__V1__ClassStatus *one = arena_take(b->batch->arena, 1, sizeof(*one));
        newsloom__v1__class_status__init(one);
        one->class_ =
            class_ == QUEUE_LIVE ? NEWSLOOM__V1__CLASS__LIVE : NEWSLOOM__V1__CLASS__BACKFILL;
        one->queued = queued_count(b, class_);
        one->leased = queue_count(b->queue, class_, ITEM_LEASED);
        one->waiting = queue_count(b->queue, class_, ITEM_WAITING);
        one->oldest_queued_ms = oldest_queued_ms(b, class_);
        one->backlog_ms = backlog_ms(b, class_);
        status->classes[status->n_classes++] = one;
    }
}

static void fill_workers(struct broker *b, Newsloom__V1__Status *status)
{
    size_t count = workers_count(b->workers);
    status->workers = arena_take(b->batch->arena, count + 1, sizeof(*status->workers));
    for (size_t i = 0; i < count; i++) {
        struct worker *worker = workers_at(b->workers, i);
        Newsloom__V1__WorkerStatus *one = arena_take(b->batch->arena, 1, sizeof(*one));
        newsloom__v1__worker_status__init(one);
        one->worker = worker->name;
        one->session.data = worker->session;
        one->session.len = SESSION_SIZE;
        one->version = worker->version;
        one->slots = worker->slots;
        one->held = (uint32_t)worker->leases.count;
        one->done = worker->done;
        one->failed = worker->failed;
        one->last_heard_ms = (uint64_t)(b->loop_ms - worker->heard_ms);
        one->rate_per_minute = worker_rate_per_minute(worker);
        one->blocked = worker->blocked;
        one->blocked_reason = worker->blocked_reason;
        one->paused = breaker_is_open(&worker->breaker);
        status->workers[status->n_workers++] = one;
    }
}

static void add_subscriber(struct broker *b, Newsloom__V1__Status *status, const char *name,
                           bool connected, uint64_t acknowledged)
{
    Newsloom__V1__SubscriberStatus *one = arena_take(b->batch->arena, 1, sizeof(*one));
    newsloom__v1__subscriber_status__init(one);
    one->name = (char *)name;
    one->connected = connected;
    one->acknowledged = acknowledged;
    one->lag = b->facts.last_sequence > acknowledged ? b->facts.last_sequence - acknowledged : 0;
    status->subscribers[status->n_subscribers++] = one;
}

static void fill_subscribers(struct broker *b, Newsloom__V1__Status *status)
{
    size_t count = subscribers_count(b->subscribers);
    size_t named_count = subscribers_named_count(b->subscribers);
    status->subscribers =
        arena_take(b->batch->arena, count + named_count + 1, sizeof(*status->subscribers));
    for (size_t i = 0; i < named_count; i++) {
        const struct named *named = subscribers_named_at(b->subscribers, i);
        add_subscriber(b, status, named->name, subscribers_have_name(b->subscribers, named->name),
                       named->acknowledged);
    }
    for (size_t i = 0; i < count; i++) {
        const struct subscriber *subscriber = subscribers_at(b->subscribers, i);
        if (!subscriber->name[0])
            add_subscriber(b, status, "", true, subscriber->acknowledged);
    }
}

static void fill_counters(struct broker *b, Newsloom__V1__Status *status)
{
    status->counters = arena_take(b->batch->arena, TALLY_COUNT, sizeof(*status->counters));
    for (size_t i = 0; i < TALLY_COUNT; i++) {
        const struct counter *row = &tallies_table[i];
        Newsloom__V1__Counter *one = arena_take(b->batch->arena, 1, sizeof(*one));
        newsloom__v1__counter__init(one);
        one->name = row->labels ? arena_format(b->batch->arena, "%s{%s}", row->name, row->labels)
                                : (char *)row->name;
        one->value = counters_get(b->counters, i);
        status->counters[status->n_counters++] = one;
    }
}

static void fill_store(struct broker *b, Newsloom__V1__Status *status)
{
    struct statvfs disk;
    status->boot = b->facts.boot;
    status->log_id.data = b->facts.log_id;
    status->log_id.len = sizeof(b->facts.log_id);
    status->dead = b->facts.dead_count;
    status->first_retained = b->facts.first_retained;
    status->last_sequence = b->facts.last_sequence;
    status->store_used_bytes = b->facts.used_bytes;
    status->store_budget_bytes = b->facts.budget_bytes;
    if (statvfs(b->options.directory, &disk) == 0)
        status->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

static void give_status(struct broker *b, struct answer *answer)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__StatusAnswer body = NEWSLOOM__V1__STATUS_ANSWER__INIT;
    Newsloom__V1__Status status = NEWSLOOM__V1__STATUS__INIT;
    const char *reason = "";
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_STATUS_ANSWER;
    envelope.status_answer = &body;
    refresh_gauges(b);
    status.version = (char *)NEWSLOOM_VERSION;
    status.started_at_ms = b->started_at_ms;
    status.now_ms = clock_wall_ms();
    status.condition = (char *)condition_name(b, &reason);
    status.condition_reason = (char *)reason;
    fill_store(b, &status);
    fill_classes(b, &status);
    fill_workers(b, &status);
    fill_subscribers(b, &status);
    fill_counters(b, &status);
    zmq_msg_t payload;
    ENSURE(zmq_msg_init_size(&payload, newsloom__v1__status__get_packed_size(&status)) == 0);
    (void)newsloom__v1__status__pack(&status, zmq_msg_data(&payload));
    (void)broker_send(b, SOCKET_OPERATOR, &answer->peer, &envelope, &payload, 1);
    ENSURE(zmq_msg_close(&payload) == 0);
}

/* ---- control */

static void give_control(struct broker *b, struct answer *answer)
{
    Newsloom__V1__Envelope envelope = NEWSLOOM__V1__ENVELOPE__INIT;
    Newsloom__V1__ControlAnswer body = NEWSLOOM__V1__CONTROL_ANSWER__INIT;
    const char *reason = "";
    envelope.request = answer->request;
    envelope.body_case = NEWSLOOM__V1__ENVELOPE__BODY_CONTROL_ANSWER;
    envelope.control_answer = &body;
    body.condition = (char *)condition_name(b, &reason);
    (void)broker_send(b, SOCKET_OPERATOR, &answer->peer, &envelope, NULL, 0);
}

static void obey_control(struct broker *b, const struct message *message,
                         const Newsloom__V1__Envelope *envelope)
{
    struct error why;
    switch (envelope->control_request->verb) {
    case NEWSLOOM__V1__CONTROL_VERB__PAUSE:
        b->condition = CONDITION_PAUSED;
        break;
    case NEWSLOOM__V1__CONTROL_VERB__RESUME:
        b->condition = CONDITION_RUNNING;
        break;
    case NEWSLOOM__V1__CONTROL_VERB__DRAIN:
        b->condition = CONDITION_DRAINING;
        break;
    case NEWSLOOM__V1__CONTROL_VERB__RELOAD:
        if (broker_reload_keys(b, &why) == STATUS_OK)
            break;
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST, "%s", why.text);
        return;
    default:
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__BAD_REQUEST,
                      "the verb is none of pause, resume, drain and reload");
        return;
    }
    const char *reason = "";
    http_set_ready(b->http, b->condition != CONDITION_DRAINING,
                   "the broker drains: it takes nothing");
    log_info("condition-changed", "condition=%s", condition_name(b, &reason));
    (void)broker_answer(b, sizeof(struct answer), SOCKET_OPERATOR, &message->peer,
                        envelope->request, give_control);
}

/* ---- */

static void obey_one(struct broker *b, const struct message *message,
                     const Newsloom__V1__Envelope *envelope)
{
    if (message->frame_count + message->excess > 0) {
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT,
                      "the operator socket takes no payload frames");
        return;
    }
    switch (envelope->body_case) {
    case NEWSLOOM__V1__ENVELOPE__BODY_STATUS_REQUEST:
        (void)broker_answer(b, sizeof(struct answer), SOCKET_OPERATOR, &message->peer,
                            envelope->request, give_status);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_CONTROL_REQUEST:
        obey_control(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_DEAD_REQUEST:
        obey_dead_request(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_BACKUP_REQUEST:
        obey_backup_request(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_CHECK_REQUEST:
        obey_check_request(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_KNOWN_REQUEST:
        obey_known_request(b, message, envelope);
        return;
    case NEWSLOOM__V1__ENVELOPE__BODY_FORGET_REQUEST:
        obey_forget_request(b, message, envelope);
        return;
    default:
        broker_refuse(b, SOCKET_OPERATOR, &message->peer, envelope->request,
                      NEWSLOOM__V1__REFUSAL_CODE__UNEXPECTED_MESSAGE,
                      "the operator socket takes StatusRequest, DeadRequest, ForgetRequest, "
                      "ControlRequest, BackupRequest, CheckRequest and KnownRequest");
    }
}

void obey_operators(struct broker *b)
{
    for (unsigned i = 0; i < TURN_MESSAGES; i++) {
        struct message *message = NULL;
        const Newsloom__V1__Envelope *envelope = broker_receive(b, SOCKET_OPERATOR, &message);
        if (!message)
            return;
        if (envelope)
            obey_one(b, message, envelope);
        broker_release(b, message);
    }
    b->others_are_dry = false;
}
