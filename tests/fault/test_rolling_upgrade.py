# SPDX-License-Identifier: Apache-2.0
"""Programs of two versions side by side while articles flow: replaced one by one, in both directions;
the tables migrated under running workers; and versions that cannot work together say so."""
import hashlib
import json
import random
import subprocess

import psycopg
import pytest

from support.auditor import Auditor, check_no_attempt_burnt, report
from support.cli import CommandLine
from support.feeder import Feeder
from support.operating import Operator
from support.programs import environment
from support.rig import Rig
from support.versions import BEFORE, FAR, NEXT, PAIRS, THIS
from support.waiting import wait_for

SETTINGS = {"restart.grace": "10s", "lease.duration": "5s", "attempt.limit": "2"}
EX_CONFIG, EX_TEMPFAIL = 78, 75


def stored(database) -> int:
    return database.value("SELECT coalesce(max(article_id), 0) FROM newsloom.article")


def wait_stored(database) -> None:
    before = stored(database)
    wait_for(lambda: stored(database) > before, 60, "rows come in", every=0.05)


@pytest.mark.parametrize("old, new", PAIRS, ids=repr)
def test_programs_are_replaced_one_by_one(old, new, new_broker, new_worker, database, seed, time_given):
    """Forward one by one, so that each version of a worker meets each of the broker; then by chance."""
    chance = random.Random(seed)
    broker = new_broker(start=False, **SETTINGS)
    old.gives(broker)
    broker.start()
    workers = [new_worker(broker, database, start=False, worker_slots=16) for _ in range(2)]
    for worker in workers:
        old.gives(worker)
        worker.start()
        worker.wait_log("welcome")
    rig = Rig(broker, seed, storage=database, feeders=2, pace=0.3 if time_given.is_long else 0.1).start()
    migrate(new, database)
    plan = [(workers[0], new), (broker, new), (workers[1], new), (broker, old)]
    for number in time_given.rounds(len(plan)):
        program, version = plan[number] if number < len(plan) else (
            chance.choice([broker, *workers]), chance.choice([old, new]))
        assert program.terminate(60) == 0
        version.gives(program)
        program.start()
        if program is not broker:
            program.wait_log("welcome")
        wait_stored(database)
    rig.settle_and_audit(f"programs_replaced ({old}, {new})", number + 1, 900 if time_given.is_long else 120)
    check_no_attempt_burnt(broker, rig.ledger)


def migrate(version, database, code: int = 0) -> str:
    done = subprocess.run([version.program("newsloom-migrate"), "--database", database.url],
                          capture_output=True, text=True, timeout=120, env=environment())
    assert done.returncode == code, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done.stderr


def test_migration_under_load(new_broker, new_worker, postgres, seed, time_given):
    """Old workers write on while the tables change, new ones join; when a later migration no longer takes
    old writers they stop, give everything back, and the new ones go on."""
    for number in time_given.rounds(1):
        database = postgres.new_database()
        broker = new_broker(f"broker{number}", **SETTINGS)
        old = [new_worker(broker, database, f"old{number}-{at}", worker_slots=16) for at in range(2)]
        rig = Rig(broker, seed + number, storage=database, feeders=2, pace=0.1).start()
        wait_stored(database)
        migrate(NEXT, database)
        migrate(NEXT, database)
        migrate(THIS, database, code=65)  # the newer program's business now
        wait_stored(database)
        assert [worker.starts for worker in old if worker.is_alive] == [1, 1]
        new = new_worker(broker, database, f"new{number}", start=False, worker_slots=16)
        NEXT.gives(new)
        new.start()
        old[0].restart()  # it may still write, and may connect
        wait_stored(database)
        assert database.value("SELECT count(*) FROM newsloom.by_region") == 1
        database.execute("CREATE OR REPLACE FUNCTION newsloom.oldest_writer() RETURNS integer LANGUAGE sql"
                         f" IMMUTABLE PARALLEL SAFE RETURN {NEXT.schema}")
        database.terminate_backends()
        for worker in old:
            assert worker.wait_exit(60) == EX_CONFIG
            assert f"takes no programs older than version {NEXT.schema}" in worker.log()
        wait_stored(database)
        rig.settle_and_audit("migration_under_load", 3, 120)
        assert new.is_alive and new.starts == 1
        for program in (new, broker):
            program.terminate()


def test_migration_that_cannot_have_its_lock_gives_up(new_broker, new_worker, database, seed):
    """An analyst's open transaction holds the table: workers must not wait behind us for ever."""
    broker = new_broker(**SETTINGS)
    worker = new_worker(broker, database)
    rig = Rig(broker, seed, storage=database, feeders=1, pace=0.1).start()
    wait_stored(database)
    with psycopg.connect(database.url) as analyst:
        analyst.execute("SELECT count(*) FROM newsloom.article")
        assert "lock timeout" in migrate(NEXT, database, code=EX_TEMPFAIL)
        wait_stored(database)
    assert database.value("SELECT max(version) FROM newsloom.schema_version") == THIS.schema
    rig.settle_and_audit("migration_without_its_lock", 1, 120)
    assert worker.starts == 1
    check_no_attempt_burnt(broker, rig.ledger)


def test_schema_behind_burns_no_attempt(new_broker, new_worker, database, ledger, newsroom):
    broker = new_broker(**SETTINGS)
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(10))
    early = new_worker(broker, database, start=False)
    NEXT.gives(early)
    early.start()
    assert early.wait_exit(60) == EX_CONFIG
    assert f"this program needs {NEXT.schema}: run" in early.log()
    migrate(NEXT, database)
    early.start()
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (10, 0)
    check_no_attempt_burnt(broker, ledger)
    feeder.close()


@pytest.mark.parametrize("old, new", PAIRS, ids=repr)
def test_clients_of_both_versions_meet_brokers_of_both(old, new, new_broker, new_worker, database, directory,
                                                       newsroom):
    for server, client in ((old, new), (new, old)):
        broker = new_broker(f"broker-{server}", start=False)
        server.gives(broker)
        broker.start()
        new_worker(broker, database, f"worker-{server}")
        newsloom = CommandLine(broker, directory, path=client.program("newsloom"))
        lines = "".join(json.dumps({"text": p.content.decode(), "key": p.key}) + "\n"
                        for p in newsroom.pieces(20))
        newsloom("feed", "--source", f"bao-{client}", "--wait", "-", stdin=lines)
        entries = newsloom.json("subscribe", "--from", "earliest", "--until-idle")
        assert [entry["kind"] for entry in entries] == ["STORED"] * 20
        assert "running" in newsloom("status").stdout
    assert database.value("SELECT count(*) FROM newsloom.article") == 40


def test_feed_goes_on_while_brokers_forget_and_learn_joined_payloads(new_broker, directory):
    broker = new_broker(start=False)
    feed, count = None, 0
    for version in (THIS, BEFORE, THIS):
        version.gives(broker)
        broker.start()
        feed = feed or CommandLine(broker, directory).start("feed", "--source", "bao", "--json", "-")
        feed.write("".join(json.dumps({"text": f"Bài {number}.", "key": f"k{number}"}) + "\n"
                           for number in range(count, count + 1000)))
        count += 1000
        feed.wait_lines(count)
        operator = Operator(broker.endpoint("operator"))
        assert (operator.joined("in") > 0) == (version is THIS)
        assert operator.backlog() == count
        operator.close()
        if count < 3000:
            assert broker.terminate() == 0
    assert feed.end() == 0
    assert [json.loads(line)["receipt"] for line in feed.out] == ["ACCEPTED"] * count


def test_protocols_that_do_not_meet_are_told_and_cost_nothing(new_broker, new_worker, database, directory,
                                                              ledger, newsroom):
    broker = new_broker(**SETTINGS)
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(5))
    far = new_worker(broker, database, start=False)
    FAR.gives(far)
    far.start()
    far.wait_log("protocol 2 is not spoken here: use 1 to 1")
    assert far.is_alive, "the broker may be next to be upgraded"
    operator = Operator(broker.endpoint("operator"))
    assert not operator.status().workers and operator.backlog() == 5
    operator.close()
    new_worker(broker, database)
    assert Auditor(broker, ledger, database).run().stored == 5
    check_no_attempt_burnt(broker, ledger)
    feeder.close()
    other = new_broker("far", start=False)
    FAR.gives(other)
    other.start()
    told = CommandLine(other, directory).run("status")
    assert told.returncode != 0 and "protocol 1 is not spoken here: use 2 to 3" in told.stderr
    lost = new_worker(other, database, "lost")
    lost.wait_log("protocol 1 is not spoken here: use 2 to 3")
    assert lost.is_alive


def test_store_of_another_format_is_refused_and_left_alone(new_broker, new_worker, database, ledger, newsroom):
    """The way up: let the old broker finish (newsloom drain), and start the new one on a new directory."""
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(10))
    assert broker.terminate() == 0
    before = digest(broker.store / "data.mdb")
    FAR.gives(broker)
    broker.start(wait=False)
    assert broker.wait_exit() > 0
    assert "its format is 2 and this broker knows 3" in broker.log()
    assert digest(broker.store / "data.mdb") == before
    THIS.gives(broker)
    broker.start()
    new_worker(broker, database)
    audit = Auditor(broker, ledger, database).run()
    assert audit.stored == 10
    report("store_of_another_format", audit, 1)
    feeder.close()


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
