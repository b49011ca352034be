// SPDX-License-Identifier: Apache-2.0
/*
 * published - when the article was published, and how we know.
 *
 * In this order: the article's own field; what the page's metadata said; a full date on a metadata
 * line of the text (Vietnam's clock); the day the article was fetched, or the one before
 * when that was in the small hours, when the text names it. Else nothing is said.
 */
#ifndef WORKER_EXTRACT_PUBLISHED_H
#define WORKER_EXTRACT_PUBLISHED_H

#include "worker/extract/extract.h"

/* Sets document.published and published_origin; reads what html.c left in document.published.
 * INVALID names the field of the input that is no RFC 3339 date. */
enum status published_find(struct document *document, struct error *err) MUST_CHECK;

#endif
