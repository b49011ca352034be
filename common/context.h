// SPDX-License-Identifier: Apache-2.0
/*
 * context - ends a ZeroMQ context, but does not wait for ever.
 *
 * zmq_ctx_term() waits until everything is sent or its linger is over, and then for libzmq's own
 * threads. One of these looks up the names of endpoints and, while no name server answers, is away
 * for as long as the resolver's patience lasts: half a minute and more.
 */
#ifndef COMMON_CONTEXT_H
#define COMMON_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

/* After the last of its sockets was closed. false: it is not over within patience_ms; a thread goes
 * on with it and keeps its memory, the caller does not. Sets *context_p to NULL. */
bool context_end(void **context_p, int64_t patience_ms);

#endif
