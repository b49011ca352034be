# SPDX-License-Identifier: Apache-2.0
"""A named crash point that the code never passes would make its test a test of nothing."""
import re

import pytest

from policy.project import text, with_suffix
from pathlib import Path

FOLDERS = {"broker": ("broker",), "worker": ("worker",), "client": ("client",)}
TABLE = re.findall(r'X\((\w+),\s*"(\w+)",\s*"([^"]+)"\)', text(Path("common/crash.h")))


def test_the_table_was_read():
    assert len(TABLE) > 10


@pytest.mark.parametrize("name,program", [(name, program) for name, program, _ in TABLE])
def test_the_code_passes(name, program):
    passed = re.compile(rf"\bCRASH_{name}\b")
    places = [str(path) for path in with_suffix(".c") if path.parts[0] in FOLDERS[program] and passed.search(text(path))]
    assert places, f"no file of {program}/ uses CRASH_{name}"


def test_every_point_is_in_the_table():
    known = {f"CRASH_{name}" for name, _, _ in TABLE}
    wrong = [f"{path}: {point}" for path in with_suffix(".c")
             for point in re.findall(r"crash_here\((CRASH_\w+)\)", text(path)) if point not in known]
    assert not wrong, wrong
