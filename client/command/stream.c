// SPDX-License-Identifier: Apache-2.0
#include "client/command/stream.h"

#include <errno.h>
#include <lzma.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define PACKED_SIZE  (64 * 1024)
#define MAGIC_MAX    6
#define WINDOW_LIMIT (128u << 20)
#define WINDOW_LOG   27 /* the same for zstd */
#define GZIP_BITS    (15 + 16)

enum packing { PACKING_UNKNOWN, PACKING_NONE, PACKING_GZIP, PACKING_XZ, PACKING_ZSTD };

static const struct magic {
    enum packing packing;
    size_t size;
    const char *bytes;
} magics[] = {
    {PACKING_GZIP, 2, "\x1f\x8b"},
    {PACKING_XZ, 6,
     "\xfd"
     "7zXZ"}, /* and the zero that ends the literal */
    {PACKING_ZSTD, 4, "\x28\xb5\x2f\xfd"},
};

struct stream {
    int fd;
    enum packing packing;
    bool file_ended;
    bool is_whole; /* nothing of a member or frame is missing here */
    bool failed;
    uint64_t offset;
    size_t start; /* of what was not unpacked */
    size_t used;
    unsigned char packed[PACKED_SIZE];
    z_stream gzip;
    lzma_stream xz;
    ZSTD_DCtx *zstd;
};

struct stream *stream_open(int fd)
{
    struct stream *stream = memory_new(sizeof(*stream));
    stream->fd = fd;
    return stream;
}

void stream_close(struct stream **stream_p)
{
    struct stream *stream = *stream_p;
    if (!stream)
        return;
    if (stream->packing == PACKING_GZIP)
        (void)inflateEnd(&stream->gzip);
    if (stream->packing == PACKING_XZ)
        lzma_end(&stream->xz);
    (void)ZSTD_freeDCtx(stream->zstd);
    (void)close(stream->fd);
    free(stream);
    *stream_p = NULL;
}

/* One read behind what is there. */
static enum status fill(struct stream *stream, struct error *err)
{
    stream->used -= stream->start;
    memmove(stream->packed, stream->packed + stream->start, stream->used);
    stream->start = 0;
    ssize_t got = 0;
    do
        got = read(stream->fd, stream->packed + stream->used, PACKED_SIZE - stream->used);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return error_set_errno(err, STATUS_INVALID, "could not read on");
    stream->file_ended = got == 0;
    stream->used += (size_t)got;
    stream->offset += (uint64_t)got;
    return STATUS_OK;
}

/* ---- which packing ------------------------------------------------------------------------- */

static bool may_become(const struct stream *stream, const struct magic *magic)
{
    size_t size = stream->used < magic->size ? stream->used : magic->size;
    return memcmp(stream->packed, magic->bytes, size) == 0;
}

static enum status begin(struct stream *stream, struct error *err)
{
    bool ready = true;
    if (stream->packing == PACKING_GZIP)
        ready = inflateInit2(&stream->gzip, GZIP_BITS) == Z_OK;
    if (stream->packing == PACKING_XZ)
        ready = lzma_stream_decoder(&stream->xz, WINDOW_LIMIT, LZMA_CONCATENATED) == LZMA_OK;
    if (stream->packing == PACKING_ZSTD) {
        stream->zstd = ZSTD_createDCtx();
        ready =
            stream->zstd &&
            !ZSTD_isError(ZSTD_DCtx_setParameter(stream->zstd, ZSTD_d_windowLogMax, WINDOW_LOG));
    }
    if (!ready)
        return error_set(err, STATUS_INVALID, "could not begin to unpack");
    return STATUS_OK;
}

/* The first bytes tell; a pipe may bring them one by one. */
static enum status recognise(struct stream *stream, struct error *err)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && stream->packing == PACKING_UNKNOWN) {
        bool may_be_packed = false;
        for (size_t i = 0; i < COUNT_OF(magics); i++) {
            bool fits = may_become(stream, &magics[i]);
            if (fits && stream->used >= magics[i].size)
                stream->packing = magics[i].packing;
            may_be_packed = may_be_packed || fits;
        }
        if (stream->packing == PACKING_UNKNOWN && (!may_be_packed || stream->file_ended))
            stream->packing = PACKING_NONE;
        if (stream->packing == PACKING_UNKNOWN)
            status = fill(stream, err);
    }
    return status == STATUS_OK ? begin(stream, err) : status;
}

/* ---- unpacking: what fits into out; is_whole says whether the file may end here ------------- */

static enum status unpack_gzip(struct stream *stream, void *out, size_t size, size_t *ret_got,
                               struct error *err)
{
    z_stream *gzip = &stream->gzip;
    size_t left = stream->used - stream->start;
    if (stream->is_whole) { /* another member, or what some writers put behind the last */
        bool is_member = left > 0 && stream->packed[stream->start] == 0x1f;
        if (!is_member && left > 0)
            return error_set(err, STATUS_INVALID,
                             "cannot unpack on: something that is no gzip follows");
        if (inflateReset(gzip) != Z_OK)
            return error_set(err, STATUS_INVALID, "could not go on to unpack");
        stream->is_whole = left == 0;
    }
    gzip->next_in = stream->packed + stream->start;
    gzip->avail_in = (unsigned)left;
    gzip->next_out = out;
    gzip->avail_out = (unsigned)size;
    int code = inflate(gzip, Z_NO_FLUSH);
    stream->start = stream->used - gzip->avail_in;
    *ret_got = size - gzip->avail_out;
    if (code == Z_STREAM_END)
        stream->is_whole = true;
    else if (code != Z_OK && code != Z_BUF_ERROR)
        return error_set(err, STATUS_INVALID, "cannot unpack on: the gzip data is damaged (%s)",
                         gzip->msg ? gzip->msg : "no memory");
    return STATUS_OK;
}

static enum status unpack_xz(struct stream *stream, void *out, size_t size, size_t *ret_got,
                             struct error *err)
{
    lzma_stream *xz = &stream->xz;
    xz->next_in = stream->packed + stream->start;
    xz->avail_in = stream->used - stream->start;
    xz->next_out = out;
    xz->avail_out = size;
    lzma_ret code = lzma_code(xz, stream->file_ended ? LZMA_FINISH : LZMA_RUN);
    stream->start = stream->used - xz->avail_in;
    *ret_got = size - xz->avail_out;
    stream->is_whole = code == LZMA_STREAM_END;
    if (code == LZMA_MEMLIMIT_ERROR)
        return error_set(err, STATUS_INVALID,
                         "cannot unpack: it wants more than 128 MiB of memory");
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR)
        return error_set(err, STATUS_INVALID, "cannot unpack on: the xz data is damaged");
    return STATUS_OK;
}

static enum status unpack_zstd(struct stream *stream, void *out, size_t size, size_t *ret_got,
                               struct error *err)
{
    ZSTD_inBuffer in = {stream->packed + stream->start, stream->used - stream->start, 0};
    ZSTD_outBuffer to = {out, size, 0};
    size_t code = ZSTD_decompressStream(stream->zstd, &to, &in);
    bool moved = in.pos > 0 || to.pos > 0;
    stream->start += in.pos;
    *ret_got = to.pos;
    if (ZSTD_isError(code))
        return error_set(err, STATUS_INVALID, "cannot unpack on: %s", ZSTD_getErrorName(code));
    stream->is_whole = code == 0 || (stream->is_whole && !moved);
    return STATUS_OK;
}

static enum status take_plain(struct stream *stream, void *out, size_t size, size_t *ret_got)
{
    size_t left = stream->used - stream->start;
    *ret_got = left < size ? left : size;
    memcpy(out, stream->packed + stream->start, *ret_got);
    stream->start += *ret_got;
    stream->is_whole = true;
    return STATUS_OK;
}

static enum status unpack(struct stream *stream, void *out, size_t size, size_t *ret_got,
                          struct error *err)
{
    switch (stream->packing) {
    case PACKING_GZIP:
        return unpack_gzip(stream, out, size, ret_got, err);
    case PACKING_XZ:
        return unpack_xz(stream, out, size, ret_got, err);
    case PACKING_ZSTD:
        return unpack_zstd(stream, out, size, ret_got, err);
    default:
        return take_plain(stream, out, size, ret_got);
    }
}

bool stream_is_ready(const struct stream *stream, int64_t timeout_ms)
{
    struct pollfd item = {.fd = stream->fd, .events = POLLIN};
    return stream->start < stream->used || stream->file_ended || stream->failed ||
           poll(&item, 1, (int)timeout_ms) > 0;
}

enum status stream_read(struct stream *stream, void *buffer, size_t size, size_t *ret_got,
                        struct error *err)
{
    *ret_got = 0;
    if (stream->failed)
        return error_set(err, STATUS_NOT_FOUND, "it cannot be read on");
    enum status status = STATUS_OK;
    if (stream->packing == PACKING_UNKNOWN)
        status = recognise(stream, err);
    while (status == STATUS_OK && *ret_got == 0) {
        bool can_fill = stream->start == stream->used && !stream->file_ended;
        if (can_fill)
            status = fill(stream, err);
        size_t before = stream->start;
        if (status == STATUS_OK)
            status = unpack(stream, buffer, size, ret_got, err);
        bool is_stuck = !can_fill && *ret_got == 0 && stream->start == before;
        if (status != STATUS_OK || !is_stuck)
            continue;
        if (!stream->file_ended)
            status = fill(stream, err);
        else if (stream->is_whole || stream->offset == 0)
            return error_set(err, STATUS_NOT_FOUND, "there is no more");
        else
            status = error_set(err, STATUS_INVALID,
                               "the packed data breaks off: the file is not complete");
    }
    stream->failed = status != STATUS_OK;
    return status;
}

uint64_t stream_offset(const struct stream *stream)
{
    return stream->offset - (stream->used - stream->start);
}
