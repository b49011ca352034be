// SPDX-License-Identifier: Apache-2.0
/*
 * date_periods - the stretches of time that have a name of their own: quarters, months of a year,
 * school years and pairs of years, decades. Part of the grammar of date_grammar.h.
 */
#ifndef WORKER_EXTRACT_DATE_PERIODS_H
#define WORKER_EXTRACT_DATE_PERIODS_H

#include "worker/extract/date_figures.h"
#include "worker/extract/date_grammar.h"

/* Read the period that begins at this token, all but reading->first_token. */
bool date_read_period(const struct reader *reader, uint32_t at, struct date_reading *reading);

#endif
