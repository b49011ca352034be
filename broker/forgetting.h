// SPDX-License-Identifier: Apache-2.0
/*
 * forgetting - what an operator wants forgotten leaves the queue, the log, the dead letters and the
 * file.
 *
 *     found -> scanned -> taken out, a portion a turn -> scrubbed -> answered
 *
 * found      by id or identity (reader); a look, and what cannot be, is answered here
 * scanned    the log, for entries that hold something of it (reader, slice by slice)
 * taken out  turn_forget(), until it says finished; after each commit the articles leave the queue
 *            and their leases end, so that a late done finds nothing and is told UNKNOWN
 * scrubbed   store_scrub() has gone over the file since
 *
 * A broker that dies on the way has forgotten what was committed: the tombstone stands from the
 * first portion on, and a scrub that is due is on disk and goes on after the restart. The same
 * request again finishes the rest and is answered when the last byte is gone.
 */
#ifndef BROKER_FORGETTING_H
#define BROKER_FORGETTING_H

#include "broker/broker.h"

void obey_forget_request(struct broker *broker, const struct message *message,
                         const Newsloom__V1__Envelope *envelope);

#endif
