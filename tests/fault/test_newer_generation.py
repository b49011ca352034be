# SPDX-License-Identifier: Apache-2.0
"""Articles are extracted again while old workers still hold the earlier generation: it never comes back, and log
and tables agree. Each test goes both ways: the old word comes before the new facts stand, and after."""
import collections

import pytest

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.cli import CommandLine
from support.contract import extraction, wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

FINDINGS = 1
WORKER_POINTS = ("WORKER_STARTED", "WORKER_EXTRACTED", "WORKER_BEFORE_STORE", "WORKER_MID_STORE", "WORKER_AFTER_STORE",
                 "WORKER_DONE_SENT")
BROKER_POINTS = ("BROKER_SUBMIT_READ", "BROKER_BEFORE_COMMIT", "BROKER_AFTER_COMMIT", "BROKER_AFTER_RECEIPTS")
SETTINGS = {"lease.duration": "500ms", "beat.interval": "100ms", "attempt.limit": "50"}


class Archive:
    """What is stored, and how it is asked for again; generations() is what every book says."""

    def __init__(self, broker, database, ledger, directory, seed):
        self.broker, self.database, self.ledger = broker, database, ledger
        self.cli = CommandLine(broker, directory, **{"database.url": database.url})
        self.operator = Operator(broker.endpoint("operator"))
        self.feeder = Feeder(broker.endpoint("feed"), ledger)
        self.seed, self.source = seed, ""

    def feed(self, round_number: int, count: int = 12) -> list:
        self.source = f"round-{round_number}"
        self.pieces = Newsroom(self.seed, self.source).pieces(count)
        self.feeder.submit(self.pieces)
        return self.pieces

    def pause(self) -> None:
        self.operator.control(wire.PAUSE)

    def resume(self) -> None:
        self.operator.control(wire.RESUME)

    def extract_again(self, *options, code: int = 0) -> dict:
        return self.cli.json("reextract", "--source", self.source, *options, code=code)[-1]

    def settle(self) -> None:
        """Waits until all have their end; what has another id now is noted."""
        wait_settled(self.broker)
        for piece in self.pieces:
            now = self.feeder.outcome(piece.source, piece.key)
            self.ledger.note(piece, wire.Receipt(code=wire.ACCEPTED, article_id=now.article_id, revision=now.revision))

    def rows(self) -> dict:
        return dict(self.database.execute(
            "SELECT a.key, a.generation FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
            " WHERE s.name = %s", self.source))

    def entries(self) -> dict:
        reader = Subscriber(self.broker.endpoint("subscribe"), window=10 ** 6)
        reader.subscribe(wire.FROM_EARLIEST)
        reader.read_to_end(30)
        reader.close()
        found = collections.defaultdict(list)
        for entry, payload in reader.entries:
            if entry.source == self.source:
                found[entry.key].append(extraction.Extraction.FromString(payload).generation)
        return found

    def check(self) -> None:
        keys = [piece.key for piece in self.pieces]
        assert self.rows() == dict.fromkeys(keys, 2)
        assert self.entries() == dict.fromkeys(keys, [1, 2]), "the log tells each generation once, the newer last"

    def close(self) -> None:
        self.operator.close()
        self.feeder.close()


@pytest.fixture
def new_archive(database, ledger, directory, seed):
    made = []

    def make(broker) -> Archive:
        made.append(Archive(broker, database, ledger, directory, seed))
        return made[-1]
    yield make
    for archive in made:
        archive.close()


def test_an_old_result_settles_nothing(new_broker, new_worker, new_archive, database, ledger, time_given):
    """A worker has extracted the first generation and reports it late, with bytes of its own."""
    broker = new_broker(**SETTINGS)
    archive = new_archive(broker)
    faults = 0
    for number in time_given.rounds(4):
        worker = new_worker(broker, database, start=False)
        old = FakeWorker(broker.endpoint("work"), slots=12)
        pieces = archive.feed(number)
        leases = old.take(len(pieces))
        old.start(*leases)
        for lease in leases:
            old.done(lease, send=False)
        old.blocked = "it takes nothing more"
        worker.start()  # and the old one says nothing, so that its leases run out
        archive.settle()
        archive.pause()
        assert archive.extract_again()["submitted"] == len(pieces)
        if number % 2:
            archive.resume()
            archive.settle()
        old.report(*leases)
        for lease in leases:
            settlement = old.settled(lease)
            assert (settlement.state, settlement.sequence) == (wire.STATE_UNKNOWN, 0)
        faults += len(leases)
        archive.resume()
        archive.settle()
        archive.check()
        old.goodbye()
        old.close()
        worker.kill9()
    report("an_old_result_settles_nothing", Auditor(broker, ledger, database).run(), faults)


def held_by(operator, name: str) -> int:
    return sum(worker.held for worker in operator.status().workers if worker.worker == name)


def test_a_frozen_worker_stores_late(new_broker, new_worker, new_archive, database, ledger, time_given):
    """It is stopped somewhere between taking and reporting, and goes on where it was."""
    broker = new_broker(**SETTINGS)
    archive = new_archive(broker)
    names = ("worker1", "worker2")
    workers = [new_worker(broker, database, worker_slots=8) for _ in names]
    frozen = 0
    for number in time_given.rounds(4):
        victim, name = workers[number // 2 % 2], names[number // 2 % 2]
        archive.feed(number, count=24)
        wait_for(lambda: held_by(archive.operator, name) or archive.operator.backlog() == 0, 15, "it holds something")
        victim.freeze()
        frozen += 1
        wait_for(lambda: not held_by(archive.operator, name), 15, "its leases run out")
        archive.settle()
        archive.pause()
        assert archive.extract_again()["submitted"] == 24
        if number % 2:
            archive.resume()
            archive.settle()
        victim.thaw()
        wait_for(lambda: any(w.worker == name and w.last_heard_ms < 500 for w in archive.operator.status().workers), 15,
                 "it is heard again")
        archive.resume()
        archive.settle()
        archive.check()
    report("a_frozen_worker_stores_late", Auditor(broker, ledger, database).run(), frozen)


def test_killed_in_the_middle(new_broker, new_worker, new_archive, database, ledger, time_given):
    """Worker, broker and the command itself are killed while the newer generation is on its way."""
    broker = new_broker(**SETTINGS)
    archive = new_archive(broker)
    worker = new_worker(broker, database, start=False)
    kills = 0
    for number in time_given.rounds(3):
        worker.start()
        archive.feed(number, count=16)
        archive.settle()
        worker.kill9()
        moment = database.value("SELECT now()::text")
        broker.restart(crash_at=BROKER_POINTS[number % len(BROKER_POINTS)])
        command = archive.cli.start("reextract", "--source", archive.source, "--quiet")
        broker.wait_crash()
        if number % 2:
            command.process.kill()
        broker.start()
        command.end()
        told = archive.cli.json("reextract", "--source", archive.source, "--before", moment, code=None)[-1]
        assert told["submitted"] + told["on_their_way"] == 16 and told["already"] + told["left"] == 0, told
        worker.start(crash_at=WORKER_POINTS[number % len(WORKER_POINTS)])
        worker.wait_crash()
        worker.start()
        archive.settle()
        worker.kill9()
        assert archive.cli.json("reextract", "--source", archive.source, "--before", moment)[-1]["submitted"] == 0
        archive.check()
        kills += 4 + number % 2
    report("killed_in_the_middle", Auditor(broker, ledger, database).run(), kills)
