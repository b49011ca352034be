// SPDX-License-Identifier: Apache-2.0
/*
 * results - what workers made of articles: done and failed, each answered by a settlement once it
 * is on disk, so that the worker may forget it.
 *
 * A done is accepted from any lease in any state, even of a dead article; the first wins. A failure
 * counts only from the current lease.
 */
#ifndef BROKER_RESULTS_H
#define BROKER_RESULTS_H

#include "broker/broker.h"

/* True when the message is to be kept: the turn borrows its extractions. */
bool hear_done(struct broker *broker, struct worker *worker, struct message *message,
               const Newsloom__V1__Envelope *envelope);
void hear_failed(struct broker *broker, struct worker *worker, const struct message *message,
                 const Newsloom__V1__Envelope *envelope);

#endif
