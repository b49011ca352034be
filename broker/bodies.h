// SPDX-License-Identifier: Apache-2.0
/*
 * bodies - articles in memory on their way from a feeder, or from disk, to a worker.
 *
 * A body is what a dispatch needs beyond the queue's item. Feeders' bodies are kept only while
 * there is room, half of it for each class; what finds none is read from disk when its turn comes.
 * A body belongs to the item it hangs on.
 */
#ifndef BROKER_BODIES_H
#define BROKER_BODIES_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "broker/queue.h"
#include "common/digest.h"

struct body {
    zmq_msg_t payload;
    size_t counted; /* bytes */
    enum queue_class class_;
    uint32_t revision;
    uint32_t generation;
    uint8_t digest[DIGEST_SIZE];
    char key[];
};

struct bodies {
    uint64_t limit_bytes; /* of each class */
    uint64_t used_bytes[QUEUE_CLASS_COUNT];
};

bool bodies_have_room(const struct bodies *bodies, enum queue_class class_, size_t size);
/* Takes the payload; room or not. */
struct body *body_new(struct bodies *bodies, enum queue_class class_, const char *key,
                      zmq_msg_t *payload);
/* What was dispatched leaves an empty payload behind. */
void body_free(struct bodies *bodies, struct body **body_p);
/* Frees what hangs on an item that is not leased. */
void body_drop(struct bodies *bodies, struct item *item);

#endif
