// SPDX-License-Identifier: Apache-2.0
/*
 * lines - lines of a file or pipe, numbered from one, of bounded length.
 *
 * Packed input is unpacked (stream.h). Ownership: owns the descriptor. A line lives until the next
 * call.
 */
#ifndef CLIENT_COMMAND_LINES_H
#define CLIENT_COMMAND_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

struct lines;

struct lines *lines_open(int fd, size_t limit);
void lines_close(struct lines **lines_p); /* NULL-safe */

/* true when the next line, or the end, can be had without waiting; waits at most timeout_ms. */
bool lines_are_ready(struct lines *lines, int64_t timeout_ms);

/* Without its line break, NUL-terminated. INVALID: longer than the limit, it was passed by; or the
 * input cannot be read on, and the next call gives the end. NOT_FOUND: the end. */
enum status lines_next(struct lines *lines, char **ret_line, size_t *ret_length,
                       struct error *err) MUST_CHECK;

uint64_t lines_number(const struct lines *lines); /* of the line that was read last */
uint64_t lines_offset(const struct lines *lines); /* bytes that were taken, packed as they are */

#endif
