// SPDX-License-Identifier: Apache-2.0
/*
 * print - tables, times and sizes for people, JSON for programs.
 *
 * Widths are those of a terminal: combining marks take no column, wide characters two. What comes
 * from outside has its control characters replaced, so that no article can move the cursor.
 */
#ifndef CLIENT_COMMAND_PRINT_H
#define CLIENT_COMMAND_PRINT_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Columns that text takes; invalid bytes count as one. */
size_t text_width(const char *text);
/* A copy that fits into columns, with "…" when it was cut, and no control characters. */
char *text_in_columns(const char *text, size_t columns);

#define TABLE_COLUMNS_MAX 12

struct table {
    const char *const *heads; /* borrowed */
    size_t columns;
    size_t row_count;
    char **cells; /* row by row */
    bool right[TABLE_COLUMNS_MAX];
};

/* right: letters l and r, one a column. */
void table_init(struct table *table, const char *const *heads, const char *right);
/* The next cell; PRINTF-like. Rows fill up one after the other. */
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table, FILE *out);
void table_done(struct table *table);

#define SHORT_TEXT_SIZE 32
const char *duration_short(uint64_t ms, char buffer[SHORT_TEXT_SIZE]); /* "850ms", "3m20s" */
const char *size_short(uint64_t bytes, char buffer[SHORT_TEXT_SIZE]);  /* "1.2 GiB" */

/* Every field by the contract's name: enums by name, digests and log ids in hex, entity ids as
 * UUIDs, fixed64 in hex. The caller owns the result. */
json_t *json_of_message(const ProtobufCMessage *message);
/* One line; takes the value. */
void json_print_line(json_t **value_p, FILE *out);

#endif
