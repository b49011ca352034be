# SPDX-License-Identifier: Apache-2.0
"""The queues that newsloom is measured against.

Each is started on loopback in a directory of its own, with settings that sync before they answer where it can, and gets load.h's
load from a C client. Packages: the lines "bench" of deploy/dependencies.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from typing import Callable

from support.waiting import wait_for


def free_ports(count=1):
    """The first of so many ports in a row that nobody has."""
    while True:
        with contextlib.ExitStack() as stack:
            probes = [stack.enter_context(socket.socket()) for _ in range(count)]
            probes[0].bind(("127.0.0.1", 0))
            first = probes[0].getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                for number, probe in enumerate(probes[1:], 1):
                    probe.bind(("127.0.0.1", first + number))
                return first


def answers(port, question=b"", beginning=b""):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(question)
        return not beginning or connection.recv(16).startswith(beginning)
    return False


@contextlib.contextmanager
def running(command, is_ready, **options):
    """The server, in a process group of its own, until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        wait_for(lambda: process.poll() is not None or is_ready(), 60, f"{command[0]} answers")
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}")
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)


@dataclass
class Peer:
    """A server of one process."""
    name: str
    unequal: str            # what it does not do that newsloom does, or the reverse
    client: str             # the program that brings the load
    command: Callable       # from the build directory, its own directory and its first port
    ports: int = 1
    question: bytes = b""   # the last port answers it so when the server is there
    answer: bytes = b""

    def programs(self, build_dir):
        return [self.command(build_dir, "", 0)[0]]

    def missing(self, build_dir):
        """What is not there, as a sentence; empty when it can run."""
        for program in self.programs(build_dir):
            if not shutil.which(program):
                return f"{program} is not installed"
        if not (build_dir / "bin" / self.client).exists():
            return f"{self.client} is not built: install the lines \"bench\" of deploy/dependencies and build anew"
        return ""

    @contextlib.contextmanager
    def server(self, build_dir, directory):
        port = free_ports(self.ports)
        with running(self.command(build_dir, directory, port),
                     lambda: answers(port + self.ports - 1, self.question, self.answer)):
            yield port

    def measure(self, build_dir, directory, **load):
        """One run of that load: what the client prints."""
        with self.server(build_dir, directory) as port:
            command = [str(build_dir / "bin" / self.client), "--port", str(port)]
            for name, value in load.items():
                command += [f"--{name}", str(value)]
            return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900).stdout)
