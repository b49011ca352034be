// SPDX-License-Identifier: Apache-2.0
/*
 * session - what verify and repair begin with: a broker, a database, and somebody to tell.
 *
 * The database is opened read-only; what writes has a connection of its own. Findings go to
 * standard output, each a line, at most as many as --limit says; figures and sentences at the end.
 */
#ifndef RECOVERY_SESSION_H
#define RECOVERY_SESSION_H

#include <libpq-fe.h>

#include "client/command/invocation.h"
#include "client/command/progress.h"
#include "client/operator.h"

#define EXIT_FINDINGS 1 /* it was compared, and does not agree */

struct session {
    struct invocation *invocation;
    struct newsloom_operator *op;
    PGconn *database;
    uint64_t first_retained; /* of the log, when the session began */
    uint64_t last_sequence;
    struct progress progress;
    bool as_json;
    uint64_t limit; /* 0: none */
    uint64_t told;
};

/* AGAIN: broker or database are away; INVALID: the database is not fit. */
enum status session_open(struct session *session, struct invocation *invocation,
                         struct error *err) MUST_CHECK;
void session_close(struct session *session);

/* EX_OK, or the command line is wrong, which was said: the exit code. Before session_open(). */
int session_check_usage(struct invocation *invocation);

/* One article, or with source NULL something else, of which something is to be told. why may be
 * empty. */
struct finding {
    const char *what; /* "missing", "torn", … */
    const char *source;
    const char *key;
    uint32_t revision;
    uint64_t sequence; /* 0: none */
    const char *why;
};
void session_tell(struct session *session, const struct finding *finding);
/* share below 0: unknown. Draws now and then. */
void session_progress(struct session *session, double share, uint64_t done, const char *unit,
                      const char *note);

#endif
