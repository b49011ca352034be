// SPDX-License-Identifier: Apache-2.0
/*
 * dates - every calendar date a text gives with a figure, with its value in ISO 8601.
 *
 * A date, a month, a quarter, a year, a school year or an interval of them; the words that
 * introduce it ("ngày", "tháng", "từ … đến") belong to the span, parts of the day do not. A clock
 * time joined to the date makes the value YYYY-MM-DDThh:mm. A year that is left out comes from the
 * publication date (document.published), else from the year last named in the text, else the value
 * is "?". What the calendar does not know is not a date.
 */
#ifndef WORKER_EXTRACT_DATES_H
#define WORKER_EXTRACT_DATES_H

#include "worker/extract/extract.h"

/* Append DATE mentions for all sentences. */
void dates_find(struct document *document);

/* Find when the article was published: the input's field, what the page's metadata said
 * (document.published already set), a date line, or a date of the text near the fetch date. Sets
 * document.published and published_origin. INVALID names the field that is no date. */
enum status dates_find_published(struct document *document, struct error *err) MUST_CHECK;

#endif
