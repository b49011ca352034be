// SPDX-License-Identifier: Apache-2.0
#include "gateway/body.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 16 * 1024,
    GZIP_WINDOW = 15 + 16, /* zlib's way to say: gzip, not zlib */
};

void body_begin(struct body *body, bool is_packed, size_t limit, struct body_budget *budget)
{
    *body =
        (struct body){.limit = limit, .budget = budget, .is_packed = is_packed, .is_between = true};
    if (is_packed)
        ENSURE(inflateInit2(&body->unpacker, GZIP_WINDOW) == Z_OK);
}

void body_done(struct body *body)
{
    if (body->is_packed)
        (void)inflateEnd(&body->unpacker);
    if (body->budget)
        (void)atomic_fetch_sub(&body->budget->used, body->capacity);
    free(body->bytes);
    *body = (struct body){0};
}

static enum status too_large(const struct body *body, struct error *err)
{
    return error_set(err, STATUS_LIMIT, "the body is larger than %zu bytes", body->limit);
}

/* Room for at least one byte more, up to one beyond the limit: that one tells. */
static enum status grow(struct body *body, struct error *err)
{
    size_t wanted = body->capacity ? 2 * body->capacity : FIRST_CAPACITY;
    if (body->size > body->limit)
        return too_large(body, err);
    if (wanted > body->limit + 1)
        wanted = body->limit + 1;
    size_t more = wanted - body->capacity;
    if (atomic_fetch_add(&body->budget->used, more) + more > body->budget->limit) {
        (void)atomic_fetch_sub(&body->budget->used, more);
        return error_set(err, STATUS_AGAIN,
                         "the requests under way take all the memory that they may have");
    }
    body->bytes = memory_resize(body->bytes, wanted + 1, 1); /* and a zero byte behind all */
    body->capacity = wanted;
    return STATUS_OK;
}

static enum status add_plain(struct body *body, const char *bytes, size_t size, struct error *err)
{
    while (size > 0) {
        enum status status = body->size == body->capacity ? grow(body, err) : STATUS_OK;
        if (status != STATUS_OK)
            return status;
        size_t room = body->capacity - body->size;
        size_t part = size < room ? size : room;
        memcpy(body->bytes + body->size, bytes, part);
        body->size += part;
        bytes += part;
        size -= part;
    }
    return STATUS_OK;
}

/* As far as it goes: until the input is used up, or the room, or a member is over. */
static enum status unpack(struct body *body, struct error *err)
{
    z_stream *z = &body->unpacker;
    if (body->size == body->capacity) {
        enum status status = grow(body, err);
        if (status != STATUS_OK)
            return status;
    }
    size_t room = body->capacity - body->size;
    if (body->is_between)
        (void)inflateReset(z);
    body->is_between = false;
    z->next_out = (Bytef *)body->bytes + body->size;
    z->avail_out = (uInt)room;
    int answer = inflate(z, Z_NO_FLUSH);
    body->size += room - z->avail_out;
    if (answer == Z_STREAM_END)
        body->is_between = true;
    if (answer == Z_OK || answer == Z_STREAM_END || answer == Z_BUF_ERROR)
        return STATUS_OK;
    return error_set(err, STATUS_INVALID, "the body is no gzip: %.80s",
                     z->msg ? z->msg : "it cannot be unpacked");
}

enum status body_add(struct body *body, const void *bytes, size_t size, struct error *err)
{
    body->received += size;
    if (body->received > body->limit)
        return too_large(body, err);
    if (!body->is_packed)
        return add_plain(body, bytes, size, err);
    z_stream *z = &body->unpacker;
    z->next_in = (Bytef *)(uintptr_t)bytes;
    z->avail_in = (uInt)size;
    enum status status = STATUS_OK;
    /* the last round may have filled the room exactly: what zlib still holds needs another */
    while (status == STATUS_OK &&
           (z->avail_in > 0 || (body->size == body->capacity && !body->is_between)))
        status = unpack(body, err);
    return status == STATUS_OK && body->size > body->limit ? too_large(body, err) : status;
}

enum status body_end(struct body *body, struct error *err)
{
    if (body->is_packed && body->received > 0 && !body->is_between)
        return error_set(err, STATUS_INVALID, "the gzip body ends too early");
    if (body->bytes)
        body->bytes[body->size] = '\0';
    return STATUS_OK;
}
