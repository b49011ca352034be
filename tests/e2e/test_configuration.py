# SPDX-License-Identifier: Apache-2.0
"""A wrong configuration is one sentence with the way out, before anything is bound."""
import os
from pathlib import Path

import pytest

from support import programs as programs_
from support.programs import run

DAEMONS = ("newsloom-broker", "newsloom-worker", "newsloom-gateway")
EX_USAGE, EX_DATAERR, EX_CANTCREAT, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 64, 65, 73, 75, 77, 78


def one_sentence(done) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, f"not one sentence: {done.stderr!r}"
    return lines[0]


@pytest.mark.parametrize("program", DAEMONS)
def test_help_version_and_sample(program, directory):
    assert "--config" in run(program, "--help", check=True).stdout
    assert run(program, "--version", check=True).stdout.strip()
    assert "log.level" in run(program, "--help-config", check=True).stdout
    sample = run(program, "--print-config", check=True).stdout
    (directory / "sample.conf").write_text(sample)
    extra = ["--set", f"store.directory={directory}/store"] if program.endswith("broker") else []
    run(program, "--config", directory / "sample.conf", "--check", *extra, check=True)


@pytest.mark.parametrize("program", DAEMONS)
def test_unknown_key_is_named_with_its_origin(program):
    done = run(program, "--set", "no.such=1", "--check")
    assert done.returncode in (EX_USAGE, EX_CONFIG)
    assert "no.such" in one_sentence(done)


@pytest.mark.parametrize("program", DAEMONS)
def test_unknown_key_in_a_file_is_named_with_its_line(program, directory):
    path = directory / "a.conf"
    path.write_text("# comment\n\nlog.level = info\nlog.colour = red\n")
    done = run(program, "--config", path, "--check")
    assert done.returncode == EX_CONFIG
    sentence = one_sentence(done)
    assert "log.colour" in sentence and ":4" in sentence or "line 4" in sentence


def test_article_limit_that_the_store_can_never_hold_is_refused():
    done = run("newsloom-broker", "--set", "store.budget=64MiB", "--set", "store.reserve=8MiB",
               "--set", "article.limit=32MiB", "--check")
    assert done.returncode == EX_CONFIG and "article.limit" in one_sentence(done)


@pytest.mark.parametrize("program, assignment", [
    ("newsloom-broker", "lease.duration=1ms"), ("newsloom-broker", "lease.duration=soon"),
    ("newsloom-broker", "store.budget=1KiB"), ("newsloom-broker", "attempt.limit=0"),
    ("newsloom-broker", "backfill.share=200"), ("newsloom-broker", "log.level=loud"),
    ("newsloom-broker", "listen.feed=carrier-pigeon"), ("newsloom-broker", "listen.http=web"),
    ("newsloom-broker", "listen.feed=tcp://127.0.0.1:5812"),
    ("newsloom-broker", "listen.http=127.0.0.1:99999"), ("newsloom-worker", "listen.http=:9310"),
    ("newsloom-worker", "worker.slots=1000"), ("newsloom-worker", "extract.budget=-5s"),
    ("newsloom-worker", "log.format=xml"), ("newsloom-gateway", "listen.api="), ("newsloom-gateway", "listen.api=unix:x"),
    ("newsloom-gateway", "limit.memory=1MiB"), ("newsloom-gateway", "broker.server-key=1234"),
])
def test_value_out_of_bounds_names_the_bounds(program, assignment):
    done = run(program, "--set", assignment, "--check")
    assert done.returncode in (EX_USAGE, EX_CONFIG), (done.returncode, done.stderr)
    assert assignment.split("=")[0] in one_sentence(done)


def test_environment_is_read_and_beaten_by_set():
    env = programs_.environment(NEWSLOOM_LEASE_DURATION="17s")
    shown = run("newsloom-broker", "--show-config", env=env, check=True).stdout
    line = next(line for line in shown.splitlines() if line.startswith("lease.duration"))
    assert "17" in line and "NEWSLOOM_LEASE_DURATION" in line
    shown = run("newsloom-broker", "--show-config", "--set", "lease.duration=18s", env=env,
                check=True).stdout
    line = next(line for line in shown.splitlines() if line.startswith("lease.duration"))
    assert "18" in line and "--set" in line


@pytest.mark.parametrize("program", DAEMONS)
def test_missing_file_is_said(program):
    done = run(program, "--config", "/nowhere/newsloom.conf", "--check")
    assert done.returncode in (66, EX_CONFIG)
    assert "/nowhere/newsloom.conf" in one_sentence(done)


def test_directory_that_cannot_be_written_is_said_before_binding(new_broker, directory):
    (directory / "file").write_text("in the way")
    broker = new_broker(start=False, store_directory=directory / "file" / "store")
    broker.start(wait=False)
    assert broker.wait_exit() in (EX_CANTCREAT, EX_NOPERM, EX_CONFIG, 70, 65, 66)
    assert str(directory / "file" / "store") in broker.log()
    assert not (directory / "broker" / "feed").exists(), "it had bound already"


def test_second_broker_on_the_directory_is_refused(new_broker, broker):
    second = new_broker("second", start=False, store_directory=broker.store)
    second.start(wait=False)
    code = second.wait_exit()
    assert code not in (0, None) and code > 0
    assert str(broker.store) in second.log()
    assert not (second.directory / "feed").exists(), "it had bound already"
    assert broker.is_alive


def test_port_in_use_is_said(new_broker):
    first = new_broker(**{"listen.feed": "tcp://127.0.0.1:*"})
    second = new_broker("second", start=False, **{"listen.feed": first.endpoint("feed")})
    second.start(wait=False)
    assert second.wait_exit() > 0
    assert "listen.feed" in second.log() or first.endpoint("feed") in second.log()


def test_database_without_schema_stops_the_worker_with_the_way_out(new_worker, broker, postgres):
    empty = postgres.new_database(migrated=False)
    worker = new_worker(broker, empty, start=False)
    worker.start(wait=False)
    assert worker.wait_exit() > 0
    assert "newsloom migrate" in worker.log() or "newsloom-migrate" in worker.log()


def test_database_of_another_version_stops_the_worker_with_the_way_out(new_worker, broker, database):
    version, = {table for schema, table in database.execute(
        "SELECT table_schema, table_name FROM information_schema.columns "
        "WHERE column_name = 'version' AND table_schema = 'newsloom'")}
    database.execute(f"UPDATE newsloom.{version} SET version = version + 1000 "
                     f"WHERE version = (SELECT max(version) FROM newsloom.{version})")
    worker = new_worker(broker, database, start=False)
    worker.start(wait=False)
    assert worker.wait_exit() > 0
    assert "version" in worker.log() or "migrat" in worker.log()


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_server_that_may_forget_is_refused(new_worker, broker, postgres, database, setting):
    if setting == "fsync":
        postgres.crash()
        postgres.start(fsync="off")
    else:
        postgres.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    try:
        worker = new_worker(broker, database, start=False)
        worker.start(wait=False)
        assert worker.wait_exit() > 0
        assert setting in worker.log()
    finally:
        if setting == "fsync":
            postgres.crash()
            postgres.start()


@pytest.mark.parametrize("program", DAEMONS[:2])  # the gateway keeps nothing that could be lost
def test_crash_points_are_listed_and_an_unknown_one_is_said(program):
    listed = run(program, "--crash-points", check=True).stdout.split()
    assert any(word.startswith(program.removeprefix("newsloom-").upper()) for word in listed)
    done = run(program, "--check", env=programs_.environment(NEWSLOOM_CRASH_AT="NOWHERE"))
    assert done.returncode == EX_USAGE and "NOWHERE" in done.stderr


def test_endpoints_file_says_what_was_bound(new_broker):
    roles = ("feed", "work", "subscribe", "live", "operator")
    broker = new_broker(**{f"listen.{role}": "tcp://127.0.0.1:*" for role in roles},
                        **{"listen.http": "127.0.0.1:0"})
    for role in roles:
        assert broker.endpoints[role].startswith("tcp://127.0.0.1:")
        assert not broker.endpoints[role].endswith("*")
    assert int(broker.endpoints["http"].rsplit(":", 1)[1]) > 0


def test_store_directory_is_for_its_owner_only(broker):
    assert oct(os.stat(broker.store).st_mode & 0o777) == oct(0o700)
    assert Path(broker.store / "endpoints").exists()
