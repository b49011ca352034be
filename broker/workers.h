// SPDX-License-Identifier: Apache-2.0
/*
 * workers - the sessions on the work socket: who they are, what they hold, how much more they take.
 *
 * A session is 16 random bytes that a worker makes when it starts; the connection under it may
 * change. How much a worker takes is absolute in each beat, so a lost message heals with the next.
 * Times are the loop's clock, which stands still while the loop itself is away. Not thread-safe.
 */
#ifndef BROKER_WORKERS_H
#define BROKER_WORKERS_H

#include "broker/breaker.h"
#include "broker/leases.h"
#include "broker/sockets.h"

#define SESSION_SIZE   16
#define RATE_INTERVALS 6 /* of ten seconds */

struct worker {
    uint8_t session[SESSION_SIZE];
    struct peer peer;
    unsigned connection;  /* counts its connections */
    int64_t connected_ms; /* when the present one began */
    int64_t seen_ms;      /* what was sent over it before was heard: a later dispatch was */
    char name[WORKER_NAME_LIMIT + 1];
    char version[33];
    uint32_t protocol; /* the newest that both speak */
    uint64_t features; /* what it takes */
    unsigned slots;    /* most it ever holds */
    unsigned willing;  /* most it holds now, as of its last beat */
    bool welcomed;     /* its hello was answered: it gets nothing before */
    bool blocked;
    char blocked_reason[REASON_LIMIT + 1];
    bool clearing; /* gets nothing until it is empty: a suspect waits for it */
    struct lease_list leases;
    int64_t heard_ms;
    uint64_t progress;   /* as of its last beat */
    int64_t progress_ms; /* when it last finished something, was blocked or held nothing */
    int64_t replaced_ms; /* when another session said hello under its name; 0: none did */
    struct breaker breaker;
    uint64_t done;
    uint64_t failed;
    unsigned ends[RATE_INTERVALS]; /* done per interval, the current one first */
};

struct workers;

struct workers *workers_new(unsigned limit);
void workers_free(struct workers **workers_p);

/* A new, empty one; NULL when there are as many as allowed. */
struct worker *workers_add(struct workers *workers, const uint8_t session[SESSION_SIZE]);
/* Its leases must have been ended. */
void workers_remove(struct workers *workers, struct worker *worker);

struct worker *workers_by_session(const struct workers *workers,
                                  const uint8_t session[SESSION_SIZE]);
struct worker *workers_by_peer(const struct workers *workers, const struct peer *peer);

/*
 * Whether a connection without a session is to be told HELLO_FIRST: not again within STRANGER_MS,
 * because one that comes back with a thousand messages in its queue would say a thousand hellos.
 * Its next beat asks again.
 */
#define STRANGER_MS 100
bool workers_greet(struct workers *workers, const struct peer *peer, int64_t now_ms);

size_t workers_count(const struct workers *workers);
struct worker *workers_at(const struct workers *workers, size_t index);

/* How many more articles it may be given. */
unsigned worker_room(struct worker *worker, int64_t now_ms);
bool worker_holds_suspect(const struct worker *worker);
void workers_next_interval(struct workers *workers);
unsigned worker_rate_per_minute(const struct worker *worker);

#endif
