// SPDX-License-Identifier: Apache-2.0
/*
 * credits - does a line say who wrote what stands above it, or where it was taken from?
 *
 * "Thu Hà (theo AFP)", "Ghi chép của Minh An", "Lê Kiên | Báo Vùng Cao": names, and words that only
 * credits use. A line of nothing but names is not decided here: lines.c calls it LINE_NAME.
 */
#ifndef WORKER_EXTRACT_CREDITS_H
#define WORKER_EXTRACT_CREDITS_H

#include "worker/extract/extract.h"

/* folded is line_fold() of the span. */
bool credit_reads(const uint32_t *points, struct span span, const char *folded);

#endif
