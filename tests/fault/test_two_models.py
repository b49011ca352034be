# SPDX-License-Identifier: Apache-2.0
"""Workers of two models store the same article: rows and entry are those of the one that committed."""
from support.articles import Newsroom
from support.auditor import Auditor, report
from support.contract import digest_bytes, extraction, wire
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for


def stored_by_another_model(database, key: str) -> bytes:
    """What stands in PostgreSQL becomes what a worker of another model would have stored: other
    bytes, other digest, the same rows beside them."""
    data, = database.execute("SELECT extraction FROM newsloom.article WHERE key = %s", key)[0]
    found = extraction.Extraction.FromString(bytes(data))
    found.extractor.version = "another"
    found.extractor.model_digest = b"B" * 32
    for mention in found.mentions:
        mention.confidence = 123
    data = found.SerializeToString()
    database.execute("UPDATE newsloom.article SET extraction = %s, extraction_digest = %s, "
                     "model_digest = %s, extractor_version = 'another' WHERE key = %s",
                     data, digest_bytes(data), b"B" * 32, key)
    return data


def test_two_models_one_truth(new_broker, new_worker, database, ledger, seed, time_given):
    """The other model's worker died between COMMIT and done; ours comes to the same article."""
    broker = new_broker(**{"lease.duration": "600ms", "attempt.limit": "20"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    newsroom = Newsroom(seed)
    worker = new_worker(broker, database, start=False)
    reader = Subscriber(broker.endpoint("subscribe"), window=10 ** 6)
    reader.subscribe(wire.FROM_EARLIEST)
    for _ in time_given.rounds(3):
        piece = newsroom.piece()
        feeder.submit([piece])
        worker.start(crash_at="WORKER_AFTER_STORE")
        worker.wait_crash()
        other = stored_by_another_model(database, piece.key)
        worker.start()
        wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.STORED, 30,
                 "the article is settled")
        outcome = feeder.outcome(piece.source, piece.key)
        reader.read_until(lambda: reader.position >= outcome.sequence)
        payload = dict((e.sequence, data) for e, data in reader.entries)[outcome.sequence]
        assert payload == other, "the entry is not what stands in PostgreSQL"
        worker.kill9()
    reader.close()
    report("two_models_one_truth", Auditor(broker, ledger, database).run(), worker.kills)
    feeder.close()


def test_two_workers_on_one_article_agree(new_broker, new_worker, database, ledger, seed, time_given):
    """A frozen worker loses its lease, another takes over, the first wakes up: both store."""
    broker = new_broker(**{"lease.duration": "500ms", "beat.interval": "100ms",
                           "attempt.limit": "50"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    newsroom = Newsroom(seed)
    first = new_worker(broker, database, worker_slots=8)
    second = new_worker(broker, database, worker_slots=8)
    frozen = 0
    operator = Operator(broker.endpoint("operator"))
    for _ in time_given.rounds(4):
        feeder.submit(newsroom.pieces(24))
        victim, name = (first, "worker1") if frozen % 2 == 0 else (second, "worker2")
        wait_for(lambda: [w for w in operator.status().workers if w.worker == name and w.held]
                 or operator.backlog() == 0, 15, "the victim holds something")
        victim.freeze()
        wait_for(lambda: not [w for w in operator.status().workers if w.worker == name and w.held], 15,
                 "its leases run out")
        frozen += 1
        wait_for(lambda: operator.backlog() == 0, 30, "the other one does it all")
        victim.thaw()
    operator.close()
    report("two_workers_on_one_article", Auditor(broker, ledger, database).run(), frozen)
    feeder.close()
