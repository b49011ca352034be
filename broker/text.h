// SPDX-License-Identifier: Apache-2.0
/*
 * text - words of peers, cut to what the contract allows without cutting a character in two.
 */
#ifndef BROKER_TEXT_H
#define BROKER_TEXT_H

#include <stddef.h>

#include "common/arena.h"

/* Bytes of the longest beginning of clean UTF-8 that is at most `limit` long. */
size_t text_fit(const char *text, size_t limit);
/* Copies that much of it into a buffer of `size`, NUL-terminated. */
void text_take(char *buffer, size_t size, const char *text);
char *text_in_arena(struct arena *arena, const char *text, size_t limit);

#endif
