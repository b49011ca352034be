// SPDX-License-Identifier: Apache-2.0
/*
 * tokens - syllables, numbers and punctuation of every sentence.
 *
 * A syllable is a run of letters with their combining marks; one that begins with a capital takes
 * the digits that follow it along ("C46", "QH15"). A number is digits, with '.' or ',' between
 * digits ("200.000", "26,5"). Everything else is one token a code point. folded is what to compare:
 * NFC, lower case, one tone placement.
 */
#ifndef WORKER_EXTRACT_TOKENS_H
#define WORKER_EXTRACT_TOKENS_H

#include "worker/extract/extract.h"

void tokens_find(struct document *document);

/* The folded form of one syllable given as UTF-8, in the arena: for tables that must compare equal
 * to tokens. */
const char *syllable_fold(struct arena *arena, const char *syllable);

/* Could this folded syllable be Vietnamese? With or without diacritics. */
bool syllable_is_vietnamese(const char *folded);

#endif
