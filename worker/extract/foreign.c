// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/foreign.h"

#include <string.h>

enum {
    SCRIPT_PERCENT = 30, /* of all code points: the rest may be figures, names, markup */
    WORDS_PERCENT = 12,  /* of all words */
    MOST_WORDS = 2000,   /* looked at */
    WORD_SIZE = 12,
};

/* Kana before Han: Japanese writes both. Ranges are those of the Unicode blocks. */
static const struct script {
    const char *language;
    uint32_t first;
    uint32_t last;
    unsigned percent;
} scripts[] = {
    {"ja", 0x3040, 0x30ff, 10},
    {"ko", 0xac00, 0xd7a3, SCRIPT_PERCENT},
    {"zh", 0x4e00, 0x9fff, SCRIPT_PERCENT},
    {"th", 0x0e00, 0x0e7f, SCRIPT_PERCENT},
    {"lo", 0x0e80, 0x0eff, SCRIPT_PERCENT},
    {"my", 0x1000, 0x109f, SCRIPT_PERCENT},
    {"km", 0x1780, 0x17ff, SCRIPT_PERCENT},
    {"ru", 0x0400, 0x04ff, SCRIPT_PERCENT},
    {"el", 0x0370, 0x03ff, SCRIPT_PERCENT},
    {"he", 0x0590, 0x05ff, SCRIPT_PERCENT},
    {"ar", 0x0600, 0x06ff, SCRIPT_PERCENT},
    {"hi", 0x0900, 0x097f, SCRIPT_PERCENT},
};

enum { WORDS = 12 };

/* Articles, pronouns and prepositions that the neighbours in this table do not share. */
static const struct {
    const char *language;
    const char words[WORDS][WORD_SIZE];
} latin[] = {
    {"en", {"the", "of", "and", "to", "was", "that", "for", "with", "is", "on", "by", "from"}},
    {"fr", {"le", "les", "des", "et", "une", "dans", "est", "du", "pour", "qui", "sur", "au"}},
    {"de", {"der", "die", "und", "den", "das", "von", "mit", "ist", "nicht", "dem", "ein", "auf"}},
    {"es", {"el", "los", "las", "y", "en", "una", "por", "con", "para", "del", "que", "se"}},
    {"pt", {"o", "os", "e", "não", "uma", "em", "para", "com", "do", "da", "dos", "que"}},
    {"it", {"il", "di", "che", "è", "gli", "una", "per", "della", "sono", "con", "nel", "del"}},
    {"id",
     {"yang", "dan", "di", "untuk", "dengan", "ini", "itu", "dari", "pada", "akan", "ke", "tidak"}},
    {"nl", {"het", "een", "van", "en", "niet", "dat", "zijn", "voor", "met", "op", "aan", "ook"}},
    {"pl", {"nie", "się", "na", "jest", "że", "do", "z", "w", "oraz", "przez", "po", "dla"}},
    {"tl", {"ang", "ng", "sa", "mga", "na", "ay", "at", "si", "ni", "kay", "hindi", "para"}},
};

static const char *by_script(const struct text *text)
{
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        uint64_t count = 0;
        for (uint32_t k = 0; k < text->length; k++)
            count += text->points[k] >= scripts[i].first && text->points[k] <= scripts[i].last;
        if (count * 100 > (uint64_t)text->length * scripts[i].percent)
            return scripts[i].language;
    }
    return NULL;
}

static bool uses(size_t language, const char *folded)
{
    for (size_t i = 0; i < WORDS; i++)
        if (strcmp(latin[language].words[i], folded) == 0)
            return true;
    return false;
}

static const char *by_words(const struct document *document)
{
    uint32_t hits[COUNT_OF(latin)] = {0};
    uint32_t words = 0;
    size_t best = 0;
    for (uint32_t i = 0; i < document->token_count && words < MOST_WORDS; i++) {
        const struct token *token = &document->tokens[i];
        if (!(token->shape & SHAPE_WORD))
            continue;
        words++;
        for (size_t k = 0; k < COUNT_OF(latin); k++)
            hits[k] += uses(k, token->folded);
    }
    for (size_t k = 1; k < COUNT_OF(latin); k++)
        if (hits[k] > hits[best])
            best = k;
    return hits[best] * 100 > words * WORDS_PERCENT ? latin[best].language : NULL;
}

const char *foreign_language(const struct document *document)
{
    const char *language = by_script(&document->text);
    if (!language)
        language = by_words(document);
    return language ? language : "und";
}
