// SPDX-License-Identifier: Apache-2.0
/*
 * csv - rows of PostgreSQL as RFC 4180 has them: fields parted by commas, lines ended by CR LF.
 *
 * A field stands in double quotes when it holds a comma, a quote or a line break, quotes doubled.
 * SQL's null is an empty field; an empty text is "" in quotes, so the two stay apart.
 */
#ifndef CLIENT_COMMAND_CSV_H
#define CLIENT_COMMAND_CSV_H

#include <libpq-fe.h>
#include <stdio.h>

void csv_print_names(const PGresult *result, FILE *out);
void csv_print_row(const PGresult *result, int row, FILE *out);

#endif
