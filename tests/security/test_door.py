# SPDX-License-Identifier: Apache-2.0
"""Who is let in: no key, an unknown key, a wrong role, a revoked key, another server's key, plaintext, a replay.
Every refusal is counted and said in the log."""
import re
import signal
import socket

import pytest
import zmq

from support.articles import Newsroom
from support.contract import Channel, Refused, wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.keys import Shown
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

SOCKETS = {"feed": "feeder", "work": "worker", "subscribe": "subscriber", "operator": "operator"}
# Not answered: what is refused by ZAP or in the handshake gets no message through, however long one waits.
SILENCE = 1.0


def counted(broker, name: str) -> int:
    """A row of /metrics: newsloom_handshakes_total{verdict="role"}"""
    text = broker.http("/metrics")[1]
    found = re.search(re.escape(name) + r" ([0-9.]+)", text)
    return int(float(found.group(1))) if found else 0


def verdict(broker, name: str) -> int:
    return counted(broker, f'newsloom_handshakes_total{{verdict="{name}"}}')


def is_answered(endpoint, body="status_request", message=None, timeout=10.0) -> bool:
    channel = Channel(endpoint)
    try:
        channel.ask(body, message or wire.StatusRequest(), timeout=timeout)
        return True
    except Refused:
        return True  # an answer
    except TimeoutError:
        return False
    finally:
        channel.close()


def test_every_role_does_its_work(guarded, ring):
    feeder = Feeder(ring.endpoint(guarded, "feed", ring.feeder))
    piece = Newsroom(1).piece()
    assert feeder.submit([piece])[0].code == wire.ACCEPTED
    worker = FakeWorker(ring.endpoint(guarded, "work", ring.worker))
    [lease] = worker.take(1)
    worker.start(lease)
    worker.done(lease)
    assert worker.settled(lease).state == wire.STORED
    subscriber = Subscriber(ring.endpoint(guarded, "subscribe", ring.subscriber))
    subscriber.subscribe()
    wait_for(lambda: subscriber.pump() and subscriber.entries, 15, "the entry")
    assert Operator(ring.endpoint(guarded, "operator", ring.operator)).status().last_sequence == 1
    assert verdict(guarded, "let_in") >= 4
    for part in (feeder, worker, subscriber):
        part.close()


@pytest.mark.parametrize("name", SOCKETS)
def test_a_role_reaches_no_other_socket(guarded, ring, name):
    strangers = [role for socket_name, role in SOCKETS.items() if socket_name != name]
    for role in strangers:
        before = verdict(guarded, "role")
        assert not is_answered(ring.endpoint(guarded, name, getattr(ring, role)), timeout=SILENCE)
        assert verdict(guarded, "role") > before
    assert is_answered(ring.endpoint(guarded, name, getattr(ring, SOCKETS[name])))
    guarded.wait_log("handshake-refused")


def test_a_feeder_asks_for_no_generation(guarded, ring):
    """To have something extracted again takes the roles of a feeder and of an operator."""
    piece = Newsroom(1).piece()
    both = ring.add("archivist", "feeder,operator")
    Operator(ring.endpoint(guarded, "operator", ring.operator)).control(wire.RELOAD)
    for pair, code, refusal in ((ring.feeder, wire.REFUSED, wire.NOT_ALLOWED), (both, wire.ACCEPTED, wire.REFUSAL_NONE)):
        channel = Channel(ring.endpoint(guarded, "feed", pair))
        submission = piece.submission()
        submission.generation, submission.revision = 2, 1
        channel.send("submit", wire.Submit(articles=[submission]), [piece.payload()])
        (packet, _) = channel.receive(10)
        receipt, = packet.receipts.receipts
        assert (receipt.code, receipt.refusal) == (code, refusal)
        channel.close()


def test_an_unknown_key_is_not_let_in(guarded, ring):
    stranger = ring.pair("stranger")
    assert not is_answered(ring.endpoint(guarded, "operator", stranger), timeout=SILENCE)
    assert verdict(guarded, "unknown") > 0
    guarded.wait_log(stranger.text)


def test_another_servers_key_meets_nobody(guarded, ring):
    other = ring.pair("other")
    wrong = Shown(guarded.endpoint("operator"), other.public, ring.operator)
    assert not is_answered(wrong, timeout=SILENCE)
    wait_for(lambda: verdict(guarded, "failed") > 0, 10, "the failed handshake is counted")


def test_plaintext_is_not_let_in(guarded):
    for name in SOCKETS:
        assert not is_answered(guarded.endpoint(name), timeout=SILENCE / 2)
    wait_for(lambda: verdict(guarded, "failed") > 0, 10, "the failed handshake is counted")
    guarded.wait_log("handshake-failed")


def test_what_a_client_says_of_itself_is_not_believed(guarded, ring):
    """ZMTP's ready command may carry any property, User-Id among them."""
    channel = Channel(ring.endpoint(guarded, "feed", ring.feeder))
    channel.close()
    channel.socket = zmq.Context.instance().socket(zmq.DEALER)
    channel.endpoint.show_key(channel.socket)
    channel.socket.setsockopt(zmq.ROUTING_ID, ring.operator.text.encode())
    channel.socket.connect(str(channel.endpoint))
    piece = Newsroom(2).piece()
    channel.send("submit", wire.Submit(articles=[piece.submission()]), [piece.payload()], 7)
    assert channel.receive(10)[0].receipts.receipts[0].code == wire.ACCEPTED
    assert not is_answered(ring.endpoint(guarded, "operator", ring.feeder), timeout=SILENCE)
    channel.close()


def test_a_replayed_handshake_opens_nothing(guarded, ring):
    """The very bytes of a client that was let in, sent again."""
    host, port = guarded.endpoint("feed").removeprefix("tcp://").split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    channel = Channel(Shown(f"tcp://127.0.0.1:{listener.getsockname()[1]}", ring.server.public, ring.feeder))
    here, _ = listener.accept()
    there = socket.create_connection((host, int(port)))
    said = bytearray()
    for one in (here, there):
        one.setblocking(False)
    piece = Newsroom(3).piece()
    channel.send("submit", wire.Submit(articles=[piece.submission()]), [piece.payload()], 9)

    def carry():
        for source, target, keep in ((here, there, said), (there, here, None)):
            try:
                data = source.recv(65536)
            except BlockingIOError:
                continue
            if keep is not None:
                keep += data
            target.sendall(data)
        return channel.receive(0)
    packet, _ = wait_for(carry, 15, "the receipt over the wire that listens")
    assert packet.receipts.receipts[0].code == wire.ACCEPTED
    channel.close()
    accepted, failed = counted(guarded, "newsloom_articles_submitted_total"), verdict(guarded, "failed")
    again = socket.create_connection((host, int(port)))
    again.sendall(bytes(said))
    wait_for(lambda: verdict(guarded, "failed") > failed, 15, "the replay is counted")
    assert counted(guarded, "newsloom_articles_submitted_total") == accepted
    for one in (here, there, again, listener):
        one.close()


def reload_by_signal(broker, ring):
    before = broker.log().count("keys-read")
    broker.signal(signal.SIGHUP)
    wait_for(lambda: broker.log().count("keys-read") > before, 10, "the keys were read again")


def test_a_revoked_feeder_is_refused_with_its_next_message(guarded, ring):
    feeder = Feeder(ring.endpoint(guarded, "feed", ring.feeder))
    room = Newsroom(4)
    assert feeder.submit([room.piece()])[0].code == wire.ACCEPTED
    ring.change("feeder", "revoked")
    reload_by_signal(guarded, ring)
    piece = room.piece()
    with pytest.raises(Refused) as refusal:
        feeder.channel.ask("submit", wire.Submit(articles=[piece.submission()]), [piece.payload()])
    assert refusal.value.code == wire.NOT_ALLOWED and "revoked" in refusal.value.text
    feeder.send([piece])  # the one after it ends the connection
    wait_for(lambda: counted(guarded, "newsloom_connections_cut_total") > 0, 10, "it is cut off")
    wait_for(lambda: verdict(guarded, "revoked") > 0, 10, "and not let in again")
    status = Operator(ring.endpoint(guarded, "operator", ring.operator)).status()
    assert sum(c.queued for c in status.classes) == 1
    guarded.wait_log("sender-refused")
    feeder.close()


def test_a_revoked_worker_holds_nothing_any_more(guarded, ring):
    feeder = Feeder(ring.endpoint(guarded, "feed", ring.feeder))
    assert feeder.submit([Newsroom(5).piece()])[0].code == wire.ACCEPTED
    worker = FakeWorker(ring.endpoint(guarded, "work", ring.worker))
    worker.take(1)
    second = ring.add("second", "worker")
    ring.change("worker", "revoked")
    reload_by_signal(guarded, ring)
    other = FakeWorker(ring.endpoint(guarded, "work", second))
    [lease] = other.take(1)
    assert other.held[lease].job.attempt == 1
    guarded.wait_log("worker-cut")
    for part in (feeder, worker, other):
        part.close()


def test_a_revoked_subscriber_gets_nothing_more(guarded, ring):
    feeder = Feeder(ring.endpoint(guarded, "feed", ring.feeder))
    worker = FakeWorker(ring.endpoint(guarded, "work", ring.worker), automatic=True)
    subscriber = Subscriber(ring.endpoint(guarded, "subscribe", ring.subscriber), window=1 << 40)
    subscriber.subscribe()
    live = Channel(ring.endpoint(guarded, "live", ring.subscriber), zmq.SUB)
    live.socket.setsockopt(zmq.SUBSCRIBE, b"article/")
    room = Newsroom(6)

    def goes_through():
        feeder.submit([room.piece()])
        worker.pump(0.2)
        subscriber.pump(0.2)
        return subscriber.entries and live.socket.poll(0)
    wait_for(goes_through, 20, "both hear of an article")
    ring.remove("subscriber")
    reload_by_signal(guarded, ring)
    subscriber.automatic = False  # its credit is enough for ever
    while subscriber.pump(0.2):
        pass
    while live.socket.poll(200):
        live.socket.recv_multipart()
    seen = len(subscriber.entries)
    for _ in range(5):
        feeder.submit([room.piece()])
        worker.pump(0.2)
    wait_for(lambda: not worker.pump(0.2) and not worker.held, 10, "all are stored")
    assert not subscriber.pump(SILENCE) and len(subscriber.entries) == seen
    assert not live.socket.poll(int(SILENCE * 1000))
    for part in (feeder, worker, subscriber, live):
        part.close()


def test_a_key_that_is_added_is_let_in_without_a_restart(guarded, ring):
    late = ring.add("late", "operator,feeder")
    operator = Operator(ring.endpoint(guarded, "operator", ring.operator))
    assert operator.control(wire.RELOAD) == "running"
    assert is_answered(ring.endpoint(guarded, "operator", late))
    operator.close()


def test_a_wrong_keys_file_changes_nothing(guarded, ring):
    good = ring.path.read_text()
    ring.path.write_text(good + "nobody feeder xyz\n")
    operator = Operator(ring.endpoint(guarded, "operator", ring.operator))
    with pytest.raises(Refused) as refusal:
        operator.control(wire.RELOAD)
    assert re.search(r"keys:\d+: after the roles stands the public key", refusal.value.text)
    guarded.signal(signal.SIGHUP)
    guarded.wait_log("keys-unread")
    assert operator.status().version
    operator.close()


def test_keys_are_watched_over_ipc_as_well(ring, new_broker):
    settings = {**ring.settings(), "listen.operator": f"ipc://{ring.directory}/operator"}
    broker = new_broker(**settings)
    assert not is_answered(broker.endpoint("operator"), timeout=SILENCE)
    assert is_answered(ring.endpoint(broker, "operator", ring.operator))
