// SPDX-License-Identifier: Apache-2.0
/*
 * markup - text from outside as text within XML and HTML, and never as markup.
 */
#ifndef CLIENT_COMMAND_MARKUP_H
#define CLIENT_COMMAND_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* For an element's text and for a value in double or single quotes: & < > " ' as references. What
 * XML 1.0 has no character for becomes U+FFFD, as do C1 controls; bytes that are no UTF-8 must not
 * come here. */
void markup_print(const char *text, size_t size, FILE *out);
void markup_puts(const char *text, FILE *out);

#endif
