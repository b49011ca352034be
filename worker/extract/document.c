// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/document.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16, POINTS_A_TOKEN = 4 };

/* Lists double at every power of two, so the count alone tells when a list is full. The first
 * capacity is such a power. */
static bool is_full(uint32_t count, uint32_t first)
{
    return count == 0 || (count >= first && (count & (count - 1)) == 0);
}

static void *list_wider(struct arena *arena, const void *list, uint32_t count, size_t element_size,
                        uint32_t first)
{
    size_t capacity = count ? (size_t)count * 2 : first;
    void *wider = arena_room(arena, capacity, element_size);
    if (count)
        memcpy(wider, list, count * element_size);
    return wider;
}

/* The list, with room for one more, which is zeroed. */
static void *list_grow(struct arena *arena, void *list, uint32_t count, size_t element_size,
                       uint32_t first)
{
    if (is_full(count, first))
        list = list_wider(arena, list, count, element_size, first);
    memset((char *)list + count * element_size, 0, element_size);
    return list;
}

struct section *document_add_section(struct document *document)
{
    document->sections = list_grow(document->arena, document->sections, document->section_count,
                                   sizeof(*document->sections), FIRST_CAPACITY);
    return &document->sections[document->section_count++];
}

struct sentence *document_add_sentence(struct document *document)
{
    document->sentences = list_grow(document->arena, document->sentences, document->sentence_count,
                                    sizeof(*document->sentences), FIRST_CAPACITY);
    return &document->sentences[document->sentence_count++];
}

/* As many tokens as most texts of this length have. */
static uint32_t first_tokens(uint32_t length)
{
    return 1U << (32 - __builtin_clz(length / POINTS_A_TOKEN | FIRST_CAPACITY / 2));
}

struct token *document_add_token(struct document *document)
{
    uint32_t first = first_tokens(document->text.length);
    if (is_full(document->token_count, first))
        document->tokens = list_wider(document->arena, document->tokens, document->token_count,
                                      sizeof(*document->tokens), first);
    return &document->tokens[document->token_count++];
}

struct mention *document_add_mention(struct document *document)
{
    document->mentions = list_grow(document->arena, document->mentions, document->mention_count,
                                   sizeof(*document->mentions), FIRST_CAPACITY);
    return &document->mentions[document->mention_count++];
}

static int mention_compare(const void *left, const void *right)
{
    const struct mention *a = left;
    const struct mention *b = right;
    if (a->span.start != b->span.start)
        return a->span.start < b->span.start ? -1 : 1;
    if (a->span.end != b->span.end)
        return a->span.end > b->span.end ? -1 : 1;
    return (a->type > b->type) - (a->type < b->type);
}

void document_sort_mentions(struct document *document)
{
    if (document->mention_count > 1)
        qsort(document->mentions, document->mention_count, sizeof(*document->mentions),
              mention_compare);
}

const char *document_text(const struct document *document, struct span span)
{
    uint32_t first = document->text.byte_at[span.start];
    uint32_t last = document->text.byte_at[span.end];
    return arena_text(document->arena, document->text.bytes + first, last - first);
}

struct text text_view(struct arena *arena, const char *bytes, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += ((unsigned char)bytes[i] & 0xc0) != 0x80;
    uint32_t *points = arena_room(arena, length + 1, sizeof(*points));
    uint32_t *byte_at = arena_room(arena, length + 1, sizeof(*byte_at));
    const char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        byte_at[i] = (uint32_t)(at - bytes);
        points[i] = point_read(&at);
    }
    points[length] = 0;
    byte_at[length] = (uint32_t)size;
    return (struct text){.bytes = bytes,
                         .size = size,
                         .points = points,
                         .byte_at = byte_at,
                         .length = (uint32_t)length};
}
