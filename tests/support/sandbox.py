# SPDX-License-Identifier: Apache-2.0
"""The sandbox of a systemd unit without systemd: its rights, its system calls, its address families.

What a unit asks of the kernel is read from the unit itself and built with libseccomp: the calls of SystemCallFilter,
RestrictAddressFamilies, MemoryDenyWriteExecute; then no capabilities, no new privileges, a user who is not root. What
it asks of mount namespaces and cgroups is left to systemd.
"""
import ctypes
import functools
import mmap
import os
import socket
import subprocess
from pathlib import Path

KILL, ALLOW = 0x80000000, 0x7FFF0000
EQUAL, MASKED_EQUAL, NOT_EQUAL = 4, 7, 1
NOBODY = 65534
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24

_libc = ctypes.CDLL(None, use_errno=True)


class _Compare(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def settings(unit: Path) -> dict:
    """Every line of [Service]: name -> values in order."""
    found, section = {}, ""
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


@functools.cache
def calls(name: str) -> frozenset:
    """The system calls of a group, or the call itself."""
    if not name.startswith("@"):
        return frozenset([name])
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True).stdout
    return frozenset().union(*(calls(line.strip()) for line in listed.splitlines()[1:] if line.strip()[0] != "#"))


def allowed(unit: Path) -> frozenset:
    names = calls("@default")
    for value in settings(unit)["SystemCallFilter"]:
        these = frozenset().union(*(calls(name) for name in value.lstrip("~").split()))
        names = names - these if value.startswith("~") else names | these
    return names | calls("@default")


class Sandbox:
    """Called in the child before exec: from then on it lives as under the unit."""

    def __init__(self, unit: Path):
        self.seccomp = ctypes.CDLL("libseccomp.so.2")
        self.seccomp.seccomp_init.restype = ctypes.c_void_p
        self.seccomp.seccomp_init.argtypes = [ctypes.c_uint32]
        self.seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
        self.seccomp.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p]
        self.filter = self.seccomp.seccomp_init(KILL)
        values = settings(unit)
        names = allowed(unit)
        families = values["RestrictAddressFamilies"][-1].split()
        assert values["MemoryDenyWriteExecute"] == values["NoNewPrivileges"] == ["yes"]
        assert values["CapabilityBoundingSet"] == [""], "no capability is kept"
        for name in sorted(names - {"socket", "mmap", "mprotect"}):
            self._allow(name)
        for family in families:
            self._allow("socket", _Compare(0, EQUAL, int(getattr(socket, family))))
        for name in ("mmap", "mprotect"):  # never written and run: one of the two bits is missing
            for bit in (mmap.PROT_WRITE, mmap.PROT_EXEC) if name == "mmap" else (mmap.PROT_EXEC,):
                self._allow(name, _Compare(2, MASKED_EQUAL, bit, 0))

    def _allow(self, name: str, compare: _Compare = None) -> None:
        number = self.seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # of another architecture
        rules = ctypes.byref(compare) if compare else None
        code = self.seccomp.seccomp_rule_add_array(self.filter, ALLOW, number, 1 if compare else 0, rules)
        assert code == 0, f"{name}: {os.strerror(-code)}"

    def __call__(self) -> None:
        if os.geteuid() == 0:
            for capability in range(64):
                _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        os.umask(0o077)
        if _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or self.seccomp.seccomp_load(self.filter):
            os._exit(71)


def give(directory: Path) -> None:
    """To the user that lives in the sandbox."""
    if os.geteuid() == 0:
        os.chown(directory, NOBODY, NOBODY)
