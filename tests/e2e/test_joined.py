# SPDX-License-Identifier: Apache-2.0
"""Payloads that travel in one frame: between peers that take it, and only there."""
import json

import pytest
import zmq

from support.articles import Piece
from support.cli import CommandLine
from support.contract import Channel, JOINED_LIMIT, envelope, joined, next_request, wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.subscriber import Subscriber


@pytest.fixture
def worker(broker):
    worker = FakeWorker(broker.endpoint("work"))
    yield worker
    worker.close()


def test_payloads_go_joined_all_the_way(broker, feeder, worker, operator, newsroom):
    feeder.channel.joins = True
    worker.channel.joins, worker.features = True, wire.JOINED_PAYLOADS
    pieces = newsroom.pieces(12)
    receipts = feeder.submit(pieces)
    assert [receipt.code for receipt in receipts] == [wire.ACCEPTED] * 12
    assert feeder.features == wire.JOINED_PAYLOADS and operator.joined("in") == 1

    leases = worker.take(12)
    assert worker.welcome.features == wire.JOINED_PAYLOADS and worker.channel.joined_count == 1
    assert {worker.held[lease].job.key: worker.held[lease].payload for lease in leases} == {
        piece.key: piece.payload() for piece in pieces}
    for lease in leases:
        worker.done(lease, send=False)
    results = {lease: worker.held[lease].result for lease in leases}
    for first in range(0, 12, 4):
        some = [results[lease] for lease in leases[first:first + 4]]
        worker.channel.send("done", wire.Done(results=[result for result, _ in some]), [data for _, data in some])
    for lease in leases:
        assert worker.settled(lease).state == wire.STORED
    assert operator.joined("in") == 4

    reader = Subscriber(broker.endpoint("subscribe"))
    reader.features = wire.JOINED_PAYLOADS
    reader.subscribe(wire.FROM_EARLIEST)
    entries = reader.read_to_end()
    assert reader.channel.joined_count >= 1
    assert {entry.article_id: payload for entry, payload in entries} == {
        result.article_id: data for result, data in results.values()}
    assert operator.joined("out") >= 2
    reader.close()


def test_peer_that_does_not_say_so_gets_a_frame_each(broker, feeder, worker, operator, newsroom):
    feeder.submit(newsroom.pieces(6))
    for lease in worker.take(6):
        worker.done(lease)
        worker.settled(lease)
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    assert len(reader.read_to_end()) == 6
    assert (worker.channel.joined_count, reader.channel.joined_count) == (0, 0)
    assert (operator.joined("in"), operator.joined("out")) == (0, 0)
    reader.close()


LARGE = Piece("proof", "large", "Lớn", b"n" * JOINED_LIMIT)
SMALL = Piece("proof", "small", "Nhỏ", b"n")
OTHER = Piece("proof", "other", "Khác", b"k")
BOTH = [SMALL, OTHER]
A, B = (len(piece.payload()) for piece in BOTH)
WRONG = {
    "a byte is missing": (BOTH, [A, B + 1], 1, wire.SIZE_MISMATCH),
    "a byte too many": (BOTH, [A, B - 1], 1, wire.SIZE_MISMATCH),
    "the sum wraps": (BOTH, [2 ** 32 - 1, A + B + 1], 1, wire.SIZE_MISMATCH),
    "no size is true": (BOTH, [0, 0], 1, wire.SIZE_MISMATCH),
    "a size too few": (BOTH, [A + B], 1, wire.FRAME_COUNT),
    "a size too many": (BOTH, [A, B, 0], 1, wire.FRAME_COUNT),
    "thirty-three": (BOTH, [A, B] + 31 * [0], 1, wire.FRAME_COUNT),
    "no frame": (BOTH, [A, B], 0, wire.FRAME_COUNT),
    "two frames": (BOTH, [A, B], 2, wire.FRAME_COUNT),
    "forty frames": (BOTH, [A, B], 40, wire.FRAME_COUNT),
    "beyond the limit": ([SMALL, LARGE], [A, len(LARGE.payload())], 1, wire.TOO_LARGE),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_ones_are_refused_with_a_sentence(feeder, what):
    pieces, sizes, frames, code = WRONG[what]
    submit = wire.Submit(articles=[piece.submission() for piece in pieces])
    request = next_request()
    feeder.channel.send_frames([envelope("submit", submit, request, payload_sizes=sizes),
                                *frames * [b"".join(piece.payload() for piece in pieces)]])
    answer, _ = feeder.channel.receive(10)
    assert answer.WhichOneof("body") == "refusal", answer
    assert (answer.request, answer.refusal.code) == (request, code) and len(answer.refusal.text) > 20
    feeder.channel.joins = True
    assert [receipt.code for receipt in feeder.submit(BOTH)] == [wire.ACCEPTED] * 2


def test_results_of_wrong_sizes_are_refused_and_taken_when_right(feeder, worker, newsroom):
    feeder.submit(newsroom.pieces(2))
    leases = worker.take(2)
    for lease in leases:
        worker.done(lease, send=False)
    results, data = zip(*(worker.held[lease].result for lease in leases))
    worker.resend = 3600
    sizes = [len(data[0]) + 1, len(data[1])]
    worker.channel.send_frames([envelope("done", wire.Done(results=results), payload_sizes=sizes), b"".join(data)])
    worker.pump_until(lambda: worker.refusals, what="Refusal")
    assert worker.refusals[0].code == wire.SIZE_MISMATCH
    worker.channel.send_frames(joined("done", wire.Done(results=results), data))
    assert [worker.settled(lease).state for lease in leases] == [wire.STORED] * 2


def test_articles_have_their_own_receipts(new_broker, newsroom):
    """Limits hold for each article, and a joined frame may be larger than any of them."""
    broker = new_broker("small", **{"article.limit": "8KiB"})
    feeder = Feeder(broker.endpoint("feed"))
    feeder.channel.joins = True
    large = [Piece("proof", f"l{number}", "Vừa", b"v" * 7900) for number in range(24)]
    pieces = [newsroom.piece(), Piece("proof", "empty", "", b"", raw=b""),
              Piece("proof", "too-large", "Lớn", b"n" * 8200), *large]
    receipts = feeder.submit(pieces)
    assert [receipt.refusal for receipt in receipts[:3]] == [wire.REFUSAL_NONE, wire.EMPTY, wire.TOO_LARGE]
    assert [receipt.code for receipt in receipts[3:]] == [wire.ACCEPTED] * 24
    one, two = newsroom.pieces(2)
    submit = wire.Submit(articles=[one.submission(), two.submission()])
    whole = one.payload() + two.payload()
    half = len(one.payload()) - 1  # what is listed says otherwise
    feeder.channel.send_frames([envelope("submit", submit, next_request(), payload_sizes=[half, len(whole) - half]),
                                whole])
    answer, _ = feeder.channel.receive(10)
    assert [receipt.refusal for receipt in answer.receipts.receipts] == [wire.SIZE_MISMATCH] * 2
    feeder.close()


class OlderBroker:
    """What stands at the feed socket when a rollback goes unnoticed by its feeder: it answers as a broker that takes
    joined payloads until the first come, and from then on as one that has never heard of them."""

    def __init__(self):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.refused = 0
        self.keys = []

    def endpoint(self, role: str) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def answer(self) -> None:
        if not self.socket.poll(100):
            return
        peer, head, *frames = self.socket.recv_multipart()
        packet = wire.Envelope.FromString(head)
        listed = packet.submit.articles
        if len(frames) != len(listed):
            self.refused += 1
            refusal = wire.Refusal(code=wire.FRAME_COUNT, text=f"{len(listed)} articles, {len(frames)} frames")
            self.socket.send_multipart([peer, envelope("refusal", refusal, packet.request)])
            return
        features = 0 if self.refused else wire.JOINED_PAYLOADS
        self.keys += [one.key for one in listed]
        assert [one.size for one in listed] == [len(frame) for frame in frames]
        receipts = [wire.Receipt(code=wire.ACCEPTED, article_id=len(self.keys), revision=1) for _ in listed]
        self.socket.send_multipart([peer, envelope("receipts", wire.Receipts(receipts=receipts, features=features),
                                                   packet.request)])


def test_feeder_falls_back_when_an_older_broker_refuses(directory):
    older = OlderBroker()
    text = "".join(json.dumps({"text": f"Bài số {number}.", "key": f"k{number}"}) + "\n" for number in range(2000))
    (directory / "pages.jsonl").write_text(text)
    feed = CommandLine(older, directory).start("feed", "--source", "test", "--json", str(directory / "pages.jsonl"))
    while feed.process.poll() is None:
        older.answer()
    assert feed.end() == 0
    assert older.refused > 0, "nothing went joined"
    assert sorted(older.keys) == sorted(f"k{number}" for number in range(2000)), "once each, and none lost"
    assert [json.loads(line)["receipt"] for line in feed.out] == ["ACCEPTED"] * 2000
    older.socket.close(0)


def test_clients_of_the_library_go_joined(broker, automatic_worker, operator, directory):
    cli = CommandLine(broker, directory)
    lines = "".join(json.dumps({"text": f"Bài số {number}.", "key": f"k{number}"}) + "\n" for number in range(1500))
    cli("feed", "--source", "test", "--wait", "-", stdin=lines)
    assert operator.joined("in") > 0
    before = operator.joined("out")
    entries = cli.json("subscribe", "--from", "earliest", "--until-idle")
    assert sorted(entry["key"] for entry in entries) == sorted(f"k{number}" for number in range(1500))
    assert operator.joined("out") > before


def test_channel_of_another_kind_takes_no_payloads_either_way(broker):
    """Where nothing is listed a joined frame is a frame too many."""
    channel = Channel(broker.endpoint("operator"))
    channel.send_frames([envelope("status_request", wire.StatusRequest(), next_request(), payload_sizes=[1, 1]), b"ab"])
    answer, _ = channel.receive(10)
    assert answer.refusal.code == wire.FRAME_COUNT
    channel.close()
