# SPDX-License-Identifier: Apache-2.0
"""Takes a file that a process has mapped out of memory, so that whoever reads it next has to go to the disk.
Dropping the page cache leaves mapped pages where they are; process_madvise(MADV_PAGEOUT), which root may call for
another process, does not."""
import ctypes
import os
from pathlib import Path

_PROCESS_MADVISE, _MADV_PAGEOUT = 440, 21
_libc = ctypes.CDLL(None, use_errno=True)


class CannotEvict(Exception):
    pass


class _Range(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def _mappings(process: int, path: Path) -> list:
    found = []
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        if line.endswith(str(path)):
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            found.append(_Range(start, end - start))
    return found


def evict(process: int, path: Path) -> None:
    ranges = _mappings(process, path)
    assert ranges, f"{path} is not mapped"
    handle = os.pidfd_open(process)
    try:
        for one in ranges:
            if _libc.syscall(_PROCESS_MADVISE, handle, ctypes.byref(one), 1, _MADV_PAGEOUT, 0) < 0:
                raise CannotEvict(os.strerror(ctypes.get_errno()))
    finally:
        os.close(handle)


def bytes_from_disk(process: int) -> int:
    """What it has made the kernel read from storage so far."""
    for line in Path(f"/proc/{process}/io").read_text().splitlines():
        if line.startswith("read_bytes:"):
            return int(line.split()[1])
    return 0
