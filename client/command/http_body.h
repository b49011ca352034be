// SPDX-License-Identifier: Apache-2.0
/*
 * http_body - the page in an HTTP answer, as archives keep it.
 */
#ifndef CLIENT_COMMAND_HTTP_BODY_H
#define CLIENT_COMMAND_HTTP_BODY_H

#include <stddef.h>

#include "common/status.h"

struct http_body {
    const char *bytes; /* within the answer, or unpacked */
    size_t size;
    char *unpacked; /* the caller's to free; NULL: nothing was packed */
    char charset[64];
};

/* The value of a header in lines that end with LF, as text without blanks around it; empty: there
 * is none. The first one counts. */
void http_header(const char *lines, const char *name, char *ret_value, size_t size);

/* answer is NUL-terminated behind its size. AGAIN: it is no page (another status, another type).
 * INVALID: what it is packed in cannot be undone. LIMIT: it is larger than the limit. */
enum status http_body_read(char *answer, size_t size, size_t limit, struct http_body *ret_body,
                           struct error *err) MUST_CHECK;

#endif
