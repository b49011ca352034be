// SPDX-License-Identifier: Apache-2.0
/*
 * json_line - one line of JSON as an article: the rules that feeding and extracting share.
 *
 * Every text is UTF-8 without U+0000; the content is "text" or "html", one of them and only one,
 * and may hold U+0000. What is handed out is borrowed from the object.
 */
#ifndef COMMON_JSON_LINE_H
#define COMMON_JSON_LINE_H

#include <jansson.h>

#include "common/status.h"

/* A text that stands in the object; left alone when the field is absent or null. */
enum status json_line_text(const json_t *object, const char *field, const char **text,
                           struct error *err) MUST_CHECK;

struct json_content {
    const char *bytes;
    size_t size;
    const char *content_type; /* "text/plain" or "text/html" */
};
enum status json_line_content(const json_t *object, struct json_content *ret_content,
                              struct error *err) MUST_CHECK;

#endif
