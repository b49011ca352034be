# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves, below a folder of a test's own."""
import os
import subprocess
from pathlib import Path

from support import paths


def install(folder: Path, *components: str) -> Path:
    """All of it, or some components; gives the prefix."""
    for wish in [("--component", one) for one in components] or [()]:
        subprocess.run(["cmake", "--install", str(paths.BUILD), "--prefix", "/usr", *wish], check=True,
                       capture_output=True, env=os.environ | {"DESTDIR": str(folder)}, timeout=120)
    return folder / "usr"
