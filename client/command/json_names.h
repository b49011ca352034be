// SPDX-License-Identifier: Apache-2.0
/*
 * json_names - the JSON of other tools, by our names.
 *
 * Told by fields that only they have: trafilatura (source-hostname), news-please (maintext and
 * date_publish), fundus (publishing_date), schema.org (@type …Article). An object of none of these
 * is left as it is.
 */
#ifndef CLIENT_COMMAND_JSON_NAMES_H
#define CLIENT_COMMAND_JSON_NAMES_H

#include <jansson.h>
#include <stdbool.h>

/* Adds our fields to the object where it has them under other names. has_source: the caller names
 * the source, and the object's own is not asked. */
void json_names_translate(json_t *object, bool has_source);

#endif
