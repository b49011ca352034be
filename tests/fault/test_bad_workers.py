# SPDX-License-Identifier: Apache-2.0
"""Workers that fail everything, finish nothing, or are not heard because the broker is frozen."""
import resource
import time

from support.auditor import Auditor, check_no_attempt_burnt, report
from support.contract import wire
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for


def all_stored(feeder, pieces) -> bool:
    return all(feeder.outcome(p.source, p.key).state == wire.STORED for p in pieces)


def test_bad_worker_build_is_paused(new_broker, newsroom):
    """It answers INVALID to everything: a handful is dead, the breaker is open, retry restores."""
    broker = new_broker(**{"breaker.failures": "5", "breaker.pause": "60s"})
    feeder, operator = Feeder(broker.endpoint("feed")), Operator(broker.endpoint("operator"))
    bad = FakeWorker(broker.endpoint("work"), "bad", slots=4)
    pieces = newsroom.pieces(60)
    feeder.submit(pieces[:32])
    feeder.submit(pieces[32:])

    def fail_all():
        bad.pump(0.02)
        for lease in list(bad.held):
            bad.start(lease)
            bad.fail(lease, "INVALID_PAYLOAD", "this build understands nothing", permanent=True)
        return any(worker.paused for worker in operator.status().workers)
    wait_for(fail_all, what="the breaker is open")
    status = operator.status()
    assert 5 <= status.dead <= 5 + 4, "what it held may fail too, nothing more"
    assert "breaker" in status.condition_reason
    bad.beat()
    good = WorkingThread(broker.endpoint("work"), "good")
    good.start()
    changed, _ = operator.dead(wire.DEAD_RETRY)
    assert changed.matched == status.dead
    wait_for(lambda: all_stored(feeder, pieces), 60, "everything is stored by the other")
    good.finish()
    for one in (bad, operator, feeder):
        one.close()


def test_worker_that_finishes_nothing_loses_its_articles(new_broker, newsroom):
    """It beats and lists its leases for ever; after progress.limit others get them."""
    broker = new_broker(**{"progress.limit": "2s"})
    feeder = Feeder(broker.endpoint("feed"))
    stuck = FakeWorker(broker.endpoint("work"), "stuck", slots=4)
    pieces = newsroom.pieces(4)
    feeder.submit(pieces)
    started = stuck.take(4)[0]
    stuck.start(started)
    good = WorkingThread(broker.endpoint("work"), "good")
    good.start()

    def is_over():
        stuck.pump(0.05)
        return all_stored(feeder, pieces)
    wait_for(is_over, 30, "another worker stored them")
    charged = [feeder.outcome(p.source, p.key).attempts_charged for p in pieces]
    assert sorted(charged) == [0, 0, 0, 1], "only what it had started pays"
    good.finish()
    stuck.close()
    feeder.close()


def test_crash_that_outruns_the_word_started_is_paid_when_it_is_alone(new_broker, newsroom):
    """Its workers are never heard to start it. The neighbour it takes along twice pays nothing."""
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": "1"})
    feeder = Feeder(broker.endpoint("feed"))
    poison, neighbour = pieces = newsroom.pieces(2)
    feeder.submit(pieces)
    for held in (2, 2, 1):
        worker = FakeWorker(broker.endpoint("work"), "fragile", slots=4)
        leases = worker.take(held)
        if held == 1 and worker.held[leases[0]].job.key == neighbour.key:
            worker.start(leases[0])
            worker.done(leases[0])
            worker.settled(leases[0])
            leases = worker.take(1)
        assert len(worker.held) == held
        assert not any(holding.job.look_only for holding in worker.held.values())
        worker.close()
    good = WorkingThread(broker.endpoint("work"), "good")
    good.start()  # stores the neighbour, if that one has not been alone yet
    wait_for(lambda: feeder.outcome(neighbour.source, neighbour.key).state == wire.STORED)
    wait_for(lambda: feeder.outcome(poison.source, poison.key).attempts_charged == 1)
    assert feeder.outcome(neighbour.source, neighbour.key).attempts_charged == 0
    good.finish()
    feeder.close()


LEASE = 4.0  # seconds
CROWD = 600


class Crowd:
    """Many light workers in one process, two articles each."""

    def __init__(self, broker):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.storage = MemoryStorage()
        self.workers = [FakeWorker(broker.endpoint("work"), f"may-{n}", slots=2, storage=self.storage,
                                   resend=LEASE) for n in range(CROWD)]

    def pump(self, fact=lambda: True):
        for worker in self.workers:
            worker.pump(0.0)
        return fact()

    def held(self) -> int:
        return sum(len(worker.held) for worker in self.workers)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


def test_frozen_broker_expires_nobody(new_broker, ledger, newsroom, time_given):
    """Frozen for two leases under six hundred workers, whose beats and results lie unread meanwhile: nobody
    is taken for lost, nothing is given to another, everything is settled once."""
    broker = new_broker(**{"lease.duration": f"{LEASE:g}s", "beat.interval": "1s"})
    feeder, operator = Feeder(broker.endpoint("feed"), ledger), Operator(broker.endpoint("operator"))
    crowd = Crowd(broker)
    freezes = 0
    for _ in time_given.rounds(1):
        feeder.submit(newsroom.pieces(2 * CROWD, sentences=2), deadline=60)
        wait_for(lambda: crowd.pump(lambda: crowd.held() == 2 * CROWD), 60, "two each", every=0)
        for worker in crowd.workers:
            worker.start(*worker.held)
        broker.freeze()
        end = time.monotonic() + 2 * LEASE  # so long it is frozen: the fault, not a wait
        for worker in crowd.workers:
            worker.done(next(iter(worker.held)))
        while time.monotonic() < end:
            crowd.pump()
        assert crowd.held() == 2 * CROWD, "a frozen broker settles nothing"
        broker.thaw()
        freezes += 1
        wait_for(lambda: crowd.pump(lambda: crowd.held() == CROWD), 60, "what was done is settled", every=0)
        listed = operator.status().workers
        assert (len(listed), sum(worker.held for worker in listed)) == (CROWD, CROWD)
        for worker in crowd.workers:
            worker.done(next(iter(worker.held)))
        wait_for(lambda: crowd.pump(lambda: crowd.held() == 0), 60, "everything is settled", every=0)
    assert operator.counters()["newsloom_leases_expired_total"] == 0 and "worker-lost" not in broker.log()
    assert crowd.storage.stores == len(ledger), "an article was extracted twice"
    assert not any(worker.hello_firsts or worker.refusals for worker in crowd.workers)
    audit = Auditor(broker, ledger, crowd.storage).run()
    check_no_attempt_burnt(broker, ledger)
    report("frozen_broker", audit, freezes, workers=CROWD)
    crowd.close()
    for one in (operator, feeder):
        one.close()
