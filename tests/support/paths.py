# SPDX-License-Identifier: Apache-2.0
"""Where the programs and the Python package with the generated contract stand: NEWSLOOM_BUILD, which ctest sets, else the
build directory that was built last."""
import os
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


def _build() -> Path:
    wish = os.environ.get("NEWSLOOM_BUILD")
    if wish:
        return Path(wish)
    built = sorted((SOURCE / "build").glob("*/bin/newsloom-broker"),
                   key=lambda path: path.stat().st_mtime)
    if not built:
        raise RuntimeError("nothing is built yet: cmake --workflow --preset check")
    return built[-1].parents[1]


BUILD = _build()
BIN = BUILD / "bin"
PYTHON = BUILD / "client" / "python" / "package"
sys.path.insert(0, str(PYTHON))


def program(name: str) -> Path:
    path = BIN / name
    if not path.exists():
        raise RuntimeError(f"{path} is not built")
    return path
