# SPDX-License-Identifier: Apache-2.0
"""What is installed is hardened: position-independent, relocations read-only and bound at start, no executable stack,
stack protector, checked library calls. Asked of a build with the release preset's flags."""
import os
import re
import shutil
import subprocess

import pytest

from policy.project import BUILD, ROOT

PROGRAMS = ("newsloom-broker",)  # every flag stands on the one target that all programs link


def build_type(folder) -> str:
    cache = folder / "CMakeCache.txt"
    found = re.search(r"^CMAKE_BUILD_TYPE:\w+=(\w+)", cache.read_text(), re.MULTILINE) if cache.exists() else None
    return found.group(1) if found else ""


@pytest.fixture(scope="module")
def hardened():
    """The build itself when it is a release, else one beside it, which the next run finds again."""
    if build_type(BUILD).startswith("Rel"):
        return BUILD / "bin"
    folder = BUILD / "hardened"
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for command in (["cmake", "--preset", "release", "-B", str(folder), "-DNEWSLOOM_BUILD_TESTS=OFF", *launcher],
                    ["cmake", "--build", str(folder), "--target", *PROGRAMS]):
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False,
                              env={**os.environ, "CLICOLOR_FORCE": "0"})
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return folder / "bin"


def elf(program, *what) -> str:
    return subprocess.run(["readelf", "--wide", *what, str(program)], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_position_independent(hardened, name):
    assert re.search(r"Type:\s+DYN", elf(hardened / name, "--file-header"))
    assert "PIE" in elf(hardened / name, "--dynamic")


@pytest.mark.parametrize("name", PROGRAMS)
def test_relocations_are_read_only_from_the_start(hardened, name):
    assert "GNU_RELRO" in elf(hardened / name, "--program-headers")
    assert re.search(r"BIND_NOW|FLAGS_1.*NOW", elf(hardened / name, "--dynamic"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_segment_can_be_written_and_run(hardened, name):
    segments = re.findall(r"^\s+(\w+)\s+(?:0x\w+\s+){5}([R ][W ][E ])", elf(hardened / name, "--program-headers"), re.MULTILINE)
    assert any(kind == "GNU_STACK" for kind, _ in segments)
    assert not [segment for segment in segments if segment[1][1:] == "WE"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_stack_and_library_calls_are_checked(hardened, name):
    symbols = elf(hardened / name, "--dyn-syms")
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__\w+_chk\b", symbols.replace("__stack_chk_fail", ""))
