#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write what the code points of Vietnamese text are as C tables: compile_points.py OUT.c

Run by the build. Blocks to which Unicode still adds are left out (POINT_ASK): every version of Python says the same of the
others. tests/unit/test_points.c compares with utf8proc, which is asked for what is left out.
"""
import sys
import unicodedata

END = 0x2070  # as POINT_TABLE_END of worker/extract/points.h
SETTLED = [range(0x300), range(0x1e00, 0x1f00), range(0x2000, END)]
LETTER, UPPER, ASK = 1, 2, 4  # as enum point_kind


def kind(point):
    if not any(point in block for block in SETTLED):
        return ASK
    category = unicodedata.category(chr(point))
    is_letter = category in ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc")
    return (LETTER if is_letter else 0) | (UPPER if category in ("Lu", "Lt") else 0)


def lower(point):
    """0: ask utf8proc, as of "İ", which Python makes two of."""
    lowered = chr(point).lower()
    return ord(lowered) if kind(point) != ASK and len(lowered) == 1 else 0


def table(head, numbers):
    lines = ["    " + " ".join(f"{number}," for number in numbers[at:at + 32]) for at in range(0, len(numbers), 32)]
    return [head + " = {", *lines, "};"]


if __name__ == "__main__":
    out = ["/* Made by compile_points.py; not to be edited. */", '#include "worker/extract/points.h"', "",
           *table("const uint8_t point_kinds[POINT_TABLE_END]", [kind(point) for point in range(END)]),
           *table("const uint16_t point_lowers[POINT_TABLE_END]", [lower(point) for point in range(END)])]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")
