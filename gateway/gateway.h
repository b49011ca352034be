// SPDX-License-Identifier: Apache-2.0
/*
 * gateway - what all requests share.
 *
 *      HTTP client --> server (a thread a connection) --> routes --> articles --> feeders -->
 * broker
 *                                                               '--> events ---------------> broker
 *                                                               '--> reads --> PostgreSQL, broker
 *
 * The gateway keeps nothing: an article is on the broker's disk before its request is answered, and
 * a stream goes on from the cursor that its client has. Any number of gateways may run.
 *
 * Threading: a request runs on the thread of its connection. What stands here is set before the
 * first request and freed after the last; each part says how it is shared.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/counters.h"
#include "gateway/body.h"
#include "gateway/feeders.h"
#include "gateway/idempotency.h"
#include "gateway/options.h"
#include "gateway/overview.h"
#include "gateway/tallies.h"
#include "gateway/tokens.h"

struct gateway {
    const struct options *options;
    struct counters *counters;
    struct tokens *tokens;
    struct feeders *feeders;
    struct idempotency *idempotency;
    struct overview *overview;
    struct body_budget budget;
    _Atomic unsigned questions; /* to PostgreSQL, under way */
    _Atomic unsigned streams;   /* of events, that are open */
    _Atomic bool is_stopping;
    _Atomic int64_t beat_ms; /* when the main loop last turned */
};

static inline void gateway_tally(struct gateway *gateway, enum tally row)
{
    counters_add(gateway->counters, row, 1);
}

#endif
