// SPDX-License-Identifier: Apache-2.0
/*
 * wait - the one place where a session waits for its server, with an end to it.
 *
 * libpq's own PQexec and PQprepare wait for ever when the server's process is stopped and its
 * host is not: TCP finds nothing wrong. What is sent with PQsend…() is waited for here instead.
 * Deadlines are of clock_mono_ms(). One thread owns the session.
 */
#ifndef WORKER_STORE_WAIT_H
#define WORKER_STORE_WAIT_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#define PG_NO_DEADLINE INT64_MAX

/* Until something has come in, or, with unsent (what PQflush() answered), can be sent. What has
 * come in is read into libpq; *ret_alive false: nothing more will come. false: the deadline is
 * over. */
bool pg_wait(PGconn *session, int unsent, int64_t deadline_ms, bool *ret_alive);

/* What PQexec would give for what was sent outside of a pipeline: the last result, or the first
 * that failed. sent is what PQsend…() answered. NULL: none came, the session is of no more use. */
PGresult *pg_answer(PGconn *session, int sent, int64_t deadline_ms);

#endif
