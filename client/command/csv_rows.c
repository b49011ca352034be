// SPDX-License-Identifier: Apache-2.0
#include "client/command/csv_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/command/stream.h"

#define READ_SIZE (64 * 1024)

enum place { FIELD_START, IN_FIELD, IN_QUOTES, AFTER_QUOTE };

struct csv_rows {
    struct stream *stream;
    size_t limit;
    char separator; /* 0: not known yet */
    uint64_t line;  /* that the next byte stands on */
    size_t start;   /* of what was not read */
    size_t used;
    bool ended;
    struct error failure; /* why it ended early */
    char buffer[READ_SIZE];
    char *text; /* of the row: its fields, each ended by NUL */
    size_t length;
    size_t capacity;
    size_t starts[CSV_FIELDS_MAX + 1]; /* and where a next one would begin */
    size_t count;                      /* fields of the row so far */
    enum place place;
    const char *fault; /* of this row */
};

struct csv_rows *csv_rows_open(int fd, size_t limit)
{
    struct csv_rows *rows = memory_new(sizeof(*rows));
    rows->stream = stream_open(fd);
    rows->limit = limit;
    rows->line = 1;
    return rows;
}

void csv_rows_close(struct csv_rows **rows_p)
{
    struct csv_rows *rows = *rows_p;
    if (!rows)
        return;
    stream_close(&rows->stream);
    free(rows->text);
    free(rows);
    *rows_p = NULL;
}

bool csv_rows_are_ready(const struct csv_rows *rows, int64_t timeout_ms)
{
    return rows->start < rows->used || rows->ended || stream_is_ready(rows->stream, timeout_ms);
}

static bool fill(struct csv_rows *rows)
{
    if (rows->start == rows->used && !rows->ended) {
        rows->start = rows->used = 0;
        enum status status =
            stream_read(rows->stream, rows->buffer, READ_SIZE, &rows->used, &rows->failure);
        rows->ended = status != STATUS_OK;
        if (status == STATUS_NOT_FOUND)
            rows->failure.status = STATUS_OK;
    }
    return rows->start < rows->used;
}

/* What the first line has most of, outside of quotes. */
static void choose_separator(struct csv_rows *rows)
{
    static const char separators[] = {',', ';', '\t'};
    size_t counts[sizeof(separators)] = {0};
    bool quoted = false;
    if (rows->used >= 3 && memcmp(rows->buffer, "\xef\xbb\xbf", 3) == 0)
        rows->start = 3;
    for (size_t i = rows->start; i < rows->used && (quoted || rows->buffer[i] != '\n'); i++) {
        quoted = quoted != (rows->buffer[i] == '"');
        for (size_t at = 0; !quoted && at < sizeof(separators); at++)
            counts[at] += rows->buffer[i] == separators[at];
    }
    size_t best = 0;
    for (size_t at = 1; at < sizeof(separators); at++)
        best = counts[at] > counts[best] ? at : best;
    rows->separator = separators[best];
}

static void add(struct csv_rows *rows, char letter)
{
    if (rows->length == rows->limit) {
        rows->fault = "the row is longer than an article may be";
        return;
    }
    if (rows->length == rows->capacity) {
        rows->capacity = 2 * rows->capacity + 4096;
        rows->text = memory_resize(rows->text, rows->capacity, 1);
    }
    rows->text[rows->length++] = letter;
}

static void end_field(struct csv_rows *rows)
{
    add(rows, '\0');
    if (rows->count == CSV_FIELDS_MAX)
        rows->fault = "the row has more than 256 fields";
    else
        rows->count++;
    rows->starts[rows->count] = rows->length;
    rows->place = FIELD_START;
}

/* true when the row ends with this byte. */
static bool take_byte(struct csv_rows *rows, char letter)
{
    bool is_quoted = rows->place == IN_QUOTES;
    rows->line += letter == '\n';
    if (is_quoted && letter != '"') {
        add(rows, letter);
    } else if (is_quoted) {
        rows->place = AFTER_QUOTE;
    } else if (letter == '\n') {
        if (rows->length > rows->starts[rows->count] && rows->text[rows->length - 1] == '\r' &&
            rows->place == IN_FIELD)
            rows->length--; /* of CR LF */
        end_field(rows);
        return true;
    } else if (letter == rows->separator) {
        end_field(rows);
    } else if (letter == '"' && rows->place == FIELD_START) {
        rows->place = IN_QUOTES;
    } else if (letter == '"' && rows->place == AFTER_QUOTE) {
        add(rows, letter);
        rows->place = IN_QUOTES;
    } else if (rows->place == AFTER_QUOTE) {
        if (letter != '\r')
            rows->fault = "something stands behind a closing quote";
    } else {
        add(rows, letter);
        rows->place = IN_FIELD;
    }
    return false;
}

static enum status hand_out(struct csv_rows *rows, struct csv_row *row, struct error *err)
{
    if (rows->fault)
        return error_set(err, STATUS_INVALID, "%s", rows->fault);
    row->count = rows->count;
    for (size_t i = 0; i < rows->count; i++) {
        size_t end = i + 1 < rows->count ? rows->starts[i + 1] : rows->length;
        row->fields[i] = rows->text + rows->starts[i];
        row->lengths[i] = end - rows->starts[i] - 1;
    }
    return STATUS_OK;
}

enum status csv_rows_next(struct csv_rows *rows, struct csv_row *ret_row, struct error *err)
{
    *ret_row = (struct csv_row){.line = rows->line};
    rows->length = rows->count = rows->starts[0] = 0;
    rows->place = FIELD_START;
    rows->fault = NULL;
    bool is_empty = true;
    while (fill(rows)) {
        if (!rows->separator)
            choose_separator(rows);
        if (rows->start == rows->used)
            continue; /* it held a byte order mark alone */
        is_empty = false;
        if (take_byte(rows, rows->buffer[rows->start++]))
            return hand_out(rows, ret_row, err);
    }
    if (rows->failure.status != STATUS_OK) {
        if (err)
            *err = rows->failure;
        rows->failure.status = STATUS_OK;
        return STATUS_INVALID;
    }
    if (is_empty)
        return error_set(err, STATUS_NOT_FOUND, "there are no more rows");
    if (rows->place == IN_QUOTES)
        return error_set(err, STATUS_INVALID,
                         "a quote that begins in this row is never closed: all that follows "
                         "belongs to it");
    end_field(rows); /* the last line has no line break */
    return hand_out(rows, ret_row, err);
}

uint64_t csv_rows_offset(const struct csv_rows *rows)
{
    return stream_offset(rows->stream);
}
