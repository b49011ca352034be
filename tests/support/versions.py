# SPDX-License-Identifier: Apache-2.0
"""Programs of several versions, for rolling upgrades: this one; a next one, which speaks one protocol more
and knows one migration more; a far one, which has forgotten today's protocol and store format; one before,
which has not heard of features; and, where
NEWSLOOM_OLDER_BUILD names the build directory of an earlier commit (tests/fault/run --older), that one."""
import os
import subprocess
from pathlib import Path

from support import paths
from support.programs import environment


class Version:
    def __init__(self, name: str, folder: Path, suffix: str = ""):
        self.name, self.folder, self.suffix = name, Path(folder), suffix

    def program(self, name: str) -> Path:
        return self.folder / f"{name}{self.suffix}"

    @property
    def schema(self) -> int:
        """The schema version that its programs write."""
        said = subprocess.run([self.program("newsloom-migrate"), "--version"], capture_output=True, text=True,
                              check=True, env=environment()).stdout
        return int(said.rsplit(" ", 1)[1])

    def gives(self, program) -> "Version":
        """From its next start on, the program is of this version."""
        program.path = self.program(program.name)
        return self

    def __repr__(self) -> str:
        return self.name


THIS = Version("this", paths.BIN)
NEXT = Version("next", paths.BIN, "-next")
FAR = Version("far", paths.BIN, "-far")
BEFORE = Version("before", paths.BIN, "-before")
OLDER = os.environ.get("NEWSLOOM_OLDER_BUILD")
PAIRS = [(THIS, NEXT), (BEFORE, THIS)] + ([(Version("older", Path(OLDER) / "bin"), THIS)] if OLDER else [])
