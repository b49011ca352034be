// SPDX-License-Identifier: Apache-2.0
/*
 * handouts - up to which article each lane was ever handed out, so that after a restart only those
 * wait for a worker that may still hold them.
 *
 * A lane of the queue goes out in the order of ids, so one number a lane says it: what lies above
 * was never with a worker and need not wait. The numbers stand in <store.directory>/handouts, a
 * mapped file that is never synced: noting one costs a store to memory, and the file outlives the
 * process, not the machine. It is believed only by the very next start of the same store on the
 * same boot of the same machine; else, and where the file cannot be had, everything may be held.
 * Nothing but time is lost when it is missing: leases are a matter of memory either way.
 *
 * Not thread-safe: one loop owns it.
 */
#ifndef BROKER_HANDOUTS_H
#define BROKER_HANDOUTS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/queue.h"

struct handouts;

/* store_boot is counted by every start of the store; 1: it is new. Never NULL. */
struct handouts *handouts_open(const char *directory, uint64_t store_boot);
void handouts_close(struct handouts **handouts_p);

/* Before the article leaves. */
void handouts_note(struct handouts *handouts, const struct item *item);
/* Whether a worker may hold it since before this start. */
bool handouts_may_hold(const struct handouts *handouts, const struct item *item);
/* The grace is over and nobody holds anything of before; the caller notes what is leased now. */
void handouts_clear(struct handouts *handouts);

#endif
