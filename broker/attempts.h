// SPDX-License-Identifier: Apache-2.0
/*
 * attempts - how a lease ends without a result: what it costs the article, and what comes next.
 */
#ifndef BROKER_ATTEMPTS_H
#define BROKER_ATTEMPTS_H

#include "broker/broker.h"

struct attempt_failure {
    const char *code;
    const char *text;
    bool permanent; /* trying again cannot help */
    bool charged;
    bool suspect; /* its worker vanished while it ran: out alone from now on */
};

/* Then a job only looks for rows that a vanished worker may have stored (Job.look_only). */
bool attempts_are_used_up(const struct broker *broker, const struct item *item);

/* The article waits for its next attempt or becomes a dead letter. The lease is over. */
void attempt_failed(struct broker *broker, struct lease *lease,
                    const struct attempt_failure *failure);
/* Free of charge; nothing changes on disk. The lease is over. */
void attempt_returned(struct broker *broker, struct lease *lease);
/* The worker is gone: what it had started pays, the rest is returned; the session is over. */
void attempts_of_lost_worker(struct broker *broker, struct worker *worker, const char *why);

#endif
