// SPDX-License-Identifier: Apache-2.0
/*
 * utf8 - is this text what it claims to be?
 */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Valid UTF-8 (no surrogates, no overlong forms) without U+0000. */
bool utf8_is_clean(const char *bytes, size_t size);

/* Code points of clean text. */
size_t utf8_count(const char *bytes, size_t size);

#endif
