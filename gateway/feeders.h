// SPDX-License-Identifier: Apache-2.0
/*
 * feeders - connections to the broker's feed socket, lent to one request at a time.
 *
 * A feeder belongs to one thread at a time (client/newsloom.h); here they wait for the next one.
 * They are opened when they are first needed and kept. Thread-safe.
 */
#ifndef GATEWAY_FEEDERS_H
#define GATEWAY_FEEDERS_H

#include "client/newsloom.h"

struct feeders;

/* options are borrowed. */
struct feeders *feeders_new(const struct newsloom_options *options, unsigned limit);
/* After every one was given back. */
void feeders_free(struct feeders **feeders_p);

struct feeder_loan {
    struct newsloom_feeder *feeder;
    void (*on_receipt)(void *context, void *tag, const struct newsloom_receipt *receipt);
    void *context; /* for on_receipt, which the borrower may set */
    struct feeder_loan *next;
};

/* AGAIN: all are lent, also after timeout_ms. */
enum status feeders_take(struct feeders *feeders, int64_t timeout_ms, struct feeder_loan **ret_loan,
                         struct error *err) MUST_CHECK;
/* What is still pending is forgotten. */
void feeders_give_back(struct feeders *feeders, struct feeder_loan **loan_p);

#endif
