// SPDX-License-Identifier: Apache-2.0
/*
 * regions - which run of a page's lines holds the article's prose.
 *
 * Prose speaks for a run, menus, forms, dates and repeated lines against it; the run with the
 * largest sum is the article. What stands below the head of a list of other articles counts little
 * once an article was seen, and a box of teasers in the middle of one is stepped over.
 */
#ifndef WORKER_EXTRACT_REGIONS_H
#define WORKER_EXTRACT_REGIONS_H

#include "worker/extract/lines.h"
#include "worker/extract/section_reasons.h"

/* The lines [first, end). */
struct region {
    uint32_t first;
    uint32_t end;
};

/* first == end when no line speaks for anything. What each line weighed goes into its
 * reason. */
struct region region_find(const struct lines *lines, struct section_reason *reasons);

#endif
