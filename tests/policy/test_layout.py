# SPDX-License-Identifier: Apache-2.0
"""How the source tree is laid out: what may include what, how long a file may be, what may not stand in one."""
import re

import pytest

from policy.project import ROOT, text, tracked, with_suffix

MAY_INCLUDE = {
    "common": {"common"},
    "proto": {"common", "proto"},
    "broker": {"common", "proto", "broker"},
    "worker": {"common", "proto", "worker"},
    "client": {"common", "proto", "client"},
    "recovery": {"common", "proto", "worker", "client", "recovery"},
    "gateway": {"common", "proto", "client", "gateway"},
    "tests": {"common", "proto", "broker", "worker", "client", "recovery", "gateway", "tests"},
}
LONGEST = 600
PUBLIC = {"client/newsloom.h": "NEWSLOOM_H"}  # installed, included as <newsloom.h>
# Assembled, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile("/(wo" "rk|ro" "ot|home/[a-z]+)/|\\.lib" "rary"),
    "an open end": re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b"),
}
SLEEP = re.compile(r"\b(?:time\.sleep|sleep|usleep|nanosleep|clock_nanosleep)\s*\(|^\s*sleep\s+[0-9$]",
                   re.MULTILINE)
# Waiting for a fact has to pause between two looks; these are the places that do it for all others.
MAY_PAUSE = {"tests/support/waiting.py"}


def included(path):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', text(path), re.MULTILINE)


def test_dependencies_run_one_way():
    wrong = []
    for path in with_suffix(".c", ".h"):
        folder = path.parts[0]
        for header in included(path):
            target = header.split("/")[0]
            if "/" in header and target not in MAY_INCLUDE.get(folder, set()):
                wrong.append(f"{path} includes {header}")
    assert not wrong, "\n".join(wrong)


def test_the_extractor_reads_nothing_but_what_it_is_given():
    """worker/extract is a function from bytes to facts: no storage, no network, nothing else of the worker."""
    foreign = re.compile(r'^\s*#\s*include\s+[<"](worker/(?!extract/)|libpq|czmq|zmq|sys/socket|lmdb)', re.MULTILINE)
    wrong = [str(path) for path in with_suffix(".c", ".h")
             if path.parts[:2] == ("worker", "extract") and foreign.search(text(path))]
    assert not wrong, wrong


def test_headers_are_included_by_their_path_from_the_root():
    wrong = []
    for path in with_suffix(".c", ".h"):
        for header in included(path):
            if "/" not in header and not header.endswith(".pb-c.h") and (ROOT / path.parent / header).exists():
                wrong.append(f"{path} includes {header}")
    assert not wrong, "\n".join(wrong)


def test_every_header_is_guarded_by_its_path():
    wrong = []
    for path in with_suffix(".h"):
        guard = PUBLIC.get(str(path), re.sub(r"[^A-Z0-9]", "_", str(path).upper()))
        if f"#ifndef {guard}\n#define {guard}\n" not in text(path):
            wrong.append(f"{path} lacks {guard}")
    assert not wrong, "\n".join(wrong)


def needs_licence(path):
    return (path.suffix in (".c", ".h", ".py", ".cmake", ".sql", ".proto", ".sh") or path.name == "CMakeLists.txt"
            or text(path).startswith("#!"))


def test_every_source_begins_with_its_licence():
    wrong = [str(path) for path in tracked() if needs_licence(path)
             and "SPDX-License-Identifier: Apache-2.0" not in "\n".join(text(path).split("\n")[:2])]
    assert not wrong, wrong


def test_no_source_is_too_long():
    wrong = [f"{path}: {text(path).count(chr(10))} lines" for path in with_suffix(".c", ".h", ".py", ".sql", ".proto")
             if text(path).count("\n") > LONGEST]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    wrong = [f"{path}:{number}: {line.strip()[:100]}" for path in tracked() if path.suffix not in (".txt", ".tsv")
             for number, line in enumerate(text(path).split("\n"), 1) if FORBIDDEN[what].search(line)]
    assert not wrong, "\n".join(wrong)


def test_no_test_sleeps():
    wrong = []
    for path in tracked():
        if path.parts[0] != "tests" or str(path) in MAY_PAUSE or path.parts[1] in ("policy", "bench"):
            continue
        if path.suffix in (".c", ".h", ".py", ".sh", "") and "corpus" not in path.parts:
            wrong += [f"{path}: {match.strip()}" for match in SLEEP.findall(text(path))]
    assert not wrong, "\n".join(wrong)
