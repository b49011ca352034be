# SPDX-License-Identifier: Apache-2.0
"""Results that are lost, doubled, late or stale."""
import pytest

from support.auditor import Auditor, report
from support.contract import wire
from support.fake_worker import FakeWorker, MemoryStorage
from support.feeder import Feeder
from support.operating import Operator
from support.proxy import DOWN, Proxy
from support.waiting import wait_for


@pytest.fixture
def storage():
    return MemoryStorage()


@pytest.fixture
def scene(new_broker, ledger, storage):
    """A broker with short leases, a feeder, and workers by name."""
    broker = new_broker(**{"lease.duration": "600ms", "beat.interval": "100ms", "attempt.limit": "2"})
    opened = [Feeder(broker.endpoint("feed"), ledger)]

    class Scene:
        feeder = opened[0]

        def worker(self, name, endpoint=None, slots=4):
            opened.append(FakeWorker(endpoint or broker.endpoint("work"), name, slots, storage,
                                     resend=0.2))
            return opened[-1]

        def state(self, piece):
            return self.feeder.outcome(piece.source, piece.key).state

        def finish(self, name, faults):
            report(name, Auditor(broker, ledger, storage).run(), faults)
    Scene.broker = broker
    yield Scene()
    for one in opened:
        one.close()


def test_done_lost_is_sent_again(scene, newsroom, time_given):
    proxy = Proxy(scene.broker.endpoint("work"))
    worker = scene.worker("cut", proxy.endpoint)
    for _ in time_given.rounds(8):
        scene.feeder.submit([newsroom.piece()])
        lease = worker.take()[0]
        worker.start(lease)
        worker.done(lease)
        proxy.reset()  # somewhere between done and settled
        assert worker.settled(lease).state == wire.STORED
    scene.finish("done_lost_is_sent_again", proxy.resets)
    proxy.close()


def test_settled_lost_gets_the_same_sequence(scene, newsroom):
    proxy = Proxy(scene.broker.endpoint("work"))
    worker = scene.worker("deaf", proxy.endpoint)
    piece = newsroom.piece()
    scene.feeder.submit([piece])
    lease, = worker.take()
    worker.start(lease)
    worker.pump(0.05)
    proxy.stall(DOWN)
    worker.done(lease)
    wait_for(lambda: scene.state(piece) == wire.STORED, what="the broker has it")
    sequence = scene.feeder.outcome(piece.source, piece.key).sequence
    proxy.reset()
    proxy.go_on()
    assert worker.settled(lease).sequence == sequence
    scene.finish("settled_lost_gets_the_same_sequence", 1)
    proxy.close()


def test_done_twice_is_one_entry(scene, newsroom):
    worker = scene.worker("twice")
    scene.feeder.submit(newsroom.pieces(4))
    for lease in worker.take(4):
        worker.start(lease)
        worker.done(lease)
        holding = worker.held[lease]
        first = worker.settled(lease)
        worker.settlements.clear()
        worker.held[lease] = holding
        worker.report(lease)
        worker.report(lease)
        assert worker.settled(lease).sequence == first.sequence
    scene.finish("done_twice_is_one_entry", 8)


def test_two_workers_done_is_one_entry(scene, newsroom):
    slow, fast = scene.worker("slow"), scene.worker("fast")
    piece = newsroom.piece()
    scene.feeder.submit([piece])
    lease, = slow.take()
    slow.start(lease)
    slow.done(lease, send=False)
    other = fast.take()[0]  # slow was silent: it lost its lease
    fast.start(other)
    slow.report(lease)
    first = slow.settled(lease)
    fast.done(other)
    assert fast.settled(other).sequence == first.sequence
    scene.finish("two_workers_done_is_one_entry", 1)


def test_late_done_beats_dead(scene, newsroom):
    piece = newsroom.piece()
    scene.feeder.submit([piece])
    late = scene.worker("late")
    lease, = late.take()
    late.start(lease)
    late.done(lease, send=False)
    late.pump(0.05)
    killer = scene.worker("killer")  # late is silent, loses the lease, and pays the first attempt
    other, = killer.take()
    killer.start(other)
    killer.fail(other, "CRASHED", "the last attempt")
    wait_for(lambda: scene.state(piece) == wire.DEAD or killer.pump(0.01) and False, what="DEAD")
    operator = Operator(scene.broker.endpoint("operator"))
    assert operator.status().dead == 1
    late.report(lease)
    assert late.settled(lease).state == wire.STORED
    assert scene.state(piece) == wire.STORED and operator.status().dead == 0
    operator.close()
    scene.finish("late_done_beats_dead", 2)


def test_stale_failed_is_ignored(scene, newsroom):
    piece = newsroom.piece()
    scene.feeder.submit([piece])
    old = scene.worker("old")
    lease, = old.take()
    new = scene.worker("new")
    current, = new.take()  # old was silent
    new.start(current)
    new.pump(0.05)
    old.beat()
    old.pump_until(lambda: old.hello_firsts, what="it was forgotten")
    old.welcome = None
    old.pump_until(lambda: old.welcome or new.pump(0.01) and False, what="it is back")
    old.fail(lease, "INVALID_PAYLOAD", "much too late", permanent=True)
    operator = Operator(scene.broker.endpoint("operator"))
    wait_for(lambda: [n for n, v in operator.counters().items() if "stale" in n and v]
             or new.pump(0.01) and False, what="it is counted")
    assert scene.state(piece) == wire.LEASED
    new.done(current)
    assert new.settled(current).state == wire.STORED
    operator.close()
    scene.finish("stale_failed_is_ignored", 1)
