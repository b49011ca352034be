# SPDX-License-Identifier: Apache-2.0
"""The real programs, each in a directory of its own, to be killed at will."""
import contextlib
import ctypes
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from support import paths
from support.waiting import wait_for

_libc = ctypes.CDLL(None)
_SICK = re.compile(r"ERROR: \w*Sanitizer|runtime error:|^<2>|bug fact=", re.M)


def die_with_parent() -> None:
    _libc.prctl(1, signal.SIGKILL)


def environment(**more) -> dict:
    keep = {name: value for name, value in os.environ.items()
            if not name.startswith(("NEWSLOOM_", "PG"))}
    keep.setdefault("ASAN_OPTIONS", "abort_on_error=1:detect_leaks=1")
    keep.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    keep.update({name: str(value) for name, value in more.items()})
    return keep


def is_sanitized() -> bool:
    """A sanitizer keeps what is freed, and shadows the rest: bounds of memory are for what users run."""
    return b"libasan" in paths.program("newsloom-broker").read_bytes()


def preload(library: str) -> str:
    """LD_PRELOAD of a shim for our programs; behind the sanitizer's library where they have one,
    which must come first."""
    needed = subprocess.run(["ldd", str(paths.program("newsloom-broker"))], capture_output=True, text=True,
                            check=True).stdout
    sanitizer = [line.split()[2] for line in needed.splitlines() if "libasan" in line]
    return " ".join([*sanitizer, str(paths.program(library))])


def run(name: str, *arguments, timeout: float = 60, stdin: bytes = b"", check: bool = False, env=None):
    """Runs a program to its end: CompletedProcess with text of both outputs."""
    done = subprocess.run([str(paths.program(name)), *map(str, arguments)], input=stdin,
                          capture_output=True, timeout=timeout, env=env or environment())
    done.stdout = done.stdout.decode("utf-8", "replace")
    done.stderr = done.stderr.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{name} {' '.join(map(str, arguments))} ended with "
                             f"{done.returncode}: {done.stderr[-2000:]}")
    return done


class Program:
    """One process at a time; what it writes is kept in <directory>/log."""

    name = ""

    def __init__(self, directory: Path, settings: dict, env: dict = None):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.settings = dict(settings)
        self.env = dict(env or {})
        self.prefix = []  # of its command
        self.host = contextlib.nullcontext()  # where it is started: support/hosts.py
        self.path = None  # another build's program; else the one of this name
        self.log_path = self.directory / "log"
        self.confine = None  # called in the child before it becomes the program: support/sandbox.py
        self.process = None
        self.starts = 0
        self.kills = 0
        self._log_from = 0

    def start(self, crash_at: str = "", wait: bool = True, **settings) -> "Program":
        assert not self.is_alive, f"{self.name} runs already"
        command = [*self.prefix, *self.command({**self.settings, **settings})]
        env = environment(**self.env)
        if crash_at:
            env["NEWSLOOM_CRASH_AT"] = crash_at
        self._log_from = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log, self.host:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=env, cwd=self.directory, preexec_fn=self._enter)
        self.starts += 1
        if wait:
            self.wait_ready()
        return self

    def command(self, settings: dict) -> list:
        command = [str(self.path or paths.program(self.name))]
        for name, value in settings.items():
            command += ["--set", f"{name}={value}"]
        return command

    def _enter(self) -> None:
        if self.confine:
            self.confine()
        die_with_parent()  # last: it does not outlive a change of user

    def wait_ready(self) -> None:
        pass

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def exit_code(self):
        return self.process.poll()

    def log(self, all_runs: bool = False) -> str:
        """What it wrote since it was started last."""
        if not self.log_path.exists():
            return ""
        data = self.log_path.read_bytes()
        return data[0 if all_runs else self._log_from:].decode("utf-8", "replace")

    def wait_log(self, text: str, deadline: float = 20.0) -> None:
        wait_for(lambda: text in self.log() or not self.is_alive, deadline, f"{text!r} in the log")
        assert text in self.log(), f"{self.name} ended without saying {text!r}: {self.log()[-2000:]}"

    def signal(self, number: int) -> None:
        if self.is_alive:
            self.process.send_signal(number)

    def kill9(self) -> None:
        if self.is_alive:
            self.kills += 1
            self.signal(signal.SIGKILL)
            self.process.wait(20)

    def wait_exit(self, deadline: float = 30.0) -> int:
        try:
            return self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {deadline:g} s: "
                                 f"{self.log()[-3000:]}") from None

    def wait_crash(self, deadline: float = 30.0) -> None:
        """Waits until the crash point that start() set has killed it."""
        code = self.wait_exit(deadline)
        assert code == -signal.SIGKILL, f"{self.name} ended with {code}: {self.log()[-3000:]}"
        self.kills += 1

    def terminate(self, deadline: float = 30.0) -> int:
        self.signal(signal.SIGTERM)
        return self.wait_exit(deadline)

    def freeze(self) -> None:
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.signal(signal.SIGCONT)

    def restart(self, **how) -> "Program":
        self.kill9()
        return self.start(**how)

    def memory_bytes(self) -> int:
        """Resident now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def cpu_ms(self) -> float:
        """Time that its threads have run."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6

    def sickness(self) -> str:
        """What a sanitizer or an ENSURE said in any run, with some lines around it."""
        log = self.log(all_runs=True)
        found = _SICK.search(log)
        return log[max(0, found.start() - 500):found.start() + 3000] if found else ""

    def http(self, path: str, timeout: float = 5.0):
        """(status, text)"""
        try:
            with urllib.request.urlopen(f"http://{self.http_address}{path}", timeout=timeout) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


class Broker(Program):
    name = "newsloom-broker"

    def __init__(self, directory: Path, env: dict = None, **settings):
        directory = Path(directory)
        self.store = Path(settings.pop("store.directory", directory / "store"))
        sockets = {f"listen.{role}": f"ipc://{directory}/{role}"
                   for role in ("feed", "work", "subscribe", "live", "operator")}
        super().__init__(directory, {
            "store.directory": self.store, "store.budget": "64MiB", "store.reserve": "8MiB",
            "lease.duration": "2s", "beat.interval": "200ms", "restart.grace": "1s",
            "backoff.first": "100ms", "backoff.limit": "1s",
            **sockets, "listen.http": "", **settings}, env)
        self.endpoints = {}

    def wait_ready(self, deadline: float = 30.0) -> None:
        wait_for(lambda: "listening" in self.log() or not self.is_alive, deadline,
                 "the broker listens")
        if not self.is_alive and self.exit_code != -signal.SIGKILL:
            raise AssertionError(f"the broker ended with {self.exit_code}: {self.log()[-3000:]}")
        self.read_endpoints()

    def read_endpoints(self) -> None:
        path = self.store / "endpoints"
        if path.exists():
            self.endpoints = dict(line.split("=", 1) for line in path.read_text().splitlines()
                                  if "=" in line)

    def endpoint(self, role: str) -> str:
        wish = self.settings[f"listen.{role}"]
        return wish if wish.startswith("ipc://") else self.endpoints[role]

    @property
    def http_address(self) -> str:
        return self.endpoints["http"]


class Worker(Program):
    name = "newsloom-worker"

    def __init__(self, directory: Path, broker, database_url: str, env: dict = None, **settings):
        endpoint = broker if isinstance(broker, str) else broker.endpoint("work")
        super().__init__(directory, {
            "broker.endpoint": endpoint, "database.url": database_url,
            "worker.name": Path(directory).name, **settings}, env)

    @property
    def http_address(self) -> str:
        found = re.search(r"http=(?:http://)?(127\.0\.0\.1:\d+)", self.log())
        assert found, f"the worker does not say where it serves http: {self.log()[-1000:]}"
        return found.group(1)
