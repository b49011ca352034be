// SPDX-License-Identifier: Apache-2.0
/*
 * curve - keys of ZeroMQ's CURVE: their text, their files, and what a client needs of them.
 *
 * A key has 32 bytes; we write it as 64 hexadecimal digits and also read ZeroMQ's own 40 letters
 * (Z85). A key file holds a pair, as `newsloom keygen` makes it:
 *
 *      # the secret key of "crawler-1": whoever reads this file is crawler-1
 *      public 3c1f…
 *      secret 90ab…
 *
 * Only its owner may read it: a file that group or others can read or write is refused, and one
 * that exists is never written over. Secrets are wiped from memory by curve_pair_forget().
 */
#ifndef COMMON_CURVE_H
#define COMMON_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

#define CURVE_KEY_SIZE  32
#define CURVE_TEXT_SIZE (2 * CURVE_KEY_SIZE + 1)

struct curve_pair {
    uint8_t public_key[CURVE_KEY_SIZE];
    uint8_t secret_key[CURVE_KEY_SIZE];
};

/* What a program shows to a broker, and which broker it wants. */
struct curve_identity {
    bool is_set; /* false: no keys, plaintext */
    uint8_t server_key[CURVE_KEY_SIZE];
    struct curve_pair own;
};

/* length letters of text; false: they are no key. */
bool curve_key_parse(const char *text, size_t length, uint8_t ret_key[CURVE_KEY_SIZE]) MUST_CHECK;
const char *curve_key_text(const uint8_t key[CURVE_KEY_SIZE], char buffer[CURVE_TEXT_SIZE]);

void curve_pair_make(struct curve_pair *ret_pair);
void curve_pair_forget(struct curve_pair *pair);

/* INVALID when there is such a file already. name is what the file says whose key it is. */
enum status curve_file_write(const char *path, const char *name, const struct curve_pair *pair,
                             struct error *err) MUST_CHECK;
/* INVALID: loose permissions, or no pair; NOT_FOUND: no such file. */
enum status curve_file_read(const char *path, struct curve_pair *ret_pair,
                            struct error *err) MUST_CHECK;

/* Both empty or NULL: no keys. One without the other is INVALID; the names are the settings'. */
enum status curve_identity_load(const char *server_key, const char *key_file,
                                struct curve_identity *ret_identity, struct error *err) MUST_CHECK;
void curve_identity_forget(struct curve_identity *identity);

#endif
