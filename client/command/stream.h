// SPDX-License-Identifier: Apache-2.0
/*
 * stream - the bytes of a file or pipe, unpacked when they are packed.
 *
 * gzip (of any number of members), xz and zstd are told by how they begin, whatever the name says.
 * Memory is bounded: what wants a window of more than 128 MiB is refused. What breaks off, or is
 * damaged, is an error and no end.
 *
 * Ownership: owns the descriptor.
 */
#ifndef CLIENT_COMMAND_STREAM_H
#define CLIENT_COMMAND_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

struct stream;

struct stream *stream_open(int fd);
void stream_close(struct stream **stream_p); /* NULL-safe */

/* true when stream_read() need not wait for a writer; waits at most timeout_ms itself. */
bool stream_is_ready(const struct stream *stream, int64_t timeout_ms);

/* At least one byte; NOT_FOUND: the end; INVALID: it cannot be read on, and why. */
enum status stream_read(struct stream *stream, void *buffer, size_t size, size_t *ret_got,
                        struct error *err) MUST_CHECK;

/* Bytes of the file that were taken, packed as they are. */
uint64_t stream_offset(const struct stream *stream);

#endif
