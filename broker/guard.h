// SPDX-License-Identifier: Apache-2.0
/*
 * guard - whether this message may be heard: who sent it, may it, and has it sent too much.
 *
 * With keys every message carries the User-Id that ZAP gave its connection; it is looked up each
 * time, so that a key that was revoked or lost a role is refused with its next message. Without
 * keys everybody may everything, within limits.
 *
 * Messages and bytes a second are counted by key, or by connection without keys, in buckets that
 * hold one second's worth. A frame too many costs as much as a message, and junk, which no client
 * sends by chance, costs GUARD_BLAME more; who sends GUARD_PATIENCE of it in a second is cut off.
 * When a bucket is empty the sender hears LIMITED ten times a second at most and loses the rest;
 * one that goes on, and loses as many in a second as it may send, is cut off.
 *
 * A connection is known from its first message until its file is closed. The loop owns the guard.
 */
#ifndef BROKER_GUARD_H
#define BROKER_GUARD_H

#include "broker/keys.h"

enum { GUARD_BLAME = 10, GUARD_PATIENCE = 500 };

struct guard;

enum verdict {
    VERDICT_HEAR,
    VERDICT_REFUSE, /* say code and text to the sender */
    VERDICT_DROP,   /* say nothing: it was said a moment ago */
};

struct ruling {
    Newsloom__V1__RefusalCode code;
    const char *text;
    const char *name; /* of the key, for the log */
    bool cut;         /* and end the connection */
};

/* keys NULL: plaintext. Every limit is above zero. */
struct guard *guard_new(const struct keys *keys, const struct quotas *limits);
void guard_free(struct guard **guard_p);

/* The ruling's texts are valid until the keys change. */
enum verdict guard_judge(struct guard *guard, enum socket_name socket,
                         const struct message *message, int64_t now_ms, struct ruling *ret_ruling);
/* What it sent was refused for this. The file of its connection when that is to be cut off, or -1.
 */
int guard_blame(struct guard *guard, enum socket_name socket, const struct peer *peer,
                Newsloom__V1__RefusalCode code);

/* Another table: what was counted goes on for keys that stand in both. */
void guard_change_keys(struct guard *guard, const struct keys *keys);
/* Whether a peer that was heard before may still be served. */
bool guard_may_serve(const struct guard *guard, enum socket_name socket, const struct peer *peer);
/* So much was given to ZeroMQ for this peer. */
void guard_sent(struct guard *guard, enum socket_name socket, const struct peer *peer,
                size_t bytes);
/* Whether more of that is still under way than limit.outstanding allows: over TCP, where the peer's
 * kernel says what it has taken; a peer on ipc:// never is. */
bool guard_is_behind(struct guard *guard, enum socket_name socket, const struct peer *peer);
/* NULL: it has none. */
const struct key *guard_key(const struct guard *guard, enum socket_name socket,
                            const struct peer *peer);
/* How many subscriptions this key may have at a time. */
uint64_t guard_replays(const struct guard *guard, const struct key *key);

/* A visit on the live socket asks for a topic, or takes it back. VERDICT_HEAR: it may. */
enum verdict guard_topic(struct guard *guard, const struct visit *visit, struct ruling *ret_ruling);
/* After the keys changed: the file of a connection to the live socket that may no longer listen;
 * -1: there is none. */
int guard_unwanted_listener(struct guard *guard);

/* Forgets connections whose files are closed; call it once a second. */
void guard_sweep(struct guard *guard);

#endif
