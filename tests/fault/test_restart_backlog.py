# SPDX-License-Identifier: Apache-2.0
"""A broker with a backlog comes back: it takes and gives articles at once, and gives none twice."""
import subprocess

from support import paths
from support.contract import extraction, wire
from support.fake_worker import FakeWorker, MemoryStorage
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for

BACKLOG = 6000  # more than what is loaded before the broker listens
FACTS = extraction.Extraction(language="vi").SerializeToString()


def queued(broker):
    operator = Operator(broker.endpoint("operator"))
    count = sum(one.queued for one in operator.status().classes)
    operator.close()
    return count


def test_only_what_was_handed_out_waits_for_the_grace(new_broker, ledger, newsroom):
    storage = MemoryStorage()
    broker = new_broker(**{"restart.grace": "1h"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(24))
    gone = FakeWorker(broker.endpoint("work"), "gone", 8, storage)
    gone.take(8)
    with_gone = {job.article_id for job in gone.taken}
    gone.close()
    for _ in range(2):  # a second restart knows as much as the first
        broker.restart()
    other = FakeWorker(broker.endpoint("work"), "other", 32, storage, automatic=True)
    other.hello()
    other.pump_until(lambda: len(other.settlements) == 16, 20, "the sixteen that nobody had")
    assert not with_gone & {job.article_id for job in other.taken}
    assert "loaded articles=24 held=8 " in broker.log()
    other.close()
    feeder.close()


def test_power_loss_makes_everything_wait(new_broker, ledger, newsroom):
    """The file that says what was handed out does not outlive the machine; without it all is held."""
    storage = MemoryStorage()
    broker = new_broker(**{"restart.grace": "2s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(24))
    broker.kill9()
    (broker.store / "handouts").unlink()
    broker.start()
    assert "loaded articles=24 held=24 " in broker.log()
    worker = FakeWorker(broker.endpoint("work"), "any", 32, storage, automatic=True)
    worker.hello()
    worker.pump_until(lambda: len(worker.settlements) == 24, 20, "all after the grace")
    worker.close()
    feeder.close()


def serve(worker):
    """Reports what the worker holds, sixteen a message."""
    fresh = [lease for lease, holding in worker.held.items() if holding.result is None]
    for lease in fresh:
        worker.done(lease, FACTS, send=False)
    for at in range(0, len(fresh), 16):
        results = [worker.held[lease].result for lease in fresh[at:at + 16]]
        worker.channel.send("done", wire.Done(results=[one[0] for one in results]), [one[1] for one in results])
    worker.pump(0.01)


def test_backlog_is_loaded_beside_the_work(new_broker, ledger, newsroom):
    broker = new_broker(start=False, **{"store.budget": "128MiB", "restart.grace": "1h", "lease.duration": "60s"})
    subprocess.run([str(paths.program("bench_fill")), "--directory", str(broker.store), "--budget", str(128 << 20),
                    "--articles", str(BACKLOG), "--size", "64"], check=True, stdout=subprocess.DEVNULL)
    broker.start(**{"restart.grace": "0s"})
    keeper = FakeWorker(broker.endpoint("work"), "keeper", 100)
    kept = keeper.take(100)
    broker.restart()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    fresh = feeder.submit(newsroom.pieces(32))
    assert {receipt.code for receipt in fresh} == {wire.ACCEPTED}
    worker = FakeWorker(broker.endpoint("work"), "drain", 128)
    worker.hello()
    every = set(range(1, BACKLOG + 33))

    def all_given():
        keeper.pump(0)
        serve(worker)
        return every <= {job.article_id for job in worker.taken + keeper.taken}
    wait_for(all_given, 120, "every article is given to somebody", every=0)
    given = [job.article_id for job in worker.taken + keeper.taken]
    assert len(given) == len(every), f"{len(given) - len(every)} articles were given twice"
    assert set(kept) <= set(keeper.held), "what was held is held"
    wait_for(lambda: (serve(worker), serve(keeper), not worker.held and not keeper.held)[-1], 30, "all is settled", every=0)
    assert queued(broker) == 0
    for one in (keeper, worker, feeder):
        one.close()
