// SPDX-License-Identifier: Apache-2.0
/*
 * language - is this Vietnamese, and is there anything to read?
 */
#ifndef WORKER_EXTRACT_LANGUAGE_H
#define WORKER_EXTRACT_LANGUAGE_H

#include "worker/extract/extract.h"

/* Sets document.language: "vi" by the share of Vietnamese syllables, else what foreign.h guesses;
 * needs tokens. */
void language_find(struct document *document);

#endif
