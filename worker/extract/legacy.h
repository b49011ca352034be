// SPDX-License-Identifier: Apache-2.0
/*
 * legacy - Vietnamese as it was written before Unicode.
 *
 * Old pages use single-byte encodings (TCVN3 of the .Vn fonts, VISCII, windows-1258) or VNI, in
 * which a byte after the vowel carries its marks, and seldom say so: they declare iso-8859-1, or
 * nothing, or were pasted into a UTF-8 page letter by letter ("C«ng an"). What they are is told
 * from the result: the right reading turns nearly every word that has marks into a possible
 * Vietnamese syllable, a wrong one hardly any.
 */
#ifndef WORKER_EXTRACT_LEGACY_H
#define WORKER_EXTRACT_LEGACY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The charset, as decode_bytes() takes it, in which these bytes are Vietnamese; NULL: in none. */
const char *legacy_guess(const void *bytes, size_t size, struct arena *arena);

/* Is this clean UTF-8 full of Latin-1 letters and without one that only Vietnamese has? */
bool legacy_is_suspect(const char *bytes, size_t size, struct arena *arena);

/* The bytes that were taken for windows-1252; NULL when too much of it cannot have been. */
char *legacy_bytes(const char *utf8, size_t size, struct arena *arena, size_t *ret_size);

/* VNI for Windows to UTF-8 (NFC). `to` has room for 3 bytes for each byte of `from`; returns what
 * was written. */
size_t legacy_read_vni(const unsigned char *from, size_t size, char *to);

#endif
