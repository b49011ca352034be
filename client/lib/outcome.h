// SPDX-License-Identifier: Apache-2.0
/*
 * outcome - an Outcome of the wire as the library's own struct, with the message that its texts
 * live in.
 */
#ifndef CLIENT_LIB_OUTCOME_H
#define CLIENT_LIB_OUTCOME_H

#include "client/lib/message.h"
#include "client/newsloom.h"

struct outcome_memory {
    struct message message;
    struct newsloom_outcome outcome;
};

void outcome_fill(struct outcome_memory *memory, const Newsloom__V1__Outcome *wire);
void outcome_done(struct outcome_memory *memory);

#endif
