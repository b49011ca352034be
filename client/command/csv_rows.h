// SPDX-License-Identifier: Apache-2.0
/*
 * csv_rows - rows of a CSV file as RFC 4180 has them, and as spreadsheets write them.
 *
 * Lines end with LF or CR LF, a byte order mark is passed by, and the header line tells whether
 * commas, semicolons or tabs part the fields. A row holds as many fields as the header.
 *
 * Ownership: owns the descriptor; a row lives until the next call.
 */
#ifndef CLIENT_COMMAND_CSV_ROWS_H
#define CLIENT_COMMAND_CSV_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/status.h"

#define CSV_FIELDS_MAX 256

struct csv_row {
    uint64_t line; /* that it begins on, from one */
    size_t count;
    char *fields[CSV_FIELDS_MAX]; /* NUL-terminated */
    size_t lengths[CSV_FIELDS_MAX];
};

struct csv_rows;

struct csv_rows *csv_rows_open(int fd, size_t limit); /* of one row, in bytes */
void csv_rows_close(struct csv_rows **rows_p);        /* NULL-safe */
bool csv_rows_are_ready(const struct csv_rows *rows, int64_t timeout_ms);
/* The next row, the header first. INVALID: this row is none, it was passed by. NOT_FOUND: the end.
 */
enum status csv_rows_next(struct csv_rows *rows, struct csv_row *ret_row,
                          struct error *err) MUST_CHECK;
uint64_t csv_rows_offset(const struct csv_rows *rows);

#endif
