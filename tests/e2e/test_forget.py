# SPDX-License-Identifier: Apache-2.0
"""Forgetting in the broker: out of queue, log, dead letters and file; a tombstone, and subscribers hear of it."""
import hashlib

import pytest

from support.articles import Piece
from support.contract import Refused, extraction, wire
from support.fake_worker import FakeWorker, MemoryStorage
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

SECRETS = ("Quách Thị Bí Mật", "con đường không tên", "bai-viet-can-quen", "lời khai kín")


@pytest.fixture
def feeder(broker):
    feeder = Feeder(broker.endpoint("feed"), resend=5.0)
    yield feeder
    feeder.close()


@pytest.fixture
def worker(broker):
    worker = FakeWorker(broker.endpoint("work"), slots=32, storage=MemoryStorage())
    yield worker
    worker.close()


def secret_piece(extra: str = "", times: int = 200) -> Piece:
    body = "".join(f"Đoạn {i}: {SECRETS[0]} nói về {SECRETS[1]}; {SECRETS[3]} số {i}.\n" for i in range(times))
    return Piece("bao-kin", f"https://tin.example/{SECRETS[2]}", f"{SECRETS[0]} và {SECRETS[1]}",
                 (body + extra).encode(), url=f"https://tin.example/{SECRETS[2]}")


def traces(broker) -> list:
    """Words of the secret articles, and halves of them, that stand in any file of the store."""
    found = []
    for path in (broker.directory / "store").iterdir():
        data = path.read_bytes()
        for word in SECRETS:
            for part in (word, word[:len(word) // 2 + 1], word[len(word) // 2:]):
                if len(part) > 5 and part.encode() in data:
                    found.append((path.name, part, data.count(part.encode()), data.find(part.encode()) // 4096))
    return found


def do_all(worker, feeder, pieces) -> None:
    feeder.submit(pieces)
    for lease in worker.take(len(pieces)):
        worker.start(lease)
        worker.done(lease)
        worker.settled(lease)


def state_of(feeder, piece):
    return feeder.outcome(piece.source, piece.key).state


def identity(piece) -> bytes:
    return hashlib.blake2b(f"{piece.source}\0{piece.key}\0".encode(), digest_size=16).digest()


def test_what_was_stored_is_forgotten(broker, operator, feeder, worker, newsroom):
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe()
    first = secret_piece()
    second = secret_piece("đính chính")
    for piece in (newsroom.piece(), first, newsroom.piece(), second, newsroom.piece()):
        do_all(worker, feeder, [piece])
    wait_for(lambda: worker.pump(0.05) and False or state_of(feeder, second) == wire.STORED, 20, "stored")
    reader.read_until(lambda: reader.position == 5)
    looked = operator.forget(first.source, first.key, wire.FORGET_LOOK)
    assert (looked.state, looked.articles) == (wire.STORED, 2)
    answer = operator.forget(first.source, first.key)
    assert (answer.state, answer.articles, answer.entries) == (wire.FORGOTTEN, 2, 2)
    assert not traces(broker)
    outcome = feeder.outcome(first.source, first.key)
    assert (outcome.state, outcome.sequence) == (wire.FORGOTTEN, answer.sequence)
    reader.read_until(lambda: reader.position == answer.sequence)
    told = [entry for entry, _ in reader.entries if entry.kind == wire.ENTRY_FORGOTTEN]
    assert [e.identity for e in told] == [identity(first)] * 2
    assert not any(e.key or e.reason or e.extraction_digest for e in told)
    again = Subscriber(broker.endpoint("subscribe"))
    again.subscribe()
    again.read_to_end()
    assert again.sequences == list(range(1, answer.sequence + 1))
    kinds = [entry.kind for entry, _ in again.entries]
    assert kinds.count(wire.ENTRY_FORGOTTEN) == 4 and kinds.count(wire.ENTRY_STORED) == 3
    for one in (reader, again):
        one.close()


def test_while_it_is_queued(broker, operator, feeder, worker):
    piece = secret_piece()
    receipt, = feeder.submit([piece])
    answer = operator.forget(article_id=receipt.article_id)
    assert (answer.source, answer.key, answer.articles) == (piece.source, piece.key, 1)
    assert operator.backlog() == 0 and not traces(broker)
    other = Piece("bao-mo", "bai-khac", "Tin khác", b"Tin kh\xc3\xa1c")
    do_all(worker, feeder, [other])  # nothing else was dispatched before it
    assert [job.source for job in worker.taken] == [other.source]


def test_a_late_done_does_not_bring_it_back(broker, operator, feeder, worker):
    piece = secret_piece()
    feeder.submit([piece])
    lease, = worker.take(1)
    worker.start(lease)
    answer = operator.forget(piece.source, piece.key)
    worker.done(lease)
    settlement = worker.settled(lease)
    assert (settlement.state, settlement.sequence) == (wire.STATE_UNKNOWN, 0)
    assert state_of(feeder, piece) == wire.FORGOTTEN
    assert operator.status().last_sequence == answer.sequence == 1
    assert not traces(broker)


def test_a_late_failure_does_not_either(broker, operator, feeder, worker):
    piece = secret_piece()
    feeder.submit([piece])
    lease, = worker.take(1)
    worker.start(lease)
    operator.forget(piece.source, piece.key)
    worker.fail(lease, "INVALID_PAYLOAD", SECRETS[1], permanent=True, forget=False)
    assert worker.settled(lease).state == wire.STATE_UNKNOWN
    assert operator.status().dead == 0 and not traces(broker)


def test_a_dead_letter_and_what_its_history_says(broker, operator, feeder, worker):
    piece = secret_piece()
    feeder.submit([piece])
    lease, = worker.take(1)
    worker.start(lease)
    worker.fail(lease, "INVALID_PAYLOAD", f"ngày sai trong lời của {SECRETS[0]}", permanent=True)
    wait_for(lambda: worker.pump(0.05) and False or state_of(feeder, piece) == wire.DEAD, 20, "dead")
    answer = operator.forget(piece.source, piece.key)
    assert (answer.articles, answer.entries) == (1, 1)
    assert operator.status().dead == 0 and not operator.all_dead()
    assert not traces(broker)


def test_it_is_not_taken_again_until_that_is_lifted(broker, operator, feeder, worker):
    piece = secret_piece()
    feeder.submit([piece])
    operator.forget(piece.source, piece.key)
    for again in (piece, secret_piece("khác")):
        receipt, = feeder.submit([again])
        assert (receipt.code, receipt.refusal) == (wire.REFUSED, wire.WAS_FORGOTTEN)
    assert operator.status().last_sequence == 1 and not traces(broker)
    assert operator.forget(piece.source, piece.key, wire.FORGET_LIFT).state == wire.FORGOTTEN
    assert operator.forget(piece.source, piece.key, wire.FORGET_LIFT).state == wire.STATE_UNKNOWN
    receipt, = feeder.submit([piece])
    assert (receipt.code, receipt.revision) == (wire.ACCEPTED, 1)


def test_what_the_broker_never_had_is_refused_and_nothing_changed(operator, feeder):
    """Whoever asks: a misspelt name forbids nothing."""
    piece = secret_piece()
    with pytest.raises(Refused) as refused:
        operator.forget(piece.source, piece.key)
    assert refused.value.code == wire.NOT_FOUND and piece.key in str(refused.value)
    assert operator.forget(piece.source, piece.key, wire.FORGET_LOOK).state == wire.STATE_UNKNOWN
    assert operator.status().last_sequence == 0
    assert feeder.submit([piece])[0].code == wire.ACCEPTED


def test_what_only_the_log_still_knows_is_forgotten(new_broker):
    broker = new_broker(retention_keys="1s")
    feeder, operator = Feeder(broker.endpoint("feed"), resend=5.0), Operator(broker.endpoint("operator"))
    worker = FakeWorker(broker.endpoint("work"), storage=MemoryStorage())
    piece = secret_piece()
    do_all(worker, feeder, [piece])
    wait_for(lambda: operator.forget(piece.source, piece.key, wire.FORGET_LOOK).state == wire.STATE_UNKNOWN, 30,
             "its key is retired")
    answer = operator.forget(piece.source, piece.key)
    assert (answer.state, answer.articles, answer.entries) == (wire.FORGOTTEN, 0, 1)
    assert not traces(broker)
    for one in (worker, feeder, operator):
        one.close()


def test_said_beforehand_it_leaves_a_tombstone(operator, feeder):
    """Its key may be older than the key table: subscribers and PostgreSQL may know it still."""
    piece = secret_piece()
    answer = operator.forget(piece.source, piece.key, beforehand=True)
    assert (answer.articles, answer.entries, answer.sequence) == (0, 0, 1)
    assert operator.forget(piece.source, piece.key).sequence == 1  # again: nothing more is told
    assert feeder.submit([piece])[0].refusal == wire.WAS_FORGOTTEN


def test_a_filtered_subscriber_hears_of_it(broker, operator, feeder, worker):
    piece = secret_piece()
    do_all(worker, feeder, [piece])
    wants = wire.Filter(entity_types=[extraction.LAW], kinds=[wire.ENTRY_STORED], sources=[piece.source])
    elsewhere = wire.Filter(sources=["bao-khac"])
    operator.forget(piece.source, piece.key)
    heard = []
    for filter_ in (wants, elsewhere):
        reader = Subscriber(broker.endpoint("subscribe"), filter_=filter_)
        reader.subscribe()
        reader.read_until(lambda: reader.position == 2)
        heard.append([entry.kind for entry, _ in reader.entries])
        reader.close()
    assert heard == [[wire.ENTRY_FORGOTTEN] * 2, []]


def test_what_a_crash_left_is_scrubbed_after_the_restart(new_broker):
    broker = new_broker(start=False)
    broker.start(crash_at="BROKER_SCRUB:2")
    feeder, operator = Feeder(broker.endpoint("feed")), Operator(broker.endpoint("operator"))
    piece = secret_piece()
    feeder.submit([piece])
    operator.channel.send("forget_request",
                          wire.ForgetRequest(verb=wire.FORGET_DO, source=piece.source, key=piece.key), request=7)
    broker.wait_crash(30)
    assert traces(broker)
    broker.start()
    broker.wait_log("store-scrubbed", 30)
    assert not traces(broker)
    assert operator.forget(piece.source, piece.key).sequence == 1
    for one in (feeder, operator):
        one.close()
