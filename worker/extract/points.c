// SPDX-License-Identifier: Apache-2.0
#include "worker/extract/points.h"

#include <utf8proc.h>

bool point_is_other_space(uint32_t point)
{
    return point == 0x85 || point == 0xa0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200b) || point == 0x2028 || point == 0x2029 ||
           point == 0x202f || point == 0x205f || point == 0x3000 || point == 0xfeff;
}

bool point_is_other_mark(uint32_t point)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC;
}

bool point_is_other_letter(uint32_t point)
{
    switch (utf8proc_category((utf8proc_int32_t)point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return true;
    default:
        return false;
    }
}

bool point_is_other_upper(uint32_t point)
{
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)point);
    return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

/* Latin letters that stand for themselves and the punctuation of running text. */
static bool never_composes(uint32_t point)
{
    return point < 0x300 || (point >= 0x1e00 && point < 0x1f00) ||
           (point >= 0x2000 && point < 0x2070);
}

size_t points_compose(uint32_t *points, size_t count)
{
    size_t plain = 0;
    while (plain < count && never_composes(points[plain]))
        plain++;
    if (plain == count)
        return count;
    utf8proc_ssize_t composed = utf8proc_normalize_utf32(
        (utf8proc_int32_t *)points, (utf8proc_ssize_t)count, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    return composed > 0 ? (size_t)composed : count;
}

uint32_t point_other_lower(uint32_t point)
{
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)point);
}
