// SPDX-License-Identifier: Apache-2.0
/*
 * visitors - how many connections there are, by socket and by address.
 *
 * A connection is its file descriptor, from ZeroMQ's ACCEPTED to its DISCONNECTED. Peers on this
 * host that come over ipc:// have one address together. Not thread-safe: the door's thread owns it.
 */
#ifndef BROKER_VISITORS_H
#define BROKER_VISITORS_H

#include <stdint.h>

struct visitors;

struct visitors *visitors_new(uint64_t address_limit, uint64_t limit);
void visitors_free(struct visitors **visitors_p);

/* Counts it, and says why it is one too many; NULL: it is not. */
const char *visitors_add(struct visitors *visitors, int file, unsigned socket);
void visitors_remove(struct visitors *visitors, int file);
/* The file of the next connection, from this one on; -1: there is none. */
int visitors_next(const struct visitors *visitors, int file);
unsigned visitors_socket(const struct visitors *visitors, int file);
/* Bytes that came over it while heard, the count of its whole messages, stood still. */
uint64_t visitors_unheard_bytes(struct visitors *visitors, int file, uint32_t heard);
uint64_t visitors_count(const struct visitors *visitors, unsigned socket);

#endif
