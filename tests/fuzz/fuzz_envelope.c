// SPDX-License-Identifier: Apache-2.0
/* An envelope as a peer may send it: refused with a code and a sentence, or clean through and
 * through: packed again it is an envelope again, with the same meaning. Sizes of joined payloads
 * are tried on the envelope's own bytes, and on a frame that has what they add up to. */
#include <string.h>

#include "proto/joined.h"
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

static void lie_in_their_frame(const Newsloom__V1__Envelope *envelope, const uint8_t *frame,
                               size_t size)
{
    struct error err = {.status = STATUS_OK};
    struct payload payloads[ARTICLES_LIMIT];
    Newsloom__V1__RefusalCode refusal = NEWSLOOM__V1__REFUSAL_CODE__UNKNOWN_REFUSAL;
    struct payload whole = {frame, size};
    enum status status = joined_split(envelope, 1, whole, payloads, &refusal, &err);
    ENSURE((status == STATUS_OK) == (refusal == NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE));
    if (status != STATUS_OK) {
        ENSURE(status == STATUS_INVALID && *err.text);
        return;
    }
    const uint8_t *at = frame;
    for (size_t i = 0; i < envelope->n_payload_sizes; i++) {
        ENSURE(payloads[i].bytes == at && payloads[i].size <= (size_t)(frame + size - at));
        at += payloads[i].size;
    }
    ENSURE(at == frame + size);
}

static void take_apart(const Newsloom__V1__Envelope *envelope, const uint8_t *data, size_t size)
{
    static const uint8_t zeros[2 * JOINED_LIMIT];
    uint64_t sum = 0;
    for (size_t i = 0; i < envelope->n_payload_sizes; i++)
        sum += envelope->payload_sizes[i];
    lie_in_their_frame(envelope, data, size);
    if (sum <= sizeof(zeros))
        lie_in_their_frame(envelope, zeros, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ENVELOPE_BUDGET);
    struct error err = {.status = STATUS_OK};
    Newsloom__V1__Envelope *envelope = NULL;
    Newsloom__V1__RefusalCode refusal = NEWSLOOM__V1__REFUSAL_CODE__UNKNOWN_REFUSAL;
    enum status status = envelope_unpack(data, size, arena, &envelope, &refusal, &err);
    ENSURE((status == STATUS_OK) == (refusal == NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE));
    if (status == STATUS_OK && joined_is_said(envelope))
        take_apart(envelope, data, size);
    if (status == STATUS_OK)
        is_the_same_again(envelope);
    else
        ENSURE(status == STATUS_INVALID && *err.text);
    ENSURE(arena_used(arena) <= ENVELOPE_BUDGET + 64);
    arena_free(&arena);
    return 0;
}
