# SPDX-License-Identifier: Apache-2.0
"""A backup of the running broker is one moment of it, whole or not there, and never fills the store."""
import copy
import random
import shutil
import stat
import subprocess

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.cli import CommandLine
from support.contract import ENDS, wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.programs import preload
from support.rig import OperatorThread, Rig
from support.subscriber import Subscriber
from support.waiting import wait_for
from test_disk_full import heavy

EX_TEMPFAIL, INTERRUPTED = 75, 130


def backups_of(broker):
    return broker.store / "backups"


def left_in(broker) -> list:
    home = backups_of(broker)
    return sorted(path.name for path in home.iterdir()) if home.exists() else []


def log_of(broker) -> dict:
    """sequence -> (entry, extraction), and the log's id."""
    reader = Subscriber(broker.endpoint("subscribe"), window=10 ** 6)
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end(60)
    reader.close()
    return {entry.sequence: (entry, payload) for entry, payload in reader.entries}, reader.log_id


def restore(backup, new_broker, name):
    """As docs/runbooks.md says: compare the sum, copy, start."""
    subprocess.run(["b2sum", "--check", "--quiet", "b2sums"], cwd=backup, check=True)
    broker = new_broker(name, start=False)
    shutil.copytree(backup, broker.store)
    return broker.start()


def check_restored(restored, made, promises, entries, storage):
    """What was promised before the backup began is there; the log is the original's up to its moment."""
    known, log_id = log_of(restored)
    assert log_id.hex() != made["log_id"] and log_id != b""
    assert max(known, default=0) == made["last_sequence"]
    for sequence, (entry, payload) in known.items():
        original, bytes_then = entries[sequence]
        assert (entry, payload) == (original, bytes_then), f"entry {sequence} is another"
    working = WorkingThread(restored.endpoint("work"), "sau", 32, storage)
    working.start()
    wait_settled(restored, 60)
    feeder = Feeder(restored.endpoint("feed"))
    for promise in promises:
        outcome = feeder.outcome(promise.source, promise.key, promise.revision)
        assert (outcome.article_id, outcome.digest) == (promise.article_id, promise.digest), promise
        assert outcome.state in ENDS, promise
        if outcome.state == wire.STORED:
            assert storage.rows[promise.source, promise.key, promise.revision][0] == promise.digest
    feeder.close()
    working.finish()


def test_backup_under_load_is_one_moment(new_broker, seed, time_given, directory):
    broker = new_broker()
    cli = CommandLine(broker, directory)
    rig = Rig(broker, seed, feeders=3, workers=2, fail_every=4)
    rig.start(OperatorThread(broker.endpoint("operator"), random.Random(seed), drops=False))
    taken = []
    for number in time_given.rounds(3):
        wait_for(lambda: len(rig.ledger) > 40 * (number + 1), 60, "articles come in")
        with rig.ledger.lock:
            promises = [copy.copy(p) for p in rig.ledger.promises.values() if not p.again]
        made, = cli.json("backup", f"ban-{number}")
        assert made["state"] == "BACKUP_MADE" and made["directory"] == str(backups_of(broker) / f"ban-{number}")
        taken.append((made, promises))
    audit = rig.settle_and_audit("backup_under_load", 0, backups=len(taken))
    assert audit.articles > 0
    entries, _ = log_of(broker)
    for number, (made, promises) in enumerate(taken):
        backup = backups_of(broker) / made["name"]
        assert stat.S_IMODE(backup.stat().st_mode) == 0o700
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in backup.iterdir()} == {
            "data.mdb": 0o600, "b2sums": 0o600}
        restored = restore(backup, new_broker, f"r{number}")
        storage = MemoryStorage()
        storage.rows.update(rig.storage.rows)
        check_restored(restored, made, promises, entries, storage)
        restored.kill9()
        if time_given.is_long:
            shutil.rmtree(backup)
            shutil.rmtree(restored.store)


def slow_broker(new_broker, rule, **settings):
    return new_broker(env={"LD_PRELOAD": preload("libfailing_io.so"), "NEWSLOOM_FAIL_IO": rule}, **settings)


def fill_to(broker, feeder, newsroom, megabytes) -> None:
    operator = Operator(broker.endpoint("operator"))
    while operator.status().store_used_bytes < megabytes << 20:
        feeder.submit([heavy(newsroom) for _ in range(16)])
    operator.close()


def test_backup_gives_up_before_it_fills_the_store(new_broker, ledger, seed, directory):
    """While a slow disk takes the copy, articles come and go: what they free is held."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = slow_broker(new_broker, "write:1+:SLOW",
                         **{"store.budget": "64MiB", "store.reserve": "8MiB", "retention.log-size": "1MiB"})
    cli = CommandLine(broker, directory)
    feeder, operator = Feeder(broker.endpoint("feed"), ledger), Operator(broker.endpoint("operator"))
    fill_to(broker, feeder, newsroom, 24)
    for arguments, sentence in ((["--limit", "3MiB"], "its limit"), ([], "its limit")):
        backup = cli.start("backup", "ban", *arguments)
        working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
        working.start()
        while backup.process.poll() is None:  # churn
            receipts = feeder.submit([heavy(newsroom) for _ in range(16)], patient=False)
            assert {r.code for r in receipts} == {wire.ACCEPTED}, "feeders notice nothing"
        assert backup.end() == EX_TEMPFAIL, (backup.out, backup.err)
        assert "gave up" in backup.err[-1] and sentence in backup.err[-1], backup.err
        assert left_in(broker) == [] and operator.status().condition == "running"
        wait_settled(broker, 60)
        working.finish()
        fill_to(broker, feeder, newsroom, 24)
    made, = cli.json("backup", "ban")  # nothing goes on: there is time
    assert left_in(broker) == ["ban"] and int(made["held_bytes"]) < 1 << 20
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    audit = Auditor(broker, ledger, storage).run()
    working.finish()
    report("backup_gives_up", audit, 2)
    operator.close()
    feeder.close()


def test_backup_that_dies_leaves_nothing_that_looks_whole(new_broker, ledger, seed, directory):
    """The broker is killed in the middle of the copy, and at each sync of its end."""
    newsroom = Newsroom(seed)
    broker = new_broker(start=False)
    cli, hasty = CommandLine(broker, directory), CommandLine(broker, directory, **{"answer.timeout": "300ms"})
    broker.start()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    fill_to(broker, feeder, newsroom, 8)
    broker.kill9()
    # two syncs of directories belong to the start; then data, sums, the copy's directory; the parent's comes
    # after the rename
    for rule in ("write:1:KILLED", "write:9:KILL", "fsync:3:KILL", "fsync:4:KILL", "fsync:5:KILL"):
        broker.env = {"LD_PRELOAD": preload("libfailing_io.so"), "NEWSLOOM_FAIL_IO": rule}
        broker.start()
        backup = hasty.start("backup", "ban")
        broker.wait_crash(60)
        assert backup.end() != 0
        assert left_in(broker) == ["ban.partial"], rule
    broker.env = {}
    broker.start()
    assert left_in(broker) == [], "what a dead broker left is taken away"
    for rule, sentence in (("write:9:ENOSPC", "No space left"), ("write:3:EIO", "Input/output"),
                           ("fsync:3:EIO", "could not sync")):
        broker.kill9()
        broker.env = {"LD_PRELOAD": preload("libfailing_io.so"), "NEWSLOOM_FAIL_IO": rule}
        broker.start()
        assert sentence in cli.run("backup", "ban", code=EX_TEMPFAIL).stderr
        assert left_in(broker) == [], rule
        assert cli.json("backup", "ban")[0]["state"] == "BACKUP_MADE", "the fault was the backup's alone"
        assert "there already" in cli.run("backup", "ban", code=EX_TEMPFAIL).stderr
        shutil.rmtree(backups_of(broker) / "ban")
    feeder.close()


def test_interrupted_backup_leaves_nothing(new_broker, ledger, seed, directory):
    broker = slow_broker(new_broker, "write:1+:SLOW")
    cli = CommandLine(broker, directory)
    feeder = Feeder(broker.endpoint("feed"), ledger)
    fill_to(broker, feeder, Newsroom(seed), 16)
    backup = cli.start("backup", "ban")
    wait_for(lambda: left_in(broker) == ["ban.partial"], what="it is under way")
    assert "one at a time" in cli.run("backup", "andere", code=65).stderr
    backup.interrupt()
    assert backup.end() == INTERRUPTED and "cancelled" in backup.err[-1], backup.err
    assert left_in(broker) == []
    for name in ("../x", ".x", "a/b", "x" * 65, "a.partial"):
        assert "a backup is named by" in cli.run("backup", name, code=65).stderr, name
    cli.start("backup", "zuletzt")
    wait_for(lambda: left_in(broker) == ["zuletzt.partial"], what="it is under way")
    assert broker.terminate() == 0, "a broker that is told to stop takes its backup back"
    assert left_in(broker) == []
    feeder.close()
