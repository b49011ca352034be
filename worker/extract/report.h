// SPDX-License-Identifier: Apache-2.0
/*
 * report - one extracted article for people and programs: the output of newsloom extract.
 */
#ifndef WORKER_EXTRACT_REPORT_H
#define WORKER_EXTRACT_REPORT_H

#include <stdio.h>

#include "worker/extract/extract.h"

/* One line of JSON. file is how the article is called in it. */
void report_json(const struct document *document, const char *file, FILE *out);

/* The text with its mentions marked, then roles and events. */
void report_text(const struct document *document, const char *file, bool in_colour, FILE *out);

#endif
