# SPDX-License-Identifier: Apache-2.0
"""A reader from outside holds every page that is freed, and results still come in."""
from support.articles import Newsroom
from support.auditor import Auditor, report
from support.contract import article, wire
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread, extract
from support.feeder import Feeder
from support.waiting import wait_for
from test_disk_full import fill, open_reader


def long_result(storage, holding) -> bytes:
    found = extract(holding.job, article.Article.FromString(holding.payload), storage.model)
    found.title = "dài" * 80_000
    data = found.SerializeToString()
    job = holding.job
    storage.rows[job.source, job.key, job.revision] = (job.digest, data)
    return data


def test_broker_waits_for_a_page_and_goes_on(new_broker, ledger, seed):
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "16MiB", "store.reserve": "1MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = FakeWorker(broker.endpoint("work"), "may", 64, storage)
    feeder.submit([newsroom.piece() for _ in range(64)])
    leases = worker.take(64)
    worker.start(*leases)
    fill(feeder, newsroom)
    reader = open_reader(broker)
    for lease in leases:  # far more than the reserve
        worker.done(lease, long_result(storage, worker.held[lease]))
    wait_for(lambda: "store-stuck" in broker.log() or not broker.is_alive, 60, "no page is left")
    assert broker.is_alive, broker.log()[-600:]
    reader.kill()
    reader.wait()
    for lease in leases:
        assert worker.settled(lease, 60).state == wire.STORED
    worker.goodbye()
    worker.close()
    working = WorkingThread(broker.endpoint("work"), "may-2", 64, storage)
    working.start()
    audit = Auditor(broker, ledger, storage, may_forget=True).run(deadline=60)
    working.finish()
    report("broker_waits_for_a_page", audit, 1)
    feeder.close()
