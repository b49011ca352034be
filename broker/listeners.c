// SPDX-License-Identifier: Apache-2.0
/* listeners - who listens on the live socket, and what becomes of everybody when the keys change.
 */
#include <string.h>

#include "broker/attempts.h"
#include "broker/broker.h"
#include "broker/subscribers.h"

enum { TURN_TOPICS = 1024, TOPIC_LIMIT = 256 };

/* ---- topics ---- */

static void refuse_listener(struct broker *b, const struct message *message,
                            const struct ruling *ruling)
{
    broker_count_refusal(b, ruling->code);
    broker_tally(b, TALLY_CUT, 1);
    if (log_gate_open(&b->guard_gate))
        log_warn("listener-refused", "socket=live name=%s reason=\"%s\" suppressed=%llu: cut off",
                 ruling->name[0] ? ruling->name : "unknown", ruling->text,
                 b->guard_gate.suppressed);
    sockets_cut(b->sockets, SOCKET_LIVE, message->visit.file);
}

static void hear_topic(struct broker *b, const struct message *message)
{
    struct ruling ruling;
    bool has_gone = message->visit.is_leaving && message->visit.file < 0;
    if (has_gone)
        return; /* ZeroMQ says so for each topic of a connection that ended */
    enum verdict verdict = guard_topic(b->guard, &message->visit, &ruling);
    if (verdict == VERDICT_HEAR && zmq_msg_size(&message->envelope) > TOPIC_LIMIT) {
        ruling.code = NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE;
        ruling.text = "no topic is so long";
        verdict = VERDICT_REFUSE;
    }
    if (verdict == VERDICT_HEAR)
        sockets_grant_topic(b->sockets, message);
    else
        refuse_listener(b, message, &ruling);
}

/* ---- keys ---- */

static void drop_workers(struct broker *b)
{
    char name[LOG_QUOTE_SIZE];
    for (size_t i = workers_count(b->workers); i-- > 0;) {
        struct worker *worker = workers_at(b->workers, i);
        if (worker->peer.size == 0 || guard_may_serve(b->guard, SOCKET_WORK, &worker->peer))
            continue;
        log_warn("worker-cut", "worker=%s held=%zu: its key may not work any more",
                 log_quote(worker->name, name), worker->leases.count);
        while (worker->leases.first)
            attempt_returned(b, worker->leases.first);
        workers_remove(b->workers, worker);
    }
}

static void drop_subscribers(struct broker *b)
{
    for (size_t i = subscribers_count(b->subscribers); i-- > 0;) {
        struct subscriber *subscriber = subscribers_at(b->subscribers, i);
        if (!guard_may_serve(b->guard, SOCKET_SUBSCRIBE, &subscriber->peer))
            subscribers_remove(b->subscribers, subscriber);
    }
}

static void drop_listeners(struct broker *b)
{
    for (int file = guard_unwanted_listener(b->guard); file >= 0;
         file = guard_unwanted_listener(b->guard)) {
        broker_tally(b, TALLY_CUT, 1);
        sockets_cut(b->sockets, SOCKET_LIVE, file);
    }
}

enum status broker_reload_keys(struct broker *b, struct error *err)
{
    struct keys *keys = NULL;
    if (!b->keys)
        return error_set(err, STATUS_INVALID, "there are no keys to read: security.keys is empty");
    enum status status = keys_read_file(&keys, b->options.keys_path, err);
    if (status != STATUS_OK)
        return status;
    sockets_change_keys(b->sockets, keys);
    guard_change_keys(b->guard, keys);
    keys_free(&b->keys);
    b->keys = keys;
    drop_workers(b);
    drop_subscribers(b);
    drop_listeners(b);
    log_info("keys-read", "keys=%zu file=%s", keys_count(keys), b->options.keys_path);
    return STATUS_OK;
}

/* By SIGHUP. */
static void reload_when_told(struct broker *b)
{
    struct error why;
    char reason[LOG_QUOTE_SIZE];
    if (b->hung_up && broker_reload_keys(b, &why) != STATUS_OK)
        log_error("keys-unread", "reason=%s: the keys stay as they were",
                  log_quote(why.text, reason));
    b->hung_up = false;
}

void hear_listeners(struct broker *b)
{
    struct message *message = b->spare ? b->spare : message_new();
    b->spare = message->next;
    message->next = NULL;
    unsigned heard = 0;
    reload_when_told(b);
    while (heard < TURN_TOPICS && sockets_hear_topic(b->sockets, message)) {
        hear_topic(b, message);
        message_clear(message);
        heard++;
    }
    broker_release(b, message);
    if (heard == TURN_TOPICS)
        b->others_are_dry = false;
}
