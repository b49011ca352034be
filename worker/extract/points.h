// SPDX-License-Identifier: Apache-2.0
/*
 * points - code points: what each is, and how UTF-8 writes it.
 *
 * The same on every machine, whatever the locale. What Vietnamese is written with stands in tables
 * without a branch between plain letters and those with marks; all others are asked of utf8proc.
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

/* Made by worker/model/compile_points.py: bits of enum point_kind, and lower-case letters; of what
 * is POINT_ASK or 0, or stands behind the tables, utf8proc has to be asked. */
enum { POINT_TABLE_END = 0x2070 };
enum point_kind { POINT_LETTER = 1, POINT_UPPER = 2, POINT_ASK = 4 };
extern const uint8_t point_kinds[POINT_TABLE_END];
extern const uint16_t point_lowers[POINT_TABLE_END];

static inline unsigned point_kind(uint32_t point)
{
    return point < POINT_TABLE_END ? point_kinds[point] : POINT_ASK;
}

/* Combining marks included. */
static inline bool point_is_letter(uint32_t point)
{
    unsigned kind = point_kind(point);
    return kind & POINT_ASK ? point_is_other_letter(point) : kind & POINT_LETTER;
}

static inline bool point_is_space(uint32_t point)
{
    if (point <= 0x20)
        return point == ' ' || (point >= '\t' && point <= '\r');
    return point >= 0x80 && !(point_kind(point) & POINT_LETTER) && point_is_other_space(point);
}

static inline bool point_is_mark(uint32_t point)
{
    return point >= 0x300 && (point_kind(point) & POINT_ASK) && point_is_other_mark(point);
}

/* 0-9 only */
static inline bool point_is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

static inline bool point_is_upper(uint32_t point)
{
    unsigned kind = point_kind(point);
    return kind & POINT_ASK ? point_is_other_upper(point) : kind & POINT_UPPER;
}

static inline uint32_t point_lower(uint32_t point)
{
    uint32_t lower = point < POINT_TABLE_END ? point_lowers[point] : 0;
    return lower ? lower : point_other_lower(point);
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
