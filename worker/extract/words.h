// SPDX-License-Identifier: Apache-2.0
/*
 * words - telling folded syllables apart without reading them letter by letter.
 *
 * A token carries the first eight bytes of its folded form as one number, its key. The rules ask
 * for words that are written in their source; the compiler makes the key of such a word, so that
 * asking costs one comparison. Few syllables are longer; then the rest is compared as well.
 */
#ifndef WORKER_EXTRACT_WORDS_H
#define WORKER_EXTRACT_WORDS_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "worker/extract/extract.h"

enum { WORD_KEY_SIZE = 8, WORD_SIZE = 16 };

/* The key of a word that fills its row of a table up with zeros. */
static inline uint64_t word_row_key(const char row[WORD_KEY_SIZE])
{
    uint64_t key = 0;
    memcpy(&key, row, WORD_KEY_SIZE);
    return le64toh(key);
}

/* The key of a NUL-terminated word; of a literal, a constant. */
static inline uint64_t word_key(const char *word)
{
    size_t size = strlen(word);
    uint64_t key = 0;
#pragma GCC unroll 8
    for (unsigned i = 0; i < WORD_KEY_SIZE; i++)
        key |= i < size ? (uint64_t)(unsigned char)word[i] << (8 * i) : 0;
    return key;
}

/* The token's folded form equals this word. */
static inline bool token_is(const struct token *token, const char *word)
{
    return token->key == word_key(word) &&
           (strlen(word) < WORD_KEY_SIZE ||
            strcmp(token->folded + WORD_KEY_SIZE, word + WORD_KEY_SIZE) == 0);
}

/* It equals one of these words; the last row of the table is "". */
static inline bool token_is_any(const struct token *token, const char words[][WORD_SIZE])
{
    for (uint64_t key = 0; (key = word_row_key(words[0])) != 0; words++)
        if (token->key == key && strcmp(token->folded, words[0]) == 0)
            return true;
    return false;
}

/* Two tokens have the same folded form. */
static inline bool token_equals(const struct token *a, const struct token *b)
{
    return a->key == b->key && strcmp(a->folded, b->folded) == 0;
}

#endif
