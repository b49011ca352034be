# SPDX-License-Identifier: Apache-2.0
"""clang-format 14 leaves every file as it is. Another version formats differently, so only that one is asked."""
import shutil
import subprocess

import pytest

from policy.project import ROOT, with_suffix


def clang_format():
    for name in ("clang-format-14", "clang-format"):
        if shutil.which(name):
            version = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
            if " 14." in version:
                return name
    return pytest.skip("clang-format 14 is not installed")


def test_clang_format_changes_nothing():
    sources = [str(path) for path in with_suffix(".c", ".h")]
    answer = subprocess.run([clang_format(), "--dry-run", "--Werror", *sources], cwd=ROOT, capture_output=True,
                            text=True, check=False)
    wrong = sorted({line.split(":")[0] for line in answer.stderr.splitlines() if "[-Wclang-format-violations]" in line})
    assert answer.returncode == 0, "clang-format -i " + " ".join(wrong) if wrong else answer.stderr
