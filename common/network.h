// SPDX-License-Identifier: Apache-2.0
/*
 * network - how long a client of the broker waits for a network that does not answer.
 *
 * Three ways to be silent, and each needs a limit of its own:
 *
 *   - nobody answers a ping: ZeroMQ's heartbeat ends the connection (ZMQ_HEARTBEAT_TIMEOUT);
 *   - what was sent is never acknowledged: then ZeroMQ cannot send its ping either, for it queues
 *     behind, and only TCP can give up (ZMQ_TCP_MAXRT; without it after a quarter of an hour);
 *   - a connection is not even made: TCP asks after 1, 3, 7, 15, 31 … seconds, so a network that
 *     comes back is noticed late, unless a new attempt is made (ZMQ_CONNECT_TIMEOUT).
 */
#ifndef COMMON_NETWORK_H
#define COMMON_NETWORK_H

#define NETWORK_SILENCE_MS 10000
#define NETWORK_CONNECT_MS 4000

#endif
