# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL: initdb in a directory of its own, unix socket only, never a system cluster."""
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg

from support import programs
from support.waiting import wait_for

PORT = 5432  # names the socket file only: there is no TCP listener
TEMPLATE = "newsloom_template"


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


class Postgres:
    def __init__(self, directory: Path):
        self.directory = Path(directory)
        self.data = self.directory / "data"
        self.bin = _bindir()
        self.user = _user()
        self.process = None
        self.databases = 0
        self.kills = 0
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o755)
        if self.user:
            os.chown(self.directory, self.user["user"], self.user["group"])
        self._do("initdb", "-D", self.data, "-U", "newsloom", "--auth=trust", "-E", "UTF8",
                 "--locale=C.UTF-8", "--no-sync", "--no-instructions")

    def _do(self, name, *arguments) -> None:
        done = subprocess.run([str(self.bin / name), *map(str, arguments)], capture_output=True,
                              text=True, cwd=self.directory, env=programs.environment(), **self.user)
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stderr or done.stdout}")

    def start(self, **settings) -> "Postgres":
        values = {"listen_addresses": "", "port": PORT, "unix_socket_directories": self.directory,
                  "max_connections": 60, "shared_buffers": "64MB", "fsync": "on",
                  "synchronous_commit": "on", "log_min_messages": "warning",
                  "log_line_prefix": "%m [%p] ", "deadlock_timeout": "200ms", **settings}
        command = [str(self.bin / "postgres"), "-D", str(self.data)]
        for name, value in values.items():
            command += ["-c", f"{name}={value}"]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.directory,
                                            env=programs.environment(), stdin=subprocess.DEVNULL,
                                            preexec_fn=programs._die_with_parent, **self.user)
        wait_for(self._answers, 60, "PostgreSQL answers")
        return self

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL ended: {(self.directory / 'log').read_text()[-2000:]}")
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
            return True
        except psycopg.OperationalError:
            return False

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT: at once but clean; SIGQUIT: at once, recovery at the next start."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def crash(self) -> None:
        """As kill -9 of every one of its processes."""
        self.kills += 1
        self.stop(signal.SIGQUIT)

    def url(self, database: str, host=None, port: int = PORT) -> str:
        return f"host={host or self.directory} port={port} dbname={database} user=newsloom"

    @property
    def socket_path(self) -> str:
        return f"{self.directory}/.s.PGSQL.{PORT}"

    def execute(self, sql: str, database: str = "postgres", *values):
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def prepare_template(self) -> None:
        self.execute(f"CREATE DATABASE {TEMPLATE}")
        programs.run("newsloom-migrate", "--database", self.url(TEMPLATE), check=True)

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

    def through(self, proxy) -> str:
        return self.server.url(self.name, proxy.host, proxy.port)

    def execute(self, sql: str, *values):
        return self.server.execute(sql, self.name, *values)

    def value(self, sql: str, *values):
        rows = self.execute(sql, *values)
        return rows[0][0] if rows else None

    def terminate_backends(self) -> int:
        return len(self.server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            "postgres", self.name))
