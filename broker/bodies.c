// SPDX-License-Identifier: Apache-2.0
#include "broker/bodies.h"

#include <stdlib.h>
#include <string.h>

#include "common/status.h"

bool bodies_have_room(const struct bodies *bodies, enum queue_class class_, size_t size)
{
    return bodies->used_bytes[class_] + size <= bodies->limit_bytes;
}

struct body *body_new(struct bodies *bodies, enum queue_class class_, const char *key,
                      zmq_msg_t *payload)
{
    size_t length = strlen(key);
    struct body *body = memory_new(sizeof(*body) + length + 1);
    memcpy(body->key, key, length);
    body->class_ = class_;
    body->counted = sizeof(*body) + length + zmq_msg_size(payload);
    bodies->used_bytes[class_] += body->counted;
    ENSURE(zmq_msg_init(&body->payload) == 0);
    ENSURE(zmq_msg_move(&body->payload, payload) == 0);
    return body;
}

void body_free(struct bodies *bodies, struct body **body_p)
{
    struct body *body = *body_p;
    if (!body)
        return;
    bodies->used_bytes[body->class_] -= body->counted;
    ENSURE(zmq_msg_close(&body->payload) == 0);
    free(body);
    *body_p = NULL;
}

void body_drop(struct bodies *bodies, struct item *item)
{
    if (item->state == ITEM_QUEUED || item->state == ITEM_READY)
        body_free(bodies, &item->body);
}
