# SPDX-License-Identifier: Apache-2.0
"""Two static libraries with one global name: which of them a program gets is the order of its link line. And what the
shared library shows is what its header names."""
import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from policy.project import BUILD, ROOT, text

# A build inside the build (tests/security makes one) has libraries of its own.
NESTED = [cache.parent for cache in BUILD.glob("*/CMakeCache.txt")]
LIBRARIES = [library for library in sorted(BUILD.glob("**/lib*.a"))
             if not any(folder in library.parents for folder in NESTED)]


def defined_in(library: Path) -> set[str]:
    """Global code and data, strong or weak; what a sanitizer adds begins with two underscores."""
    answer = subprocess.run(["nm", "--defined-only", "--extern-only", "--format=posix", library],
                            capture_output=True, text=True, check=True)
    lines = [line.split() for line in answer.stdout.splitlines()]
    return {words[0] for words in lines
            if len(words) >= 2 and words[1] in "TDBRGSCVW" and not words[0].startswith("__")}


def clashes(libraries: list[Path]) -> dict[str, list[str]]:
    owners = defaultdict(list)
    for library in libraries:
        for symbol in defined_in(library):
            owners[symbol].append(library.name)
    return {symbol: names for symbol, names in owners.items() if len(names) > 1}


def test_no_two_libraries_define_the_same_symbol():
    if not LIBRARIES:
        pytest.skip(f"{BUILD} holds no library")
    found = clashes(LIBRARIES)
    assert not found, "\n".join(f"{symbol}: {', '.join(names)}" for symbol, names in sorted(found.items()))


def test_the_same_library_twice_would_be_noticed():
    if not LIBRARIES:
        pytest.skip(f"{BUILD} holds no library")
    assert clashes(LIBRARIES[:1] * 2)


def test_the_map_of_the_shared_library_names_what_the_header_does():
    header = re.sub(r"/\*.*?\*/", "", text(ROOT / "client" / "newsloom.h"), flags=re.DOTALL)
    declared = set(re.findall(r"\b(newsloom_\w+)\(", re.sub(r"typedef .*?;", "", header, flags=re.DOTALL)))
    named = set(re.findall(r"^    (\w+);", text(ROOT / "client" / "library" / "newsloom.map"), re.MULTILINE))
    assert len(declared) > 20 and declared == named, declared ^ named
