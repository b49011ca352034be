# SPDX-License-Identifier: Apache-2.0
"""tests/fault/README.md names tests that exist, every fault test, and a test for every promise."""
import re

from policy.project import ROOT, text

TABLE = "tests/fault/README.md"


def test_named_tests_exist():
    named = re.findall(r"`((?:fault|unit|e2e|security)/[\w.]+)`", text(ROOT / TABLE))
    assert named and not [name for name in named if not (ROOT / "tests" / name).exists()]


def test_every_fault_test_is_named():
    told = text(ROOT / TABLE)
    names = [path.stem.removeprefix("test_") for path in (ROOT / "tests" / "fault").glob("test_*.py")]
    missing = [name for name in names
               if f"`{name}`" not in told and not (name.startswith("postgres") and "`postgres…`" in told)]
    assert not missing, f"{TABLE} does not name {missing}"


def test_every_promise_has_a_test():
    table = text(ROOT / TABLE).split("| promise | test |", 1)[1]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    bare = [row for row in rows if "no test yet" in row or not re.search(r"`\w+/[\w.]+`", row)]
    assert len(rows) > 20 and not bare, "\n".join(bare)
