# SPDX-License-Identifier: Apache-2.0
"""`newsloom doctor` finds what is wrong: each thing is broken for real, and what was found names it."""
import os
import struct
import subprocess

import pytest

from support import programs
from support.cli import CommandLine
from support.contract import wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.proxy import Proxy
from support.waiting import wait_for

EXIT_ILL = 1


class Site:
    """One host with everything on it: a broker, a worker, a database, the files that configure them."""

    def __init__(self, directory, broker, database):
        self.directory, self.broker = directory, broker
        self.newsloom = CommandLine(broker, directory, **{"database.url": database.url if database else "host=/nowhere", "answer.timeout": "20s"})
        self.conf("broker", **broker.settings)
        self.conf("worker", **{"broker.endpoint": broker.endpoint("work"), "database.url": database.worker_url if database else ""})

    def conf(self, name, **settings):
        lines = "".join(f'{key} = "{value}"\n' for key, value in settings.items())
        (self.directory / f"{name}.conf").write_text(lines)

    def words(self) -> list:
        return ["doctor", *(f"--{name}-config={self.directory / name}.conf" for name in ("broker", "worker"))]

    def doctor(self, code=0, prefix=(), **env) -> list:
        """[(finding, check, text and advice)]; the line for people says the same."""
        done = subprocess.run([*prefix, *self.newsloom.command(*self.words())], capture_output=True, text=True, timeout=60,
                              env={**self.newsloom.env, **env}, cwd=self.directory)
        assert done.returncode == code, done.stdout + done.stderr
        lines = done.stdout.split("\n\n")[0].splitlines()
        return [(line[:8].strip(), line[9:25].strip(), line[26:]) for line in lines]

    def found(self, finding, **how) -> dict:
        """Of one kind: check -> text."""
        return {check: text for kind, check, text in self.doctor(**how) if kind == finding}


@pytest.fixture
def site(directory, broker, database, new_worker):
    site = Site(directory, broker, database)
    new_worker(broker, database)
    wait_for(lambda: site.newsloom.json("status")[0].get("workers"), 60, "the worker is there")
    return site


@pytest.fixture
def bare(directory, broker):
    """Without worker and database."""
    return Site(directory, broker, None)


def test_healthy_installation_has_no_finding(site):
    found = site.doctor()
    assert {kind for kind, _, _ in found} == {"ok", "skipped"}, found
    ok = {check for kind, check, _ in found if kind == "ok"}
    assert {"settings", "broker settings", "worker settings", "store", "open files", "broker", "condition", "transport", "worker",
            "disk", "dead letters", "clock", "database", "durability", "tls", "migrations"} == ok


def test_json_says_the_same_and_counts(site):
    *checks, counts = site.newsloom.json(*site.words())
    assert [(one["finding"], one["check"]) for one in checks] == [line[:2] for line in site.doctor()]
    assert counts["failure"] == 0 and counts["ok"] == sum(one["finding"] == "ok" for one in checks)


def test_wrong_settings_are_told_and_the_rest_is_examined(bare):
    (bare.directory / "own.conf").write_text("answer.timeout = soon\n")
    done = bare.newsloom("--config", bare.directory / "own.conf", *bare.words(), code=EXIT_ILL)
    assert "failure  settings" in done.stdout and "own.conf:1" in done.stdout and "ok       condition" in done.stdout
    bare.conf("broker", **{"store.budget": "1KiB"})
    bare.conf("worker", **{"worker.slot": "4"})
    found = bare.found("failure", code=EXIT_ILL)
    assert "store.budget" in found["broker settings"] and "worker.slot" in found["worker settings"]


def test_key_that_others_can_read_is_found(bare):
    key = bare.directory / "own.key"
    bare.newsloom("keygen", "operator", "--output", key)
    bare.newsloom.settings |= {"security.key-file": str(key), "broker.server-key": "0" * 64, "answer.timeout": "300ms"}
    assert "owner alone" in dict(line[1:] for line in bare.doctor(EXIT_ILL))["key"]
    key.chmod(0o644)
    assert str(key) in bare.found("failure", code=EXIT_ILL)["key"]


def test_broker_and_database_that_are_away_are_found(bare):
    bare.broker.kill9()
    bare.newsloom.settings["answer.timeout"] = "300ms"
    found = bare.found("failure", code=EXIT_ILL)
    assert found.keys() == {"broker", "database"} and "/nowhere" in found["database"]


def test_missing_worker_is_found(bare):
    assert "no worker" in bare.found("failure", code=EXIT_ILL)["worker"]


def test_worker_without_database_is_found(bare, new_worker):
    new_worker(bare.broker, "host=/nowhere")
    wait_for(lambda: "worker" in (found := bare.found("failure", code=EXIT_ILL)) and "/nowhere" in found["worker"],
             60, "the worker says that it is blocked")


def test_paused_broker_and_dead_letters_are_warnings(bare, newsroom):
    worker = FakeWorker(bare.broker.endpoint("work"))
    feeder = Feeder(bare.broker.endpoint("feed"))
    feeder.submit(newsroom.pieces(1))
    lease, = worker.take(1)
    worker.start(lease)
    worker.fail(lease, "INVALID_PAYLOAD", "no date", permanent=True)
    worker.pump_until(lambda: bare.newsloom.json("status")[0].get("dead"), what="a dead letter")
    bare.newsloom("pause")
    found = bare.found("warning", code=EXIT_ILL)
    assert "paused" in found["condition"] and "there are 1" in found["dead letters"]
    worker.close()
    feeder.close()


def test_database_without_tables_is_found(site, postgres):
    site.newsloom.settings["database.url"] = postgres.url("postgres")
    assert "newsloom migrate" in site.found("failure", code=EXIT_ILL)["migrations"]


def test_database_that_may_forget_is_found(site, database):
    database.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    assert "synchronous_commit is off" in site.found("failure", code=EXIT_ILL)["durability"]


def test_database_over_a_plain_network_is_found(site, database):
    proxy = Proxy(database.server.socket_path)
    url = database.through(proxy)
    site.newsloom.settings["database.url"] = url
    assert "on this host" in site.found("ok")["tls"]
    site.newsloom.settings["database.url"] = url.replace("host=127.0.0.1", "host=db.example hostaddr=127.0.0.1")
    assert "db.example is reached in plain text" in site.found("warning")["tls"]
    proxy.close()


@pytest.mark.parametrize("seconds, kind, code", [(7, "warning", 0), (-7, "warning", 0), (120, "failure", EXIT_ILL)])
def test_clocks_that_differ_are_found(site, seconds, kind, code):
    shift = site.directory / "shift"
    shift.write_bytes(struct.pack("=q", seconds * 1000))
    lines = site.doctor(code, LD_PRELOAD=programs.preload("libshifted_clock.so"), NEWSLOOM_CLOCK_FILE=str(shift))
    clocks = [text for found, check, text in lines if (found, check) == (kind, "clock")]
    assert len(clocks) == 2 and all(("behind" if seconds > 0 else "ahead of") in text for text in clocks), lines


def test_store_that_others_can_reach_is_found(site):
    site.broker.store.chmod(0o755)
    assert "755" in site.found("warning")["store"]
    site.broker.store.chmod(0o777)
    assert "777" in site.found("failure", code=EXIT_ILL)["store"]


def test_store_for_which_there_is_no_room_is_found(site):
    site.conf("broker", **{"store.directory": site.directory / "later", "store.budget": "15TiB"})
    assert "15.0 TiB" in site.found("failure", code=EXIT_ILL)["store"]
    site.conf("broker", **{"store.directory": site.directory / "later", "store.budget": "200MiB"})
    assert "will be made" in site.found("ok")["store"]


def test_full_store_is_found(directory, new_broker, newsroom):
    broker = new_broker(**{"store.budget": "16MiB", "store.reserve": "1MiB"})
    site = Site(directory, broker, None)
    feeder = Feeder(broker.endpoint("feed"))
    while True:
        pieces = newsroom.pieces(16)
        for piece in pieces:
            piece.content *= 50
        if wire.RETRY_LATER in {receipt.code for receipt in feeder.submit(pieces, patient=False)}:
            break
    feeder.close()
    found = site.found("warning", code=EXIT_ILL)
    assert "budget of 16" in found["disk"] and "full" in found["condition"]


def test_too_few_open_files_are_found(site):
    found = site.found("warning", prefix=["prlimit", "--nofile=1000:1000"])
    assert "1000 files" in found["open files"] and "4096" in found["open files"]


def test_network_without_keys_is_found(site):
    site.newsloom.settings["broker.operator"] += ",tcp://192.0.2.1:5815"
    assert "without keys" in site.found("warning")["transport"]


@pytest.mark.parametrize("load, active, enabled, kind, code", [
    ("loaded", "active", "enabled", "ok", 0), ("loaded", "inactive", "enabled", "warning", 0), ("loaded", "inactive", "disabled", "skipped", 0),
    ("loaded", "failed", "enabled", "failure", EXIT_ILL), ("bad-setting", "inactive", "bad", "failure", EXIT_ILL)])
def test_units_are_judged(site, load, active, enabled, kind, code):
    """systemd does not run where tests do: systemctl's answer is the test's own."""
    folder = site.directory / "bin"
    folder.mkdir()
    (folder / "systemctl").write_text(f"""#!/bin/sh
printf 'NRestarts=3\\nId=newsloom-broker.service\\nLoadState={load}\\nActiveState={active}\\nUnitFileState={enabled}\\n'
printf '\\nNRestarts=0\\nId=newsloom-worker@1.service\\nLoadState=loaded\\nActiveState=active\\n'
""")
    (folder / "systemctl").chmod(0o755)
    lines = site.doctor(code, PATH=f"{folder}:{os.environ['PATH']}")
    units = [(found, text) for found, check, text in lines if check == "unit"]
    assert units[0][0] == kind and "newsloom-broker.service" in units[0][1]
    assert units[1] == ("ok", "newsloom-worker@1.service is active, 0 restarts")
