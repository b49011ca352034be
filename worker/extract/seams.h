// SPDX-License-Identifier: Apache-2.0
/*
 * seams - the lines that a page was made of before its line breaks were lost.
 *
 * Sentences stay together as one paragraph; headlines, date lines, captions, credits and the heads
 * of lists become lines of their own (joints.h), so that the page is read as any other (lines.h).
 */
#ifndef WORKER_EXTRACT_SEAMS_H
#define WORKER_EXTRACT_SEAMS_H

#include "worker/extract/extract.h"

struct seams {
    struct span
        *lines; /* in the document's arena, in the order of the text, without space around */
    uint32_t count;
};

struct seams seams_split(const struct document *document, struct span joined);

#endif
