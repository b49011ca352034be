// SPDX-License-Identifier: Apache-2.0
/*
 * language - is this Vietnamese, and is there anything to read?
 */
#ifndef WORKER_EXTRACT_LANGUAGE_H
#define WORKER_EXTRACT_LANGUAGE_H

#include "worker/extract/extract.h"

/* Sets document.language ("vi" or "und") from the share of Vietnamese syllables; needs tokens. */
void language_find(struct document *document);

#endif
