// SPDX-License-Identifier: Apache-2.0
/*
 * committer - a thread that makes one turn durable while the loop gathers the next.
 *
 *      committer_begin(turn) -> committer_fd() becomes readable -> committer_end()
 *
 * One turn at a time: between begin and end the turn, and everything that it borrows, belongs to
 * the committer, and nobody else changes the store (reading is free). The store's own rules stay as
 * they are: what store_submit() answered comes out of committer_end().
 */
#ifndef BROKER_COMMITTER_H
#define BROKER_COMMITTER_H

#include "broker/store.h"

struct committer;

/* The store is borrowed and must outlive the committer. */
enum status committer_start(struct committer **ret_committer, struct store *store,
                            struct error *err) MUST_CHECK;
/* Waits for the turn under way, if there is one. */
void committer_stop(struct committer **committer_p);

void committer_begin(struct committer *committer, struct turn *turn);
/* Readable once the turn is over. */
int committer_fd(const struct committer *committer);
bool committer_is_over(struct committer *committer);
/* Waits for it; the answer of store_submit(), and how long that took. */
enum status committer_end(struct committer *committer, uint64_t *ret_us,
                          struct error *err) MUST_CHECK;

#endif
