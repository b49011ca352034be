# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a short directory of one's own, programs that are killed afterwards, a database."""
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import pytest

from support.articles import Newsroom
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.gateway import Gateway
from support.ledger import Ledger
from support.operating import Operator
from support.postgres import Postgres, roomy_memory
from support.programs import Broker, Worker
import newsloom  # support.paths has made it importable


def pytest_addoption(parser):
    parser.addoption("--minutes", type=float, default=0.0,
                     help="how long a fault test goes on; 0: its short form")
    parser.addoption("--seed", type=int, default=None, help="of articles and of chance")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    if outcome.get_result().failed:
        item.has_failed = True


@pytest.fixture(scope="session")
def seed(request):
    value = request.config.getoption("--seed")
    return value if value is not None else int.from_bytes(os.urandom(3), "big")


class Time:
    """How long a fault test still has: rounds() goes on until the short form's number of rounds
    is done, or until --minutes are over."""

    def __init__(self, minutes: float):
        self.minutes = minutes
        self.end = time.monotonic() + minutes * 60

    @property
    def is_long(self) -> bool:
        return self.minutes > 0

    def rounds(self, short: int):
        done = 0
        while done < short or (self.is_long and time.monotonic() < self.end):
            yield done
            done += 1

    def seconds(self, short: float) -> float:
        return self.minutes * 60 if self.is_long else short


@pytest.fixture
def time_given(request):
    return Time(request.config.getoption("--minutes"))


KEPT_SIZE = 128 * 1024 * 1024


@pytest.fixture
def directory(request):
    """Short, because ipc:// and PostgreSQL's socket have 107 bytes; kept when the test failed."""
    path = Path(tempfile.mkdtemp(prefix="nl-"))
    path.chmod(0o755)
    yield path
    if getattr(request.node, "has_failed", False):
        for large in (file for file in path.rglob("*") if file.is_file() and file.stat().st_size > KEPT_SIZE):
            large.unlink()  # a store of a long run has gigabytes; many of them fill the disk
        print(f"\nkept: {path}", file=sys.stderr)
        for log in sorted(path.glob("*/log")):
            tail = log.read_text(errors="replace")[-2500:]
            print(f"--- {log.parent.name}\n{tail}", file=sys.stderr)
    else:
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def programs(request, directory):
    """Everything started through it is killed afterwards and must not have been sick."""
    started = []
    yield started
    for program in started:
        program.thaw()
        program.kill9()
    for program in started:
        sick = program.sickness()
        assert not sick, f"{program.directory.name} was sick:\n{sick}"


@pytest.fixture
def new_broker(directory, programs, request):
    def make(name="broker", start=True, crash_at="", env=None, **settings):
        if request.config.getoption("--minutes") > 0:  # nothing is forgotten for want of room
            settings.setdefault("store.budget", "2GiB")
        broker = Broker(directory / name, env, **{k.replace("_", "."): v for k, v in settings.items()})
        programs.append(broker)
        return broker.start(crash_at) if start else broker
    return make


@pytest.fixture
def broker(new_broker):
    return new_broker()


@pytest.fixture
def feeder(broker, ledger):
    feeder = Feeder(broker.endpoint("feed"), ledger)
    yield feeder
    feeder.close()


@pytest.fixture
def operator(broker):
    operator = Operator(broker.endpoint("operator"))
    yield operator
    operator.close()


@pytest.fixture
def roomy_directory():
    """For the clusters that a test makes itself."""
    path = Path(tempfile.mkdtemp(prefix="nl-pg-", dir=roomy_memory()))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres():
    path = Path(tempfile.mkdtemp(prefix="nl-pg-", dir=roomy_memory()))
    path.chmod(0o755)
    server = Postgres(path / "cluster")
    try:
        server.start()
        server.prepare_template()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def database(postgres):
    return postgres.new_database()


@pytest.fixture
def new_worker(directory, programs):
    def make(broker, database, name=None, start=True, crash_at="", env=None, **settings):
        name = name or f"worker{sum(p.name == 'newsloom-worker' for p in programs) + 1}"
        url = database if isinstance(database, str) else database.worker_url
        worker = Worker(directory / name, broker, url, env,
                        **{k.replace("_", "."): v for k, v in settings.items()})
        programs.append(worker)
        return worker.start(crash_at) if start else worker
    return make


@pytest.fixture
def new_gateway(directory, programs):
    def make(broker, database="", name=None, start=True, env=None, **settings):
        name = name or f"gateway{sum(p.name == 'newsloom-gateway' for p in programs) + 1}"
        url = database if isinstance(database, str) else database.worker_url
        gateway = Gateway(directory / name, broker, url, env,
                          **{k.replace("_", "."): v for k, v in settings.items()})
        programs.append(gateway)
        return gateway.start() if start else gateway
    return make


@pytest.fixture
def automatic_worker(broker):
    """One in Python, which stores into memory whatever comes."""
    thread = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    thread.start()
    yield thread
    thread.finish()


@pytest.fixture
def new_client_feeder(broker):
    """The Python package's, not support/feeder.py's."""
    made = []

    def make(endpoint=None, **how):
        made.append(newsloom.Feeder(endpoint or broker.endpoint("feed"), **how))
        return made[-1]
    yield make
    for feeder in made:
        feeder.close()


@pytest.fixture
def ledger():
    return Ledger()


@pytest.fixture
def newsroom(seed):
    return Newsroom(seed)
