// SPDX-License-Identifier: Apache-2.0
/*
 * line_phrases - what the words say with which a line begins: forms, menus, counters, by-lines.
 */
#ifndef WORKER_EXTRACT_LINE_PHRASES_H
#define WORKER_EXTRACT_LINE_PHRASES_H

#include <stdbool.h>

/* Bits of enum line_look. The line is folded as line_fold() does. */
unsigned line_phrase_looks(const char *folded, unsigned words);

/* The phrase that heads what follows an article at the beginning of the text: its words, 0: none.
 * Of several the longest. */
unsigned line_phrase_head_words(const char *folded);

/* Does the text begin by counting views or readers? */
bool line_phrase_counts(const char *folded);

#endif
