// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/decode.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "worker/extract/legacy.h"

#define VNI         "VNI" /* which iconv does not know */
#define WRONG_FEW   4     /* characters that are none: fewer are an accident in any text */
#define WRONG_SHARE 16    /* one of so many, and it is no text */

/* iconv's name for every name that pages use; NULL means UTF-8, which we read ourselves. */
static const struct {
    const char *name;
    const char *iconv_name;
} charsets[] = {
    {"utf-8", NULL},
    {"utf8", NULL},
    {"us-ascii", NULL},
    {"ascii", NULL},
    {"utf-16", "UTF-16LE"}, /* without a mark; with one the mark decides */
    {"utf-16le", "UTF-16LE"},
    {"utf-16be", "UTF-16BE"},
    {"windows-1258", "CP1258"},
    {"cp1258", "CP1258"},
    {"x-cp1258", "CP1258"},
    {"iso-8859-1", "CP1252"}, /* as browsers do: pages that say one mean the other */
    {"latin1", "CP1252"},
    {"iso8859-1", "CP1252"},
    {"windows-1252", "CP1252"},
    {"cp1252", "CP1252"},
    {"x-user-defined", "CP1252"}, /* what pages for old fonts declare */
    {"tcvn3", "TCVN5712-1"},      /* the same bytes for lower case; upper case was a font */
    {"x-tcvn3", "TCVN5712-1"},
    {"tcvn", "TCVN5712-1"},
    {"tcvn5712-1", "TCVN5712-1"},
    {"viscii", "VISCII"},
    {"x-viscii", "VISCII"},
    {"vni", VNI},
    {"x-vni", VNI},
    {"vni-win", VNI},
};

/* U+FFFD in UTF-8. */
static void put_replacement(char *to)
{
    to[0] = '\xef';
    to[1] = '\xbf';
    to[2] = '\xbd';
}

static bool charset_find(const char *name, const char **ret_iconv_name)
{
    *ret_iconv_name = NULL;
    if (!name[0])
        return true;
    for (size_t i = 0; i < COUNT_OF(charsets); i++)
        if (strcasecmp(charsets[i].name, name) == 0) {
            *ret_iconv_name = charsets[i].iconv_name;
            return true;
        }
    return false;
}

bool decode_knows(const char *charset)
{
    const char *ignored = NULL;
    return charset_find(charset, &ignored);
}

static void append(struct decoded *decoded, char *out, const char *bytes, size_t size)
{
    memcpy(out + decoded->size, bytes, size);
    decoded->size += size;
}

static void append_replacement(struct decoded *decoded, char *out)
{
    put_replacement(out + decoded->size);
    decoded->size += 3;
    decoded->replaced++;
}

/* How many bytes from here are letters that every text has: no U+0000, nothing that is doubtful. */
static size_t plain_run(const unsigned char *bytes, size_t size)
{
    size_t at = 0;
    for (;;) {
        if (at < size && bytes[at] < 0x80 && bytes[at])
            at++;
        else if (at + 1 < size && bytes[at] >= 0xc2 && bytes[at] < 0xe0 &&
                 (bytes[at + 1] & 0xc0) == 0x80)
            at += 2;
        else if (at + 2 < size && bytes[at] > 0xe0 && bytes[at] < 0xed &&
                 (bytes[at + 1] & 0xc0) == 0x80 && (bytes[at + 2] & 0xc0) == 0x80)
            at += 3;
        else
            return at;
    }
}

static void read_utf8(const unsigned char *bytes, size_t size, char *out, struct decoded *decoded)
{
    size_t at = 0;
    while (at < size) {
        size_t plain = plain_run(bytes + at, size - at);
        append(decoded, out, (const char *)bytes + at, plain);
        at += plain;
        if (at == size)
            break;
        utf8proc_int32_t point = 0;
        utf8proc_ssize_t used = utf8proc_iterate(bytes + at, (utf8proc_ssize_t)(size - at), &point);
        if (used <= 0 || point == 0) {
            append_replacement(decoded, out);
            at++;
            continue;
        }
        append(decoded, out, (const char *)bytes + at, (size_t)used);
        at += (size_t)used;
    }
}

/* iconv may write U+0000, which never stands in a text. */
static void replace_nul(char *out, struct decoded *decoded, size_t nul_count)
{
    if (!nul_count)
        return;
    size_t from = decoded->size;
    size_t to = decoded->size + 2 * nul_count;
    decoded->size = to;
    while (from > 0) {
        char byte = out[--from];
        if (byte) {
            out[--to] = byte;
            continue;
        }
        to -= 3;
        put_replacement(out + to);
        decoded->replaced++;
    }
}

#if defined(__GNUC__) && !defined(__clang__)
/* gcc's analyzer takes the converter that could not be opened for one that leaks. */
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

static enum status read_legacy(const char *iconv_name, const void *bytes, size_t size,
                               struct arena *arena, struct decoded *decoded, struct error *err)
{
    iconv_t converter = iconv_open("UTF-8", iconv_name);
    if (converter == (iconv_t)-1)
        return error_set_errno(err, STATUS_BROKEN, "could not read charset %s", iconv_name);
    size_t capacity = size * 3 + 64;
    char *out = arena_take(arena, capacity + 1, 1);
    size_t unit = strncmp(iconv_name, "UTF-16", 6) == 0 ? 2 : 1;
    char *from = (char *)(uintptr_t)bytes; /* iconv never writes through it */
    char *to = out;
    size_t left = size;
    size_t room = capacity;
    while (left > 0 && iconv(converter, &from, &left, &to, &room) == (size_t)-1) {
        ENSURE(errno != E2BIG);
        put_replacement(to);
        to += 3;
        room -= 3;
        decoded->replaced++;
        size_t skipped = left < unit ? left : unit;
        from += skipped;
        left -= skipped;
    }
    (void)iconv(converter, NULL, NULL, &to, &room); /* the letter windows-1258 may still hold */
    iconv_close(converter);
    decoded->size = (size_t)(to - out);
    size_t nul_count = 0;
    for (size_t i = 0; i < decoded->size; i++)
        nul_count += out[i] == 0;
    if (nul_count) {
        char *wider = arena_take(arena, decoded->size + 2 * nul_count + 1, 1);
        memcpy(wider, out, decoded->size);
        out = wider;
    }
    replace_nul(out, decoded, nul_count);
    out[decoded->size] = 0;
    decoded->bytes = out;
    return STATUS_OK;
}

static size_t byte_order_mark(const unsigned char *bytes, size_t size, const char **ret_iconv_name)
{
    if (size >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe) {
        *ret_iconv_name = "UTF-16LE";
        return 2;
    }
    if (size >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff) {
        *ret_iconv_name = "UTF-16BE";
        return 2;
    }
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        *ret_iconv_name = NULL; /* the mark stays: it is a code point of the submitted text */
    return 0;
}

static enum status convert(const void *bytes, size_t size, const char *iconv_name,
                           struct arena *arena, struct decoded *decoded, struct error *err)
{
    if (iconv_name && strcmp(iconv_name, VNI) != 0)
        return read_legacy(iconv_name, bytes, size, arena, decoded, err);
    size_t plain = iconv_name ? 0 : plain_run(bytes, size);
    char *out = arena_take(arena, plain + (size - plain) * 3 + 1, 1);
    append(decoded, out, bytes, plain);
    if (iconv_name)
        decoded->size = legacy_read_vni(bytes, size, out);
    else
        read_utf8((const unsigned char *)bytes + plain, size - plain, out, decoded);
    out[decoded->size] = 0;
    decoded->bytes = out;
    return STATUS_OK;
}

enum status decode_as(const void *bytes, size_t size, const char *charset, struct arena *arena,
                      struct decoded *ret_decoded, struct error *err)
{
    const char *iconv_name = NULL;
    *ret_decoded = (struct decoded){0};
    if (!charset_find(charset, &iconv_name))
        return error_set(err, STATUS_INVALID, "charset: \"%.40s\" is not a charset we can read",
                         charset);
    return convert(bytes, size, iconv_name, arena, ret_decoded, err);
}

/* Read again what turned out not to be what it was said to be; false: it stays as it is. */
static bool read_again(const void *bytes, size_t size, struct arena *arena, struct decoded *decoded)
{
    struct error ignored;
    bool is_broken = decoded->replaced > 8 && (size_t)decoded->replaced * 40 > decoded->size;
    if (!is_broken) {
        if (!legacy_is_suspect(decoded->bytes, decoded->size, arena))
            return false;
        bytes = legacy_bytes(decoded->bytes, decoded->size, arena, &size);
    }
    const char *charset = bytes ? legacy_guess(bytes, size, arena) : NULL;
    struct decoded again;
    if (!charset || decode_as(bytes, size, charset, arena, &again, &ignored) != STATUS_OK)
        return false;
    *decoded = again;
    return true;
}

/* Neither is written by people: private letters are those of one font, or stand where noise is read
 * as UTF-16. */
static bool is_odd(const char *bytes, size_t size)
{
    utf8proc_int32_t point = 0;
    if (utf8proc_iterate((const utf8proc_uint8_t *)bytes, (utf8proc_ssize_t)size, &point) <= 0)
        return false;
    utf8proc_category_t kind = utf8proc_category(point);
    return kind == UTF8PROC_CATEGORY_CN || kind == UTF8PROC_CATEGORY_CO;
}

static size_t count_points(const struct decoded *decoded)
{
    size_t points = 0;
    for (size_t i = 0; i < decoded->size; i++)
        points += ((unsigned char)decoded->bytes[i] & 0xc0) != 0x80;
    return points;
}

/* A program, a picture, noise: what can be decoded need not be a text. Only letters that Vietnamese
 * does not use are looked up. */
static bool is_text(const struct decoded *decoded, size_t *ret_wrong)
{
    size_t wrong = 0;
    for (size_t i = 0; i < decoded->size; i++) {
        unsigned char byte = (unsigned char)decoded->bytes[i];
        if (byte >= ' ' && byte <= 0xe2 && byte != 0x7f)
            continue;
        if (byte < 0x80)
            wrong += byte < '\t' || byte > '\r';
        else
            wrong += is_odd(decoded->bytes + i, decoded->size - i);
    }
    *ret_wrong = wrong;
    return wrong < WRONG_FEW || wrong * WRONG_SHARE <= count_points(decoded);
}

enum status decode_bytes(const void *bytes, size_t size, const char *charset, struct arena *arena,
                         struct decoded *ret_decoded, struct error *err)
{
    size_t wrong = 0;
    const char *iconv_name = NULL;
    if (!charset_find(charset, &iconv_name))
        return error_set(err, STATUS_INVALID, "charset: \"%.40s\" is not a charset we can read",
                         charset);
    struct decoded decoded = {0};
    size_t mark = byte_order_mark(bytes, size, &iconv_name);
    const char *content = (const char *)bytes + mark;
    enum status status = convert(content, size - mark, iconv_name, arena, &decoded, err);
    if (status != STATUS_OK)
        return status;
    if (!read_again(content, size - mark, arena, &decoded) && decoded.replaced >= WRONG_FEW &&
        (size_t)decoded.replaced * 6 > decoded.size)
        return error_set(
            err, STATUS_INVALID,
            "content: cannot be read as %s: %u of its bytes fit nowhere, and it is not "
            "Vietnamese in any encoding known here: name its charset",
            charset[0] ? charset : "utf-8", decoded.replaced);
    if (!is_text(&decoded, &wrong))
        return error_set(err, STATUS_INVALID,
                         "content: it is no text: %zu of its characters are control characters, "
                         "private or none at all: is it a file of another kind?",
                         wrong);
    *ret_decoded = decoded;
    return STATUS_OK;
}
