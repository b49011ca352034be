# SPDX-License-Identifier: Apache-2.0
"""Where a subscriber stands, and the file that keeps it: the same as `newsloom subscribe --state`."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TEXT = re.compile(r"([0-9a-fA-F]{32}):([0-9]{1,20})")


@dataclass(frozen=True)
class Cursor:
    """Everything up to sequence was handled. log_id tells one log from another."""

    log_id: bytes
    sequence: int

    def __str__(self) -> str:
        return f"{self.log_id.hex()}:{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        found = _TEXT.fullmatch(text)
        if not found or int(found[2]) >= 1 << 64:
            raise ValueError(f'"{text[:80]}" is no cursor: it looks like '
                             "00112233445566778899aabbccddeeff:42 (log id, then sequence)")
        return cls(bytes.fromhex(found[1]), int(found[2]))

    @classmethod
    def read(cls, path: Path) -> "Cursor | None":
        """None when there is no such file."""
        try:
            text = path.read_text("ascii", "replace")
        except FileNotFoundError:
            return None
        try:
            return cls.parse(text.removesuffix("\n"))
        except ValueError:
            raise ValueError(f"{path} holds no cursor: give start= to begin elsewhere") from None

    def write(self, path: Path) -> None:
        """On disk when it returns; after a crash the file holds this cursor or the one before, whole."""
        draft = path.with_name(path.name + ".new")
        with draft.open("w", encoding="ascii") as file:
            file.write(f"{self}\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
