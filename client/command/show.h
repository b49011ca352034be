// SPDX-License-Identifier: Apache-2.0
/*
 * show - the three forms of one stored article: show.c reads the command line, the others print.
 */
#ifndef CLIENT_COMMAND_SHOW_H
#define CLIENT_COMMAND_SHOW_H

#include <stdio.h>

#include "client/command/marks.h"

/* For people at a terminal; no control character of the article gets through. */
void show_print_text(const struct database_article *article, FILE *out);
/* One page that needs nothing else and runs nothing; whatever the article says is text there. */
void show_print_html(const struct database_article *article, FILE *out);

/* "", "NAME" of the entity that a mention or role belongs to, after judgements; entity is an index
 * plus one. */
const char *show_entity_name(const struct database_article *article, uint32_t entity);

#endif
