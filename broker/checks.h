// SPDX-License-Identifier: Apache-2.0
/*
 * checks - what newsloom verify and repair ask: does the store fit together, does it know these
 * articles. Bounded slices, read by the reader's thread between replays.
 */
#ifndef BROKER_CHECKS_H
#define BROKER_CHECKS_H

#include "broker/broker.h"

void obey_check_request(struct broker *broker, const struct message *message,
                        const Newsloom__V1__Envelope *envelope);
void obey_known_request(struct broker *broker, const struct message *message,
                        const Newsloom__V1__Envelope *envelope);

#endif
