// SPDX-License-Identifier: Apache-2.0
#include "broker/text.h"

#include <string.h>

size_t text_fit(const char *text, size_t limit)
{
    size_t length = strnlen(text, limit + 1);
    if (length <= limit)
        return length;
    length = limit;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void text_take(char *buffer, size_t size, const char *text)
{
    size_t length = text_fit(text, size - 1);
    memcpy(buffer, text, length);
    buffer[length] = '\0';
}

char *text_in_arena(struct arena *arena, const char *text, size_t limit)
{
    return arena_text(arena, text, text_fit(text, limit));
}
