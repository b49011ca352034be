// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/language.h"

#include "worker/extract/foreign.h"

enum { ENOUGH_WORDS = 8 };

/* Marks that no other language writes weigh: foreign words are often legal syllables by chance. */
static bool has_marks(const char *folded)
{
    for (; *folded; folded++)
        if ((unsigned char)*folded >= 0x80)
            return true;
    return false;
}

void language_find(struct document *document)
{
    uint32_t words = 0;
    uint32_t legal = 0;
    uint32_t marked = 0;
    for (uint32_t i = 0; i < document->token_count; i++) {
        const struct token *token = &document->tokens[i];
        if (!(token->shape & SHAPE_WORD))
            continue;
        words++;
        if (!(token->shape & SHAPE_VIETNAMESE))
            continue;
        legal++;
        marked += has_marks(token->folded);
    }
    bool is_written_with_marks = marked * 4 >= words;
    bool is_written_without = legal * 100 >= words * 85;
    bool is_vietnamese = words > 0 && (is_written_with_marks || is_written_without);
    if (words < ENOUGH_WORDS)
        is_vietnamese = words > 0 && legal * 2 > words;
    document->language = is_vietnamese ? "vi" : foreign_language(document);
}
