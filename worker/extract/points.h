// SPDX-License-Identifier: Apache-2.0
/*
 * points - code points: what each is, and how UTF-8 writes it.
 *
 * The same on every machine, whatever the locale. The letters that Vietnamese is written with are
 * told here without a look-up; all others are asked of utf8proc.
 */
#ifndef WORKER_EXTRACT_POINTS_H
#define WORKER_EXTRACT_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What utf8proc says; ask the functions below. */
bool point_is_other_space(uint32_t point);
bool point_is_other_letter(uint32_t point);
bool point_is_other_upper(uint32_t point);
bool point_is_other_mark(uint32_t point);
uint32_t point_other_lower(uint32_t point);

/* Ạ to ỹ: capitals are even. */
static inline bool point_is_toned(uint32_t point)
{
    return point >= 0x1ea0 && point <= 0x1ef9;
}

/* ß to ÿ, ơ, ư */
static inline bool point_is_small(uint32_t point)
{
    return (point >= 0xdf && point < 0x100) || point == 0x1a1 || point == 0x1b0;
}

static inline bool point_is_space(uint32_t point)
{
    if (point <= 0x20)
        return point == ' ' || (point >= '\t' && point <= '\r');
    return point >= 0x80 && point_is_other_space(point);
}

/* Combining marks included. */
static inline bool point_is_letter(uint32_t point)
{
    if (point < 0x80)
        return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
    if (point >= 0xc0 && point < 0x250)
        return point != 0xd7 && point != 0xf7;
    return point_is_toned(point) || point_is_other_letter(point);
}

static inline bool point_is_mark(uint32_t point)
{
    return point >= 0x300 && !point_is_toned(point) && point_is_other_mark(point);
}

/* 0-9 only */
static inline bool point_is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static inline bool point_is_upper(uint32_t point)
{
    if (point < 0x80)
        return point >= 'A' && point <= 'Z';
    if (point_is_toned(point))
        return !(point & 1);
    return !point_is_small(point) && point_is_other_upper(point);
}

static inline uint32_t point_lower(uint32_t point)
{
    if (point < 0x80)
        return point >= 'A' && point <= 'Z' ? point + 32 : point;
    if (point_is_toned(point))
        return point | 1;
    return point_is_small(point) ? point : point_other_lower(point);
}

/* The code point at *at_io of clean UTF-8, which moves behind it. */
static inline uint32_t point_read(const char **at_io)
{
    const unsigned char *at = (const unsigned char *)*at_io;
    if (at[0] < 0x80) {
        *at_io += 1;
        return at[0];
    }
    if (at[0] < 0xe0) {
        *at_io += 2;
        return (at[0] & 0x1fU) << 6 | (at[1] & 0x3fU);
    }
    if (at[0] < 0xf0) {
        *at_io += 3;
        return (at[0] & 0x0fU) << 12 | (at[1] & 0x3fU) << 6 | (at[2] & 0x3fU);
    }
    *at_io += 4;
    return (at[0] & 0x07U) << 18 | (at[1] & 0x3fU) << 12 | (at[2] & 0x3fU) << 6 | (at[3] & 0x3fU);
}

/* Write it as UTF-8, at most four bytes; returns how many. */
static inline size_t point_write(uint32_t point, char *to)
{
    if (point < 0x80) {
        to[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        to[0] = (char)(0xc0 | point >> 6);
        to[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        to[0] = (char)(0xe0 | point >> 12);
        to[1] = (char)(0x80 | (point >> 6 & 0x3f));
        to[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | point >> 18);
    to[1] = (char)(0x80 | (point >> 12 & 0x3f));
    to[2] = (char)(0x80 | (point >> 6 & 0x3f));
    to[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* Compose in place what is written with combining marks; returns the new count. */
size_t points_compose(uint32_t *points, size_t count);

#endif
