// SPDX-License-Identifier: Apache-2.0
/*
 * connections - the open connections, and which of them are late.
 *
 * Thread-safe. A socket is only touched while its connection is in the table, and it leaves the
 * table before libmicrohttpd closes it: no number of a file is ever taken for another's.
 */
#ifndef GATEWAY_CONNECTIONS_H
#define GATEWAY_CONNECTIONS_H

#include <stddef.h>
#include <stdint.h>

struct connections;
struct connection_slot;

enum connection_phase {
    CONNECTION_HEAD,   /* waits for the head of a request */
    CONNECTION_BODY,   /* waits for the rest of its body */
    CONNECTION_ANSWER, /* is answered */
};

struct connections *connections_new(void);
void connections_free(struct connections **connections_p);

struct connection_slot *connections_add(struct connections *connections, int file);
void connections_remove(struct connections *connections, struct connection_slot **slot_p);
void connections_enter(struct connections *connections, struct connection_slot *slot,
                       enum connection_phase phase);

struct connections_cut {
    size_t heads;
    size_t bodies;
};
/* Shuts those down that are in HEAD or BODY for longer. */
struct connections_cut connections_cut_late(struct connections *connections, int64_t head_ms,
                                            int64_t body_ms);
size_t connections_count(struct connections *connections);
/* Those in BODY or ANSWER. */
size_t connections_count_busy(struct connections *connections);

#endif
