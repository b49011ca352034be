// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/hex.h"
#include "client/newsloom.h"

const char *newsloom_cursor_text(const struct newsloom_cursor *cursor,
                                 char buffer[NEWSLOOM_CURSOR_TEXT_SIZE])
{
    size_t used = hex_text(cursor->log_id, sizeof(cursor->log_id), buffer);
    (void)snprintf(buffer + used, NEWSLOOM_CURSOR_TEXT_SIZE - used, ":%" PRIu64, cursor->sequence);
    return buffer;
}

enum status newsloom_cursor_parse(const char *text, struct newsloom_cursor *ret_cursor,
                                  struct error *err)
{
    struct newsloom_cursor cursor = {0};
    const size_t digits = 2 * sizeof(cursor.log_id);
    char *end = NULL;
    const char *number = strlen(text) > digits && text[digits] == ':' ? text + digits + 1 : "";
    errno = 0;
    /* strtoull takes signs and blanks; a cursor has none. */
    if (*number >= '0' && *number <= '9')
        cursor.sequence = strtoull(number, &end, 10);
    if (!end || *end || errno || !hex_bytes(text, sizeof(cursor.log_id), cursor.log_id))
        return error_set(err, STATUS_INVALID,
                         "\"%.80s\" is no cursor: it looks like "
                         "00112233445566778899aabbccddeeff:42 (log id, then sequence)",
                         text);
    *ret_cursor = cursor;
    return STATUS_OK;
}
