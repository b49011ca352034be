# SPDX-License-Identifier: Apache-2.0
"""Bad input is answered, never swallowed, and costs nobody else anything."""
import os
import socket
from random import Random

import pytest
import zmq

from support import paths
from support.articles import Piece
from support.auditor import wait_settled
from support.contract import Channel, article, digest_bytes, digest_content, envelope, next_request, wire
from support.fake_worker import FakeWorker, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for


@pytest.fixture
def channel(broker):
    opened = []

    def make(role):
        opened.append(Channel(broker.endpoint(role)))
        return opened[-1]
    yield make
    for one in opened:
        one.close()


def refusal(channel, frames):
    channel.send_frames(frames)
    got = channel.receive(10)
    assert got, "nobody answered"
    assert got[0].WhichOneof("body") == "refusal", got[0]
    assert got[0].refusal.text, "a refusal carries a sentence"
    return got[0].refusal.code


def submit_frames(piece, protocol=1, payloads=None, **changes):
    submission = piece.submission()
    for name, value in changes.items():
        setattr(submission, name, value)
    head = envelope("submit", wire.Submit(articles=[submission]), next_request(), protocol)
    return [head, *([piece.payload()] if payloads is None else payloads)]


def still_works(feeder, newsroom):
    receipt, = feeder.submit([newsroom.piece()])
    assert receipt.code == wire.ACCEPTED


ROLES = ("feed", "work", "subscribe", "operator")


@pytest.mark.parametrize("role", ROLES)
def test_noise_is_refused_and_the_connection_goes_on(channel, broker, feeder, newsroom, role):
    peer = channel(role)
    assert refusal(peer, [os.urandom(60)]) == wire.BAD_ENVELOPE
    assert refusal(peer, [b""]) == wire.BAD_ENVELOPE
    assert refusal(peer, [b"x" * 5000]) == wire.BAD_ENVELOPE
    still_works(feeder, newsroom)
    if role == "feed":  # the same connection's next message
        piece = newsroom.piece()
        peer.send_frames(submit_frames(piece))
        assert peer.receive(10)[0].receipts.receipts[0].code == wire.ACCEPTED


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("protocol", [0, 2, 77])
def test_wrong_protocol_is_refused(channel, newsroom, role, protocol):
    frames = [envelope("status_request", wire.StatusRequest(), 7, protocol)]
    assert refusal(channel(role), frames) == wire.UNSUPPORTED_PROTOCOL


@pytest.mark.parametrize("role", ROLES)
def test_body_of_another_socket_is_unexpected(channel, role):
    peer = channel(role)
    if role == "work":  # a stranger is told to say hello, whatever it says
        peer.send("hello", wire.Hello(protocol_min=1, protocol_max=1, session=os.urandom(16),
                                      worker="proof", slots=1))
        assert peer.receive(10)[0].WhichOneof("body") == "welcome"
    assert refusal(peer, [envelope("settled", wire.Settled(), 7)]) == wire.UNEXPECTED_MESSAGE


def test_envelope_without_body_is_refused(channel):
    frames = [wire.Envelope(protocol=1, request=9).SerializeToString()]
    assert refusal(channel("feed"), frames) == wire.BAD_ENVELOPE


def test_wrong_number_of_frames_is_refused(channel, newsroom):
    piece = newsroom.piece()
    peer = channel("feed")
    assert refusal(peer, submit_frames(piece, payloads=[])) == wire.FRAME_COUNT
    assert refusal(peer, submit_frames(piece, payloads=[b"a", b"b"])) == wire.FRAME_COUNT
    many = wire.Submit(articles=[wire.Submission(source="a", key="b")] * 33)
    assert refusal(peer, [envelope("submit", many, 5)] + [b"x"] * 33) == wire.FRAME_COUNT
    assert refusal(peer, submit_frames(piece, payloads=[b"x"] * 1000)) == wire.FRAME_COUNT


def test_strings_with_nul_or_broken_utf8_and_unknown_enums_are_refused(channel, newsroom):
    peer = channel("feed")

    def raw_submit(submission: bytes) -> list:
        inner = b"\x0a" + bytes([len(submission)]) + submission
        return [b"\x08\x01\x52" + bytes([len(inner)]) + inner, b"x"]
    assert refusal(peer, raw_submit(b"\x0a\x03a\x00b")) == wire.BAD_ENVELOPE
    assert refusal(peer, raw_submit(b"\x0a\x02\xc3\x28")) == wire.BAD_ENVELOPE
    assert refusal(peer, raw_submit(b"\x0a\x01a\x20\x63")) == wire.BAD_ENVELOPE  # class 99


@pytest.mark.parametrize("changes, code", [
    ({"source": ""}, wire.BAD_SOURCE),
    ({"source": "Báo Mới"}, wire.BAD_SOURCE),
    ({"source": "x" * 65}, wire.BAD_SOURCE),
    ({"key": "k" * 513}, wire.BAD_KEY),
    ({"key": "", "url": ""}, wire.BAD_KEY),
    ({"key": "", "url": "no address"}, wire.BAD_KEY),
    ({"key": "", "url": "https://tin.example/" + "x" * 2048}, wire.BAD_KEY),
    ({"digest": b""}, wire.BAD_DIGEST),
    ({"digest": b"x" * 31}, wire.BAD_DIGEST),
    ({"size": 1}, wire.SIZE_MISMATCH),
], ids=["no-source", "source-letters", "long-source", "long-key", "no-key", "bad-url", "long-url",
        "no-digest", "short-digest", "size"])
def test_wrong_field_is_refused_by_its_code(channel, feeder, newsroom, changes, code):
    peer = channel("feed")
    peer.send_frames(submit_frames(newsroom.piece(), **changes))
    receipt = peer.receive(10)[0].receipts.receipts[0]
    assert (receipt.code, receipt.refusal) == (wire.REFUSED, code)
    assert receipt.text
    still_works(feeder, newsroom)


def test_too_large_and_empty_name_the_limit(new_broker, newsroom):
    broker = new_broker(article_limit="64KiB")
    feeder = Feeder(broker.endpoint("feed"))
    large = Piece("proof", "large", "", b"x" * 70000)
    empty = Piece("proof", "empty", "", b"", raw=b"")
    just = Piece("proof", "just", "", b"x" * 60000)
    receipts = feeder.submit([large, empty, just])
    assert [r.code for r in receipts] == [wire.REFUSED, wire.REFUSED, wire.ACCEPTED]
    assert receipts[0].refusal == wire.TOO_LARGE
    assert "65536" in receipts[0].text or "64 KiB" in receipts[0].text or "64KiB" in receipts[0].text
    assert receipts[1].refusal == wire.EMPTY
    feeder.close()


def test_refusals_are_counted_and_hardly_logged(channel, broker):
    peer = channel("feed")
    operator = Operator(broker.endpoint("operator"))
    before = operator.counters()
    size = len(broker.log())
    for _ in range(300):
        refusal(peer, [b"noise"])
    after = operator.counters()
    assert sum(after.values()) - sum(before.values()) >= 300
    assert any(after[name] - before.get(name, 0) == 300 for name in after), "no counter counts them"
    assert len(broker.log()) - size < 20 * 300, "every refusal is logged"
    operator.close()


def test_hostile_bytes_on_every_socket_leave_the_broker_alive(new_broker, newsroom):
    broker = new_broker(**{f"listen.{role}": "tcp://127.0.0.1:*" for role in ROLES})
    for role in ROLES:
        host, port = broker.endpoint(role).removeprefix("tcp://").rsplit(":", 1)
        for data in (b"GET / HTTP/1.0\r\n\r\n", os.urandom(500), b"\xff" + bytes(8) + b"\x7f",
                     b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00NULL" + bytes(48)):
            with socket.create_connection((host, int(port))) as raw:
                raw.sendall(data)
                raw.shutdown(socket.SHUT_WR)
    feeder = Feeder(broker.endpoint("feed"))
    still_works(feeder, newsroom)
    feeder.close()


def test_endless_multipart_does_not_grow_the_broker(new_broker, newsroom):
    broker = new_broker(article_limit="64KiB")
    feeder = Feeder(broker.endpoint("feed"))
    still_works(feeder, newsroom)
    before = broker.memory_bytes()
    bad = zmq.Context.instance().socket(zmq.DEALER)
    bad.setsockopt(zmq.LINGER, 0)
    bad.setsockopt(zmq.SNDTIMEO, 200)
    bad.connect(broker.endpoint("feed"))
    try:
        for _ in range(2000):  # 120 MB that never end
            bad.send(b"x" * 60000, zmq.SNDMORE)
    except zmq.Again:
        pass
    still_works(feeder, newsroom)
    grown = broker.memory_bytes() - before
    bad.close(0)
    feeder.close()
    assert grown < 400 * 1024 * 1024, f"{grown >> 20} MiB for one message"


# ---- what a worker says it does not hold ----

def test_failed_for_an_article_one_does_not_hold_is_ignored_and_counted(broker, feeder, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    owner = FakeWorker(broker.endpoint("work"), "owner")
    lease, = owner.take()
    stranger = FakeWorker(broker.endpoint("work"), "stranger", slots=1)
    stranger.hello()
    stranger.pump_until(lambda: stranger.welcome)
    operator = Operator(broker.endpoint("operator"))
    before = operator.counters()
    job = owner.held[lease].job
    stranger.channel.send("failed", wire.Failed(failures=[wire.Failure(
        lease=lease + 999, article_id=job.article_id, permanent=True, code="INVALID_PAYLOAD",
        text="not mine")]))
    changed = wait_for(lambda: [n for n, v in operator.counters().items()
                                if "stale" in n and v > before.get(n, 0)], what="a stale counter")
    assert changed
    assert feeder.outcome(piece.source, piece.key).state == wire.LEASED
    owner.start(lease)
    owner.done(lease)
    assert owner.settled(lease).state == wire.STORED
    for one in (owner, stranger, operator):
        one.close()


def test_done_for_an_article_nobody_knows_is_settled_as_unknown(broker):
    worker = FakeWorker(broker.endpoint("work"))
    worker.hello()
    worker.pump_until(lambda: worker.welcome)
    worker.channel.send("done", wire.Done(results=[wire.Result(
        lease=77, article_id=123456, digest=b"d" * 32, kind=wire.ENTRY_STORED, size=1,
        extraction_digest=digest_bytes(b"x"))]), [b"x"])
    settlement = worker.settled(77)
    assert settlement.state == wire.STATE_UNKNOWN
    worker.close()


def test_done_for_an_open_article_held_by_another_is_accepted(broker, feeder, newsroom):
    piece = newsroom.piece()
    feeder.submit([piece])
    owner = FakeWorker(broker.endpoint("work"), "owner")
    lease, = owner.take()
    other = FakeWorker(broker.endpoint("work"), "other")
    other.hello()
    other.pump_until(lambda: other.welcome)
    other.held[lease + 5000] = owner.held[lease]
    other.held[lease + 5000].job.lease = lease + 5000
    other.done(lease + 5000)
    first = other.settled(lease + 5000)
    assert first.state == wire.STORED
    owner.held[lease].job.lease = lease
    owner.done(lease)
    assert owner.settled(lease).sequence == first.sequence
    owner.close()
    other.close()


# ---- peers that take and do not give ----

def test_worker_that_takes_and_never_answers_blocks_nobody(broker, feeder, newsroom):
    feeder.submit(newsroom.pieces(20))
    taker = FakeWorker(broker.endpoint("work"), "taker", slots=128)
    taker.take(20)
    feeder.submit(newsroom.pieces(20))
    good = WorkingThread(broker.endpoint("work"), "good")
    good.start()
    taker.beat()
    wait_settled(broker, 40)  # the taker is silent now: its lease runs out
    assert good.finish().progress >= 40
    taker.close()


def test_subscriber_that_never_reads_blocks_nobody(broker, feeder, newsroom):
    deaf = Channel(broker.endpoint("subscribe"))
    deaf.send("subscribe", wire.Subscribe(credit=10 ** 9, **{"from": wire.FROM_EARLIEST}), request=5)
    good = WorkingThread(broker.endpoint("work"), "good", slots=32)
    good.start()
    feeder.submit(newsroom.pieces(200))
    wait_settled(broker, 40)
    good.finish()
    deaf.close()


# ---- what only a worker can find ----

def _article(**fields) -> bytes:
    return article.Article(**{"content": "Nội dung".encode(), **fields}).SerializeToString()


BAD_PAYLOADS = [
    ("no-message", b"\xff\xff\xff\xff", ""),
    ("no-date", _article(published="hôm qua"), "published"),
    ("impossible-date", _article(published="2025-02-30"), "published"),
    ("fetched", _article(fetched="2025-13-01T00:00:00Z"), "fetched"),
    ("content-type", _article(content_type="application/pdf"), "content_type"),
    ("charset", _article(charset="klingon-8"), "charset"),
    ("no-content", _article(title="x", content=b""), "content"),
    ("long-url", _article(url="https://tin.example/" + "x" * 3000), "url"),
    ("nul", b"\x12\x03a\x00b" + _article(), "title"),
    ("noise", _article(content=Random(1).randbytes(3000)), "content"),
    ("utf-16-noise", _article(content=b"\xff\xfe" + Random(2).randbytes(3000)), "content"),
    ("control-characters", _article(content=bytes(range(1, 32)) * 20), "content"),
    ("a-program", _article(content=paths.program("newsloom").read_bytes()[:50000]), "content"),
]


def test_bad_payload_is_dead_at_once_and_names_the_field(broker, database, new_worker, feeder,
                                                         newsroom):
    good = newsroom.pieces(5)
    bad = []
    for name, raw, _ in BAD_PAYLOADS:
        piece = Piece("proof", name, "", b"", raw=raw)
        try:  # the digest of what the envelope claims must fit where the payload can be read
            parsed = article.Article.FromString(raw)
            piece.title, piece.content = parsed.title, parsed.content
        except Exception:
            pass
        bad.append(piece)
    new_worker(broker, database)
    assert {r.code for r in feeder.submit(good + bad)} == {wire.ACCEPTED}
    wait_settled(broker)
    for piece in good:
        outcome = feeder.outcome(piece.source, piece.key)
        assert (outcome.state, outcome.attempts_charged) == (wire.STORED, 0), outcome
    wrong = []
    for name, _, field in BAD_PAYLOADS:
        outcome = feeder.outcome("proof", name)
        if outcome.state != wire.DEAD or "INVALID_PAYLOAD" not in outcome.reason \
                or field not in outcome.reason:
            wrong.append((name, wire.State.Name(outcome.state), outcome.reason))
    assert not wrong


def test_payload_that_is_not_what_the_digest_says_is_dead(broker, database, new_worker, feeder):
    piece = Piece("proof", "other-digest", "Tin", b"noi dung")
    submission = piece.submission()
    submission.digest = digest_content("Tin", b"other words")
    new_worker(broker, database)
    channel = Channel(broker.endpoint("feed"))
    channel.send("submit", wire.Submit(articles=[submission]), [piece.payload()], 3)
    assert channel.receive(10)[0].receipts.receipts[0].code == wire.ACCEPTED
    wait_settled(broker)
    outcome = feeder.outcome("proof", "other-digest")
    assert outcome.state == wire.DEAD and "INVALID_PAYLOAD" in outcome.reason
    assert "digest" in outcome.reason
    channel.close()


def test_article_that_bloats_or_is_huge_does_not_hurt_its_neighbours(broker, database, new_worker,
                                                                     feeder, newsroom):
    odd = [
        Piece("proof", "one-word", "", b"A" * 1_500_000),
        Piece("proof", "nul-text", "", "Chủ tịch\0 nước".encode() * 50),
        Piece("proof", "broken-utf8", "", b"\xff\xfe\xc3" * 5000),
        Piece("proof", "deep-html", "", b"<div>" * 60000 + b"x", content_type="text/html"),
        Piece("proof", "capitals", "", ("Nguyễn Văn An " * 3000).encode()),
        Piece("proof", "lines", "", b"\n" * 1_000_000 + b"x"),
        Piece("proof", "long-title", "Ông " + "Trần " * 100000, b"noi dung"),
    ]
    good = newsroom.pieces(20)
    worker = new_worker(broker, database)
    feeder.submit(good[:10] + odd + good[10:])
    operator = Operator(broker.endpoint("operator"))

    def settled():
        if not worker.is_alive:
            worker.start()  # as systemd does: a hanging extraction ends its worker
        return operator.backlog() == 0
    wait_for(settled, 120, "every article reaches its end", every=0.1)
    operator.close()
    for piece in good:
        outcome = feeder.outcome(piece.source, piece.key)
        assert (outcome.state, outcome.attempts_charged) == (wire.STORED, 0), outcome
    for piece in odd:  # stored or dead of their own, never without an end
        assert feeder.outcome(piece.source, piece.key).state in (wire.STORED, wire.DEAD)
    stored = {key for key, in database.execute("SELECT key FROM newsloom.article")}
    assert "nul-text" in stored and "broken-utf8" in stored
