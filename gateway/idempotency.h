// SPDX-License-Identifier: Apache-2.0
/*
 * idempotency - which Idempotency-Key went with which body, as far as is remembered.
 *
 * That a repeat stores nothing twice is the broker's doing. This only catches a client's mistake:
 * the key of one request with the body of another. The newest keys are kept, in this process alone.
 *
 * Thread-safe.
 */
#ifndef GATEWAY_IDEMPOTENCY_H
#define GATEWAY_IDEMPOTENCY_H

#include <stdbool.h>
#include <stddef.h>

struct idempotency;

struct idempotency *idempotency_new(void);
void idempotency_free(struct idempotency **idempotency_p);

/* owner tells clients apart; what and bytes are the request. All but bytes may be NULL. */
struct idempotency_request {
    const char *owner;
    const char *key;
    const char *what;
    const void *bytes;
    size_t size;
};

/* false: the key is known, with another body. */
bool idempotency_fits(struct idempotency *idempotency, const struct idempotency_request *request);
/* The request was taken: its key is used up. */
void idempotency_keep(struct idempotency *idempotency, const struct idempotency_request *request);

#endif
