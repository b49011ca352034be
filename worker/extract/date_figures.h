// SPDX-License-Identifier: Apache-2.0
/*
 * date_figures - the words and figures of one sentence, as the grammar of dates reads them.
 *
 * Asking about a token outside the sentence is allowed: there is nothing there.
 */
#ifndef WORKER_EXTRACT_DATE_FIGURES_H
#define WORKER_EXTRACT_DATE_FIGURES_H

#include "worker/extract/words.h"

enum { DATE_MOST_PARTS = 3 };

/* Where the grammar reads: tokens [at, end) of one sentence. */
struct reader {
    const struct document *document;
    uint32_t first;
    uint32_t end;
};

/* A run of numbers with one kind of separator: "20/2/2014", "28-11", "28.6". */
struct figures {
    int parts[DATE_MOST_PARTS];
    unsigned digits[DATE_MOST_PARTS];
    unsigned count;
    char separator; /* 0 when count is 1 */
    uint32_t next;
};

static inline const struct token *reader_token(const struct reader *reader, uint32_t at)
{
    static const struct token nothing = {.folded = ""};
    return at >= reader->first && at < reader->end ? &reader->document->tokens[at] : &nothing;
}

static inline bool reader_is_word(const struct reader *reader, uint32_t at, const char *folded)
{
    return token_is(reader_token(reader, at), folded);
}

/* It is one of these words; the last row of the table is "". */
static inline bool reader_is_one_of(const struct reader *reader, uint32_t at,
                                    const char words[][WORD_SIZE])
{
    return token_is_any(reader_token(reader, at), words);
}

static inline bool reader_is_number(const struct reader *reader, uint32_t at)
{
    return reader_token(reader, at)->shape & SHAPE_NUMBER;
}

/* One token without inner separators as a number of at most four digits; -1 when it is none. */
int reader_number(const struct reader *reader, uint32_t at, unsigned *ret_digits);
/* The same of at most two digits. */
int reader_small_number(const struct reader *reader, uint32_t at);

/* '/', '-' (any dash) or 0. */
char reader_separator(const struct reader *reader, uint32_t at);

/* The run of numbers that begins here. "10-11/2" is the 10th to the 11th of February: a hyphen
 * before a slash is no date's own, so only "10" is read. */
bool reader_figures(const struct reader *reader, uint32_t at, struct figures *ret_figures);

/* The year after a month: "/2014", "-2014", "năm 2014", ", năm 2014"; returns where it ends, at
 * when there is none. */
uint32_t reader_year_after(const struct reader *reader, uint32_t at, int *ret_year);

/* After the word "năm"; and without it, where it must look like one of our time. */
bool number_is_year(int value, unsigned digits);
bool number_is_bare_year(int value, unsigned digits);

#endif
