// SPDX-License-Identifier: Apache-2.0
#include "common/arena.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/status.h"

enum {
    FIRST_BLOCK = 64 * 1024,
    FORMATTED_AT_ONCE = 256, /* bytes; longer texts are formatted twice */
    ALIGNMENT = _Alignof(max_align_t),
    KEPT_BLOCK = 4 * 1024 * 1024, /* larger ones go back to the system at once */
    KEPT_MEMORY = 8 * 1024 * 1024,
};

struct block {
    struct block *next;
    size_t size;
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

struct arena {
    struct block *current; /* the newest; older ones follow by next */
    size_t budget;
    size_t used;
    bool spent;
};

static struct block *block_new(size_t size, struct block *next)
{
    struct block *block = memory_new(sizeof(*block) + size);
    block->next = next;
    block->size = size;
    return block;
}

struct arena *arena_new(size_t budget_bytes)
{
    struct arena *arena = memory_new(sizeof(*arena));
    arena->budget = budget_bytes;
    arena->current = block_new(FIRST_BLOCK, NULL);
    return arena;
}

void arena_free(struct arena **arena_p)
{
    struct arena *arena = *arena_p;
    if (!arena)
        return;
    for (struct block *block = arena->current; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
    *arena_p = NULL;
}

void arena_reset(struct arena *arena)
{
    while (arena->current->next) {
        struct block *older = arena->current->next;
        free(arena->current);
        arena->current = older;
    }
    memset(arena->current->bytes, 0, arena->current->used);
    arena->current->used = 0;
    arena->used = 0;
    arena->spent = false;
}

void arena_keep_memory(void)
{
    // NOLINTBEGIN(concurrency-mt-unsafe): before any thread is started
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
    // NOLINTEND(concurrency-mt-unsafe)
}

void *arena_try(struct arena *arena, size_t size)
{
    if (arena->spent)
        return NULL;
    if (arena->budget && (size > arena->budget || arena->used > arena->budget - size)) {
        arena->spent = true;
        return NULL;
    }
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct block *block = arena->current;
    if (rounded > block->size - block->used) {
        size_t wanted = arena->used / 4 > FIRST_BLOCK ? arena->used / 4 : FIRST_BLOCK;
        wanted = wanted > rounded ? wanted : rounded;
        block = arena->current = block_new(wanted, block);
    }
    void *memory = block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return memory;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    ENSURE(!__builtin_mul_overflow(count, size, &bytes));
    void *memory = arena_try(arena, bytes);
    ENSURE(memory);
    return memory;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_take(arena, 1, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, 1, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    char buffer[FORMATTED_AT_ONCE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof(buffer), format, arguments);
    va_end(arguments);
    ENSURE(length >= 0);
    if ((size_t)length < sizeof(buffer))
        return arena_text(arena, buffer, (size_t)length);
    char *text = arena_take(arena, 1, (size_t)length + 1);
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

bool arena_is_spent(const struct arena *arena)
{
    return arena->spent;
}
