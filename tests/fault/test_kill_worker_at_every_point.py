# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the worker at each named point; also between COMMIT and done on the last attempt."""
import random

import pytest

from support.articles import Newsroom, Piece
from support.auditor import Auditor, report
from support.contract import wire
from support.feeder import Feeder
from support.programs import run
from support.rig import Rig
from support.waiting import wait_for


def points() -> list:
    lines = run("newsloom-worker", "--crash-points", check=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def test_kill_worker_at_every_point(new_broker, new_worker, database, seed, time_given):
    chance = random.Random(seed)
    broker = new_broker(**{"lease.duration": "1s", "attempt.limit": "20"})
    worker = new_worker(broker, database, start=False, worker_slots=8)
    rig = Rig(broker, seed, storage=database, feeders=2, pace=0.1).start()
    order = points()
    assert len(order) >= 8
    for number in time_given.rounds(1):
        if number:
            chance.shuffle(order)
        for point in order:
            worker.start(crash_at=f"{point}:{chance.randint(1, 5)}")
            worker.wait_crash(60)
    worker.start()
    rig.settle_and_audit("kill_worker_at_every_point", worker.kills,
                         900 if time_given.is_long else 90)  # a backlog has grown meanwhile


@pytest.mark.parametrize("limit", [1, 2])
def test_killed_after_commit_on_the_last_attempt_is_never_dead_and_stored(
        new_broker, new_worker, database, ledger, seed, limit):
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": str(limit)})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    piece = Newsroom(seed).piece()
    feeder.submit([piece])
    worker = new_worker(broker, database, start=False)
    for _ in range(limit):
        worker.start(crash_at="WORKER_AFTER_STORE")
        worker.wait_crash()
    worker.start()
    wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.STORED, 30,
             "the stored article is found")
    audit = Auditor(broker, ledger, database).run()
    assert database.value("SELECT count(*) FROM newsloom.article") == 1
    report("killed_after_commit_on_the_last_attempt", audit, worker.kills)
    feeder.close()


def test_stored_by_the_very_last_attempt_is_found_by_whoever_looks(new_broker, new_worker, database, ledger, seed):
    """Two attempts die before their COMMIT, the last one after it, and then those who only look die too."""
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": "3"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    piece = Newsroom(seed).piece()
    feeder.submit([piece])
    worker = new_worker(broker, database, start=False)
    for point in ("WORKER_EXTRACTED", "WORKER_EXTRACTED", "WORKER_AFTER_STORE", "WORKER_TAKEN", "WORKER_DONE_SENT"):
        worker.start(crash_at=point)
        worker.wait_crash()
    worker.start()
    wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.STORED, 30, "the stored article is found")
    audit = Auditor(broker, ledger, database).run()
    report("stored_by_the_very_last_attempt", audit, worker.kills)
    feeder.close()


def test_article_that_no_worker_survives_costs_its_attempts_and_no_more(new_broker, new_worker, database, ledger, seed):
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": "2"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    piece = Newsroom(seed).piece()
    feeder.submit([piece])
    worker = new_worker(broker, database, start=False)
    is_dead = lambda: feeder.outcome(piece.source, piece.key).state == wire.DEAD
    worker.start(crash_at="WORKER_EXTRACTED")  # as would every further extraction
    while worker.kills < 5 and not is_dead():
        wait_for(lambda: is_dead() or not worker.is_alive, 30, "the article is dead or kills its worker")
        if not worker.is_alive:
            worker.wait_crash()
            worker.start(crash_at="WORKER_EXTRACTED")
    outcome = feeder.outcome(piece.source, piece.key)
    assert outcome.state == wire.DEAD
    assert outcome.attempts_charged == 2
    assert outcome.reason.startswith("WORKER_LOST"), outcome.reason
    assert worker.is_alive
    audit = Auditor(broker, ledger, database).run()
    report("no_worker_survives", audit, worker.kills)
    feeder.close()


def test_started_article_pays_and_its_neighbours_do_not(new_broker, new_worker, database, ledger, seed):
    broker = new_broker(**{"lease.duration": "1s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    pieces = Newsroom(seed).pieces(12)
    feeder.submit(pieces)
    worker = new_worker(broker, database, start=False, worker_slots=12)
    worker.start(crash_at="WORKER_STARTED")
    worker.wait_crash()
    worker.start()
    audit = Auditor(broker, ledger, database).run()
    charged = [feeder.outcome(p.source, p.key).attempts_charged for p in pieces]
    assert sum(charged) <= 1, charged
    report("started_article_pays", audit, worker.kills)
    feeder.close()


def test_stored_article_is_not_dead_when_a_later_attempt_runs_out_of_time(
        new_broker, new_worker, database, ledger):
    """The first worker died between COMMIT and done, the next has no time to extract: it looks."""
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": "2"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    text = "Nguyễn Văn An gặp ông Trần Bình ở Hà Nội. " * 3000
    heavy, other = (Piece("proof", key, key, text.encode()) for key in ("nang", "khac"))
    feeder.submit([heavy])
    worker = new_worker(broker, database, start=False)
    worker.start(crash_at="WORKER_AFTER_STORE")
    worker.wait_crash(60)
    worker.start(**{"extract.budget": "100ms"})
    wait_for(lambda: feeder.outcome("proof", "nang").state == wire.STORED, 30, "it is found")
    feeder.submit([other])  # which nobody has stored
    wait_for(lambda: feeder.outcome("proof", "khac").state == wire.DEAD, 30, "it dies of its own")
    assert "TIMED_OUT" in feeder.outcome("proof", "khac").reason
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (1, 1)
    report("later_attempt_runs_out_of_time", audit, worker.kills)
    feeder.close()
