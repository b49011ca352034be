# SPDX-License-Identifier: Apache-2.0
"""Redis Streams as the peer: a server of its own on loopback that syncs before it answers, one consumer group.

Needs redis-server and, when the benchmarks are built, libhiredis-dev (deploy/dependencies, "bench").
"""
import contextlib
import json
import shutil
import socket
import subprocess

from support.waiting import wait_for

NAME = "redis-streams"
DURABLE = ("--appendonly", "yes", "--appendfsync", "always", "--save", "")


def missing(build_dir):
    """What is not there, as a sentence; empty when it can run."""
    if not shutil.which("redis-server"):
        return "redis-server is not installed"
    if not (build_dir / "bin" / "bench_redis").exists():
        return "bench_redis is not built: install libhiredis-dev and build anew"
    return ""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


@contextlib.contextmanager
def server(directory):
    port = free_port()
    process = subprocess.Popen(["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--dir", str(directory), *DURABLE],
                               stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port), 30, "redis-server answers")
        yield port
    finally:
        process.terminate()
        process.wait(60)


def measure(build_dir, directory, **load):
    """One run of that load: what bench_redis says."""
    with server(directory) as port:
        command = [str(build_dir / "bin" / "bench_redis"), "--port", str(port)]
        for name, value in load.items():
            command += [f"--{name}", str(value)]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=900).stdout)
