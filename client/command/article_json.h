// SPDX-License-Identifier: Apache-2.0
/*
 * article_json - a stored article as one JSON object: the row, its text, and the extraction.
 */
#ifndef CLIENT_COMMAND_ARTICLE_JSON_H
#define CLIENT_COMMAND_ARTICLE_JSON_H

#include <jansson.h>

#include "client/command/database_article.h"

/* The caller owns it. */
json_t *article_json(const struct database_article *article);

#endif
