// SPDX-License-Identifier: Apache-2.0
/*
 * keeper - the thread that writes extracted articles to PostgreSQL, in batches.
 *
 * Jobs come as notes and go back with row.end set. While PostgreSQL is away the keeper keeps what
 * it has, says NOTE_BLOCKED with the reason, waits with growing pauses and jitter, and says
 * NOTE_READY when rows go through again; no article pays for that. When the database is not fit
 * (schema, rights, durability) it says NOTE_BROKEN and does nothing more but wait for NOTE_STOP.
 *
 * It says NOTE_READY, NOTE_BLOCKED or NOTE_BROKEN once after its start, before anything is taken.
 */
#ifndef WORKER_KEEPER_H
#define WORKER_KEEPER_H

#include "common/counters.h"
#include "worker/options.h"

struct keeper;

/* Takes the socket; borrows options and counters. */
struct keeper *keeper_start(void *socket, const struct options *options, struct counters *counters);
/* After NOTE_STOP; waits for the thread. */
void keeper_join(struct keeper **keeper_p);

#endif
