# SPDX-License-Identifier: Apache-2.0
"""What a worker does with articles that cost too much, and with brokers and databases that go away."""
import signal

import psycopg
import zmq

from support.articles import Piece
from support.auditor import Auditor, wait_settled
from support.contract import wire
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for


def test_worker_that_leaves_before_its_welcome_says_goodbye(directory, database, new_worker):
    """Else what the broker sent with the welcome would wait until the lease runs out."""
    router = zmq.Context.instance().socket(zmq.ROUTER)
    router.bind(f"ipc://{directory}/work")
    worker = new_worker(f"ipc://{directory}/work", database)

    def heard(body: str) -> bool:
        if not router.poll(50):
            return False
        return wire.Envelope.FromString(router.recv_multipart()[1]).WhichOneof("body") == body
    wait_for(lambda: heard("hello"), what="hello")
    worker.signal(signal.SIGTERM)
    wait_for(lambda: heard("goodbye"), what="goodbye")
    assert worker.wait_exit() == 0
    router.close(0)


def big(newsroom, key: str, size: int) -> Piece:
    text = newsroom.text(200).encode()
    return Piece("proof", key, "Bài rất dài", (text * (1 + size // len(text)))[:size])


def test_article_over_its_memory_is_dead_and_its_neighbours_are_stored(broker, database, new_worker,
                                                                       feeder, ledger, newsroom):
    new_worker(broker, database, **{"extract.memory": "4MiB"})
    bloated = big(newsroom, "bloated", 1_000_000)
    feeder.submit(newsroom.pieces(5) + [bloated] + newsroom.pieces(5))
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (10, 1)
    assert "RESOURCE_LIMIT" in feeder.outcome(bloated.source, bloated.key).reason


def test_article_over_its_time_is_dead_after_its_own_attempts(new_broker, database, new_worker, ledger,
                                                              newsroom):
    broker = new_broker(**{"attempt.limit": "2"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    new_worker(broker, database, **{"extract.budget": "100ms"})
    slow = big(newsroom, "slow", 1_900_000)
    pieces = newsroom.pieces(10)
    feeder.submit(pieces[:5] + [slow] + pieces[5:])
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (10, 1)
    outcome = feeder.outcome(slow.source, slow.key)
    assert outcome.attempts_charged == 2 and "TIMED_OUT" in outcome.reason
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}
    feeder.close()


def test_row_that_the_database_refuses_costs_itself(broker, database, new_worker, feeder, ledger,
                                                    newsroom):
    new_worker(broker, database)
    database.execute("ALTER TABLE newsloom.article ADD CONSTRAINT no_seven CHECK (key <> 'bai-000007')")
    pieces = newsroom.pieces(20)
    feeder.submit(pieces)
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (19, 1)
    refused = feeder.outcome("proof", "bai-000007")
    assert "STORAGE_REJECTED" in refused.reason and "23514" in refused.reason
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces
            if p.key != "bai-000007"} == {0}


def test_rows_that_somebody_locks_are_waited_for(broker, database, new_worker, feeder, newsroom):
    new_worker(broker, database)
    pieces = newsroom.pieces(5)
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE newsloom.mention IN SHARE MODE")
        feeder.submit(pieces)
        wait_for(lambda: database.value("SELECT count(*) FROM pg_locks WHERE NOT granted "
                                        "AND relation IS NOT NULL") > 0, 20, "the worker waits")
        assert wire.STORED not in {feeder.outcome(p.source, p.key).state for p in pieces}
    wait_settled(broker)
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}


def test_list_of_endpoints_is_tried_in_turn(broker, database, new_worker, feeder, newsroom, directory):
    new_worker(f"ipc://{directory}/nobody,{broker.endpoint('work')}", database)
    feeder.submit(newsroom.pieces(3))
    wait_settled(broker)


def test_worker_without_a_broker_waits_for_one(new_broker, database, new_worker, newsroom):
    broker = new_broker()
    worker = new_worker(broker, database)
    worker.wait_log("welcome")
    broker.kill9()
    broker.start()
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(newsroom.pieces(3))
    wait_settled(broker)
    feeder.close()


def test_database_connection_cut_again_and_again(broker, database, new_worker, feeder, ledger, newsroom):
    new_worker(broker, database)
    for _ in range(6):
        feeder.submit(newsroom.pieces(10))
        database.terminate_backends()
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (60, 0)


def test_sigterm_while_the_database_is_away_gives_back_and_ends(broker, postgres, database, new_worker,
                                                                feeder, ledger, newsroom):
    worker = new_worker(broker, database)
    feeder.submit(newsroom.pieces(3))
    wait_settled(broker)
    postgres.stop(signal.SIGQUIT)
    try:
        pieces = newsroom.pieces(10)
        feeder.submit(pieces)
        worker.wait_log("database-away")
        assert worker.terminate(15) == 0
    finally:
        postgres.start()
    new_worker(broker, database)
    assert Auditor(broker, ledger, database).run().stored == 13
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}


def test_second_sigterm_hurries(broker, database, new_worker, feeder, ledger, newsroom):
    worker = new_worker(broker, database, **{"batch.delay": "60s", "batch.articles": "128"})
    pieces = newsroom.pieces(5)
    feeder.submit(pieces)
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: sum(w.held for w in operator.status().workers) == 5, what="it holds them")
    operator.close()
    worker.signal(signal.SIGTERM)
    worker.wait_log("draining")
    assert worker.terminate(10) == 0
    new_worker(broker, database)
    assert Auditor(broker, ledger, database).run().stored == 5
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}
