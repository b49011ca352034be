// SPDX-License-Identifier: Apache-2.0
#include "worker/model/unaccented.h"

#include <utf8proc.h>

static utf8proc_int32_t bare_letter(utf8proc_int32_t point)
{
    utf8proc_int32_t parts[8];
    int boundary = 0;
    if (point == 0x111 || point == 0x110) /* đ, Đ */
        return point == 0x111 ? 'd' : 'D';
    utf8proc_ssize_t count =
        utf8proc_decompose_char(point, parts, COUNT_OF(parts), UTF8PROC_DECOMPOSE, &boundary);
    return count > 1 && parts[0] < 0x80 ? parts[0] : point;
}

struct corpus_article unaccented(const struct corpus_article *article, struct arena *arena)
{
    struct corpus_article bare = *article;
    char *bytes = arena_take(arena, article->size + 1, 1);
    const utf8proc_uint8_t *from = (const utf8proc_uint8_t *)article->text;
    utf8proc_ssize_t left = (utf8proc_ssize_t)article->size, size = 0;
    utf8proc_int32_t point = 0;
    bare.size = 0;
    for (; left > 0 && (size = utf8proc_iterate(from, left, &point)) > 0;
         from += size, left -= size)
        bare.size +=
            (size_t)utf8proc_encode_char(bare_letter(point), (utf8proc_uint8_t *)bytes + bare.size);
    bare.text = bytes;
    return bare;
}
