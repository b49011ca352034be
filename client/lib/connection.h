// SPDX-License-Identifier: Apache-2.0
/*
 * connection - one socket to one of several brokers' endpoints, and whether anyone is there.
 *
 * It connects to one endpoint at a time. ZeroMQ reconnects by itself; when an endpoint stays away
 * for longer than the patience and there is another, that one is tried. Every time a connection is
 * made the generation grows, so that its owner knows that what was under way may be lost.
 *
 * Ownership: owns its ZeroMQ context. Not thread-safe.
 */
#ifndef CLIENT_LIB_CONNECTION_H
#define CLIENT_LIB_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "client/lib/message.h"
#include "client/newsloom.h"

struct connection;

/* socket_type: ZMQ_DEALER or ZMQ_SUB. setting names the endpoints in sentences: "broker.feed". */
enum status connection_open(struct connection **ret_connection,
                            const struct newsloom_options *options, int socket_type,
                            const char *setting, struct error *err) MUST_CHECK;
void connection_close(struct connection **connection_p);

/* A SUB socket's topics: kept, and given again to each new socket. */
void connection_add_topic(struct connection *connection, const char *topic);

/* Waits until a message can be read, at most timeout_ms; true when there is one. Returns early when
 * the connection changed. */
bool connection_wait(struct connection *connection, int64_t timeout_ms);

enum status connection_receive(struct connection *connection, struct message *message,
                               struct error *err) MUST_CHECK;
enum status connection_send(struct connection *connection, Newsloom__V1__Envelope *envelope,
                            const struct payload *payloads, size_t count,
                            struct error *err) MUST_CHECK;

/* Asks and waits for the answer with the same request number; others are dropped. AGAIN says
 * whether the broker was out of reach or silent; INVALID and NOT_FOUND carry its refusal. */
enum status connection_request(struct connection *connection, Newsloom__V1__Envelope *question,
                               struct message *answer, struct error *err) MUST_CHECK;

/* What the broker said that it takes over this connection: from now on it is sent so. A connection
 * that is made anew begins without. */
void connection_note_features(struct connection *connection, uint64_t features);

bool connection_is_up(const struct connection *connection);
unsigned connection_generation(const struct connection *connection);
uint64_t connection_next_request(struct connection *connection);
int64_t connection_timeout_ms(const struct connection *connection);

/* AGAIN with the sentence that fits: out of reach, or silent, for so long. */
enum status connection_complain(const struct connection *connection, int64_t waited_ms,
                                struct error *err);
/* The broker's Refusal as a status and a sentence. */
enum status refusal_status(const Newsloom__V1__Refusal *refusal, struct error *err);
/* "TOO_LARGE" */
const char *refusal_name(Newsloom__V1__RefusalCode code);

#endif
