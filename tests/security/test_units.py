# SPDX-License-Identifier: Apache-2.0
"""The systemd units: what they leave open, as systemd itself counts it, and that the whole pipeline lives in their
sandbox while what is forbidden dies there."""
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import pytest

from support import paths
from support.auditor import Auditor
from support.feeder import Feeder
from support.sandbox import Sandbox, give, settings
from support.waiting import wait_for

UNITS = {"newsloom-broker": "newsloom-broker.service", "newsloom-worker": "newsloom-worker@.service",
         "newsloom-gateway": "newsloom-gateway.service"}
EXPOSURE = 20  # tenths: 2.0
NO_LEAKS = {"ASAN_OPTIONS": "abort_on_error=1:detect_leaks=0"}  # the leak checker wants ptrace


def unit(program):
    return paths.BUILD / "deploy" / UNITS[program]


@pytest.mark.parametrize("program", UNITS)
def test_exposure_is_low(program):
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", str(unit(program))],
                          capture_output=True, text=True, check=False)
    level = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert done.returncode == 0 and float(level.group(1)) <= EXPOSURE / 10, done.stdout


@pytest.mark.parametrize("program", UNITS)
def test_systemd_understands_every_line(program, tmp_path):
    copy = tmp_path / UNITS[program]
    installed = settings(unit(program))["ExecStart"][0].split()[0]
    assert installed.endswith(f"/bin/{program}")
    copy.write_text(unit(program).read_text().replace(installed, str(paths.program(program).resolve())))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(copy)], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if UNITS[program] in line or "@" in line and program in line]
    assert not said, done.stderr


@pytest.mark.parametrize("program", UNITS)
def test_nobody_is_root_and_everything_has_a_bound(program):
    lines = settings(unit(program))
    assert lines["DynamicUser"] == ["yes"] and lines["User"] == [program]
    assert not [value for values in lines.values() for value in values if value.startswith(("+", "!"))]
    assert {"MemoryMax", "TasksMax", "LimitNOFILE"} <= set(lines)
    assert lines["Type"] == ["notify"] and "WatchdogSec" in lines


def in_sandbox(program, statement):
    """The exit status of a statement of Python that runs as the program would."""
    code = f"import ctypes, mmap, os, socket\nlibc = ctypes.CDLL(None)\n{statement}"
    return subprocess.run([sys.executable, "-I", "-c", code], preexec_fn=Sandbox(unit(program)), cwd="/",
                          env={"PATH": "/usr/bin:/bin"}, capture_output=True, timeout=60, check=False).returncode


FORBIDDEN = {
    "becoming another user": "os.setuid(0)",
    "tracing a process": "libc.ptrace(0, 0, 0, 0)",
    "mounting": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
    "changing the root": "os.chroot('/')",
    "loading a module": "libc.init_module(0, 0, b'')",
    "a packet socket": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "memory to write and run": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "a higher priority": "os.setpriority(os.PRIO_PROCESS, 0, 5)",
}


@pytest.mark.parametrize("program", UNITS)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_what_is_forbidden_dies(program, what):
    assert in_sandbox(program, FORBIDDEN[what]) == -signal.SIGSYS


@pytest.mark.parametrize("program", UNITS)
def test_what_is_allowed_lives(program):
    assert in_sandbox(program, "socket.socket(socket.AF_INET6); mmap.mmap(-1, 4096); assert os.getuid() != 0") == 0


@pytest.fixture
def supervisor(directory):
    """Listens where systemd would, all the time, for who speaks waits for it: (environment, what was said)."""
    path = str(directory / "notify")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    os.chmod(path, 0o777)
    said = []

    def hear():
        while said[-1:] != ["the end"]:
            said.append(listener.recv(4096).decode())
    thread = threading.Thread(target=hear, daemon=True)
    thread.start()
    yield {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000", **NO_LEAKS}, said
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"the end", path)
    thread.join(10)
    listener.close()


def test_the_pipeline_lives_in_the_sandbox(new_broker, new_worker, new_gateway, database, ledger, newsroom, supervisor):
    env, said = supervisor
    broker = new_broker(start=False, env=env, **{"listen.http": "127.0.0.1:0"})
    worker = new_worker(broker, database, start=False, env=env, **{"listen.http": "127.0.0.1:0"})
    gateway = new_gateway(broker, database, start=False, env=env)
    for program in (broker, worker, gateway):
        program.confine = Sandbox(unit(program.name))
        give(program.directory)
        program.start()
    assert {status_of(program)["NoNewPrivs"] for program in (broker, worker, gateway)} == {"1"}
    assert {status_of(program)["Seccomp"] for program in (broker, worker, gateway)} == {"2"}
    assert {int(status_of(program)["CapBnd"], 16) for program in (broker, worker, gateway)} == {0} or os.geteuid() != 0
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(20) + newsroom.pieces(10, html=True))
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (30, 0)
    broker.restart()
    feeder.submit(newsroom.pieces(10))
    assert Auditor(broker, ledger, database).run().stored == 40
    assert broker.http("/metrics")[0] == worker.http("/metrics")[0] == 200
    assert gateway.post({"source": "proof", "key": "k", "text": "Xin chào"}, packed=True).status == 202
    assert gateway.get("/v1/events?limit=40").lines[-1]["reason"] == "limit"
    assert gateway.get("/v1/entities?q=giang").status == gateway.get("/").status == 200
    wait_for(lambda: said.count("READY=1") >= 4 and said.count("WATCHDOG=1") > 4, what="they tell systemd that they live")
    assert gateway.terminate() == 0 and worker.terminate() == 0 and broker.terminate() == 0
    assert said.count("STOPPING=1") == 3
    feeder.close()


def status_of(program):
    lines = open(f"/proc/{program.pid}/status", encoding="utf-8").read().splitlines()
    return {line.split(":")[0]: line.split(":")[1].strip() for line in lines if ":" in line}
