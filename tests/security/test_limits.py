# SPDX-License-Identifier: Apache-2.0
"""Limits for whoever connects: beyond them a refusal with a code, counted, and nobody else notices."""
import re
import socket

import pytest
import zmq

from support.articles import Newsroom
from support.contract import Channel, Refused, envelope, extraction, next_request, wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

TCP = {f"listen.{role}": "tcp://127.0.0.1:*" for role in ("feed", "work", "subscribe", "live", "operator")}


def counted(broker, name: str) -> int:
    found = re.search(re.escape(name) + r" ([0-9.]+)", broker.http("/metrics")[1])
    return int(float(found.group(1)))


def ask_outcome(channel, times: int) -> None:
    for _ in range(times):
        channel.send("outcome_request", wire.OutcomeRequest(source="a", key="b"), request=next_request())


def codes(channel, silence: float = 1.0) -> set:
    heard = set()
    while (got := channel.receive(silence)) is not None:
        heard.add(got[0].refusal.code)
    return heard


def test_too_many_messages_a_second_are_refused(ring, new_broker):
    """A quota of the keys file; another key of the same role goes on undisturbed."""
    ring.change("feeder", "messages=20")
    calm = ring.add("calm", "feeder")
    broker = new_broker(**ring.settings())
    fast = Channel(ring.endpoint(broker, "feed", ring.feeder))
    ask_outcome(fast, 30)
    assert wire.LIMITED in codes(fast)
    assert counted(broker, 'newsloom_refusals_total{code="LIMITED"}') > 0
    broker.wait_log("sender-limited")
    feeder = Feeder(ring.endpoint(broker, "feed", calm))
    room = Newsroom(1)
    for _ in range(50):
        assert feeder.submit([room.piece()])[0].code == wire.ACCEPTED
    assert not feeder.refusals
    fast.close()
    feeder.close()


def test_one_that_is_told_and_goes_on_is_cut_off(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.messages": "50"})
    fast = Channel(broker.endpoint("feed"))
    ask_outcome(fast, 2000)
    wait_for(lambda: counted(broker, "newsloom_connections_cut_total") > 0, 10, "it is cut off")
    assert counted(broker, "newsloom_messages_dropped_total") > 0
    assert Operator(broker.endpoint("operator")).status().version
    fast.close()


def test_junk_costs_more_than_what_can_be_read(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.messages": "100"})
    junk = Channel(broker.endpoint("feed"))
    for _ in range(40):
        junk.send_frames([b"\xff" * 50])
    heard = codes(junk)
    assert heard == {wire.BAD_ENVELOPE, wire.LIMITED}
    assert counted(broker, 'newsloom_refusals_total{code="BAD_ENVELOPE"}') <= 20
    junk.close()


def test_who_sends_nothing_but_junk_is_cut_off(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0"})
    junk = Channel(broker.endpoint("feed"))
    for _ in range(5000):
        junk.send_frames([b"\xff" * 50])
    wait_for(lambda: counted(broker, "newsloom_connections_cut_total") > 0, 10, "it is cut off")
    junk.close()


def test_every_frame_too_many_counts(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.messages": "1000"})
    many = Channel(broker.endpoint("feed"))
    for _ in range(3):
        many.send_frames([b"\xff"] * 5000)
    assert codes(many) == {wire.BAD_ENVELOPE, wire.LIMITED}
    assert counted(broker, 'newsloom_refusals_total{code="BAD_ENVELOPE"}') == 1
    many.close()


def test_too_many_bytes_a_second_are_told_to_come_again(ring, new_broker):
    ring.change("feeder", "bytes=20KiB")
    broker = new_broker(**ring.settings())
    feeder = Feeder(ring.endpoint(broker, "feed", ring.feeder), resend=0.3)
    room = Newsroom(2)
    pieces = [room.piece(sentences=80) for _ in range(8)]
    for piece in pieces:
        feeder.submit([piece])  # it waits and sends again
    assert counted(broker, 'newsloom_receipts_total{code="accepted"}') == len(pieces)
    feeder.close()


def test_a_key_has_so_many_connections(ring, new_broker):
    ring.change("feeder", "connections=3")
    broker = new_broker(**ring.settings())
    feeders = [Feeder(ring.endpoint(broker, "feed", ring.feeder)) for _ in range(3)]
    room = Newsroom(3)
    for feeder in feeders:
        assert feeder.submit([room.piece()])[0].code == wire.ACCEPTED
    late = Channel(ring.endpoint(broker, "feed", ring.feeder))
    ask_outcome(late, 1)
    wait_for(lambda: counted(broker, "newsloom_connections_cut_total") > 0, 10, "the fourth is cut off")
    feeders.pop().close()  # makes room

    def heard():
        ask_outcome(late, 1)
        got = late.receive(0.2)
        return got and got[0].refusal.code == wire.NOT_FOUND
    wait_for(heard, 15, "now there is room for it")
    for part in (*feeders, late):
        part.close()


def test_an_address_has_so_many_connections(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.connections": "5"})
    host, port = broker.endpoint("feed").removeprefix("tcp://").split(":")
    held = [socket.create_connection((host, int(port))) for _ in range(5)]
    wait_for(lambda: counted(broker, 'newsloom_connections{socket="feed"}') == 5, 10, "five stand")
    one_more = socket.create_connection((host, int(port)))
    one_more.settimeout(10)

    def ended():
        try:
            return one_more.recv(4096) == b""
        except ConnectionResetError:
            return True
    assert wait_for(ended, 10, "the sixth is shut")
    broker.wait_log("connection-cut")
    for one in (*held, one_more):
        one.close()
    operator = Operator(broker.endpoint("operator"))
    assert operator.status(20).version
    operator.close()


def test_a_listener_has_so_many_topics(new_broker):
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.topics": "8"})
    modest, greedy = (Channel(broker.endpoint("live"), zmq.SUB) for _ in range(2))
    for i in range(8):
        modest.socket.setsockopt(zmq.SUBSCRIBE, b"article/%d" % i)
    for i in range(5000):
        greedy.socket.setsockopt(zmq.SUBSCRIBE, b"article/%d" % i)
    wait_for(lambda: counted(broker, "newsloom_connections_cut_total") > 0, 10, "the greedy one is cut off")
    broker.wait_log("listener-refused")
    modest.socket.setsockopt(zmq.UNSUBSCRIBE, b"article/0")
    modest.socket.setsockopt(zmq.SUBSCRIBE, b"article/9")  # as many as before
    assert Operator(broker.endpoint("operator")).status().version
    for one in (modest, greedy):
        one.close()


def test_a_key_has_so_many_subscriptions(ring, new_broker):
    ring.change("subscriber", "replays=2")
    broker = new_broker(**ring.settings())
    subscribers = [Subscriber(ring.endpoint(broker, "subscribe", ring.subscriber)) for _ in range(3)]
    for subscriber in subscribers[:2]:
        subscriber.subscribe()
        wait_for(lambda: subscriber.pump() and subscriber.subscribed, 10, "subscribed")
    subscribers[2].subscribe()
    with pytest.raises(Refused) as refusal:
        wait_for(lambda: subscribers[2].pump() and False, 10, "refused")
    assert refusal.value.code == wire.LIMITED
    for subscriber in subscribers:
        subscriber.close()


class Sluggish:
    """A subscriber that grants a credit of 2^63 and takes from its socket what it is told to."""

    def __init__(self, endpoint: str):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        for option, value in ((zmq.LINGER, 0), (zmq.RCVHWM, 1), (zmq.RCVBUF, 65536)):
            self.socket.setsockopt(option, value)
        self.socket.connect(endpoint)
        self.entries = 0

    def subscribe(self) -> None:
        self.socket.send(envelope("subscribe", wire.Subscribe(credit=1 << 63, **{"from": wire.FROM_EARLIEST}), 1))

    def say_it_is_there(self) -> None:
        self.socket.send(envelope("credit", wire.Credit(total=1 << 63), 1))

    def take(self) -> int:
        if self.socket.poll(200):
            packet = wire.Envelope.FromString(self.socket.recv_multipart()[0])
            self.entries += len(packet.batch.entries)
        return self.entries


def test_what_a_subscriber_does_not_take_is_bounded(new_broker):
    """In bytes: whatever credit it grants, no more than limit.outstanding is given to ZeroMQ for it."""
    broker = new_broker(**TCP, **{"listen.http": "127.0.0.1:0", "limit.outstanding": "2MiB"})
    feeder, worker = Feeder(broker.endpoint("feed")), FakeWorker(broker.endpoint("work"), slots=32)
    count, size = 48, 500_000
    feeder.submit([Newsroom(4, f"nguon-{i}").piece() for i in range(count)])
    for _ in range(count):
        lease = worker.take(1)[0]
        worker.done(lease, large_extraction(size))
        worker.settled(lease)
    slow = Sluggish(broker.endpoint("subscribe"))
    slow.subscribe()
    batches = []

    def stands_still():
        slow.say_it_is_there()
        batches.append(counted(broker, "newsloom_batches_sent_total"))
        return len(batches) > 10 and len(set(batches[-10:])) == 1 and batches[-1] > 0
    wait_for(stands_still, 60, "the broker sends no more", every=0.2)
    sent = batches[-1]
    wait_for(lambda: slow.say_it_is_there() or slow.take() == count, 60, "it takes everything, later", every=0)
    assert sent < counted(broker, "newsloom_batches_sent_total") / 2
    for one in (feeder, worker):
        one.close()
    slow.socket.close(0)


def large_extraction(size: int) -> bytes:
    return extraction.Extraction(title="x" * size).SerializeToString()
