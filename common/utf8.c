// SPDX-License-Identifier: Apache-2.0
#include "common/utf8.h"

#include <utf8proc.h>

bool utf8_is_clean(const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size) {
        unsigned char byte = (unsigned char)bytes[at];
        if (byte == 0)
            return false;
        if (byte < 0x80) {
            at++;
            continue;
        }
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)bytes + at,
                                                 (utf8proc_ssize_t)(size - at), &point);
        if (used <= 0)
            return false;
        at += (size_t)used;
    }
    return true;
}

size_t utf8_count(const char *bytes, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    return count;
}
