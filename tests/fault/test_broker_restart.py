# SPDX-License-Identifier: Apache-2.0
"""The broker comes back while workers hold articles: they are adopted, not extracted again."""
from support.auditor import Auditor, report
from support.contract import wire
from support.fake_worker import FakeWorker, MemoryStorage
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for


def test_broker_restart_readopts_running_leases(new_broker, ledger, newsroom, time_given):
    storage = MemoryStorage()
    broker = new_broker(**{"restart.grace": "3s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    workers = [FakeWorker(broker.endpoint("work"), f"may-{n}", 8, storage) for n in range(3)]
    articles = 0
    for _ in time_given.rounds(3):
        feeder.submit(newsroom.pieces(24))
        articles += 24
        for worker in workers:
            worker.take(8)
            worker.start(*list(worker.held)[:4])
            worker.pump(0.05)
        broker.restart()
        for worker in workers:
            worker.pump_until(lambda w=worker: w.hello_firsts, 15, "HelloFirst after the restart")
            worker.hello_firsts = 0
        operator = Operator(broker.endpoint("operator"))

        def adopted():
            for worker in workers:
                worker.pump(0.02)
            return sum(c.leased for c in operator.status().classes) == 24
        wait_for(adopted, 10, "all 24 leases are adopted")
        operator.close()
        for worker in workers:
            for lease in list(worker.held):
                worker.start(lease)
                worker.done(lease)
            worker.pump_until(lambda w=worker: not w.held, 15, "everything is settled")
    audit = Auditor(broker, ledger, storage).run()
    assert storage.stores == articles, f"{storage.stores} extractions of {articles} articles"
    taken = [job.article_id for worker in workers for job in worker.taken]
    assert len(taken) == len(set(taken)), "an article was dispatched twice"
    for promise in ledger.promises.values():
        assert feeder.outcome(promise.source, promise.key).attempts_charged == 0
    report("broker_restart_readopts_running_leases", audit, broker.kills, extractions=storage.stores)
    for worker in workers:
        worker.close()
    feeder.close()


def test_real_worker_is_adopted_and_pays_nothing(new_broker, new_worker, database, ledger, newsroom,
                                                 time_given):
    broker = new_broker(**{"restart.grace": "3s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = new_worker(broker, database, worker_slots=32)
    for _ in time_given.rounds(3):
        feeder.submit(newsroom.pieces(60))
        operator = Operator(broker.endpoint("operator"))
        wait_for(lambda: any(w.held for w in operator.status().workers), what="the worker works")
        operator.close()
        broker.restart()
    backlog = 60 + len(ledger.promises) / 50  # seconds: a long run feeds faster than one worker stores
    audit = Auditor(broker, ledger, database).run(deadline=backlog)
    assert worker.starts == 1 and worker.is_alive
    for promise in ledger.promises.values():
        assert feeder.outcome(promise.source, promise.key).attempts_charged == 0
    report("real_worker_is_adopted", audit, broker.kills)
    feeder.close()


def test_worker_that_does_not_come_back_loses_its_articles_after_the_grace(new_broker, ledger,
                                                                            newsroom):
    storage = MemoryStorage()
    broker = new_broker(**{"restart.grace": "500ms"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(4))
    gone = FakeWorker(broker.endpoint("work"), "gone", 4, storage)
    gone.take(4)
    gone.close()
    broker.restart()
    other = FakeWorker(broker.endpoint("work"), "other", 4, storage, automatic=True)
    other.hello()
    other.pump_until(lambda: len(other.settlements) == 4, 20, "all four are done")
    report("worker_that_does_not_come_back", Auditor(broker, ledger, storage).run(), 2)
    assert {s.state for s in other.settlements.values()} == {wire.STORED}
    other.close()
    feeder.close()


def test_old_boot_lease_is_recognised(new_broker, ledger, newsroom):
    """Lease numbers never come again, so what an old boot's worker says cannot hit a new lease."""
    storage = MemoryStorage()
    broker = new_broker(**{"restart.grace": "0s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(4))
    old = FakeWorker(broker.endpoint("work"), "old", 4, storage)
    old_leases = old.take(4)
    broker.restart()
    new = FakeWorker(broker.endpoint("work"), "new", 4, storage)
    new_leases = new.take(4)
    assert not set(old_leases) & set(new_leases)
    new.start(*new_leases)
    new.pump(0.05)
    old.channel.send("failed", wire.Failed(failures=[wire.Failure(
        lease=old_leases[0], article_id=old.held[old_leases[0]].job.article_id, permanent=True,
        code="INVALID_PAYLOAD", text="from another boot")]))
    old.done(old_leases[1])  # and its done counts
    settlement = old.settled(old_leases[1])
    assert settlement.state == wire.STORED
    for lease in new_leases:
        new.done(lease)
    new.pump_until(lambda: not new.held, 15, "everything is settled")
    assert settlement.sequence in [s.sequence for s in new.settlements.values()]
    audit = Auditor(broker, ledger, storage).run()
    assert (audit.stored, audit.dead) == (4, 0)
    report("old_boot_lease_is_recognised", audit, broker.kills)
    for one in (old, new, feeder):
        one.close()


def test_second_broker_is_refused(new_broker, broker, newsroom, ledger):
    second = new_broker("second", start=False, store_directory=broker.store)
    second.start(wait=False)
    assert second.wait_exit() > 0
    assert str(broker.store) in second.log()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    receipt, = feeder.submit([newsroom.piece()])
    assert receipt.code == wire.ACCEPTED
    broker.kill9()
    second.start()  # the lock died with its owner
    feeder.close()
