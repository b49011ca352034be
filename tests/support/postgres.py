# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL: initdb in a directory of its own, unix socket only, never a system cluster."""
import contextlib
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from support import programs
from support.waiting import wait_for

PORT = 5432  # names the socket file only, unless a test asks for a TCP listener
TEMPLATE = "newsloom_template"
WORKER, READER = "loom", "analyst"  # login roles with the rights of newsloom_worker and newsloom_reader


def _bindir() -> Path:
    config = shutil.which("pg_config") or "/usr/bin/pg_config"
    try:
        found = subprocess.run([config, "--bindir"], capture_output=True, text=True).stdout.strip()
        if found and (Path(found) / "initdb").exists():
            return Path(found)
    except OSError:
        pass
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]


def _user() -> dict:
    """PostgreSQL refuses root: then it runs as another user."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


def _runs(process: int, name: str) -> bool:
    try:
        words = Path(f"/proc/{process}/stat").read_text()
        return f"({name})" in words and ") Z " not in words
    except OSError:
        return False


def roomy_memory():
    """Where there is memory enough PostgreSQL's files stay off the disk, which others may be using;
    it flushes all the same, and a kill is a kill."""
    shm = Path("/dev/shm")
    if shm.is_dir() and os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 2 << 30:
        return shm
    return None


class Postgres:
    def __init__(self, directory: Path, initdb=(), copy_of: "Postgres" = None):
        """A fresh cluster; or the standby of another, which follows it once it is started."""
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.bin = _bindir()
        self.user = _user()
        self.process = None
        self.port = PORT
        self.host = contextlib.nullcontext()  # where it is started: support/hosts.py
        self.address = ""  # on TCP
        self.databases = 0
        self.kills = 0
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        self.own(self.directory)
        if copy_of is None:
            self._do("initdb", "-D", self.data, "-U", "newsloom", "--auth=trust", "-E", "UTF8",
                     "--locale=C.UTF-8", "--no-sync", "--no-instructions", *initdb)
        else:
            self._do("pg_basebackup", "-D", self.data, "-d", copy_of.url("postgres"), "-X", "stream",
                     "-c", "fast", "--no-sync", "-R")

    def own(self, path: Path) -> None:
        if self.user:
            os.chown(path, self.user["user"], self.user["group"])

    def _do(self, name, *arguments) -> None:
        """One of PostgreSQL's own programs, run to its end."""
        done = subprocess.run([str(self.bin / name), *map(str, arguments)], capture_output=True,
                              text=True, cwd=self.directory, env=programs.environment(), **self.user)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr or done.stdout}")

    def start(self, **settings) -> "Postgres":
        values = {"listen_addresses": self.address, "port": self.port,
                  "unix_socket_directories": self.directory,
                  "max_connections": 60, "shared_buffers": "64MB", "fsync": "on",
                  "synchronous_commit": "on", "log_min_messages": "warning",
                  "dynamic_shared_memory_type": "mmap",  # gone with the directory, however it ends
                  "log_line_prefix": "%m [%p] ", "deadlock_timeout": "200ms", **settings}
        command = [str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in values.items():
            command += ["-c", f"{name}={value}"]
        with (self.directory / "log").open("ab") as log, self.host:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory,
                                            env=programs.environment(), stdin=subprocess.DEVNULL,
                                            preexec_fn=programs.die_with_parent, **self.user)
        wait_for(self._answers, 60, "PostgreSQL answers")
        return self

    def own_processes(self) -> list:
        """The postmaster, and what it started: ids."""
        try:
            return [self.process.pid] + [
                int(child) for child in
                Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()]
        except OSError:
            return []

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended: {(self.directory / 'log').read_text()[-2000:]}")
        return self.is_answering()

    def is_answering(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True
        except psycopg.OperationalError:
            return False

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def listen(self, address: str, network: str) -> None:
        """On TCP too, from the next start, for everybody in the network."""
        self.address = address
        with (self.data / "pg_hba.conf").open("a") as doors:
            doors.write(f"host all all {network} trust\n")

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: at once but clean; SIGQUIT: at once, recovery at the next start."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def crash(self) -> None:
        """As kill -9 of every one of its processes."""
        self.kills += 1
        self.stop(signal.SIGQUIT)

    def kill9(self, everything: bool = True) -> None:
        """SIGKILL: of all its processes, as when the host goes; or of the postmaster alone, whose
        children find out by themselves and go on until then. Returns when none is left."""
        own = self.own_processes()
        for process in own if everything else own[:1]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.kills += 1
        self.process.wait(60)
        wait_for(lambda: not any(_runs(process, "postgres") for process in own), 60,
                 "PostgreSQL's processes are gone")

    def url(self, database: str, host=None, port: int = None) -> str:
        return f"host={host or self.directory} port={port or self.port} dbname={database} user=newsloom"

    @property
    def socket_path(self) -> str:
        return f"{self.directory}/.s.PGSQL.{self.port}"

    def execute(self, sql: str, database: str = "postgres", *values):
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def lock_table(self, database: "Database", table: str):
        """Nobody writes to it meanwhile."""
        with psycopg.connect(database.url) as connection:
            connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield
            connection.rollback()

    def prepare_template(self) -> None:
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        programs.run("newsloom-migrate", "--database", self.url(TEMPLATE), check=True)
        self.make_logins()

    def make_logins(self) -> None:
        """As docs/operations.md says: who logs in is granted one of the schema's roles, and no more."""
        self.execute(f"CREATE ROLE {WORKER} LOGIN IN ROLE newsloom_worker")
        self.execute(f"CREATE ROLE {READER} LOGIN IN ROLE newsloom_reader")

    def new_database(self, migrated: bool = True) -> "Database":
        self.databases += 1
        name = f"proof_{self.databases}"
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {TEMPLATE}" if migrated else ""))
        return Database(self, name)


class Database:
    """One test's own database."""

    def __init__(self, server: Postgres, name: str):
        self.server, self.name = server, name

    @property
    def url(self) -> str:
        return self.server.url(self.name)

    @property
    def worker_url(self) -> str:
        """What workers are given: a role that may do their work and nothing else."""
        return self.url_of(WORKER)

    def url_of(self, user: str) -> str:
        return self.url.replace("user=newsloom", f"user={user}")

    def through(self, proxy) -> str:
        return self.server.url(self.name, proxy.host, proxy.port).replace("user=newsloom", f"user={WORKER}")

    def execute(self, sql: str, *values):
        return self.server.execute(sql, self.name, *values)

    def value(self, sql: str, *values):
        rows = self.execute(sql, *values)
        return rows[0][0] if rows else None

    def terminate_backends(self) -> int:
        return len(self.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            "postgres", self.name))
