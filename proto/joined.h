// SPDX-License-Identifier: Apache-2.0
/*
 * joined - the payloads of one message back to back in a single frame.
 *
 * ZeroMQ moves what is small in batches of 8 KiB, a system call each; a frame that is larger it
 * sends without a copy and receives straight into the message. So whoever has several payloads for
 * a peer that understands it (the feature JOINED_PAYLOADS) sends them as one frame of at most
 * JOINED_LIMIT bytes, and Envelope.payload_sizes says where each ends.
 *
 * Nothing here owns memory: payloads point into frames that are the caller's.
 */
#ifndef PROTO_JOINED_H
#define PROTO_JOINED_H

#include "proto/envelope.h"

#define JOINED_LIMIT      (256u * 1024) /* bytes of a frame that holds several payloads */
#define JOINED_SIZE_BYTES 3             /* that the size of one takes in the envelope, at most */

struct payload {
    const void *bytes;
    size_t size;
};

/*
 * Marks the envelope, otherwise ready to be packed, as that of a joined message when its payloads
 * may go so: to a peer with these features, more than one, not too many or too large together, and
 * with room for their sizes in the envelope. Returns the bytes of the frame, which joined_fill()
 * writes; 0: each goes in a frame of its own. The envelope borrows sizes.
 */
size_t joined_mark(Newsloom__V1__Envelope *envelope, uint64_t features,
                   const struct payload *payloads, size_t count, uint32_t sizes[ARTICLES_LIMIT]);
void joined_fill(void *frame, const struct payload *payloads, size_t count);

/* Whether the envelope says that one frame with several payloads follows. */
static inline bool joined_is_said(const Newsloom__V1__Envelope *envelope)
{
    return envelope->n_payload_sizes > 0 &&
           (features_here & NEWSLOOM__V1__FEATURE__JOINED_PAYLOADS) != 0;
}

/*
 * Takes the frame of a joined message apart; frame_count is how many frames followed the envelope,
 * and frame the first of them, if there is one.
 * INVALID with a sentence and *ret_refusal when it is not one frame, or the sizes are too many or
 * not those of its bytes.
 */
enum status joined_split(const Newsloom__V1__Envelope *envelope, size_t frame_count,
                         struct payload frame, struct payload payloads[ARTICLES_LIMIT],
                         Newsloom__V1__RefusalCode *ret_refusal, struct error *err) MUST_CHECK;

#endif
