// SPDX-License-Identifier: Apache-2.0
/*
 * server - HTTP by libmicrohttpd: connections, time-outs, tokens, and the way to the routes.
 *
 * A connection has a thread. What it may take:
 *
 *      HEAD      header.timeout, from its beginning or the last answer, in all: who sends a byte
 * now |         and then is closed like who sends none BODY      body.timeout, in all
 *      |
 *      ANSWER    as long as the client takes something of it every STALL_S seconds
 *
 * server_tick() closes what is late; call it about once a second. The rest is thread-safe.
 */
#ifndef GATEWAY_SERVER_H
#define GATEWAY_SERVER_H

#include "gateway/gateway.h"
#include "gateway/listener.h"

struct server;

/* gateway and listener are borrowed and must outlive the server. */
enum status server_open(struct server **ret_server, struct gateway *gateway,
                        const struct listener *listener, struct error *err) MUST_CHECK;
void server_tick(struct server *server);
/* Takes no new connection, lets requests come to their end for at most linger_ms. */
void server_close(struct server **server_p, int64_t linger_ms);

#endif
