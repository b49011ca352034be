// SPDX-License-Identifier: Apache-2.0
/*
 * envelope - bytes from a peer become a message that can be trusted in form.
 *
 * Size is checked before unpacking, unpacking has a memory budget, and afterwards every string is
 * UTF-8 without NUL and every enum a value that the contract knows. What the values mean is for the
 * caller. The checks walk protobuf-c's descriptors, so a new field is covered without a line of
 * code.
 *
 * Ownership: an unpacked message belongs to the arena that was given; nothing is freed one by one.
 */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <protobuf-c/protobuf-c.h>

#include "common/arena.h"
#include "common/status.h"

#include "article.pb-c.h"
#include "extraction.pb-c.h"
#include "wire.pb-c.h"

#define ENVELOPE_LIMIT     4096        /* bytes of an envelope frame */
#define ENVELOPE_BUDGET    (64 * 1024) /* bytes of memory an unpacked envelope may take */
#define ARTICLES_LIMIT     32          /* articles one Submit may list */
#define SOURCE_LIMIT       64
#define KEY_LIMIT          512
#define WORKER_NAME_LIMIT  64
#define CURSOR_NAME_LIMIT  64
#define REASON_LIMIT       240
#define SLOTS_LIMIT        128
#define TOPIC_ENTITY_LIMIT 256
#define PAYLOAD_LIMIT      (2u * 1024 * 1024) /* default; the broker's article.limit changes it */
#define EXTRACTION_LIMIT   (4u * 1024 * 1024) /* bytes of a packed Extraction */

/*
 * The protocols that this build speaks. A message says the oldest protocol that can tell what it
 * means, whoever sends it: all of today's say protocol_oldest, so that a peer of an earlier version
 * goes on understanding. The newest that both sides of a worker's connection speak is agreed on in
 * Hello and Welcome; what only a later protocol can say goes to who has agreed to it. A Refusal is
 * understood whatever protocol it says, so that versions that do not meet can tell each other.
 */
extern const uint32_t protocol_oldest;
extern const uint32_t protocol_newest;

/* The bits of Feature that this build says it takes. What needs one goes to peers that said it; a
 * build without one behaves as if it had never heard of it. */
extern const uint64_t features_here;

/* INVALID with a sentence when the bytes are no clean message of this type within the limits. */
enum status message_unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                           struct arena *arena, ProtobufCMessage **ret_message,
                           struct error *err) MUST_CHECK;

/* The same for an envelope: size limit, protocol version, a body that is set. A protocol that is
 * not ours is INVALID too, with *ret_refusal (never NULL) UNSUPPORTED_PROTOCOL instead of
 * BAD_ENVELOPE. *ret_envelope is set whenever the message is clean, so that even what is INVALID
 * for its protocol or for want of a body can be answered by its request. */
enum status envelope_unpack(const void *bytes, size_t size, struct arena *arena,
                            Newsloom__V1__Envelope **ret_envelope,
                            Newsloom__V1__RefusalCode *ret_refusal, struct error *err) MUST_CHECK;

/* Packed bytes in the arena; a packed envelope is at most ENVELOPE_LIMIT, which is the caller's to
 * keep. */
void *message_pack(const ProtobufCMessage *message, struct arena *arena, size_t *ret_size);

/* 1 to SOURCE_LIMIT bytes of a-z 0-9 . _ - */
bool source_is_valid(const char *source);

#endif
