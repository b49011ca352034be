// SPDX-License-Identifier: Apache-2.0
/*
 * calendar - days, months, years and clock times of the Gregorian calendar, and their ISO 8601
 * form.
 *
 * A moment knows as much as its text said: year, month, day and clock time in this order, each only
 * when it is given. A missing year is 0 and may be filled in later.
 */
#ifndef WORKER_EXTRACT_CALENDAR_H
#define WORKER_EXTRACT_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"

struct moment {
    int year;  /* 0: not given */
    int month; /* 0: not given */
    int day;   /* 0: not given */
    int hour;  /* -1: not given */
    int minute;
};

#define MOMENT_NONE ((struct moment){.hour = -1})

int month_days(int year, int month); /* year 0: February has 29 */
bool moment_is_possible(struct moment moment);

/* Days since 1970-01-01; the first or last day of what the moment covers. Needs a year. */
int64_t moment_first_day(struct moment moment);
int64_t moment_last_day(struct moment moment);
struct moment moment_of_day(int64_t day);

/* "2017", "2017-06", "2017-06-03" or "2017-06-03T08:07", in the arena. */
const char *moment_text(struct arena *arena, struct moment moment);

/* Reads an RFC 3339 date or date-time, or a prefix of one; what follows the minutes is checked for
 * form and left. False: it is none. */
bool moment_parse(const char *text, struct moment *ret_moment);

/* The same, told by Vietnam's clock when the text names a zone. */
bool moment_parse_local(const char *text, struct moment *ret_moment);

#endif
