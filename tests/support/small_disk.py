# SPDX-License-Identifier: Apache-2.0
"""A file system of a few megabytes, which a test can fill and empty again. Mounting needs root."""
import errno
import os
import subprocess
from pathlib import Path


PIECE = 16 << 20


class CannotMount(Exception):
    pass


class SmallDisk:
    def __init__(self, directory: Path, megabytes: int):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "none",
                               self.directory], capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotMount(done.stderr.strip())
        self.ballast = self.directory / "ballast"

    def fill(self) -> None:
        """Takes all that is free, though others may be faster with the last of it: in pieces, for one that does
        not fit is given back whole."""
        with self.ballast.open("ab") as ballast:
            while free := min(self._free(), PIECE):
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), free)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def _free(self) -> int:
        answer = os.statvfs(self.directory)
        return answer.f_bavail * answer.f_frsize

    def empty(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self.directory], check=True)
