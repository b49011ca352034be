// SPDX-License-Identifier: Apache-2.0
/*
 * routes - which path and method is answered by whom, and who may ask.
 *
 * gateway/openapi.json says the same to clients; tests/e2e/test_gateway_openapi.py compares them.
 */
#ifndef GATEWAY_ROUTES_H
#define GATEWAY_ROUTES_H

#include "gateway/gateway.h"
#include "gateway/request.h"

struct route {
    const char *method;
    const char *path;              /* ending with a slash: the beginning of it */
    unsigned roles;                /* one of them is enough; 0: anybody */
    const char *const *parameters; /* that may stand in the address; NULL ends them */
    void (*answer)(struct gateway *gateway, struct request *request);
};

/* Sets the request's route, or its answer: 404, 405. HEAD is answered as GET is. */
void routes_find(struct request *request);

#endif
