// SPDX-License-Identifier: Apache-2.0
/*
 * subscribers - who follows the event log, where each stands, and the cursors kept by name.
 *
 * A subscription belongs to a connection and ends with it; a name outlives it. Each has at most one
 * read running, bounded, so memory does not grow with a reader's slowness. Not thread-safe.
 */
#ifndef BROKER_SUBSCRIBERS_H
#define BROKER_SUBSCRIBERS_H

#include "broker/filter.h"
#include "broker/sockets.h"
#include "broker/store.h"

struct named {
    char name[CURSOR_NAME_LIMIT + 1];
    uint64_t acknowledged;
    bool is_changed; /* to be kept in this turn */
};

struct subscriber {
    uint64_t serial; /* names it to its running read */
    struct peer peer;
    char name[CURSOR_NAME_LIMIT + 1]; /* empty: not registered */
    struct filter *filter;
    uint64_t features; /* what it takes */
    uint64_t at;       /* everything up to here was looked at */
    uint64_t told;     /* and it was told so */
    uint64_t credit;   /* entries that may be sent in all */
    uint64_t sent;     /* entries that were sent in all */
    uint64_t acknowledged;
    int64_t heard_ms; /* the loop's clock */
    int64_t sent_ms;
    int64_t read_from_ms; /* mono: nothing is read for it before; it did not take what was sent, or
                             has just been shown the end, and others wait to see it too */
    bool reading;
    bool is_answered; /* it knows of its subscription: nothing is sent before */
};

struct subscribers;

/* Loads the names that the store keeps. */
struct subscribers *subscribers_new(struct store *store, unsigned limit);
void subscribers_free(struct subscribers **subscribers_p);

/* A new one, in place of the connection's former one; NULL: there are as many as allowed. */
struct subscriber *subscribers_add(struct subscribers *subscribers, const struct peer *peer);
void subscribers_remove(struct subscribers *subscribers, struct subscriber *subscriber);
struct subscriber *subscribers_by_peer(const struct subscribers *subscribers,
                                       const struct peer *peer);
struct subscriber *subscribers_by_serial(const struct subscribers *subscribers, uint64_t serial);
size_t subscribers_count(const struct subscribers *subscribers);
struct subscriber *subscribers_at(const struct subscribers *subscribers, size_t index);
bool subscribers_have_name(const struct subscribers *subscribers, const char *name);

/* The cursor of a name, NULL when it was never registered. */
struct named *subscribers_named(const struct subscribers *subscribers, const char *name);
/* Registers it; NULL when there are as many as allowed. */
struct named *subscribers_register(struct subscribers *subscribers, const char *name);
size_t subscribers_named_count(const struct subscribers *subscribers);
struct named *subscribers_named_at(const struct subscribers *subscribers, size_t index);
/* Puts what changed into the turn. */
void subscribers_keep(struct subscribers *subscribers, struct turn *turn, int64_t wall_ms);

/* Where a subscription may begin. */
enum start { START_OK, START_OTHER_LOG, START_GONE, START_AHEAD };
enum start subscribers_start(const struct store_facts *facts, const Newsloom__V1__Subscribe *wanted,
                             const struct named *named, uint64_t *ret_after);

#endif
