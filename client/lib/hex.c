// SPDX-License-Identifier: Apache-2.0
#include "client/lib/hex.h"

#include <stdio.h>
#include <string.h>

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

size_t hex_text(const uint8_t *bytes, size_t size, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * size] = '\0';
    return 2 * size;
}

bool hex_bytes(const char *text, size_t size, uint8_t *ret_bytes)
{
    for (size_t i = 0; i < size; i++) {
        int high = digit_value(text[2 * i]);
        int low = high < 0 ? -1 : digit_value(text[2 * i + 1]);
        if (low < 0)
            return false;
        ret_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

const char *uuid_text(const uint8_t id[16], char text[UUID_TEXT_SIZE])
{
    char hex[33];
    (void)hex_text(id, 16, hex);
    (void)snprintf(text, UUID_TEXT_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                   hex + 16, hex + 20);
    return text;
}

bool uuid_parse(const char *text, uint8_t ret_id[16])
{
    char hex[33];
    size_t count = 0;
    for (; *text; text++) {
        if (*text == '-')
            continue;
        if (count == 32)
            return false;
        hex[count++] = *text;
    }
    hex[count] = '\0';
    return count == 32 && hex_bytes(hex, 16, ret_id);
}
