// SPDX-License-Identifier: Apache-2.0
/*
 * worker - one conversation with the broker, and the threads behind it.
 *
 *      broker <--DEALER--> conversation --PAIR--> extractors (N)
 *                               '------PAIR--> keeper --libpq--> PostgreSQL
 *
 * The conversation never extracts and never waits for PostgreSQL, so a long article stops no beat.
 * Every turn: hear the broker, hear the threads, give work to idle threads, report results, beat.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include "common/counters.h"
#include "common/http.h"
#include "worker/extract/knowledge.h"
#include "worker/options.h"

struct worker;

/* Borrows everything; http may be NULL. SIGTERM and SIGINT must be blocked in the caller and are
 * read by the worker. */
struct worker *worker_new(const struct options *options, const struct knowledge *knowledge,
                          struct counters *counters, struct http *http);

/* Until told to stop by a signal (0), or until it cannot go on (an exit code, said in the log).
 * Afterwards the worker is freed, unless *ret_stuck: a thread hangs, and the process must end
 * without waiting for it. */
int worker_run(struct worker **worker_p, bool *ret_stuck);

#endif
