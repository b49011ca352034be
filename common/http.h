// SPDX-License-Identifier: Apache-2.0
/*
 * http - /metrics, /healthz and /readyz on a thread of its own (libmicrohttpd).
 *
 * /healthz answers 200 while the process lives and its loop has turned within the last ten seconds
 * (the loop calls http_beat()); /readyz answers 200 or 503 with the reason that http_set_ready()
 * was last given. GET and HEAD only; connections and header sizes are bounded. Everything here is
 * thread-safe.
 */
#ifndef COMMON_HTTP_H
#define COMMON_HTTP_H

#include <stdbool.h>

#include "common/counters.h"
#include "common/status.h"

struct http;

/* address is "127.0.0.1:9310" or "[::1]:9310"; port 0 takes a free one. An empty address gives
 * NULL, OK. */
enum status http_open(struct http **ret_http, const char *address, const struct counters *counters,
                      struct error *err) MUST_CHECK;
/* Only the form of the address: INVALID with the way out. Resolves nothing. */
enum status http_check_address(const char *address, struct error *err) MUST_CHECK;
void http_close(struct http **http_p);

/* Such an address as one of a socket to be bound, numeric or by name; freeaddrinfo() frees it. */
struct addrinfo;
enum status http_resolve(const char *address, struct addrinfo **ret_found,
                         struct error *err) MUST_CHECK;

/* All of these accept NULL, so that a program without the listener needs no branches. */
void http_beat(struct http *http);
void http_set_ready(struct http *http, bool ready, const char *reason);
unsigned http_port(const struct http *http);

#endif
