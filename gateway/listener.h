// SPDX-License-Identifier: Apache-2.0
/*
 * listener - the socket that HTTP clients connect to: TCP, or a unix socket.
 *
 *      127.0.0.1:5817   [::1]:5817   localhost:0   unix:/run/newsloom-gateway/api
 *
 * A unix socket can be connected to by its owner and group. One that is left from an earlier run is
 * replaced, one that somebody listens on is not.
 */
#ifndef GATEWAY_LISTENER_H
#define GATEWAY_LISTENER_H

#include <stdbool.h>

#include "common/status.h"

/* Only the form: INVALID with the way out. Resolves nothing. */
enum status listener_check(const char *address, struct error *err) MUST_CHECK;
/* A unix socket, localhost, or a literal address of loopback: nobody on another host reaches it. */
bool listener_is_local(const char *address);
/* The same of the name in a Host field: what a page of another site that had its name point here
 * (DNS rebinding) cannot send. */
bool listener_host_is_local(const char *host);

struct listener {
    int file;
    char *path;     /* of a unix socket; or NULL */
    char name[300]; /* "127.0.0.1:41234", "unix:/…": where clients reach it */
};

enum status listener_open(struct listener *ret_listener, const char *address,
                          struct error *err) MUST_CHECK;
/* Removes a unix socket. Closes the file unless somebody took it (file below 0). */
void listener_close(struct listener *listener);

#endif
