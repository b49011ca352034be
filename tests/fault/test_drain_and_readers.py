# SPDX-License-Identifier: Apache-2.0
"""A backlog drained out of order leaves a store as fast as before; readers cannot make it grow."""
import statistics
import time

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.contract import wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for
from test_disk_full import heavy, open_reader


def fill_cost(broker, feeder, newsroom, source, count) -> float:
    """What the broker works (ms of CPU, whatever else the machine does) for a batch of 60 kB articles: the
    median."""
    costs = []
    for _ in range(count):
        newsroom.source = source
        pieces = [heavy(newsroom) for _ in range(8)]
        before = broker.cpu_ms()
        receipts = feeder.submit(pieces)
        costs.append(broker.cpu_ms() - before)
        assert {r.code for r in receipts} == {wire.ACCEPTED}
    return statistics.median(costs)


def test_drain_by_fairness_then_refill(new_broker, ledger, seed, time_given):
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "256MiB", "store.reserve": "32MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    per_source = 12 if not time_given.is_long else 40
    fresh = fill_cost(broker, feeder, newsroom, "bao-0", per_source)
    for number in range(1, 8):
        fill_cost(broker, feeder, newsroom, f"bao-{number}", per_source)
    for drained in time_given.rounds(1):
        working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
        working.start()  # turns between eight sources: out of the order of arrival
        wait_settled(broker, 120)
        working.finish()
        refill = fill_cost(broker, feeder, newsroom, f"bao-{drained % 8}", per_source)
        assert refill < 3 * fresh + 5, f"{refill:.1f} ms after the drain, {fresh:.1f} ms fresh"
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    audit = Auditor(broker, ledger, storage).run(deadline=120)
    working.finish()
    report("drain_by_fairness_then_refill", audit, 0, fresh_ms=round(fresh, 1),
           refill_ms=round(refill, 1))
    feeder.close()


def test_open_reader_grows_bounded_and_is_reaped(new_broker, ledger, seed):
    """Pages a dead reader held are free again within a minute (here: as soon as it is noticed)."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "48MiB", "store.reserve": "8MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    operator = Operator(broker.endpoint("operator"))
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    feeder.submit([heavy(newsroom) for _ in range(32)])
    reader = open_reader(broker)
    for _ in range(20):  # churn under the open reader: far more than the file holds
        feeder.submit([heavy(newsroom) for _ in range(32)], patient=False)
        if operator.status().condition == "full":
            break
    wait_for(lambda: operator.backlog() == 0, 60, "in-flight work ends under the reader")
    reader.kill()
    reader.wait()
    begin = time.monotonic()
    receipts = feeder.submit([heavy(newsroom) for _ in range(32)], deadline=75)
    reaped = time.monotonic() - begin
    assert {r.code for r in receipts} == {wire.ACCEPTED} and reaped < 60
    for _ in range(10):  # and the churn goes on in the freed pages
        feeder.submit([heavy(newsroom) for _ in range(16)], deadline=75)
    audit = Auditor(broker, ledger, storage).run(deadline=60)
    working.finish()
    report("open_reader_grows_bounded_and_is_reaped", audit, 1, reaped_s=round(reaped, 1))
    operator.close()
    feeder.close()


def test_subscribers_that_stop_reading_hold_no_pages(new_broker, ledger, seed):
    """The broker copies out: a subscriber in the middle of a replay is no open reader."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "32MiB", "store.reserve": "8MiB",
                           "retention.log-size": "1MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    stuck = []
    for _ in range(8):
        feeder.submit([heavy(newsroom) for _ in range(16)])
        one = Subscriber(broker.endpoint("subscribe"), automatic=False)
        one.subscribe(wire.FROM_EARLIEST, credit=3)
        one.pump(1)
        stuck.append(one)
    for _ in range(20):
        receipts = feeder.submit([heavy(newsroom) for _ in range(32)], deadline=30)
        assert {r.code for r in receipts} == {wire.ACCEPTED}
    audit = Auditor(broker, ledger, storage).run()
    working.finish()
    report("subscribers_that_stop_reading", audit, len(stuck))
    for one in stuck:
        one.close()
    feeder.close()
