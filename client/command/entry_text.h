// SPDX-License-Identifier: Apache-2.0
/*
 * entry_text - one entry of the event log as a line.
 */
#ifndef CLIENT_COMMAND_ENTRY_TEXT_H
#define CLIENT_COMMAND_ENTRY_TEXT_H

#include <jansson.h>
#include <stdio.h>

#include "client/newsloom.h"

/* "42 2026-03-01T12:00:00.123Z STORED vov.vn an-ninh/bai-1  «Title»  3 PERSON, 1 LAW; SIGN(…)" */
void entry_print_text(const struct newsloom_entry *entry, FILE *out);
/* One object; "extraction" is null for entries without one. The caller owns it. */
json_t *entry_json(const struct newsloom_entry *entry);
/* The same as a line. */
void entry_print_json(const struct newsloom_entry *entry, FILE *out);

#endif
