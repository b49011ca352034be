// SPDX-License-Identifier: Apache-2.0
/*
 * request - one request, read, and the answer that is made for it.
 *
 * Belongs to the thread of its connection.
 */
#ifndef GATEWAY_REQUEST_H
#define GATEWAY_REQUEST_H

#include <microhttpd.h>

#include "gateway/answer.h"
#include "gateway/body.h"
#include "gateway/target.h"

struct route;

struct request {
    struct MHD_Connection *connection;
    char *raw_target;
    const char *method;
    struct target target;
    const struct route *route;
    unsigned roles;   /* that its token gives */
    const char *rest; /* of the path, behind a route that ends with a slash */
    struct body body; /* whole, once a route is asked */
    struct answer answer;
    bool is_begun;
    bool is_refused; /* the answer stands before the body is read to its end */
};

/* A header field; NULL: it is not there. */
static inline const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

#endif
