// SPDX-License-Identifier: Apache-2.0
/*
 * digest - BLAKE2b (RFC 7693) through libsodium; what "the same" means everywhere in newsloom.
 *
 * The content digest of an article is BLAKE2b-256 over title, one zero byte, content: in Python
 * hashlib.blake2b(title.encode() + b"\0" + content, digest_size=32). A page fetched again with the
 * same words has the same digest, whatever the crawler's clock says.
 */
#ifndef COMMON_DIGEST_H
#define COMMON_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "common/compiler.h"

#define DIGEST_SIZE     32
#define DIGEST_HEX_SIZE (2 * DIGEST_SIZE + 1)

void digest_content(const char *title, const void *content, size_t size,
                    uint8_t ret_digest[DIGEST_SIZE]);
void digest_bytes(const void *bytes, size_t size, uint8_t ret_digest[DIGEST_SIZE]);

/* The digest of bytes that come piece by piece; digest_end() frees the stream. */
struct digest_stream;
struct digest_stream *digest_begin(void);
void digest_add(struct digest_stream *stream, const void *bytes, size_t size);
void digest_end(struct digest_stream **stream_p, uint8_t ret_digest[DIGEST_SIZE]);

/* BLAKE2b-128 over the parts, each followed by one zero byte: keys and ids. */
void digest_parts(const char *const *parts, size_t count, uint8_t ret_id[16]);

const char *digest_hex(const uint8_t digest[DIGEST_SIZE], char buffer[DIGEST_HEX_SIZE]);

/* Bytes nobody can predict, from the system. */
void random_bytes(void *ret_bytes, size_t size);

#endif
