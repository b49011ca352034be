# SPDX-License-Identifier: Apache-2.0
"""Workers that fail everything, finish nothing, or are not heard because the broker is frozen."""
from support.contract import wire
from support.fake_worker import FakeWorker, WorkingThread
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


def test_frozen_broker_expires_nobody(new_broker, newsroom):
    """Frozen for longer than a lease, with many workers whose beats lie unread meanwhile."""
    broker = new_broker(**{"lease.duration": "1s"})
    feeder, operator = Feeder(broker.endpoint("feed")), Operator(broker.endpoint("operator"))
    workers = [FakeWorker(broker.endpoint("work"), f"may-{n}", slots=1) for n in range(40)]
    pieces = newsroom.pieces(40)
    feeder.submit(pieces[:20])
    feeder.submit(pieces[20:])

    def pump_all(fact):
        for worker in workers:
            worker.pump(0.0)
        return fact()
    for worker in workers:
        worker.hello()
    wait_for(lambda: pump_all(lambda: all(worker.held for worker in workers)), what="one each")
    before = operator.counters()
    turns = next(name for name in before if "turns" in name)
    for _ in range(2):
        broker.freeze()
        for _ in range(60):  # they beat on for two leases
            for worker in workers:
                worker.pump(0.001)
        broker.thaw()
        wait_for(lambda: pump_all(lambda: operator.counters()[turns] > before[turns] + 20),
                 what="it turns again")
    after = operator.counters()
    expired = next(name for name in after if "expired" in name)
    assert after[expired] == 0
    assert len(operator.status().workers) == len(workers)
    assert sum(len(worker.held) for worker in workers) == 40
    for one in (*workers, operator, feeder):
        one.close()
