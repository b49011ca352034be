// SPDX-License-Identifier: Apache-2.0
/*
 * completion - what a shell may offer for the word under the cursor, from the table of verbs.
 *
 * The scripts of the shells (client/completion/) ask `newsloom help --complete -- WORD…` and know
 * nothing themselves. words are those after "newsloom"; the last one is what is being typed, and
 * may be empty. Each line is a candidate, a tab, and what it means; a line ":files" says that names
 * of files fit as well. A candidate that ends with = wants no blank behind it.
 */
#ifndef CLIENT_COMMAND_COMPLETION_H
#define CLIENT_COMMAND_COMPLETION_H

#include <stddef.h>
#include <stdio.h>

void completion_print(const char *const *words, size_t count, FILE *out);

#endif
