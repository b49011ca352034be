// SPDX-License-Identifier: Apache-2.0
/* An envelope as a peer may send it: refused with a code and a sentence, or clean through and
 * through: packed again it is an envelope again, with the same meaning. */
#include <string.h>

#include "proto/envelope.h"
#include "tests/fuzz/fuzzing.h"

static void is_the_same_again(const Newsloom__V1__Envelope *envelope)
{
    struct arena *arena = arena_new(0);
    size_t size = 0;
    size_t size_again = 0;
    const void *bytes = message_pack(&envelope->base, arena, &size);
    ProtobufCMessage *again = NULL;
    struct error err;
    ENSURE(message_unpack(&newsloom__v1__envelope__descriptor, bytes, size, arena, &again, &err) ==
           STATUS_OK);
    const void *bytes_again = message_pack(again, arena, &size_again);
    ENSURE(size == size_again && memcmp(bytes, bytes_again, size) == 0);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ENVELOPE_BUDGET);
    struct error err = {.status = STATUS_OK};
    Newsloom__V1__Envelope *envelope = NULL;
    Newsloom__V1__RefusalCode refusal = NEWSLOOM__V1__REFUSAL_CODE__UNKNOWN_REFUSAL;
    enum status status = envelope_unpack(data, size, arena, &envelope, &refusal, &err);
    ENSURE((status == STATUS_OK) == (refusal == NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE));
    if (status == STATUS_OK)
        is_the_same_again(envelope);
    else
        ENSURE(status == STATUS_INVALID && *err.text);
    ENSURE(arena_used(arena) <= ENVELOPE_BUDGET + 64);
    arena_free(&arena);
    return 0;
}
