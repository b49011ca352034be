// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/reading.h"

#include <string.h>

#include "tests/support/testing.h"
#include "worker/extract/decode.h"
#include "worker/extract/document.h"
#include "worker/extract/sections.h"
#include "worker/extract/sentences.h"
#include "worker/extract/tokens.h"

struct article_input plain_input(const char *text)
{
    struct article_input input = ARTICLE_INPUT_INIT;
    input.content = text;
    input.size = strlen(text);
    return input;
}

struct document read_text(struct arena *arena, const char *text)
{
    struct article_input input = plain_input(text);
    struct document document = {.arena = arena,
                                .input = arena_copy(arena, &input, sizeof(input)),
                                .title = "",
                                .author = "",
                                .published = "",
                                .language = "und"};
    struct decoded decoded = {0};
    struct error err = {0};
    assert_ok(decode_bytes(text, strlen(text), "", arena, &decoded, &err), err);
    document.text = text_view(arena, decoded.bytes, decoded.size);
    sections_find(&document);
    sentences_find(&document);
    tokens_find(&document);
    return document;
}

const char *section_letters(const struct document *document)
{
    static const char letters[] = "?TLMBCR";
    char *text = arena_take(document->arena, document->section_count + 1, 1);
    for (uint32_t i = 0; i < document->section_count; i++)
        text[i] = letters[document->sections[i].kind];
    return text;
}
