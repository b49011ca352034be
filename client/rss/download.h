// SPDX-License-Identifier: Apache-2.0
/*
 * download - a document from an http or https address, or from a file, into memory.
 */
#ifndef CLIENT_RSS_DOWNLOAD_H
#define CLIENT_RSS_DOWNLOAD_H

#include <stddef.h>

#include "common/status.h"

#define DOWNLOAD_LIMIT (16u << 20)

/* NUL-terminated behind its size, the caller's to free. At most five redirections, a minute in all.
 * AGAIN: the network or the server did not give it. LIMIT: it is larger than the limit. */
enum status download_url(const char *url, char **ret_bytes, size_t *ret_size,
                         struct error *err) MUST_CHECK;
/* The same of a file, which may be packed; "-" is standard input. */
enum status download_file(const char *path, char **ret_bytes, size_t *ret_size,
                          struct error *err) MUST_CHECK;

#endif
