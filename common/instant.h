// SPDX-License-Identifier: Apache-2.0
/*
 * instant - is this text a day or an instant, and in which form does PostgreSQL take it?
 *
 * Reads ISO 8601 as RFC 3339 narrows it: YYYY-MM-DD, or that with T (or a space), hh:mm, optional
 * :ss and fraction, optional zone (Z, +hh:mm, +hhmm). A moment without zone is Vietnam's. Days
 * that no calendar has are none.
 */
#ifndef COMMON_INSTANT_H
#define COMMON_INSTANT_H

#include <stdbool.h>

#include "common/status.h"

struct instant {
    char day[11];  /* "2026-03-01" */
    char time[40]; /* "2026-03-01 12:00:00+07:00", empty when only the day is known */
    bool has_zone;
};

/* false: the text is neither. NULL and "" are neither. */
bool instant_parse(const char *text, struct instant *ret_instant);

#define INSTANT_TEXT_SIZE 64

/* When an article was fetched, as articles say it: an instant as it was given, a day as its noon
 * in Vietnam, neither close to the day before nor to the day after. INVALID when it is neither. */
enum status instant_read_fetched(const char *text, char ret_instant[INSTANT_TEXT_SIZE],
                                 struct error *err) MUST_CHECK;

#endif
