// SPDX-License-Identifier: Apache-2.0
#include "client/command/csv.h"

#include <string.h>

static void print_field(const char *text, FILE *out)
{
    if (*text && !strpbrk(text, ",\"\r\n")) {
        (void)fputs(text, out);
        return;
    }
    (void)fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            (void)fputc('"', out);
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void csv_print_names(const PGresult *result, FILE *out)
{
    for (int column = 0; column < PQnfields(result); column++) {
        (void)fputs(column ? "," : "", out);
        print_field(PQfname(result, column), out);
    }
    (void)fputs("\r\n", out);
}

void csv_print_row(const PGresult *result, int row, FILE *out)
{
    for (int column = 0; column < PQnfields(result); column++) {
        (void)fputs(column ? "," : "", out);
        if (!PQgetisnull(result, row, column))
            print_field(PQgetvalue(result, row, column), out);
    }
    (void)fputs("\r\n", out);
}
