// SPDX-License-Identifier: Apache-2.0
/*
 * dates - every calendar date a text gives with a figure, with its value in ISO 8601.
 *
 * A date, a month, a quarter, a year, a school year or an interval of them; the words that
 * introduce it ("ngày", "tháng", "từ … đến") belong to the span, parts of the day do not. A clock
 * time joined to the date makes the value YYYY-MM-DDThh:mm. A year that is left out comes from a
 * full date shortly before, else from when the article was published or fetched, else from
 * a full date anywhere in the text that lies within two months; when there is none of these the
 * value is "?". What the calendar
 * does not know is not a date. How dates are written is in date_grammar.h.
 */
#ifndef WORKER_EXTRACT_DATES_H
#define WORKER_EXTRACT_DATES_H

#include "worker/extract/calendar.h"
#include "worker/extract/extract.h"

/* Append DATE mentions for all sentences; needs document.published. */
void dates_find(struct document *document);

/* Fill in the year that a day or month has without one: the year in which it is nearest to the
 * anchor, which must have a year. */
void date_fill_year(struct moment *moment, struct moment anchor);

#endif
