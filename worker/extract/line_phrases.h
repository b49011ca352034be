// SPDX-License-Identifier: Apache-2.0
/*
 * line_phrases - what the words say with which a line begins: forms, menus, counters, by-lines.
 */
#ifndef WORKER_EXTRACT_LINE_PHRASES_H
#define WORKER_EXTRACT_LINE_PHRASES_H

/* Bits of enum line_look. The line is folded as line_fold() does. */
unsigned line_phrase_looks(const char *folded, unsigned words);

#endif
