// SPDX-License-Identifier: Apache-2.0
/*
 * mouth - what the worker says to the broker, and over which connection.
 *
 * One DEALER at a time, to the endpoints of the list in turn. Nothing is queued for a broker that
 * is not there: what could not be sent is said again later, by the beat or by the ledger's results.
 */
#ifndef WORKER_MOUTH_H
#define WORKER_MOUTH_H

#include "common/curve.h"
#include "worker/ledger.h"

struct mouth;

/* The identity is copied. */
struct mouth *mouth_new(void *context, const char *endpoints,
                        const struct curve_identity *identity);
/* Lingers for at most linger_ms. */
void mouth_free(struct mouth **mouth_p, int linger_ms);

void *mouth_socket(const struct mouth *mouth);
const char *mouth_endpoint(const struct mouth *mouth);
/* Leave this broker for the next endpoint of the list; with one only, connect anew. */
void mouth_next(struct mouth *mouth);
bool mouth_has_choice(const struct mouth *mouth);

/* All of these answer whether the message went out. */
bool mouth_hello(struct mouth *mouth, const struct ledger *ledger, Newsloom__V1__Hello *hello);
bool mouth_beat(struct mouth *mouth, const struct ledger *ledger, Newsloom__V1__Beat *beat);
bool mouth_started(struct mouth *mouth, uint64_t lease);
bool mouth_failed(struct mouth *mouth, uint64_t lease, uint64_t article_id,
                  const struct job_failure *failure);
bool mouth_release(struct mouth *mouth, const uint64_t *leases, size_t count, const char *reason);
bool mouth_goodbye(struct mouth *mouth, const char *reason);
/* What the broker said in its Welcome that it takes; forgotten with the connection. */
void mouth_note_features(struct mouth *mouth, uint64_t features);
/* As many results as fit into messages; count of jobs that went out, from the first. */
size_t mouth_done(struct mouth *mouth, struct job *const *jobs, size_t count);

#endif
