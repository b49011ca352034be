// SPDX-License-Identifier: Apache-2.0
#include "client/command/http_body.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define VALUE_MAX 256

void http_header(const char *lines, const char *name, char *ret_value, size_t size)
{
    size_t length = strlen(name);
    *ret_value = '\0';
    for (const char *line = lines; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1;
        value += strspn(value, " \t");
        size_t end = strcspn(value, "\r\n");
        while (end && strchr(" \t", value[end - 1]))
            end--;
        (void)snprintf(ret_value, size, "%.*s", (int)end, value);
        return;
    }
}

/* ---- what it is packed in ------------------------------------------------------------------ */

/* In place: archives often keep the header and not the chunks, then nothing is changed. */
static size_t join_chunks(char *body, size_t size)
{
    size_t from = 0;
    size_t to = 0;
    while (from < size) {
        char *end = NULL;
        uint64_t chunk = strtoull(body + from, &end, 16);
        size_t line = (size_t)(end - body);
        bool is_size = isxdigit((unsigned char)body[from]) && line - from <= 16 && line < size &&
                       (body[line] == '\r' || body[line] == '\n' || body[line] == ';');
        if (!is_size)
            return from == 0 ? size : to; /* no chunks; or what follows the last is none */
        while (line < size && body[line] != '\n')
            line++;
        from = line + (line < size);
        if (chunk == 0 || chunk > size - from)
            chunk = chunk ? size - from : 0;
        memmove(body + to, body + from, chunk);
        to += chunk;
        from += chunk;
        if (chunk == 0)
            break;
        from += from < size && body[from] == '\r';
        from += from < size && body[from] == '\n';
    }
    return to;
}

/* bits: as zlib has them, 15 + 32 for gzip or zlib, -15 for a bare deflate. */
static enum status inflate_all(struct http_body *body, int bits, size_t limit, struct error *err)
{
    z_stream packed = {.next_in = (unsigned char *)(uintptr_t)body->bytes,
                       .avail_in = (unsigned)body->size};
    size_t capacity = body->size < limit / 4 ? 4 * body->size + 1024 : limit + 2;
    size_t used = 0;
    int code = Z_OK;
    if (body->size > UINT32_MAX || inflateInit2(&packed, bits) != Z_OK)
        return error_set(err, STATUS_INVALID, "could not begin to unpack the page");
    char *text = memory_new(capacity + 1);
    while (code == Z_OK && used <= limit) {
        if (used == capacity) {
            capacity *= 2;
            text = memory_resize(text, capacity + 1, 1);
        }
        packed.next_out = (unsigned char *)text + used;
        packed.avail_out = (unsigned)(capacity - used);
        code = inflate(&packed, Z_NO_FLUSH);
        used = capacity - packed.avail_out;
    }
    (void)inflateEnd(&packed);
    if (code != Z_STREAM_END || used > limit) {
        free(text);
        if (used > limit)
            return error_set(err, STATUS_LIMIT, "the page is larger than an article may be");
        return error_set(err, STATUS_INVALID, "the page is packed and damaged");
    }
    free(body->unpacked);
    body->unpacked = text;
    body->bytes = text;
    body->size = used;
    return STATUS_OK;
}

/* As chunks, a header may tell what an archive has undone. */
static enum status unpack(struct http_body *body, const char *encoding, size_t limit,
                          struct error *err)
{
    const unsigned char *bytes = (const unsigned char *)body->bytes;
    bool is_gzip = body->size > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
    bool is_zlib =
        body->size > 2 && (bytes[0] & 0x0f) == 8 && (bytes[0] * 256 + bytes[1]) % 31 == 0;
    if (!*encoding || strcasecmp(encoding, "identity") == 0)
        return STATUS_OK;
    if (strcasecmp(encoding, "gzip") == 0 || strcasecmp(encoding, "x-gzip") == 0)
        return is_gzip ? inflate_all(body, 15 + 16, limit, err) : STATUS_OK;
    if (strcasecmp(encoding, "deflate") == 0) {
        if (body->size && strchr("<\r\n \t", bytes[0]) && !is_zlib)
            return STATUS_OK;
        return inflate_all(body, is_zlib ? 15 : -15, limit, err);
    }
    return error_set(err, STATUS_INVALID,
                     "the page is packed as \"%.20s\", which is not known here: have the crawler "
                     "ask for gzip",
                     encoding);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static bool is_html(const char *type)
{
    return strncasecmp(type, "text/html", 9) == 0 ||
           strncasecmp(type, "application/xhtml+xml", 21) == 0;
}

static void take_charset(const char *type, struct http_body *body)
{
    const char *at = strchr(type, ';');
    for (; at; at = strchr(at, ';')) {
        at += 1 + strspn(at + 1, " \t");
        if (strncasecmp(at, "charset=", 8) != 0)
            continue;
        at += 8 + (at[8] == '"');
        (void)snprintf(body->charset, sizeof(body->charset), "%.*s", (int)strcspn(at, "\"; \t"),
                       at);
        return;
    }
}

/* Where the body begins, and a NUL where the head ends; 0: there is no end of a head. */
static size_t part(char *answer, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++) {
        bool is_bare = answer[i] == '\n' && answer[i + 1] == '\n';
        bool is_full =
            i + 2 < size && answer[i] == '\n' && answer[i + 1] == '\r' && answer[i + 2] == '\n';
        if (!is_bare && !is_full)
            continue;
        answer[i] = '\0';
        return i + (is_bare ? 2 : 3);
    }
    return 0;
}

enum status http_body_read(char *answer, size_t size, size_t limit, struct http_body *ret_body,
                           struct error *err)
{
    char value[VALUE_MAX];
    *ret_body = (struct http_body){0};
    size_t begin = part(answer, size);
    const char *status_code = strchr(answer, ' ');
    if (!begin || strncmp(answer, "HTTP/", 5) != 0 || !status_code ||
        strtol(status_code, NULL, 10) != 200)
        return error_set(err, STATUS_AGAIN, "the answer is no page");
    http_header(answer, "Content-Type", value, sizeof(value));
    if (!is_html(value))
        return error_set(err, STATUS_AGAIN, "the answer is no page");
    take_charset(value, ret_body);
    ret_body->bytes = answer + begin;
    ret_body->size = size - begin;
    http_header(answer, "Transfer-Encoding", value, sizeof(value));
    if (strcasecmp(value, "chunked") == 0)
        ret_body->size = join_chunks(answer + begin, size - begin);
    http_header(answer, "Content-Encoding", value, sizeof(value));
    enum status status = unpack(ret_body, value, limit, err);
    if (status == STATUS_OK && ret_body->size > limit)
        status = error_set(err, STATUS_LIMIT, "the page is larger than an article may be");
    if (status != STATUS_OK) {
        free(ret_body->unpacked);
        ret_body->unpacked = NULL;
    }
    return status;
}
