# SPDX-License-Identifier: Apache-2.0
"""Hosts on one machine: network namespaces, and between them a network whose faults are the test's
(tests/fault/wires.c). What a thread does inside `with host:` happens there: the programs it starts,
the sockets it opens, the threads that it begins."""
import ctypes
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import zmq

from support import paths, programs

_libc = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
_SPACES = Path("/run/netns")
MTU = 1500


def why_not() -> str:
    """Why there can be no hosts here; nothing when there can."""
    if os.geteuid() != 0:
        return "hosts of their own are network namespaces, which only root may make"
    if not shutil.which("ip"):
        return "hosts of their own are made by ip, of the package iproute2"
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as error:
        return f"what connects hosts is TUN: {error}"
    probe = f"nl-{os.getpid()}-probe"
    try:
        _ip("netns", "add", probe)
        _ip("-n", probe, "link", "set", "lo", "up")
        return ""
    except RuntimeError as error:  # in a plain chroot, for one
        return f"no network namespace can be entered: {error}"
    finally:
        _ip("netns", "delete", probe, check=False)


def _ip(*arguments, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def _sweep() -> None:
    """Removes what tests that were killed left behind."""
    for path in _SPACES.glob("nl-*-*"):
        owner = re.match(r"nl-(\d+)-", path.name)
        if owner and not Path(f"/proc/{owner.group(1)}").exists():
            _ip("netns", "delete", path.name, check=False)


class Endpoint(str):
    """An endpoint as one host sees it: a Channel to it opens its socket there."""
    context = None


class Host:
    def __init__(self, name: str, space: str, address: str):
        self.name, self.space, self.address = name, space, address
        self._before = threading.local()
        self._context = None

    def __enter__(self) -> "Host":
        stack = self._before.__dict__.setdefault("stack", [])
        stack.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC))
        here = os.open(_SPACES / self.space, os.O_RDONLY | os.O_CLOEXEC)
        self._move(here)
        os.close(here)
        return self

    def __exit__(self, *_) -> None:
        before = self._before.stack.pop()
        self._move(before)
        os.close(before)

    @staticmethod
    def _move(space: int) -> None:
        if _libc.setns(space, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    @property
    def context(self) -> zmq.Context:
        """Its sockets are made by ZeroMQ's own threads: these have to live on the host."""
        if self._context is None:
            with self:
                self._context = zmq.Context()
                self._context.socket(zmq.PAIR).close(0)  # the first socket begins the threads
        return self._context

    def seen(self, endpoint: str) -> str:
        """The endpoint as seen from here."""
        if not hasattr(endpoint, "__dict__"):
            endpoint = Endpoint(endpoint)
        endpoint.context = self.context
        return endpoint

    def run(self, *command, **how) -> subprocess.CompletedProcess:
        """Runs a command on the host, to its end."""
        return subprocess.run(["ip", "netns", "exec", self.space, *map(str, command)],
                              capture_output=True, text=True, **how)


class Hosts:
    """host = hosts["name"]; every one reaches every other until a way between them is spoilt."""

    def __init__(self, *names: str):
        _sweep()
        self.hosts = {}
        self.faults = 0
        self._lock = threading.Lock()
        self._wires = None
        try:
            for number, name in enumerate(names, 1):
                host = Host(name, f"nl-{os.getpid()}-{name}", f"10.77.0.{number}")
                _ip("netns", "add", host.space)
                self.hosts[name] = host
            self._lay_wires()
        except BaseException:
            self.close()
            raise

    def _lay_wires(self) -> None:
        command = [str(paths.program("wires"))]
        command += [f"{host.space}={host.address}" for host in self.hosts.values()]
        self._wires = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, bufsize=1, preexec_fn=programs.die_with_parent)
        assert self._wires.stdout.readline() == "ready\n", "the wires could not be laid"
        for host in self.hosts.values():
            for words in ("link set lo up", f"address add {host.address}/24 dev wire0",
                          f"link set wire0 mtu {MTU} up"):
                _ip("-n", host.space, *words.split())

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def _tell(self, line: str) -> tuple:
        with self._lock:
            self._wires.stdin.write(line + "\n")
            answer = self._wires.stdout.readline().split()
        assert answer and answer[0].isdigit(), f"the wires do not understand {line!r}: {answer}"
        return tuple(map(int, answer))

    def _name(self, name: str) -> str:
        return name if name == "*" else self.hosts[name].space

    def spoil(self, from_: str, to: str, **how: int) -> None:
        """One way, from a host to a host ("*": all): see wires.c for the words."""
        self.faults += 1
        words = " ".join(f"{name}={value}" for name, value in how.items())
        self._tell(f"set {self._name(from_)} {self._name(to)} {words}")

    def spoil_both(self, one: str, other: str, **how: int) -> None:
        self.spoil(one, other, **how)
        self.spoil(other, one, **how)
        self.faults -= 1  # it is one fault

    def mend(self, from_: str = "*", to: str = "*") -> None:
        self._tell(f"set {self._name(from_)} {self._name(to)}")

    def count(self, from_: str = "*", to: str = "*") -> dict:
        """Packets since the beginning: passed, dropped, overtaken."""
        return dict(zip(("passed", "dropped", "overtaken"),
                        self._tell(f"count {self._name(from_)} {self._name(to)}")))

    def close(self) -> None:
        if self._wires is not None:
            self._wires.stdin.close()
            self._wires.wait(10)
        for host in self.hosts.values():
            if host._context is not None:
                host._context.destroy(0)
            _ip("netns", "delete", host.space, check=False)
