// SPDX-License-Identifier: Apache-2.0
#include "proto/joined.h"

#include <inttypes.h>
#include <string.h>

static void unmark(Newsloom__V1__Envelope *envelope)
{
    envelope->n_payload_sizes = 0;
    envelope->payload_sizes = NULL;
}

size_t joined_mark(Newsloom__V1__Envelope *envelope, uint64_t features,
                   const struct payload *payloads, size_t count, uint32_t sizes[ARTICLES_LIMIT])
{
    size_t bytes = 0;
    unmark(envelope);
    if (!(features & features_here & NEWSLOOM__V1__FEATURE__JOINED_PAYLOADS) || count < 2 ||
        count > ARTICLES_LIMIT)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (payloads[i].size > JOINED_LIMIT - bytes)
            return 0;
        bytes += payloads[i].size;
        sizes[i] = (uint32_t)payloads[i].size;
    }
    envelope->payload_sizes = sizes;
    envelope->n_payload_sizes = count;
    if (bytes > 0 && newsloom__v1__envelope__get_packed_size(envelope) <= ENVELOPE_LIMIT)
        return bytes;
    unmark(envelope);
    return 0;
}

void joined_fill(void *frame, const struct payload *payloads, size_t count)
{
    char *at = frame;
    for (size_t i = 0; i < count; i++) {
        if (payloads[i].size > 0)
            memcpy(at, payloads[i].bytes, payloads[i].size);
        at += payloads[i].size;
    }
}

enum status joined_split(const Newsloom__V1__Envelope *envelope, size_t frame_count,
                         struct payload frame, struct payload payloads[ARTICLES_LIMIT],
                         Newsloom__V1__RefusalCode *ret_refusal, struct error *err)
{
    const char *at = frame.bytes;
    uint64_t sum = 0; /* of at most ARTICLES_LIMIT numbers of 32 bits */
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__FRAME_COUNT;
    if (envelope->n_payload_sizes > ARTICLES_LIMIT)
        return error_set(err, STATUS_INVALID, "%zu payloads are joined, at most %d are allowed",
                         envelope->n_payload_sizes, ARTICLES_LIMIT);
    if (frame_count != 1)
        return error_set(err, STATUS_INVALID,
                         "joined payloads follow in one frame, and here are %zu", frame_count);
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__TOO_LARGE;
    if (frame.size > JOINED_LIMIT)
        return error_set(err, STATUS_INVALID,
                         "a frame of joined payloads has at most %u bytes, this one has %zu",
                         JOINED_LIMIT, frame.size);
    for (size_t i = 0; i < envelope->n_payload_sizes; i++)
        sum += envelope->payload_sizes[i];
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__SIZE_MISMATCH;
    if (sum != frame.size)
        return error_set(err, STATUS_INVALID,
                         "the joined payloads are %" PRIu64 " bytes, their frame has %zu", sum,
                         frame.size);
    for (size_t i = 0; i < envelope->n_payload_sizes; i++) {
        payloads[i] = (struct payload){at, envelope->payload_sizes[i]};
        at += envelope->payload_sizes[i];
    }
    *ret_refusal = NEWSLOOM__V1__REFUSAL_CODE__REFUSAL_NONE;
    return STATUS_OK;
}
