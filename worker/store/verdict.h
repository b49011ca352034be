// SPDX-License-Identifier: Apache-2.0
/*
 * verdict - what a failure means for the article that was alone with it.
 *
 * A bad article costs itself and nobody else; a bad hour of PostgreSQL costs no article anything.
 * Most errors tell which of the two it is (sqlstate.h). Two do not: a connection that breaks, and a
 * statement that takes too long. Breaking LOSSES_LIMIT connections alone is the article's doing.
 * Being slow twice is, when others were committed in between; while nothing goes through the server
 * is slow, and only after SLOW_LIMIT times the article is given back, for another worker to try. A
 * server that fell silent was slow too, but did not say so: the article is then only given back.
 */
#ifndef WORKER_STORE_VERDICT_H
#define WORKER_STORE_VERDICT_H

#include "worker/store/connection.h"
#include "worker/store/rows.h"

/*
 * commits: transactions committed so far by whoever asks. OK: try this row again or, when it has an
 * end now, go on; AGAIN: keep it for later; BROKEN: no row can be stored.
 */
enum status verdict_judge(struct article_row *row, const struct failure *failure, uint64_t commits,
                          struct error *err) MUST_CHECK;

/* Something is held against it: it must not take others along. */
bool verdict_is_pending(const struct article_row *row);

void verdict_refuse(struct article_row *row, bool permanent, const char *why);

#endif
