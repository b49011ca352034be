# SPDX-License-Identifier: Apache-2.0
"""A second language, written from proto/ alone: it feeds, asks outcomes, works and subscribes."""
import pytest

from support.articles import Piece
from support.contract import Channel, Refused, article, digest_bytes, next_request, wire
from support.fake_worker import FakeWorker
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for


@pytest.fixture
def worker(broker):
    worker = FakeWorker(broker.endpoint("work"))
    yield worker
    worker.close()


def test_article_goes_from_submit_to_stored_and_into_the_log(broker, feeder, worker, newsroom):
    piece = newsroom.piece()
    receipt, = feeder.submit([piece])
    assert (receipt.code, receipt.revision) == (wire.ACCEPTED, 1)
    assert receipt.article_id > 0
    assert feeder.outcome(piece.source, piece.key).state == wire.QUEUED

    lease, = worker.take()
    job = worker.held[lease].job
    assert (job.source, job.key, job.revision, job.generation, job.attempt) == (
        piece.source, piece.key, 1, 1, 1)
    assert job.digest == piece.digest
    assert worker.held[lease].payload == piece.payload()
    assert feeder.outcome(piece.source, piece.key).state == wire.LEASED

    worker.start(lease)
    worker.done(lease)
    data = worker.held[lease].result[1]
    settlement = worker.settled(lease)
    assert (settlement.state, settlement.article_id) == (wire.STORED, job.article_id)

    outcome = feeder.outcome(piece.source, piece.key)
    assert (outcome.state, outcome.sequence) == (wire.STORED, settlement.sequence)
    assert outcome.digest == piece.digest
    assert 0 < outcome.accepted_at_ms <= outcome.ended_at_ms

    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    (entry, payload), = reader.read_to_end()
    assert (entry.sequence, entry.kind) == (settlement.sequence, wire.ENTRY_STORED)
    assert (entry.source, entry.key, entry.revision) == (piece.source, piece.key, 1)
    assert payload == data and entry.extraction_digest == digest_bytes(data)
    reader.close()


def test_several_articles_in_one_message_have_their_own_receipts(feeder, newsroom):
    good, empty = newsroom.piece(), Piece("proof", "empty", "", b"", raw=b"")
    other = newsroom.piece()
    receipts = feeder.submit([good, empty, other, ])
    assert [r.code for r in receipts] == [wire.ACCEPTED, wire.REFUSED, wire.ACCEPTED]
    assert receipts[1].refusal == wire.EMPTY and receipts[1].text
    assert receipts[0].article_id != receipts[2].article_id


def test_thirty_two_articles_fit_into_one_submit(feeder, newsroom):
    receipts = feeder.submit(newsroom.pieces(32))
    assert {r.code for r in receipts} == {wire.ACCEPTED}
    assert len({r.article_id for r in receipts}) == 32


def test_same_again_is_a_duplicate_and_tells_where_it_is(feeder, worker, newsroom):
    piece = newsroom.piece()
    first, = feeder.submit([piece])
    again, = feeder.submit([piece])
    assert (again.code, again.state, again.article_id) == (wire.DUPLICATE, wire.QUEUED, first.article_id)
    lease, = worker.take()
    worker.done(lease)
    sequence = worker.settled(lease).sequence
    after, = feeder.submit([piece])
    assert (after.code, after.state, after.sequence) == (wire.DUPLICATE, wire.STORED, sequence)


def test_same_article_twice_in_one_message_is_kept_once(feeder, newsroom):
    piece = newsroom.piece()
    one, two = feeder.submit([piece, piece])
    assert sorted((one.code, two.code)) == [wire.ACCEPTED, wire.DUPLICATE]
    assert one.article_id == two.article_id


def test_other_content_is_the_next_revision(feeder, newsroom):
    piece = newsroom.piece()
    first, = feeder.submit([piece])
    second, = feeder.submit([newsroom.correction(piece)])
    assert (second.code, second.revision) == (wire.ACCEPTED, 2)
    assert second.article_id != first.article_id
    outcome = feeder.outcome(piece.source, piece.key, revision=1)
    assert (outcome.revision, outcome.newest_revision) == (1, 2)
    assert feeder.outcome(piece.source, piece.key).revision == 2


def test_two_feeders_with_the_same_key_do_not_collide(feeder, newsroom):
    one = newsroom.piece(source="mot")
    two = Piece("hai", one.key, one.title, one.content)
    receipts = feeder.submit([one, two])
    assert [r.code for r in receipts] == [wire.ACCEPTED, wire.ACCEPTED]
    assert feeder.outcome("hai", one.key).article_id == receipts[1].article_id


def test_key_defaults_to_the_canonical_url(feeder):
    piece = Piece("proof", "", "Tin", b"noi dung", url="https://www.tin.example/a.html?utm_source=x#top")
    first, = feeder.submit([piece])
    assert first.code == wire.ACCEPTED
    piece.url = "http://m.tin.example/a.html"
    again, = feeder.submit([piece])
    assert (again.code, again.article_id) == (wire.DUPLICATE, first.article_id)
    found = feeder.outcome("proof", url="https://tin.example/a.html")
    assert (found.article_id, found.key) == (first.article_id, "tin.example/a.html")


def test_unknown_outcome_is_not_found(feeder):
    with pytest.raises(Refused) as refused:
        feeder.outcome("proof", "nobody-sent-this")
    assert refused.value.code == wire.NOT_FOUND


def test_unknown_session_is_told_to_say_hello(broker):
    worker = FakeWorker(broker.endpoint("work"))
    worker.welcome = wire.Welcome(beat_ms=200)  # as if the broker had known us
    worker.beat()
    worker.pump_until(lambda: worker.hello_firsts, what="HelloFirst")
    worker.welcome = None
    worker.pump_until(lambda: worker.welcome, what="Welcome")
    assert len(worker.welcome.log_id) == 16
    assert (worker.welcome.beat_ms, worker.welcome.lease_ms) == (200, 2000)
    assert worker.welcome.payload_limit == 2 * 1024 * 1024
    worker.close()


def test_worker_never_gets_more_than_its_free_slots(broker, feeder, newsroom):
    feeder.submit(newsroom.pieces(20))
    worker = FakeWorker(broker.endpoint("work"), slots=5)
    worker.take(5)
    for _ in range(3):  # beats go on, and nothing more comes
        worker.beat()
        worker.pump(0.1)
    assert worker.most_held == 5
    for lease in list(worker.held):
        worker.start(lease)
        worker.done(lease)
    worker.pump_until(lambda: len(worker.taken) >= 10, what="five more jobs")
    assert worker.most_held <= 5
    worker.close()


def test_failed_article_waits_and_comes_again_with_its_attempt_counted(feeder, worker, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    lease, = worker.take()
    worker.start(lease)
    worker.fail(lease, "CRASHED", "the extractor died")
    worker.pump_until(lambda: len(worker.taken) == 2, what="the second attempt")
    assert worker.taken[1].attempt == 2
    assert worker.taken[1].lease != lease
    outcome = feeder.outcome(piece.source, piece.key)
    assert outcome.attempts_charged == 1
    assert (outcome.attempts[-1].code, outcome.attempts[-1].text) == ("CRASHED", "the extractor died")
    assert outcome.attempts[-1].worker == "proof"


def test_attempts_used_up_is_dead_with_its_history(broker, feeder, worker, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    for number in range(5):
        worker.take()
        lease = list(worker.held)[0]
        worker.start(lease)
        worker.fail(lease, "CRASHED", f"attempt {number + 1}")
        worker.pump(0.05)
    wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.DEAD, what="DEAD")
    outcome = feeder.outcome(piece.source, piece.key)
    assert outcome.attempts_charged == 5
    assert [a.text for a in outcome.attempts] == [f"attempt {n + 1}" for n in range(5)]
    assert "attempt 5" in outcome.reason
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    (entry, _), = reader.read_to_end()
    assert (entry.kind, entry.sequence) == (wire.ENTRY_DEAD, outcome.sequence)
    assert entry.reason
    reader.close()


def test_released_article_pays_nothing(feeder, worker, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    lease, = worker.take()
    worker.release(lease)
    worker.take()
    assert worker.taken[-1].attempt == 1
    assert feeder.outcome(piece.source, piece.key).attempts_charged == 0


def test_lease_missing_from_a_beat_goes_back(feeder, worker, newsroom):
    feeder.submit([newsroom.piece()])
    lease, = worker.take()
    del worker.held[lease]  # as if the dispatch had been lost on its way
    worker.take()
    assert worker.taken[0].article_id == worker.taken[1].article_id
    assert worker.taken[1].attempt == 1


def test_silent_worker_loses_its_articles_and_only_the_started_pays(broker, feeder, newsroom):
    pieces = newsroom.pieces(3)
    feeder.submit(pieces)
    silent = FakeWorker(broker.endpoint("work"), "silent", slots=3)
    leases = silent.take(3)
    started = silent.held[leases[0]].job.key
    silent.start(leases[0])
    silent.beat()
    other = FakeWorker(broker.endpoint("work"), "other", slots=3)
    other.take(2)  # silent says nothing any more: its lease runs out; the suspect waits to go alone
    charged = {piece.key: feeder.outcome(piece.source, piece.key).attempts_charged for piece in pieces}
    assert charged == {piece.key: int(piece.key == started) for piece in pieces}
    silent.close()
    other.close()


def test_suspect_goes_out_alone(broker, feeder, newsroom):
    pieces = newsroom.pieces(4)
    feeder.submit(pieces)
    lost = FakeWorker(broker.endpoint("work"), "lost", slots=2)
    suspects = {lost.held[lease].job.key for lease in lost.take(2)}
    lost.start(*lost.held)
    lost.beat()
    lost.pump(0.05)
    lost.close()
    worker = FakeWorker(broker.endpoint("work"), "careful", slots=4)
    seen = set()
    while len(seen) < 4:
        worker.take(1)
        keys = {h.job.key for h in worker.held.values()}
        if keys & suspects:
            assert len(keys & suspects) == 1, "two suspects travel together"
            assert len(keys) == 1, "a suspect has company"
        seen |= keys
        for lease in list(worker.held):
            worker.start(lease)
            worker.done(lease)
            worker.settled(lease)
    worker.close()


def test_goodbye_gives_everything_back_at_once(broker, feeder, newsroom):
    feeder.submit(newsroom.pieces(2))
    leaving = FakeWorker(broker.endpoint("work"), "leaving", slots=2)
    leaving.take(2)
    leaving.goodbye()
    staying = FakeWorker(broker.endpoint("work"), "staying", slots=2)
    staying.take(2)
    assert {job.attempt for job in staying.taken} == {1}
    leaving.close()
    staying.close()


def test_live_goes_before_backfill_which_keeps_its_share(broker, feeder, worker, newsroom):
    feeder.submit(newsroom.pieces(60), wire.BACKFILL)
    feeder.submit(newsroom.pieces(60), wire.LIVE)
    worker.automatic = True
    worker.hello()
    worker.pump_until(lambda: len(worker.taken) >= 60, what="sixty jobs")
    classes = [getattr(job, "class") for job in worker.taken[:60]]
    backfill = classes.count(wire.BACKFILL)
    assert 2 <= backfill <= 15, f"{backfill} of the first 60 are BACKFILL, the share is 10 %"


def test_sources_take_turns(broker, feeder, worker, newsroom):
    feeder.submit(newsroom.pieces(64, source="loud"))
    feeder.submit(newsroom.pieces(4, source="quiet"))
    worker.automatic = True
    worker.hello()
    worker.pump_until(lambda: len(worker.taken) >= 24, what="24 jobs")
    sources = [job.source for job in worker.taken[:24]]
    assert sources.count("quiet") == 4, f"a loud source pushed the quiet one back: {sources}"


def test_dead_identity_can_be_submitted_again(feeder, worker, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    lease, = worker.take()
    worker.start(lease)
    worker.fail(lease, "INVALID_PAYLOAD", "published: no date", permanent=True)
    wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.DEAD, what="DEAD")
    again, = feeder.submit([piece])
    assert again.code == wire.ACCEPTED
    worker.take()
    assert worker.taken[-1].key == piece.key


def test_status_shows_classes_workers_and_log(broker, feeder, worker, newsroom):
    feeder.submit(newsroom.pieces(3))
    feeder.submit(newsroom.pieces(2), wire.BACKFILL)
    worker.slots = 1
    worker.take()
    operator = Operator(broker.endpoint("operator"))
    status = operator.status()
    classes = {getattr(c, "class"): c for c in status.classes}
    assert sum(c.queued for c in classes.values()) == 4
    assert sum(c.leased for c in classes.values()) == 1
    seen, = status.workers
    assert (seen.worker, seen.slots, seen.held) == ("proof", 1, 1)
    assert status.condition == "running" and status.boot == 1 and len(status.log_id) == 16
    assert 0 < status.store_used_bytes <= status.store_budget_bytes == 64 * 1024 * 1024
    operator.close()


def test_unknown_fields_are_ignored(broker, newsroom):
    piece = newsroom.piece()
    submit = wire.Submit(articles=[piece.submission()])
    packet = wire.Envelope(protocol=1, request=next_request())
    packet.submit.CopyFrom(submit)
    unknown = bytes([0xFA, 0x3F, 3]) + b"new"  # field 1023, length-delimited
    channel = Channel(broker.endpoint("feed"))
    channel.send_frames([packet.SerializeToString() + unknown, piece.payload()])
    got, _ = channel.receive(10)
    assert got.receipts.receipts[0].code == wire.ACCEPTED
    channel.close()


def test_payload_is_handed_on_untouched(feeder, worker):
    raw = article.Article(content=b"x").SerializeToString() + bytes([0xFA, 0x3F, 3]) + b"new"
    piece = Piece("proof", "raw", "", b"x", raw=raw)
    feeder.submit([piece])
    lease, = worker.take()
    assert worker.held[lease].payload == raw
