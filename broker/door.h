// SPDX-License-Identifier: Apache-2.0
/*
 * door - the thread that stands at the five endpoints: it answers every handshake, counts who is
 * connected, and turns away those who are too many.
 *
 * A thread of its own, because a handshake must not wait for the disk and because ZeroMQ's monitors
 * must be read at once. It holds ZeroMQ's ZAP socket (broker/zap.h), bound before any other, and a
 * monitor of each of the five. What it refuses is counted (broker/tallies.h) and said in the log at
 * most once a second for each kind.
 *
 * Connections are counted by address; more than the limit from one address, or more in all than
 * half of the files that this process may open, are shut at once. ipc:// is one address.
 *
 * A message may have frames without end, which ZeroMQ collects before anybody can look at them. Ten
 * times a second, and every 5 ms for a while after somebody came or was cut off for it, the door
 * asks how many bytes came over each connection since its last whole message (broker/inflow.h), and
 * shuts those over which more came than a peer that is well may have under way.
 *
 * The keys may be exchanged from the loop while it runs; they belong to the caller, who keeps them
 * until they are exchanged or the door is closed.
 */
#ifndef BROKER_DOOR_H
#define BROKER_DOOR_H

#include "broker/keys.h"
#include "common/counters.h"

struct door;

struct door_options {
    const struct keys *keys;               /* NULL: plaintext, and no ZAP */
    uint64_t connection_limit;             /* of one address */
    uint64_t silence_limits[SOCKET_COUNT]; /* bytes that may come without making a whole message */
    struct counters *counters;
};

/* Binds ZAP's endpoint in this ZeroMQ context, when there are keys. */
enum status door_open(struct door **ret_door, void *context, const struct door_options *options,
                      struct error *err) MUST_CHECK;
/* Watch this socket; call before it is bound. */
enum status door_watch(struct door *door, void *handle, enum socket_name name,
                       struct error *err) MUST_CHECK;
/* Starts the thread. */
enum status door_start(struct door *door, struct error *err) MUST_CHECK;
void door_change_keys(struct door *door, const struct keys *keys);
/* The context must have been shut down (zmq_ctx_shutdown), which is what ends the thread. */
void door_close(struct door **door_p);

/* A whole message came over this file; from any thread. */
void door_heard(struct door *door, int file);

/* Ends the connection under this file, if it is one of the endpoint's; its peer may come again. */
void door_cut(int file, const char *endpoint);

#endif
