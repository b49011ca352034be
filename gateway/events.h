// SPDX-License-Identifier: Apache-2.0
/*
 * events - GET /v1/events: the event log by HTTP, in order, from a cursor.
 *
 * after is earliest (also when it is not given), latest, a sequence of the present log, or a whole
 * cursor, <log id>:<sequence>, which is what streams give out; Last-Event-ID goes before it. Where
 * entries between cursor and log are gone the answer is 410, and says where to go on.
 */
#ifndef GATEWAY_EVENTS_H
#define GATEWAY_EVENTS_H

#include "gateway/gateway.h"
#include "gateway/request.h"

extern const char *const events_parameters[];

void events_get(struct gateway *gateway, struct request *request);

#endif
