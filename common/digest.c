// SPDX-License-Identifier: Apache-2.0
#include "common/digest.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "common/status.h"

void digest_content(const char *title, const void *content, size_t size,
                    uint8_t ret_digest[DIGEST_SIZE])
{
    crypto_generichash_state state;
    const char *head = title ? title : "";
    ENSURE(crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE) == 0);
    (void)crypto_generichash_update(&state, (const unsigned char *)head, strlen(head) + 1);
    if (size)
        (void)crypto_generichash_update(&state, content, size);
    (void)crypto_generichash_final(&state, ret_digest, DIGEST_SIZE);
}

void digest_bytes(const void *bytes, size_t size, uint8_t ret_digest[DIGEST_SIZE])
{
    ENSURE(crypto_generichash(ret_digest, DIGEST_SIZE, size ? bytes : NULL, size, NULL, 0) == 0);
}

struct digest_stream {
    crypto_generichash_state state;
};

struct digest_stream *digest_begin(void)
{
    struct digest_stream *stream = aligned_alloc(_Alignof(struct digest_stream), sizeof(*stream));
    ENSURE(stream && crypto_generichash_init(&stream->state, NULL, 0, DIGEST_SIZE) == 0);
    return stream;
}

void digest_add(struct digest_stream *stream, const void *bytes, size_t size)
{
    (void)crypto_generichash_update(&stream->state, bytes, size);
}

void digest_end(struct digest_stream **stream_p, uint8_t ret_digest[DIGEST_SIZE])
{
    (void)crypto_generichash_final(&(*stream_p)->state, ret_digest, DIGEST_SIZE);
    free(*stream_p);
    *stream_p = NULL;
}

void digest_parts(const char *const *parts, size_t count, uint8_t ret_id[16])
{
    crypto_generichash_state state;
    ENSURE(crypto_generichash_init(&state, NULL, 0, 16) == 0);
    for (size_t i = 0; i < count; i++)
        (void)crypto_generichash_update(&state, (const unsigned char *)parts[i],
                                        strlen(parts[i]) + 1);
    (void)crypto_generichash_final(&state, ret_id, 16);
}

const char *digest_hex(const uint8_t digest[DIGEST_SIZE], char buffer[DIGEST_HEX_SIZE])
{
    return sodium_bin2hex(buffer, DIGEST_HEX_SIZE, digest, DIGEST_SIZE);
}

void random_bytes(void *ret_bytes, size_t size)
{
    ENSURE(sodium_init() >= 0);
    randombytes_buf(ret_bytes, size);
}
