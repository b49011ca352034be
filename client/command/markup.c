// SPDX-License-Identifier: Apache-2.0
#include "client/command/markup.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

static const char *reference_of(char letter)
{
    switch (letter) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Bytes of a character that XML has not, or that a browser would take for another; 0: it is fine.
 */
static size_t unfit(const unsigned char *at, size_t left)
{
    if (*at < 0x20)
        return *at != '\t' && *at != '\n' && *at != '\r';
    if (*at == 0x7f)
        return 1;
    if (left >= 2 && at[0] == 0xc2 && at[1] < 0xa0)
        return 2; /* C1 controls */
    if (left >= 3 && at[0] == 0xef && at[1] == 0xbf && at[2] >= 0xbe)
        return 3; /* U+FFFE, U+FFFF */
    return 0;
}

void markup_print(const char *text, size_t size, FILE *out)
{
    for (size_t i = 0; i < size; i++) {
        const char *reference = reference_of(text[i]);
        size_t bad = unfit((const unsigned char *)text + i, size - i);
        if (reference) {
            (void)fputs(reference, out);
        } else if (bad) {
            (void)fputs(REPLACEMENT, out);
            i += bad - 1;
        } else {
            (void)fputc(text[i], out);
        }
    }
}

void markup_puts(const char *text, FILE *out)
{
    markup_print(text, strlen(text), out);
}
