// SPDX-License-Identifier: Apache-2.0
/*
 * loading - what was open when the broker ended comes into the queue, beside its work.
 *
 * A slice a turn, in the order of ids, each a short read of the store between a turn's answers and
 * its dispatch, when memory and disk agree. So a broker takes articles, hears workers and
 * dispatches at once, however much it has queued. An article that is accepted meanwhile is not put
 * into the queue by its feeder's step: the slices come to it, and it stays behind those that were
 * there before. One that a worker says it holds is loaded out of turn.
 *
 * Articles that a worker may still hold (broker/handouts.h) are HELD for restart.grace after the
 * start; the others are QUEUED. All calls are of the loop's thread.
 */
#ifndef BROKER_LOADING_H
#define BROKER_LOADING_H

#include "broker/broker.h"

/* The first slice, before the broker listens: a small queue is complete then. Starts the grace. */
void loading_begin(struct broker *broker);
/* Whether a turn should follow at once, because there is more to load or to release. */
bool loading_is_due(const struct broker *broker);
/* One that the slices have not come to yet, now; NULL: it is not open. */
struct item *load_article(struct broker *broker, uint64_t article_id);

#endif
