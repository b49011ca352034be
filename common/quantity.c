// SPDX-License-Identifier: Apache-2.0
#include "common/quantity.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* both from the largest to the smallest */
static const struct unit duration_units[] = {
    {"d", 86400000}, /* a day */
    {"h", 3600000},  /* an hour */
    {"m", 60000},    /* a minute */
    {"s", 1000},     /* a second */
    {"ms", 1},       /* what durations are kept in */
};
static const struct unit size_units[] = {
    {"TiB", INT64_C(1) << 40}, /* powers of two only: */
    {"GiB", INT64_C(1) << 30}, /* nobody has to guess */
    {"MiB", INT64_C(1) << 20}, /* whether a kilobyte */
    {"KiB", INT64_C(1) << 10}, /* has 24 more */
    {"", 1},                   /* what sizes are kept in */
};

/* *ret_rest is what follows the digits. */
static bool read_digits(const char *text, int64_t *ret_value, const char **ret_rest)
{
    const char *at = text;
    int64_t value = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
            return false;
    *ret_value = value;
    *ret_rest = at;
    return at != text;
}

enum status quantity_parse_integer(const char *text, int64_t *ret_value, struct error *err)
{
    bool negative = *text == '-';
    const char *rest = NULL;
    int64_t value = 0;
    if (!read_digits(text + negative, &value, &rest) || *rest)
        return error_set(err, STATUS_INVALID, "is no whole number");
    *ret_value = negative ? -value : value;
    return STATUS_OK;
}

enum status quantity_parse_duration(const char *text, int64_t *ret_ms, struct error *err)
{
    const char *rest = NULL;
    int64_t value = 0;
    if (!read_digits(text, &value, &rest))
        return error_set(err, STATUS_INVALID, "is no duration such as 250ms, 30s, 5m, 2h or 90d");
    if (!*rest && value == 0) {
        *ret_ms = 0;
        return STATUS_OK;
    }
    for (size_t i = 0; i < COUNT_OF(duration_units); i++)
        if (strcmp(rest, duration_units[i].name) == 0 &&
            !__builtin_mul_overflow(value, duration_units[i].factor, ret_ms))
            return STATUS_OK;
    return error_set(err, STATUS_INVALID,
                     *rest ? "is no duration such as 250ms, 30s, 5m, 2h or 90d"
                           : "needs a unit: ms, s, m, h or d");
}

enum status quantity_parse_size(const char *text, int64_t *ret_bytes, struct error *err)
{
    const char *rest = NULL;
    int64_t value = 0;
    if (read_digits(text, &value, &rest))
        for (size_t i = 0; i < COUNT_OF(size_units); i++)
            if (strcmp(rest, size_units[i].name) == 0 &&
                !__builtin_mul_overflow(value, size_units[i].factor, ret_bytes))
                return STATUS_OK;
    return error_set(err, STATUS_INVALID, "is no size such as 512, 64KiB, 2MiB or 8GiB");
}

static const char *print(int64_t value, const struct unit *units, size_t count, char *buffer)
{
    size_t at = 0;
    while (at + 1 < count && (value == 0 || value % units[at].factor != 0))
        at++;
    (void)snprintf(buffer, QUANTITY_TEXT_SIZE, "%" PRId64 "%s", value / units[at].factor,
                   units[at].name);
    return buffer;
}

const char *quantity_duration_text(int64_t ms, char buffer[QUANTITY_TEXT_SIZE])
{
    return print(ms, duration_units, COUNT_OF(duration_units), buffer);
}

const char *quantity_size_text(int64_t bytes, char buffer[QUANTITY_TEXT_SIZE])
{
    return print(bytes, size_units, COUNT_OF(size_units), buffer);
}
