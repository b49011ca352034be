// SPDX-License-Identifier: Apache-2.0
/*
 * stamps - is there a date or a clock time in a line of a page?
 *
 * Told by its figures alone, to know date lines; what a date means is date_grammar.h's.
 */
#ifndef WORKER_EXTRACT_STAMPS_H
#define WORKER_EXTRACT_STAMPS_H

#include <stdbool.h>

/* d/m/yyyy with "/", "-" or "." anywhere, or in words. The text is folded as line_fold() does. */
bool stamp_has_date(const char *folded);

/* "08:07" */
bool stamp_has_clock(const char *folded);

#endif
