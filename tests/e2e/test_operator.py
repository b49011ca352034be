# SPDX-License-Identifier: Apache-2.0
"""What an operator sees and does: dead letters, pause, resume, drain."""
import pytest

from support.contract import Refused, wire
from support.fake_worker import FakeWorker
from support.subscriber import Subscriber
from support.waiting import wait_for


@pytest.fixture
def worker(broker):
    worker = FakeWorker(broker.endpoint("work"), slots=32)
    yield worker
    worker.close()


def kill_articles(feeder, worker, newsroom, count, code="INVALID_PAYLOAD", source=None) -> list:
    pieces = newsroom.pieces(count, source=source)
    ids = [r.article_id for r in feeder.submit(pieces)]
    for lease in worker.take(count):
        worker.start(lease)
        worker.fail(lease, code, "no such date", permanent=True)
    for piece in pieces:
        wait_for(lambda p=piece: feeder.outcome(p.source, p.key).state == wire.DEAD
                 or worker.pump(0.01) and False, what="DEAD")
    return ids


def test_dead_letters_are_listed_with_reason_and_history(operator, feeder, worker, newsroom):
    article, = kill_articles(feeder, worker, newsroom, 1)
    answer, letters = operator.dead()
    assert (answer.matched, answer.next_after) == (1, 0)
    letter, = letters
    assert (letter.code, letter.outcome.article_id) == ("INVALID_PAYLOAD", article)
    assert "no such date" in letter.outcome.reason and letter.size > 0
    _, shown = operator.dead(wire.DEAD_SHOW, article_id=article)
    assert shown[0].outcome.attempts[-1].text == "no such date"


def test_dead_letters_are_filtered_and_paged(operator, feeder, worker, newsroom):
    a = kill_articles(feeder, worker, newsroom, 5, "INVALID_PAYLOAD", "mot")
    b = kill_articles(feeder, worker, newsroom, 3, "RESOURCE_LIMIT", "hai")
    assert {x.outcome.article_id for x in operator.all_dead(source="mot")} == set(a)
    assert {x.outcome.article_id for x in operator.all_dead(code="RESOURCE_LIMIT")} == set(b)
    page, letters = operator.dead(most=3)
    assert len(letters) == 3 and page.next_after
    assert len(operator.all_dead(most=3)) == 8


def test_retry_gives_the_article_all_its_attempts_back(operator, feeder, worker, newsroom):
    article, = kill_articles(feeder, worker, newsroom, 1)
    answer, _ = operator.dead(wire.DEAD_RETRY, article_id=article)
    assert answer.matched == 1
    lease, = worker.take()
    assert worker.held[lease].job.attempt == 1
    worker.start(lease)
    worker.done(lease)
    assert worker.settled(lease).state == wire.STORED
    assert operator.status().dead == 0


def test_retry_by_filter_leaves_the_others(operator, feeder, worker, newsroom):
    kill_articles(feeder, worker, newsroom, 3, source="mot")
    kill_articles(feeder, worker, newsroom, 2, source="hai")
    answer, _ = operator.dead(wire.DEAD_RETRY, source="mot")
    assert answer.matched == 3
    assert operator.status().dead == 2


def test_drop_withdraws_and_says_so_in_the_log(broker, operator, feeder, worker, newsroom):
    article, = kill_articles(feeder, worker, newsroom, 1)
    answer, _ = operator.dead(wire.DEAD_DROP, article_id=article)
    assert answer.matched == 1
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end()
    assert [e.kind for e, _ in reader.entries] == [wire.ENTRY_DEAD, wire.ENTRY_WITHDRAWN]
    key = reader.entries[0][0].key
    outcome = feeder.outcome("proof", key)
    assert (outcome.state, outcome.sequence) == (wire.WITHDRAWN, 2)
    assert operator.status().dead == 0
    reader.close()


def test_dead_verbs_on_nothing_are_said(operator):
    with pytest.raises(Refused) as refused:
        operator.dead(wire.DEAD_SHOW, article_id=4711)
    assert refused.value.code == wire.NOT_FOUND
    answer, letters = operator.dead()
    assert (answer.matched, answer.next_after, letters) == (0, 0, [])


def test_pause_accepts_and_dispatches_nothing(operator, feeder, worker, newsroom):
    assert operator.control(wire.PAUSE) == "paused"
    receipt, = feeder.submit([newsroom.piece()])
    assert receipt.code == wire.ACCEPTED
    worker.hello()
    worker.pump_until(lambda: worker.welcome)
    for _ in range(5):
        worker.beat()
        worker.pump(0.1)
    assert not worker.taken
    assert operator.status().condition == "paused"
    assert operator.control(wire.RESUME) == "running"
    worker.take()


def test_drain_finishes_and_refuses_new_articles(operator, feeder, worker, newsroom):
    feeder.submit(newsroom.pieces(3))
    assert operator.control(wire.DRAIN) == "draining"
    receipt, = feeder.submit([newsroom.piece()], patient=False)
    assert receipt.code == wire.RETRY_LATER and receipt.retry_after_ms > 0
    for lease in worker.take(3):
        worker.start(lease)
        worker.done(lease)
        worker.settled(lease)
    assert operator.backlog() == 0
    assert operator.control(wire.RESUME) == "running"
    receipt, = feeder.submit([newsroom.piece()])
    assert receipt.code == wire.ACCEPTED


def test_unspecified_control_is_refused(operator):
    with pytest.raises(Refused) as refused:
        operator.control(wire.CONTROL_UNSPECIFIED)
    assert refused.value.code == wire.BAD_REQUEST and refused.value.text


def test_late_done_brings_a_dead_article_back(broker, operator, feeder, newsroom):
    late = FakeWorker(broker.endpoint("work"), "late")
    piece = newsroom.piece()
    feeder.submit([piece])
    lease, = late.take()
    late.start(lease)
    late.done(lease, send=False)
    late.fail(lease, "INVALID_PAYLOAD", "for good", permanent=True, forget=False)
    wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.DEAD, what="DEAD")
    late.report(lease)
    assert late.settled(lease).state == wire.STORED
    assert feeder.outcome(piece.source, piece.key).state == wire.STORED
    assert operator.status().dead == 0
    late.close()
