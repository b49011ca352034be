# SPDX-License-Identifier: Apache-2.0
"""Slow, filtered and dying subscribers: nobody loses anything, nobody stops anybody."""
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import zmq

from support import paths
from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.contract import Channel, extraction, wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.programs import environment
from support.proxy import Proxy
from support.subscriber import LiveSubscriber, Subscriber
from support.waiting import wait_for


def test_slow_subscriber_loses_nothing_and_stops_nobody(new_broker, ledger, seed, time_given):
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    deaf = Channel(broker.endpoint("subscribe"))  # asks for everything and never reads
    deaf.send("subscribe", wire.Subscribe(credit=10 ** 9, **{"from": wire.FROM_EARLIEST}), request=1)
    slow = Subscriber(broker.endpoint("subscribe"), name="cham", window=1)
    fast = Subscriber(broker.endpoint("subscribe"), name="nhanh", window=1000)
    for one in (slow, fast):
        one.subscribe(wire.FROM_EARLIEST)
    count = 0
    for _ in time_given.rounds(15):
        receipts = feeder.submit(newsroom.pieces(20), deadline=10)
        assert {r.code for r in receipts} == {wire.ACCEPTED}
        count += 20
        slow.pump(0.01)
        fast.read_until(lambda: len(fast.entries) >= count, 15, "the fast one hears all at once")
    behind = count - len(slow.entries)
    assert behind > count // 2, "the slow subscriber was not slow"
    wait_settled(broker)
    slow.read_until(lambda: len(slow.entries) == count, 90 + count / 20, "the slow one comes to the end")
    audit = Auditor(broker, ledger, storage).run([slow, fast])
    working.finish()
    report("slow_subscriber_loses_nothing", audit, 1, behind=behind)
    for one in (slow, fast, feeder, deaf):
        one.close()


def test_subscriber_that_does_not_read_for_a_while_stays_subscribed(new_broker, ledger, seed):
    """It has the credit, it beats, and it has something else to do: what finds no room on its way is sent later."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker()
    feeder, operator = Feeder(broker.endpoint("feed"), ledger), Operator(broker.endpoint("operator"))
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    busy = Subscriber(broker.endpoint("subscribe"), window=10 ** 6)
    busy.channel.socket.disconnect(busy.channel.endpoint)
    busy.channel.socket.setsockopt(zmq.RCVHWM, 1)  # nothing is read for it behind its back
    busy.channel.socket.connect(busy.channel.endpoint)
    busy.subscribe(wire.FROM_EARLIEST)
    busy.read_until(lambda: busy.subscribed, 15, "subscribed")
    paused = time.monotonic()

    def is_blocked():
        feeder.submit(newsroom.pieces(32))
        busy.credit()
        return operator.counters()["newsloom_sends_refused_total"] > 0
    wait_for(is_blocked, 60, "its way is full")
    wait_for(lambda: busy.credit() or time.monotonic() > paused + 4, 30, "more than silence is borne", every=0.2)
    wait_settled(broker)
    busy.last_heard = time.monotonic()
    busy.read_until(lambda: len(busy.entries) == len(ledger), 60, "it reads what it has credit for")
    assert not (busy.resumed or busy.refusals)
    audit = Auditor(broker, ledger, storage).run([busy])
    working.finish()
    report("subscriber_that_does_not_read", audit, 1)
    for one in (busy, feeder, operator):
        one.close()


def test_filtered_subscriber_knows_it_is_complete(new_broker, ledger, seed, time_given):
    """Through restarts of the broker: what matched came, and scanned_through says how far."""
    chance = random.Random(seed)
    storage = MemoryStorage()
    broker = new_broker()
    sources = [Newsroom(seed, f"bao-{number}") for number in range(5)]
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    some = Subscriber(broker.endpoint("subscribe"), filter_=wire.Filter(sources=["bao-1", "bao-3"]))
    types = Subscriber(broker.endpoint("subscribe"),
                       filter_=wire.Filter(entity_types=[extraction.LAW]))
    for one in (some, types):
        one.subscribe(wire.FROM_EARLIEST)
    for number in time_given.rounds(6):
        pieces = [chance.choice(sources).piece() for _ in range(30)]
        feeder.submit(pieces)
        some.pump(0.05)
        types.pump(0.05)
        if number % 2:
            broker.restart()
    wait_settled(broker)
    audit = Auditor(broker, ledger, storage).run()
    last = audit.entries
    for one in (some, types):
        one.read_until(lambda s=one: s.position >= last, 30, "scanned to the end")
    wanted = sorted(key for (source, key, _) in storage.rows if source in ("bao-1", "bao-3"))
    assert sorted(e.key for e, _ in some.entries) == wanted
    assert not types.entries and types.position == last
    working.finish()
    report("filtered_subscriber_knows_it_is_complete", audit, broker.kills,
           resumed=some.resumed + types.resumed)
    for one in (some, types, feeder):
        one.close()


EFFECT = """
import sys
from support.contract import wire
from support.proxy import Proxy
from support.subscriber import LiveSubscriber, Subscriber
endpoint, path, die_after = sys.argv[1], sys.argv[2], int(sys.argv[3])
reader = Subscriber(endpoint, name="hieu-ung", automatic=False)
reader.subscribe(wire.FROM_NAMED, credit=64)
reader.beat = 0.2
handled = 0
seen = 0
while True:
    reader.pump(0.05)
    for entry, _ in reader.entries[seen:]:
        with open(path, "a") as effects:
            effects.write(f"{entry.sequence}\\n")
        handled += 1
        if handled == die_after:
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
        reader.credit(total=reader.received + 64, acknowledged=entry.sequence)
    seen = len(reader.entries)
    if reader.subscribed:
        reader.credit(total=reader.received + 64, acknowledged=reader.handled or reader.position)
    if reader.refusals:
        sys.exit(3)
"""


def test_subscriber_crash_between_effect_and_cursor(new_broker, ledger, seed, directory, time_given):
    """At least once, in order: effects repeat from the cursor and never skip."""
    chance = random.Random(seed)
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    path = directory / "effects"
    path.touch()
    tests = str(Path(__file__).resolve().parents[1])
    kills, count = 0, 0
    for _ in time_given.rounds(6):
        feeder.submit(newsroom.pieces(20))
        count += 20
        child = subprocess.Popen(
            [sys.executable, "-c", EFFECT, broker.endpoint("subscribe"), str(path),
             str(chance.randint(1, 15))], env=environment(PYTHONPATH=tests, NEWSLOOM_BUILD=paths.BUILD))
        assert child.wait(30) == -signal.SIGKILL
        kills += 1
    wait_settled(broker)
    child = subprocess.Popen([sys.executable, "-c", EFFECT, broker.endpoint("subscribe"), str(path), "0"],
                             env=environment(PYTHONPATH=tests, NEWSLOOM_BUILD=paths.BUILD))
    try:
        wait_for(lambda: path.read_text().split()[-1:] == [str(count)] or child.poll() is not None,
                 30 + count / 20, "the last effect")
        assert child.poll() is None, f"the subscriber ended with {child.returncode}"
    finally:
        child.kill()
        child.wait()
    effects = [int(line) for line in path.read_text().split()]
    furthest, repeats = 0, 0
    for sequence in effects:
        assert sequence <= furthest + 1, f"{sequence} came after {furthest}: something was skipped"
        repeats += sequence <= furthest
        furthest = max(furthest, sequence)
    assert furthest == count
    audit = Auditor(broker, ledger, storage).run()
    working.finish()
    report("subscriber_crash_between_effect_and_cursor", audit, kills, repeats=repeats)
    feeder.close()


def test_live_socket_that_is_never_read_stops_nobody(new_broker, ledger, seed):

    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker()
    deaf = zmq.Context.instance().socket(zmq.SUB)
    deaf.setsockopt(zmq.LINGER, 0)
    deaf.setsockopt(zmq.RCVHWM, 1)
    deaf.setsockopt(zmq.SUBSCRIBE, b"")
    deaf.connect(broker.endpoint("live"))
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    for _ in range(10):
        feeder.submit(newsroom.pieces(32), deadline=10)
    audit = Auditor(broker, ledger, storage).run()
    assert audit.stored == 320
    working.finish()
    report("live_socket_never_read", audit, 1)
    deaf.close(0)
    feeder.close()


def test_ten_thousand_topics_and_a_vanished_subscriber_harm_nobody(new_broker, ledger, seed, time_given):
    """One listener has ten thousand topics, one subscriber took credit for everything and its host
    is gone: no FIN, nothing is read any more."""
    storage, newsroom = MemoryStorage(), Newsroom(seed, real_size=True)
    broker = new_broker(**{"limit.topics": "20000"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    greedy = LiveSubscriber(broker.endpoint("live"), *(f"entity/PERSON/{number:016x}" for number in range(10000)),
                            "article/proof")
    proxy = Proxy(broker.endpoint("subscribe"))
    gone = Subscriber(proxy.endpoint, name="di-mat", automatic=False)
    gone.subscribe(wire.FROM_EARLIEST, credit=10 ** 6)
    gone.read_until(lambda: gone.subscribed, 15, "subscribed")
    fast = Subscriber(broker.endpoint("subscribe"), name="nhanh", window=1000)
    fast.subscribe(wire.FROM_EARLIEST)
    proxy.stall()
    before = broker.memory_bytes()
    for _ in time_given.rounds(10):
        receipts = feeder.submit(newsroom.pieces(20), deadline=15)
        assert {receipt.code for receipt in receipts} == {wire.ACCEPTED}
        fast.read_until(lambda: len(fast.entries) >= len(ledger), 30, "the others hear all")
    heard = wait_for(lambda: greedy.receive(1), 30, "who has ten thousand topics hears too")
    assert heard[0].startswith(("article/proof", "entity/PERSON/"))
    grown = broker.memory_bytes() - before
    assert grown < 128 << 20, f"{grown >> 20} MiB for one that is gone"
    audit = Auditor(broker, ledger, storage).run([fast])
    working.finish()
    report("topics_and_vanished_subscriber", audit, 2, grown_mib=grown >> 20)
    for one in (greedy, gone, fast, feeder, proxy):
        one.close()
