// SPDX-License-Identifier: Apache-2.0
/*
 * broker - one loop; the order of its steps is the promise.
 *
 *     land -> answer -> take -> hear -> reclaim -> load -> depart -> dispatch -> serve
 *                                                            |
 *                                                  commit (committer's thread)
 *
 * What a turn hears gathers in a batch. A batch that departs is committed on another thread, one
 * transaction and one sync, while the loop gathers the next one; when it has landed, its answers
 * are given while the next flies already, or, if something waits for the store to stand still,
 * before that departs. One batch flies at a time.
 *
 * land      the batch that flew: durable, or the end of this broker
 * answer    receipts, settlements, refusals of that batch: never before it is durable
 *
 * take      submissions and questions of feeders, a bounded batch
 * hear      workers, subscribers, operators; while nothing flies, the reader's finished jobs too
 * reclaim   leases of workers that fell silent, waits that are over, retention
 * load      after a start: what was open before, a slice a turn, until all of it is in the queue;
 *           what needs the store to stand still (forgetting, scrubbing) goes beside it
 * depart    what was gathered goes to the committer; without changes it is answered at once
 * dispatch  articles to workers that have room and were welcomed
 * serve     batches to subscribers that have credit and know of their subscription
 *
 * Each step lives in a file of its own; this header is what they share. Three clocks: wall_ms goes
 * to disk and into messages, see calendar.h; mono_ms measures; loop_ms is mono_ms without the time
 * in which the loop itself was away (frozen, swapped out, a slow disk), so that nobody is taken for
 * dead because we did not listen.
 */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "broker/bodies.h"
#include "broker/calendar.h"
#include "broker/guard.h"
#include "broker/handouts.h"
#include "broker/leases.h"
#include "broker/options.h"
#include "broker/queue.h"
#include "broker/reader.h"
#include "broker/sockets.h"
#include "broker/store.h"
#include "broker/tallies.h"
#include "broker/workers.h"
#include "common/arena.h"
#include "common/http.h"
#include "common/log.h"

struct backups;
struct broker;
struct committer;
struct forgetting;
struct subscribers;

/* What will be sent, or done in memory, once the turn is on disk. Lives in the turn's arena. */
struct answer {
    struct answer *next;
    void (*give)(struct broker *broker, struct answer *answer);
    enum socket_name socket;
    struct peer peer;
    uint64_t request;
};

/* What is gathered until it goes to the disk as one: changes, and what will be said about them. */
struct batch {
    struct turn *turn;
    struct arena *arena;
    struct answer *answers;
    struct answer **answers_end;
    struct message *kept;   /* lent to the batch until it is answered */
    size_t feeder_messages; /* heard since it began */
    size_t feeder_bytes;
    size_t worker_messages;
    size_t worker_bytes;
    size_t results;
    bool is_full; /* some were left in their socket for the next */
    size_t accepts;
    bool accepts_dropped; /* the store was full: its articles were not kept */
    bool has_done;        /* for the crash points */
    bool has_operator;
};

enum condition { CONDITION_RUNNING, CONDITION_PAUSED, CONDITION_DRAINING, CONDITION_STOPPING };

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): by what it belongs to
struct broker {
    struct options options;
    struct store *store;
    struct reader *reader;
    struct committer *committer;
    struct backups *backups;
    struct sockets *sockets;
    struct keys *keys; /* NULL: plaintext */
    struct guard *guard;
    struct queue *queue;
    struct leases *leases;
    struct handouts *handouts;
    struct workers *workers;
    struct subscribers *subscribers;
    struct bodies bodies;
    struct counters *counters;
    struct http *http;
    struct store_facts facts; /* as of the last commit */

    struct calendar calendar;
    int64_t wall_ms;
    int64_t mono_ms;
    int64_t loop_ms;
    int64_t started_at_ms; /* wall clock */
    int64_t grace_end_ms;  /* loop clock */
    bool grace_is_over;
    bool is_releasing; /* it has passed, and articles that were HELD become QUEUED */
    bool is_loading;   /* what was open at the start is not yet in the queue, see loading.h */
    uint64_t loaded_through;
    uint64_t unloaded; /* about so many are still to come */
    enum condition condition;
    int signal_fd;
    unsigned signals; /* TERM and INT so far */
    bool hung_up;     /* HUP: the keys are to be read again */

    /* of the turn */
    struct batch batches[2];
    struct batch *batch;  /* what is being gathered; while answers are given, the one they are of */
    struct batch *flying; /* what the committer has; NULL: nothing */
    struct message *spare; /* to receive into */
    bool feed_is_dry;
    bool work_is_dry;
    bool others_are_dry;

    /* across turns */
    int64_t full_until_ms; /* mono: until then feeders are told RETRY_LATER without trying */
    int64_t retention_due_ms;
    uint64_t retention_mark; /* what had come in at the last slice */
    int64_t serve_due_ms;    /* mono: when a subscription that waits for it may be read for */
    int64_t second_due_ms;
    int64_t interval_due_ms;
    unsigned ends[QUEUE_CLASS_COUNT][RATE_INTERVALS];
    size_t fetching; /* bodies being read */
    size_t fetching_bytes;
    int64_t read_again_ms;          /* mono: a read failed, and none is asked for before */
    size_t next_worker;             /* whose turn it is */
    bool all_paused;                /* the breaker stopped every worker: said once */
    struct forgetting *forgettings; /* found and scanned, not yet out and scrubbed */
    bool scrub_is_read;             /* the reader walks for it */
    bool scrub_goes_on;             /* in the next turn, without waiting for messages */
    int64_t scrub_again_ms;         /* mono */
    uint32_t random;
    struct log_gate bad_gate; /* events that peers can cause at will: once a second each */
    struct log_gate away_gate;
    struct log_gate dead_gate;
    struct log_gate read_gate;
    struct log_gate guard_gate;
    struct log_gate limit_gate;
    struct log_gate scrub_gate;
};

/* Opens the store, binds, loads what is open. Everything is closed again when it fails. */
enum status broker_open(struct broker **ret_broker, const struct settings *settings,
                        struct error *err) MUST_CHECK;
/* Until a signal says stop, or BROKEN. */
enum status broker_run(struct broker *broker, struct error *err) MUST_CHECK;
void broker_close(struct broker **broker_p);

/* ---- for the steps */

/* An answer of this size, which begins with a struct answer; given after the commit. */
void *broker_answer(struct broker *broker, size_t size, enum socket_name socket,
                    const struct peer *peer, uint64_t request,
                    void (*give)(struct broker *broker, struct answer *answer));
void broker_refuse(struct broker *broker, enum socket_name socket, const struct peer *peer,
                   uint64_t request, Newsloom__V1__RefusalCode code, const char *format, ...)
    PRINTF(6, 7);
/* Sends; a peer that has gone or does not read is counted. */
enum sent broker_send(struct broker *broker, enum socket_name socket, const struct peer *peer,
                      Newsloom__V1__Envelope *envelope, zmq_msg_t *payloads, size_t count);
/* Receives one message; its envelope, or NULL when there was none or it was refused. *ret_message
 * is NULL when the socket is dry; give it back with broker_release() or broker_keep(). */
Newsloom__V1__Envelope *broker_receive(struct broker *broker, enum socket_name socket,
                                       struct message **ret_message);
void broker_release(struct broker *broker, struct message *message);
/* Keeps the message until the turn is over. */
void broker_keep(struct broker *broker, struct message *message);
/* The keys file anew: whoever may no longer come in is served no more. INVALID: it is wrong, and
 * the keys stay as they were. */
enum status broker_reload_keys(struct broker *broker,
                               struct error *err) MUST_CHECK; /* listeners.c */
void broker_count_refusal(struct broker *broker, Newsloom__V1__RefusalCode code);
uint32_t broker_random(struct broker *broker);
/* A read of the store failed: said once a second, and tried again a little later. */
void broker_read_failed(struct broker *broker, const struct error *why);
/* An item for an article that the store just told us about. */
struct item broker_item(struct broker *broker, uint64_t article_id, const char *source,
                        uint64_t size, Newsloom__V1__Class class_, int64_t accepted_at_ms);
/* It ended: out of the queue, whatever state it is in, and its lease with it. */
void broker_forget(struct broker *broker, uint64_t article_id);
static inline void broker_tally(struct broker *broker, enum tally row, uint64_t amount)
{
    counters_add(broker->counters, row, amount);
}

/* ---- the steps */

void take_articles(struct broker *broker); /* feeders.c */
void answer_outcome(struct broker *broker, const struct message *message,
                    const Newsloom__V1__Envelope *envelope); /* outcomes.c */
void hear_workers(struct broker *broker);                    /* hearing.c */
void hear_subscribers(struct broker *broker);                /* serving.c */
void hear_listeners(struct broker *broker);                  /* listeners.c */
void obey_operators(struct broker *broker);                  /* operator.c */
void forget_on(struct broker *broker);                       /* forgetting.c */
void reclaim(struct broker *broker);                         /* reclaim.c */
void load_articles(struct broker *broker);                   /* loading.c */
void dispatch_articles(struct broker *broker);               /* dispatcher.c */
void serve_subscribers(struct broker *broker);               /* serving.c */
void publish_live(struct broker *broker, uint64_t sequence, const struct item *item,
                  const Newsloom__V1__Result *result, struct message *message,
                  size_t payload);            /* live.c */
void scrub_store(struct broker *broker);      /* forgetting.c */
void drop_forgettings(struct broker *broker); /* forgetting.c, at the end */
void refresh_gauges(struct broker *broker);   /* gauges.c */

#endif
