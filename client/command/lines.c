// SPDX-License-Identifier: Apache-2.0
#include "client/command/lines.h"

#include <stdlib.h>
#include <string.h>

#include "client/command/stream.h"

#define READ_SIZE (64 * 1024)

struct lines {
    struct stream *stream;
    struct error failure; /* why it ended early; OK: it did not */
    size_t limit;
    char *buffer;
    size_t capacity;
    size_t start; /* of what was not handed out */
    size_t used;
    size_t searched; /* there is no line break between start and here */
    bool ended;
    uint64_t number;
};

struct lines *lines_open(int fd, size_t limit)
{
    struct lines *lines = memory_new(sizeof(*lines));
    lines->stream = stream_open(fd);
    lines->limit = limit;
    return lines;
}

void lines_close(struct lines **lines_p)
{
    struct lines *lines = *lines_p;
    if (!lines)
        return;
    stream_close(&lines->stream);
    free(lines->buffer);
    free(lines);
    *lines_p = NULL;
}

static char *find_break(struct lines *lines)
{
    if (lines->used == lines->searched)
        return NULL;
    char *found = memchr(lines->buffer + lines->searched, '\n', lines->used - lines->searched);
    lines->searched = found ? (size_t)(found - lines->buffer) : lines->used;
    return found;
}

static void make_room(struct lines *lines)
{
    if (lines->start) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->used - lines->start);
        lines->used -= lines->start;
        lines->searched -= lines->start;
        lines->start = 0;
    }
    if (lines->capacity - lines->used < READ_SIZE + 1) {
        lines->capacity = 2 * lines->capacity + READ_SIZE + 1;
        lines->buffer = memory_resize(lines->buffer, lines->capacity, 1);
    }
}

/* One read. What breaks off has no last line: it may be half of one. */
static void read_more(struct lines *lines)
{
    size_t got = 0;
    make_room(lines);
    enum status status =
        stream_read(lines->stream, lines->buffer + lines->used, READ_SIZE, &got, &lines->failure);
    lines->ended = status != STATUS_OK;
    lines->used += got;
    if (status == STATUS_NOT_FOUND)
        lines->failure.status = STATUS_OK;
}

bool lines_are_ready(struct lines *lines, int64_t timeout_ms)
{
    while (!lines->ended && !find_break(lines)) {
        if (!stream_is_ready(lines->stream, timeout_ms))
            return false;
        read_more(lines);
        timeout_ms = 0;
        if (lines->used - lines->start > lines->limit)
            return true; /* too long: lines_next() says so */
    }
    return true;
}

/* The rest of a line that is too long. */
static enum status pass_by(struct lines *lines, struct error *err)
{
    char *end = NULL;
    while (!(end = find_break(lines)) && !lines->ended) {
        lines->start = lines->searched = lines->used;
        read_more(lines);
    }
    size_t next = end ? (size_t)(end - lines->buffer) + 1 : lines->used;
    lines->start = lines->searched = next;
    lines->number++;
    return error_set(err, STATUS_INVALID, "the line is longer than %zu bytes", lines->limit);
}

enum status lines_next(struct lines *lines, char **ret_line, size_t *ret_length, struct error *err)
{
    char *end = NULL;
    while (!(end = find_break(lines)) && !lines->ended) {
        if (lines->used - lines->start > lines->limit)
            return pass_by(lines, err);
        read_more(lines);
    }
    if (!end && lines->failure.status != STATUS_OK) {
        lines->start = lines->searched = lines->used;
        lines->number++;
        if (err)
            *err = lines->failure;
        lines->failure.status = STATUS_OK;
        return STATUS_INVALID;
    }
    if (!end && lines->used == lines->start)
        return error_set(err, STATUS_NOT_FOUND, "there are no more lines");
    size_t stop = end ? (size_t)(end - lines->buffer) : lines->used;
    size_t length = stop - lines->start;
    if (length > lines->limit)
        return pass_by(lines, err);
    *ret_line = lines->buffer + lines->start;
    (*ret_line)[length] = '\0'; /* where the line break was; the buffer has one byte to spare */
    if (length && (*ret_line)[length - 1] == '\r')
        (*ret_line)[--length] = '\0';
    *ret_length = length;
    size_t next = stop + (end ? 1 : 0);
    lines->start = lines->searched = next;
    lines->number++;
    return STATUS_OK;
}

uint64_t lines_number(const struct lines *lines)
{
    return lines->number;
}

uint64_t lines_offset(const struct lines *lines)
{
    return stream_offset(lines->stream);
}
