// SPDX-License-Identifier: Apache-2.0
/*
 * extractor - a thread that turns one article at a time into a row that can be stored.
 *
 * It shares nothing but read-only knowledge; jobs come and go as notes over a PAIR socket. A job
 * comes back with its row filled or with failure.code set. Asked to give up (job.give_up), or past
 * job.deadline_ms, it stops at the next step of the chain; one that does not is the watchdog's
 * business, because a thread cannot be killed.
 */
#ifndef WORKER_EXTRACTOR_H
#define WORKER_EXTRACTOR_H

#include <stddef.h>

#include "worker/extract/knowledge.h"
#include "worker/note.h"

struct extractor;

/* Takes the socket. */
struct extractor *extractor_start(void *socket, const struct knowledge *knowledge,
                                  size_t memory_bytes);
/* After NOTE_STOP; waits for the thread. */
void extractor_join(struct extractor **extractor_p);

/* One article; what the thread does with each job. */
void extractor_work(const struct knowledge *knowledge, size_t memory_bytes, struct job *job);

#endif
