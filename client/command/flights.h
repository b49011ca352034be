// SPDX-License-Identifier: Apache-2.0
/*
 * flights - the articles of a feed that were read and are not finished, in the order of reading.
 *
 *      add            landed (receipt)         finished (receipt, or end with --wait)
 *     ----> FLYING ----------------> FOLLOWED ----------------------------> (gone)
 *
 * The place of the newest article before which everything is finished is where a later run may go
 * on. Ownership: owns its flights; a flight lives until the one after it and all before are
 * finished.
 */
#ifndef CLIENT_COMMAND_FLIGHTS_H
#define CLIENT_COMMAND_FLIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "client/command/input.h"

struct flight {
    struct flight *next;
    const char *file; /* the input's */
    uint64_t line;
    char *source;
    char *key;
    char *url;
    struct newsloom_receipt receipt; /* its texts are not kept */
    bool landed;
    bool finished;
};

struct flights {
    struct flight *first;
    struct flight **end;
    const char *file; /* everything through here is finished; NULL: nothing yet */
    uint64_t line;
    uint64_t count;
};

void flights_init(struct flights *flights);
void flights_done(struct flights *flights);
struct flight *flight_new(const struct input_item *item);
void flight_free(struct flight **flight_p); /* one that was not added */
void flights_add(struct flights *flights, struct flight *flight);
/* Forgets all that are finished at the front: pointers to them end here. */
void flights_sweep(struct flights *flights);
/* Marks it, and sweeps. */
void flights_finish(struct flights *flights, struct flight *flight);

#endif
