// SPDX-License-Identifier: Apache-2.0
/*
 * hex - bytes as lower-case digits and back, and UUIDs.
 */
#ifndef CLIENT_LIB_HEX_H
#define CLIENT_LIB_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text must hold 2 * size + 1; returns 2 * size. */
size_t hex_text(const uint8_t *bytes, size_t size, char *text);

/* Exactly size bytes from the first 2 * size characters; false when one is no digit. */
bool hex_bytes(const char *text, size_t size, uint8_t *ret_bytes);

#define UUID_TEXT_SIZE 37
const char *uuid_text(const uint8_t id[16], char text[UUID_TEXT_SIZE]);
/* With or without dashes, nothing after it. */
bool uuid_parse(const char *text, uint8_t ret_id[16]);

#endif
