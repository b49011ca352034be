# SPDX-License-Identifier: Apache-2.0
"""Limits for whoever connects: beyond them a refusal with a code, counted, and nobody else notices."""
import re
import socket

import pytest
import zmq

from support.articles import Newsroom
from support.contract import Channel, Refused, next_request, wire
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
