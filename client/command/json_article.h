// SPDX-License-Identifier: Apache-2.0
/*
 * json_article - one JSON line as an article.
 *
 * Fields: text or html (one of them), url, key, source, title, author, published, fetched,
 * language, labels {"name": "value"}, trace_id. Others are left alone: crawlers keep notes of their
 * own. The JSON of some other tools is read by their names (json_names.h).
 */
#ifndef CLIENT_COMMAND_JSON_ARTICLE_H
#define CLIENT_COMMAND_JSON_ARTICLE_H

#include <jansson.h>

#include "client/command/input.h"

/* Keeps the value that an item's texts point into. */
struct json_article {
    json_t *value;
};

/* OK fills item's article; AGAIN: the line is blank; INVALID says what is wrong. */
enum status json_article_read(struct json_article *json, const char *line, size_t length,
                              const struct input_defaults *defaults, struct input_item *item,
                              struct error *err) MUST_CHECK;
/* The same from an object, which is taken. */
enum status json_article_take(struct json_article *json, json_t *object,
                              const struct input_defaults *defaults, struct input_item *item,
                              struct error *err) MUST_CHECK;
void json_article_done(struct json_article *json);

#endif
