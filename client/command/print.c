// SPDX-License-Identifier: Apache-2.0
#include "client/command/print.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "common/status.h"

#define CHARACTER_MAX 8 /* bytes of one character, and more */

/* ---- widths -------------------------------------------------------------------------------- */

/* One character of text: its bytes, and its columns. An invalid byte is one character wide. */
static size_t next_character(const char *text, mbstate_t *state, int *ret_width)
{
    wchar_t wide = 0;
    /* A state of our own: nothing is shared. */
    size_t size =
        mbrtowc(&wide, text, strnlen(text, CHARACTER_MAX), state); // NOLINT(concurrency-mt-unsafe)
    if (size == 0 || size == (size_t)-1 || size == (size_t)-2) {
        *state = (mbstate_t){0};
        *ret_width = 1;
        return 1;
    }
    *ret_width = wcwidth(wide);
    return size;
}

size_t text_width(const char *text)
{
    mbstate_t state = {0};
    size_t columns = 0;
    while (*text) {
        int width = 0;
        text += next_character(text, &state, &width);
        columns += width > 0 ? (size_t)width : 0;
    }
    return columns;
}

char *text_in_columns(const char *text, size_t columns)
{
    mbstate_t state = {0};
    char *fitted = memory_new(3 * strlen(text) + sizeof("…"));
    size_t used = 0;
    size_t room = columns;
    bool cut = text_width(text) > columns;
    if (cut && room)
        room--; /* for the dots */
    while (*text) {
        int width = 0;
        size_t size = next_character(text, &state, &width);
        if (width > 0 && (size_t)width > room)
            break;
        room -= width > 0 ? (size_t)width : 0;
        if (width < 0) /* a control character */
            fitted[used++] = ' ';
        else
            memcpy(fitted + used, text, size);
        used += width < 0 ? 0 : size;
        text += size;
    }
    if (cut)
        memcpy(fitted + used, "…", sizeof("…"));
    return fitted;
}

/* ---- tables -------------------------------------------------------------------------------- */

void table_init(struct table *table, const char *const *heads, const char *right)
{
    *table = (struct table){.heads = heads, .columns = strlen(right)};
    ENSURE(table->columns > 0 && table->columns <= TABLE_COLUMNS_MAX);
    for (size_t i = 0; i < table->columns; i++)
        table->right[i] = right[i] == 'r';
}

void table_cell(struct table *table, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    ENSURE(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    table->cells = memory_resize(table->cells, table->row_count + 1, sizeof(*table->cells));
    table->cells[table->row_count++] = text_in_columns(text, 10000);
    free(text);
}

static void print_cell(const char *text, size_t width, bool right, bool last, FILE *out)
{
    size_t used = text_width(text);
    int pad = used < width ? (int)(width - used) : 0;
    if (right)
        (void)fprintf(out, "%*s%s", pad, "", text);
    else
        (void)fprintf(out, "%s%*s", text, last ? 0 : pad, "");
    (void)fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *table, FILE *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    ENSURE(table->columns > 0);
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = text_width(table->heads[i]);
    for (size_t i = 0; i < table->row_count; i++) {
        size_t width = text_width(table->cells[i]);
        if (width > widths[i % table->columns])
            widths[i % table->columns] = width;
    }
    for (size_t i = 0; i < table->columns; i++)
        print_cell(table->heads[i], widths[i], table->right[i], i + 1 == table->columns, out);
    for (size_t i = 0; i < table->row_count; i++) {
        size_t column = i % table->columns;
        print_cell(table->cells[i], widths[column], table->right[column],
                   column + 1 == table->columns, out);
    }
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->row_count; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}

/* ---- figures ------------------------------------------------------------------------------- */

const char *duration_short(uint64_t ms, char buffer[SHORT_TEXT_SIZE])
{
    uint64_t seconds = ms / 1000;
    if (ms < 1000)
        (void)snprintf(buffer, SHORT_TEXT_SIZE, "%" PRIu64 "ms", ms);
    else if (seconds < 60)
        (void)snprintf(buffer, SHORT_TEXT_SIZE, "%" PRIu64 "s", seconds);
    else if (seconds < 3600)
        (void)snprintf(buffer, SHORT_TEXT_SIZE, "%" PRIu64 "m%02" PRIu64 "s", seconds / 60,
                       seconds % 60);
    else if (seconds < 2 * 86400)
        (void)snprintf(buffer, SHORT_TEXT_SIZE, "%" PRIu64 "h%02" PRIu64 "m", seconds / 3600,
                       seconds / 60 % 60);
    else
        (void)snprintf(buffer, SHORT_TEXT_SIZE, "%" PRIu64 "d", seconds / 86400);
    return buffer;
}

const char *size_short(uint64_t bytes, char buffer[SHORT_TEXT_SIZE])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < COUNT_OF(units); unit++)
        value /= 1024;
    (void)snprintf(buffer, SHORT_TEXT_SIZE, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return buffer;
}
