# SPDX-License-Identifier: Apache-2.0
"""Three fixed workloads (workloads.c) cost no more instructions than instructions.json says, by more than one in twenty.

Seconds depend on neighbours, instructions hardly: they are counted by callgrind in a build with -O2. Who has a reason for more
(a feature, a larger model) or has made something cheaper runs

    NEWSLOOM_RECORD=1 tests/run -R bench.instructions

and commits the new numbers with the reason."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from support import paths
from support.builds import EXTRACTOR, Build

RECORDED = Path(__file__).with_name("instructions.json")
SAMPLES = sorted((paths.SOURCE / "deploy" / "samples").glob("*.txt"))
MODEL = paths.BUILD / "share" / "newsloom" / "tagger.model"
TARGETS = [*EXTRACTOR, "newsloom_broker_store", "newsloom_proto", "workloads"]
MAY_GROW = 1.05
WORTH_RECORDING = 0.90


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    build = Build("gcc -O2", tmp_path_factory.mktemp("build"), ["gcc"], ["-O2", "-g"], programs={"workloads": TARGETS},
                  libraries=["lmdb", "libzmq"])
    return build.make().folder / "workloads"


def has_avx2():
    return " avx2 " in Path("/proc/cpuinfo").read_text(encoding="utf-8")


def count(program, *arguments):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=work_begins",
                           str(program), *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


@pytest.mark.skipif(not has_avx2(), reason="the numbers were counted on a processor with AVX2")
@pytest.mark.parametrize("name", ["extraction", "store", "messages"])
def test_a_workload_costs_what_it_did(program, tmp_path, name):
    arguments = {"extraction": [MODEL, *SAMPLES], "store": [tmp_path / "store"], "messages": []}[name]
    counted = count(program, name, *arguments)
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    print(f"\n{name}: {counted:,} instructions, recorded {recorded[name]:,}")
    if os.environ.get("NEWSLOOM_RECORD"):
        recorded[name] = counted
        RECORDED.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
        return
    assert counted <= recorded[name] * MAY_GROW, \
        f"{name} took {counted:,} instructions instead of {recorded[name]:,}: find out why, or record it with the reason"
    assert counted >= recorded[name] * WORTH_RECORDING, \
        f"{name} took {counted:,} instructions instead of {recorded[name]:,}: record it, so that it stays so"
