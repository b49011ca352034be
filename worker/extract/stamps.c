// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/stamps.h"

#include <string.h>

/* The number at *at_io of at most so many digits; -1 when there is none. */
static int take_number(const char **at_io, unsigned most_digits)
{
    int value = 0;
    unsigned digits = 0;
    for (; digits < most_digits && **at_io >= '0' && **at_io <= '9'; digits++)
        value = value * 10 + (*(*at_io)++ - '0');
    return digits ? value : -1;
}

static bool is_full_date(const char *at)
{
    int day = take_number(&at, 2);
    if (day < 1 || day > 31 || !*at || !strchr("/-.", *at))
        return false;
    at++;
    int month = take_number(&at, 2);
    if (month < 1 || month > 12 || !*at || !strchr("/-.", *at))
        return false;
    at++;
    return take_number(&at, 4) >= 1900;
}

bool stamp_has_date(const char *folded)
{
    for (const char *at = folded; *at; at++) {
        bool follows_digit = at > folded && at[-1] >= '0' && at[-1] <= '9';
        if (!follows_digit && is_full_date(at))
            return true;
    }
    return strstr(folded, "tháng ") && strstr(folded, " năm ") && strstr(folded, "ngày ");
}

bool stamp_has_clock(const char *folded)
{
    for (const char *at = folded; *at; at++)
        if (*at >= '0' && *at <= '9' && at[1] == ':' && at[2] >= '0' && at[2] <= '5')
            return true;
    return false;
}
