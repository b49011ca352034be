// SPDX-License-Identifier: Apache-2.0
/*
 * reading - a document made from a plain text, as far as a test needs it.
 */
#ifndef TESTS_UNIT_READING_H
#define TESTS_UNIT_READING_H

#include "worker/extract/extract.h"

/* Decoded, with sections, sentences and tokens; everything lives in the arena. */
struct document read_text(struct arena *arena, const char *text);

/* An input with every text empty but the content. */
struct article_input plain_input(const char *text);

/* "T", "L", "M", "B", "C" or "R" for each section, in one text. */
const char *section_letters(const struct document *document);

#endif
