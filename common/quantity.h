// SPDX-License-Identifier: Apache-2.0
/*
 * quantity - durations and sizes as people write them.
 *
 * Durations: 250ms, 30s, 5m, 2h, 90d; 0 needs no unit. Sizes: 512, 64KiB, 2MiB, 8GiB, 1TiB. Whole
 * numbers without sign only. What the text functions print, the parse functions read back.
 */
#ifndef COMMON_QUANTITY_H
#define COMMON_QUANTITY_H

#include <stdint.h>

#include "common/status.h"

#define QUANTITY_TEXT_SIZE 32

/* For tables: durations are kept in milliseconds, sizes in bytes. */
#define MILLISECOND INT64_C(1)
#define SECOND      (1000 * MILLISECOND)
#define MINUTE      (60 * SECOND)
#define HOUR        (60 * MINUTE)
#define DAY         (24 * HOUR)
#define KIBIBYTE    INT64_C(1024)
#define MEBIBYTE    (1024 * KIBIBYTE)
#define TEBIBYTE    (1024 * 1024 * MEBIBYTE)

/* INVALID with what is wrong with the text, as the end of a sentence. */
enum status quantity_parse_integer(const char *text, int64_t *ret_value,
                                   struct error *err) MUST_CHECK;
enum status quantity_parse_duration(const char *text, int64_t *ret_ms,
                                    struct error *err) MUST_CHECK;
enum status quantity_parse_size(const char *text, int64_t *ret_bytes, struct error *err) MUST_CHECK;

/* In the largest unit that leaves no rest: 90000 is "90s", 5400000 is "90m". */
const char *quantity_duration_text(int64_t ms, char buffer[QUANTITY_TEXT_SIZE]);
const char *quantity_size_text(int64_t bytes, char buffer[QUANTITY_TEXT_SIZE]);

#endif
