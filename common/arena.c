// SPDX-License-Identifier: Apache-2.0
#include "common/arena.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/status.h"

/* Under AddressSanitizer what was not given out cannot be touched, nor the zone behind each piece.
 */
#if defined(__SANITIZE_ADDRESS__)
#define IS_POISONED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_POISONED 1
#endif
#endif
#ifdef IS_POISONED
#include <sanitizer/asan_interface.h>
#define RED_ZONE 16
#else
#define RED_ZONE                              0
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

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
    struct block *block = memory_resize(NULL, 1, sizeof(*block) + size);
    block->used = 0;
    block->next = next;
    block->size = size;
    ASAN_POISON_MEMORY_REGION(block->bytes, size);
    return block;
}

static void block_free(struct block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
    free(block);
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
        block_free(block);
        block = next;
    }
    free(arena);
    *arena_p = NULL;
}

void arena_reset(struct arena *arena)
{
    while (arena->current->next) {
        struct block *older = arena->current->next;
        block_free(arena->current);
        arena->current = older;
    }
    struct block *first = arena->current;
    ASAN_POISON_MEMORY_REGION(first->bytes, first->size);
    first->used = 0;
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

/* Memory that holds anything, or NULL. */
static void *give(struct arena *arena, size_t size)
{
    if (arena->spent)
        return NULL;
    if (arena->budget && (size > arena->budget || arena->used > arena->budget - size)) {
        arena->spent = true;
        return NULL;
    }
    ENSURE(size <= PTRDIFF_MAX - sizeof(struct block) - 2 * ALIGNMENT);
    size_t rounded = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct block *block = arena->current;
    if (rounded + RED_ZONE > block->size - block->used) {
        size_t wanted = arena->used / 4 > FIRST_BLOCK ? arena->used / 4 : FIRST_BLOCK;
        wanted = wanted > rounded + RED_ZONE ? wanted : rounded + RED_ZONE;
        block = arena->current = block_new(wanted, block);
    }
    void *memory = block->bytes + block->used;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    block->used += rounded + RED_ZONE;
    arena->used += rounded;
    return memory;
}

void *arena_try(struct arena *arena, size_t size)
{
    void *memory = give(arena, size);
    if (memory)
        memset(memory, 0, size);
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

void *arena_room(struct arena *arena, size_t count, size_t size)
{
    size_t bytes = 0;
    ENSURE(!__builtin_mul_overflow(count, size, &bytes));
    void *memory = give(arena, bytes);
    ENSURE(memory);
#ifdef IS_POISONED
    memset(memory, 0xa5, bytes); /* who reads what was never written is to notice */
#endif
    return memory;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_room(arena, 1, size);
    if (size)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_room(arena, 1, length + 1);
    if (length)
        memcpy(copy, text, length);
    copy[length] = 0;
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
