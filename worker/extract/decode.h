// SPDX-License-Identifier: Apache-2.0
/*
 * decode - from the bytes of an article to clean UTF-8.
 *
 * A byte that fits nowhere and U+0000 become U+FFFD, one for one, so nothing is swallowed and
 * offsets stay countable. Charsets: utf-8 (also when none is named), utf-16 (with or without a byte
 * order mark), us-ascii, iso-8859-1, windows-1252, windows-1258, tcvn3, vni, viscii and their usual
 * aliases. A byte order mark wins over the name. Text that is not what its name says is read as
 * legacy.h guesses, or refused when nothing fits. What can be read and is no text, by its control
 * characters or by characters that there are not, is refused too.
 */
#ifndef WORKER_EXTRACT_DECODE_H
#define WORKER_EXTRACT_DECODE_H

#include "worker/extract/extract.h"

struct decoded {
    const char *bytes; /* clean UTF-8, NUL-terminated, in the arena */
    size_t size;
    uint32_t replaced; /* how many U+FFFD stand for something that could not be read */
};

/* INVALID "charset: …" for a charset nobody knows here; INVALID "content: …" when most of it cannot
 * be read, or is no text. */
enum status decode_bytes(const void *bytes, size_t size, const char *charset, struct arena *arena,
                         struct decoded *ret_decoded, struct error *err) MUST_CHECK;

/* Nothing but what the name says: no mark, no guess, no judgement. */
enum status decode_as(const void *bytes, size_t size, const char *charset, struct arena *arena,
                      struct decoded *ret_decoded, struct error *err) MUST_CHECK;

/* Is this the name of a charset that decode_bytes() takes? */
bool decode_knows(const char *charset);

#endif
