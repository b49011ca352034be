// SPDX-License-Identifier: Apache-2.0
/*
 * arena - memory that is freed all at once, with a budget.
 *
 * Everything of one article lives in one arena. Memory is zeroed (but for arena_room()) and aligned
 * for any type. Going over the budget marks the arena spent and returns NULL once and for ever
 * after, so that bytes from outside cannot bloat a process; arena_take() is for sizes that our own
 * code bounds and aborts instead. Not thread-safe: an arena belongs to one thread at a time.
 */
#ifndef COMMON_ARENA_H
#define COMMON_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "common/compiler.h"

struct arena;

struct arena *arena_new(size_t budget_bytes); /* 0: no budget */
void arena_free(struct arena **arena_p);

/* Once in a program that takes an arena for each of many articles: memory that one gives back stays
 * for the next, instead of going to the system and coming back page by page. */
void arena_keep_memory(void);

void arena_reset(struct arena *arena); /* forget everything, keep the first block */

void *arena_try(struct arena *arena, size_t size) MUST_CHECK; /* NULL: over budget */
void *arena_take(struct arena *arena, size_t count, size_t size);
void *arena_room(struct arena *arena, size_t count,
                 size_t size); /* not zeroed: it holds anything */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);
char *arena_text(struct arena *arena, const char *text, size_t length); /* NUL-terminated copy */
char *arena_format(struct arena *arena, const char *format, ...) PRINTF(2, 3);

size_t arena_used(const struct arena *arena);
bool arena_is_spent(const struct arena *arena);

#endif
