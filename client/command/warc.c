// SPDX-License-Identifier: Apache-2.0
#include "client/command/warc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "client/command/http_body.h"
#include "client/command/stream.h"

#define READ_SIZE (64 * 1024)
#define HEAD_MAX  (64 * 1024) /* of a record, and of an HTTP answer */
#define TEXT_MAX  4096        /* of one header's value that we use */

struct warc {
    struct stream *stream;
    size_t limit;
    uint64_t record;
    uint64_t passed_by;
    bool failed;
    size_t start;
    size_t used;
    char buffer[READ_SIZE];
    char *head; /* of the record */
    char *block;
    size_t block_size;
    char *body; /* unpacked; NULL: it is part of the block */
    char url[TEXT_MAX];
    char date[64];
    char charset[64];
};

struct warc *warc_open(int fd, size_t limit)
{
    struct warc *warc = memory_new(sizeof(*warc));
    warc->stream = stream_open(fd);
    warc->limit = limit;
    warc->head = memory_new(HEAD_MAX + 1);
    return warc;
}

void warc_close(struct warc **warc_p)
{
    struct warc *warc = *warc_p;
    if (!warc)
        return;
    stream_close(&warc->stream);
    free(warc->head);
    free(warc->block);
    free(warc->body);
    free(warc);
    *warc_p = NULL;
}

bool warc_is_ready(const struct warc *warc, int64_t timeout_ms)
{
    return warc->start < warc->used || warc->failed || stream_is_ready(warc->stream, timeout_ms);
}

/* NOT_FOUND: the file ends here. */
static enum status fill(struct warc *warc, struct error *err)
{
    if (warc->start < warc->used)
        return STATUS_OK;
    warc->start = warc->used = 0;
    return stream_read(warc->stream, warc->buffer, READ_SIZE, &warc->used, err);
}

static enum status broken_off(enum status status, struct error *err)
{
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_INVALID, "the file breaks off within a record");
    return status;
}

/* Header lines up to the empty one, into head, each ended by LF; NOT_FOUND: the file has ended. */
static enum status read_head(struct warc *warc, struct error *err)
{
    size_t length = 0;
    enum status status = STATUS_OK;
    while ((status = fill(warc, err)) == STATUS_OK) {
        char letter = warc->buffer[warc->start++];
        if (letter == '\r' || (length == 0 && letter == '\n'))
            continue; /* records are parted by empty lines */
        if (length == HEAD_MAX)
            return error_set(err, STATUS_INVALID, "a record's head is longer than 64 KiB");
        warc->head[length++] = letter;
        warc->head[length] = '\0';
        if (letter == '\n' && length > 1 && warc->head[length - 2] == '\n')
            return STATUS_OK;
        if (length == 5 && memcmp(warc->head, "WARC/", 5) != 0)
            return error_set(err, STATUS_INVALID, "this is no WARC record (of version 1.0 or 1.1)");
    }
    return length ? broken_off(status, err) : status;
}

/* size bytes of the block: kept when they fit, else passed by. */
static enum status read_block(struct warc *warc, uint64_t size, bool keep, struct error *err)
{
    warc->block_size = 0;
    if (keep)
        warc->block = memory_resize(warc->block, (size_t)size + 1, 1);
    while (size > 0) {
        enum status status = fill(warc, err);
        if (status != STATUS_OK)
            return broken_off(status, err);
        size_t part = warc->used - warc->start;
        part = part < size ? part : (size_t)size;
        if (keep)
            memcpy(warc->block + warc->block_size, warc->buffer + warc->start, part);
        warc->block_size += part;
        warc->start += part;
        size -= part;
    }
    if (keep)
        warc->block[warc->block_size] = '\0';
    return STATUS_OK;
}

static enum status read_page(struct warc *warc, struct warc_page *page, struct error *err)
{
    struct http_body body;
    enum status status = http_body_read(warc->block, warc->block_size, warc->limit, &body, err);
    if (status == STATUS_AGAIN)
        warc->passed_by++;
    if (status != STATUS_OK)
        return status;
    free(warc->body);
    warc->body = body.unpacked;
    (void)snprintf(warc->charset, sizeof(warc->charset), "%s", body.charset);
    *page = (struct warc_page){.record = warc->record,
                               .url = warc->url,
                               .date = warc->date,
                               .charset = warc->charset,
                               .body = body.bytes,
                               .size = body.size};
    return STATUS_OK;
}

static bool is_http_response(const struct warc *warc)
{
    char type[TEXT_MAX];
    char segment[32];
    http_header(warc->head, "WARC-Type", type, sizeof(type));
    if (strcasecmp(type, "response") != 0)
        return false;
    http_header(warc->head, "Content-Type", type, sizeof(type));
    http_header(warc->head, "WARC-Segment-Number", segment, sizeof(segment));
    return strncasecmp(type, "application/http", 16) == 0 && !*segment;
}

/* Some writers put the address in angle brackets. */
static void take_url(struct warc *warc)
{
    char text[TEXT_MAX];
    http_header(warc->head, "WARC-Target-URI", text, sizeof(text));
    size_t length = strlen(text);
    bool in_brackets = length > 2 && text[0] == '<' && text[length - 1] == '>';
    if (in_brackets)
        text[length - 1] = '\0';
    (void)snprintf(warc->url, sizeof(warc->url), "%s", text + in_brackets);
}

static enum status next(struct warc *warc, struct warc_page *page, struct error *err)
{
    char length[32];
    char *end = NULL;
    enum status status = read_head(warc, err);
    if (status != STATUS_OK)
        return status;
    warc->record++;
    http_header(warc->head, "Content-Length", length, sizeof(length));
    uint64_t size = strtoull(length, &end, 10);
    if (!*length || *end || *length == '-' || size > INT64_MAX)
        return error_set(err, STATUS_INVALID, "a record does not say how long it is");
    bool is_response = is_http_response(warc);
    bool fits = size <= warc->limit + HEAD_MAX;
    status = read_block(warc, size, is_response && fits, err);
    if (status != STATUS_OK)
        return status;
    take_url(warc);
    http_header(warc->head, "WARC-Date", warc->date, sizeof(warc->date));
    page->record = warc->record;
    page->url = warc->url;
    if (!is_response)
        return error_set(err, STATUS_AGAIN, "the record is no response");
    if (!fits)
        return error_set(err, STATUS_LIMIT, "the record is larger than an article may be");
    return read_page(warc, page, err);
}

enum status warc_next(struct warc *warc, struct warc_page *ret_page, struct error *err)
{
    uint64_t before = warc->record;
    *ret_page = (struct warc_page){.url = "", .date = "", .charset = ""};
    if (warc->failed)
        return error_set(err, STATUS_NOT_FOUND, "there are no more records");
    warc->failed = true;
    enum status status = next(warc, ret_page, err);
    /* A page that is wrong has been read to its end: the next record follows. */
    bool is_read = warc->record > before && ret_page->record == warc->record;
    warc->failed = status != STATUS_OK && status != STATUS_AGAIN && !is_read;
    if (status == STATUS_INVALID && warc->failed && warc->record == before)
        warc->record++; /* the one that could not be read */
    return status == STATUS_LIMIT ? STATUS_INVALID : status;
}

uint64_t warc_record(const struct warc *warc)
{
    return warc->record;
}

uint64_t warc_offset(const struct warc *warc)
{
    return stream_offset(warc->stream);
}

uint64_t warc_passed_by(const struct warc *warc)
{
    return warc->passed_by;
}
