// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/document.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 16, POINTS_A_TOKEN = 4 };

/* Lists double at every power of two, so the count alone tells when a list is full. The first
 * capacity is such a power. */
static void *list_grow(struct arena *arena, void *list, uint32_t count, size_t element_size,
                       uint32_t first)
{
    bool is_full = count == 0 || (count >= first && (count & (count - 1)) == 0);
    if (!is_full)
        return list;
    size_t capacity = count ? (size_t)count * 2 : first;
    void *grown = arena_take(arena, capacity, element_size);
    if (count)
        memcpy(grown, list, count * element_size);
    return grown;
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
    if ((document->token_count & (document->token_count - 1)) == 0)
        document->tokens =
            list_grow(document->arena, document->tokens, document->token_count,
                      sizeof(*document->tokens), first_tokens(document->text.length));
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
    uint32_t *points = arena_take(arena, length + 1, sizeof(*points));
    uint32_t *byte_at = arena_take(arena, length + 1, sizeof(*byte_at));
    const char *at = bytes;
    for (size_t i = 0; i < length; i++) {
        byte_at[i] = (uint32_t)(at - bytes);
        points[i] = point_read(&at);
    }
    byte_at[length] = (uint32_t)size;
    return (struct text){.bytes = bytes,
                         .size = size,
                         .points = points,
                         .byte_at = byte_at,
                         .length = (uint32_t)length};
}
