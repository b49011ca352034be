// SPDX-License-Identifier: Apache-2.0
/* A payload: refused with a sentence within its memory budget, or clean: it can be packed again. */
#include "proto/envelope.h"
#include "tests/fuzz/fuzzing.h"

enum { BUDGET = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(BUDGET);
    struct arena *copies = arena_new(0);
    struct error err = {.status = STATUS_OK};
    ProtobufCMessage *message = NULL;
    enum status status =
        message_unpack(&newsloom__v1__article__descriptor, data, size, arena, &message, &err);
    if (status == STATUS_OK) {
        size_t packed = 0;
        const void *bytes = message_pack(message, copies, &packed);
        ENSURE(message_unpack(&newsloom__v1__article__descriptor, bytes, packed, copies, &message,
                              &err) == STATUS_OK);
    } else {
        ENSURE(status == STATUS_INVALID && *err.text);
    }
    ENSURE(arena_used(arena) <= BUDGET + 64);
    arena_free(&copies);
    arena_free(&arena);
    return 0;
}
