// SPDX-License-Identifier: Apache-2.0
/*
 * payload - what is claimed of every payload message, whatever its type: refused with a sentence
 * within its memory budget, or clean: it can be packed and unpacked again.
 */
#ifndef TESTS_FUZZ_PAYLOAD_H
#define TESTS_FUZZ_PAYLOAD_H

#include "proto/envelope.h"

enum { PAYLOAD_BUDGET = 1 << 20 };

static inline void payload_claims(const ProtobufCMessageDescriptor *type, const uint8_t *data,
                                  size_t size)
{
    CLEANUP(arena_free) struct arena *arena = arena_new(PAYLOAD_BUDGET);
    CLEANUP(arena_free) struct arena *copies = arena_new(0);
    struct error err = {.status = STATUS_OK};
    ProtobufCMessage *message = NULL;
    enum status status = message_unpack(type, data, size, arena, &message, &err);
    if (status == STATUS_OK) {
        size_t packed = 0;
        const void *bytes = message_pack(message, copies, &packed);
        ENSURE(message_unpack(type, bytes, packed, copies, &message, &err) == STATUS_OK);
    } else {
        ENSURE(status == STATUS_INVALID && *err.text);
    }
    ENSURE(arena_used(arena) <= PAYLOAD_BUDGET + 64);
}

#endif
