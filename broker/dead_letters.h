// SPDX-License-Identifier: Apache-2.0
/*
 * dead_letters - list, show, retry and drop what could not be processed.
 *
 * The letters are found by the reader; retrying and dropping are changes of a later turn and are
 * answered after its commit.
 */
#ifndef BROKER_DEAD_LETTERS_H
#define BROKER_DEAD_LETTERS_H

#include "broker/broker.h"

void obey_dead_request(struct broker *broker, const struct message *message,
                       const Newsloom__V1__Envelope *envelope);

#endif
