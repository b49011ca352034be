# SPDX-License-Identifier: Apache-2.0
"""The queues that newsloom is measured against, a module each with NAME, UNEQUAL, missing(), measure().

Each is started on loopback in a directory of its own, with settings that sync before they answer where it can, and gets load.h's
load from a C client. Packages: the lines "bench" of deploy/dependencies.
"""
import contextlib
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess

from support.waiting import wait_for

MODULES = ("redis_streams", "nats_jetstream", "rabbitmq_quorum", "beanstalkd", "bare_libzmq")


def known():
    modules = [importlib.import_module(f"peers.{name}") for name in MODULES]
    return {module.NAME: module for module in modules}


def lacks(build_dir, client, *programs):
    """What is not there, as a sentence; empty when it can run."""
    for program in programs:
        if not shutil.which(program):
            return f"{program} is not installed"
    if not (build_dir / "bin" / client).exists():
        return f"{client} is not built: install the lines \"bench\" of deploy/dependencies and build anew"
    return ""


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


def drive(build_dir, client, port, **load):
    """One run of that load: what the client prints."""
    command = [str(build_dir / "bin" / client), "--port", str(port)]
    for name, value in load.items():
        command += [f"--{name}", str(value)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900).stdout)
