# SPDX-License-Identifier: Apache-2.0
"""The event log as a program follows it: cursor, credit, filter, name, gap, live."""
import os
import struct

import pytest

from support.contract import digest_bytes, extraction, wire
from support.fake_worker import FakeWorker, WorkingThread, topics_of
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import LiveSubscriber, Subscriber
from support.waiting import wait_for


class Press:
    """Stores articles whose extraction the test writes."""

    def __init__(self, broker, newsroom):
        self.feeder = Feeder(broker.endpoint("feed"))
        self.worker = FakeWorker(broker.endpoint("work"), slots=32)
        self.newsroom = newsroom

    def store(self, count=1, source=None, type_=extraction.PERSON, event=None, entity=b"e") -> list:
        pieces = self.newsroom.pieces(count, source=source)
        self.feeder.submit(pieces)
        sequences = []
        for lease in self.take([piece.key for piece in pieces]):
            job = self.worker.held[lease].job
            found = extraction.Extraction(source=job.source, key=job.key, revision=job.revision,
                                          content_digest=job.digest)
            found.mentions.add(type=type_, start=0, end=1, text="x", entity=1)
            found.entities.add(id=digest_bytes(entity)[:16], type=type_, name="x")
            if event:
                found.events.add(type=event)
            self.worker.start(lease)
            self.worker.done(lease, found.SerializeToString())
            sequences.append(self.worker.settled(lease).sequence)
        return sequences

    def take(self, keys) -> list:
        """Their leases; on a slow machine one that expired may lie beside them."""
        self.worker.take(len(keys))
        held = lambda: {holding.job.key: lease for lease, holding in self.worker.held.items()}
        self.worker.pump_until(lambda: held().keys() >= set(keys), what="the jobs of these articles")
        return [held()[key] for key in keys]

    def close(self):
        self.feeder.close()
        self.worker.close()


@pytest.fixture
def press(broker, newsroom):
    press = Press(broker, newsroom)
    yield press
    press.close()


@pytest.fixture
def subscriber(broker):
    made = []

    def make(**how):
        made.append(Subscriber(broker.endpoint("subscribe"), **how))
        return made[-1]
    yield make
    for one in made:
        one.close()


def test_earliest_then_live_without_end(press, subscriber):
    first = press.store(3)
    reader = subscriber()
    reader.subscribe(wire.FROM_EARLIEST)
    assert [e.sequence for e, _ in reader.read_to_end()] == first == [1, 2, 3]
    later = press.store(2)
    reader.read_until(lambda: len(reader.entries) == 5)
    assert reader.sequences == first + later


def test_latest_shows_only_what_comes(press, subscriber):
    press.store(2)
    reader = subscriber()
    reader.subscribe(wire.FROM_LATEST)
    reader.read_until(lambda: reader.subscribed)
    later = press.store(1)
    reader.read_until(lambda: reader.entries)
    assert reader.sequences == later


def test_cursor_resumes_after_the_last_handled(press, subscriber):
    press.store(5)
    first = subscriber()
    first.subscribe(wire.FROM_EARLIEST)
    first.read_to_end()
    second = subscriber()
    second.subscribe(wire.FROM_CURSOR, first.log_id, 3)
    second.read_to_end()
    assert second.sequences == [4, 5]


def test_nothing_comes_without_credit(press, subscriber):
    press.store(6)
    reader = subscriber(automatic=False)
    reader.subscribe(wire.FROM_EARLIEST, credit=2)
    reader.read_until(lambda: len(reader.entries) == 2)
    for _ in range(3):
        reader.credit(total=2)  # alive, and grants nothing more
        reader.pump(0.1)
    assert reader.sequences == [1, 2]
    reader.credit(total=5)
    reader.read_until(lambda: len(reader.entries) == 5)
    reader.credit(total=5)
    reader.pump(0.2)
    assert reader.sequences == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("filter_, wanted", [
    (wire.Filter(entity_types=[extraction.LOCATION]), [2, 4]),
    (wire.Filter(event_types=[extraction.SIGN]), [3, 4]),
    (wire.Filter(sources=["hai"]), [2, 3]),
    (wire.Filter(entity_types=[extraction.LOCATION], event_types=[extraction.SIGN]), [4]),
    (wire.Filter(entity_types=[extraction.LOCATION, extraction.PERSON], sources=["mot"]), [1, 4]),
    (wire.Filter(entities=struct.unpack(">Q", digest_bytes(b"ai")[:8])), [3]),
    (wire.Filter(kinds=[wire.ENTRY_REPLACED]), []),
    (wire.Filter(kinds=[wire.ENTRY_STORED], sources=["mot", "hai"]), [1, 2, 3, 4]),
], ids=["type", "event", "source", "type-and-event", "types-and-source", "entity", "kind", "all"])
def test_filter_gives_what_matches_and_says_how_far_it_looked(press, subscriber, filter_, wanted):
    press.store(1, "mot")
    press.store(1, "hai", extraction.LOCATION)
    press.store(1, "hai", extraction.LAW, extraction.SIGN, entity=b"ai")
    press.store(1, "mot", extraction.LOCATION, extraction.SIGN)
    reader = subscriber(filter_=filter_)
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end()
    assert reader.sequences == wanted
    assert reader.position == 4, "a filtered subscriber knows that it is complete"


def test_filtered_subscriber_moves_on_past_what_does_not_match(press, subscriber):
    reader = subscriber(filter_=wire.Filter(sources=["nobody"]))
    reader.subscribe(wire.FROM_EARLIEST)
    press.store(7, "mot")
    reader.read_until(lambda: reader.position == 7)
    assert not reader.entries


def test_article_with_too_many_entities_is_over_delivered(press, subscriber, newsroom):
    press.feeder.submit([newsroom.piece()])
    lease, = press.worker.take()
    job = press.worker.held[lease].job
    found = extraction.Extraction(source=job.source, key=job.key, revision=1)
    for number in range(300):
        found.entities.add(id=digest_bytes(b"%d" % number)[:16], type=extraction.PERSON, name="x")
    assert topics_of(found).every_entity
    press.worker.start(lease)
    press.worker.done(lease, found.SerializeToString())
    press.worker.settled(lease)
    reader = subscriber(filter_=wire.Filter(entities=[1]))
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end()
    assert reader.sequences == [1]


def test_name_keeps_the_cursor_and_shows_the_lag(broker, press, subscriber):
    press.store(4)
    first = subscriber(name="ban-tin", automatic=False)
    first.subscribe(wire.FROM_NAMED, credit=10)  # EARLIEST: there is none yet
    first.read_until(lambda: len(first.entries) == 4)
    first.credit(total=10, acknowledged=3)
    operator = Operator(broker.endpoint("operator"))

    def lag():
        return {s.name: (s.acknowledged, s.lag) for s in operator.status().subscribers}.get("ban-tin")
    wait_for(lambda: lag() == (3, 1), what="the acknowledged cursor")
    first.unsubscribe()
    second = subscriber(name="ban-tin")
    second.subscribe(wire.FROM_NAMED)
    second.read_to_end()
    assert second.sequences == [4]
    operator.close()


def test_named_cursor_survives_a_restart(broker, press, subscriber):
    press.store(3)
    first = subscriber(name="ban-tin", automatic=False)
    first.subscribe(wire.FROM_NAMED, credit=10)
    first.read_until(lambda: len(first.entries) == 3)
    first.credit(total=10, acknowledged=2)
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: [s.acknowledged for s in operator.status().subscribers] == [2],
             what="the acknowledged cursor")
    broker.restart()
    second = subscriber(name="ban-tin")
    second.subscribe(wire.FROM_NAMED)
    second.read_to_end()
    assert second.sequences == [3]
    operator.close()


def test_foreign_log_is_a_gap_with_a_way_out(press, subscriber):
    press.store(2)
    reader = subscriber(automatic=False)
    reader.subscribe(wire.FROM_CURSOR, os.urandom(16), 1)
    reader.read_until(lambda: reader.gaps)
    gap = reader.gaps[0]
    assert gap.other_log and gap.text and (gap.first_retained, gap.last) == (1, 2)
    assert not reader.entries


def test_cursor_beyond_the_end_is_a_gap(press, subscriber):
    press.store(2)
    probe = subscriber()
    probe.subscribe(wire.FROM_EARLIEST)
    probe.read_to_end()
    reader = subscriber(automatic=False)
    reader.subscribe(wire.FROM_CURSOR, probe.log_id, 99)
    reader.read_until(lambda: reader.gaps)
    assert reader.gaps[0].text


def test_cursor_behind_retention_is_a_gap_with_the_first_retained(new_broker, newsroom, directory):
    broker = new_broker(**{"retention.log-size": "1MiB"})
    feeder = Feeder(broker.endpoint("feed"))
    press = FakeWorker(broker.endpoint("work"), slots=32)
    probe = Subscriber(broker.endpoint("subscribe"))
    probe.subscribe(wire.FROM_EARLIEST)
    probe.read_until(lambda: probe.subscribed)
    padding = "x" * 60000
    for _ in range(3):
        feeder.submit(newsroom.pieces(16))
        for lease in press.take(16):
            found = extraction.Extraction(title=padding)
            press.start(lease)
            press.done(lease, found.SerializeToString())
            press.settled(lease)
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: operator.status().first_retained > 2, 30, "retention drops the oldest entries")
    reader = Subscriber(broker.endpoint("subscribe"), automatic=False)
    reader.subscribe(wire.FROM_CURSOR, probe.log_id, 1)
    reader.read_until(lambda: reader.gaps)
    gap = reader.gaps[0]
    assert not gap.other_log and gap.first_retained > 2 and gap.text
    again = Subscriber(broker.endpoint("subscribe"))
    again.subscribe(wire.FROM_CURSOR, probe.log_id, operator.status().first_retained - 1)
    again.read_to_end()
    assert again.sequences == list(range(again.first_retained, again.last + 1)) or \
        again.sequences[-1] == again.last
    for one in (feeder, press, probe, operator, reader, again):
        one.close()


def test_silent_subscription_ends(broker, press, subscriber):
    reader = subscriber(automatic=False)
    reader.subscribe(wire.FROM_EARLIEST, credit=10)
    reader.read_until(lambda: reader.subscribed)
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: any(s.connected for s in operator.status().subscribers), what="a subscriber")
    wait_for(lambda: not any(s.connected for s in operator.status().subscribers),
             what="the silent subscription ends")
    operator.close()


def test_live_socket_sends_topics_with_sequences(broker, newsroom):
    live = LiveSubscriber(broker.endpoint("live"))
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    feeder = Feeder(broker.endpoint("feed"))
    working = WorkingThread(broker.endpoint("work"))
    working.start()
    got = []

    def heard():
        feeder.submit([newsroom.piece()])  # what is sent before the connection stands is lost
        got.append(live.receive(0.5))
        return got[-1]
    topic, entry, payload = wait_for(heard, what="a live message")
    assert topic.split("/")[0] in ("article", "event", "entity")
    assert entry.sequence > 0 and digest_bytes(payload) == entry.extraction_digest
    narrow = LiveSubscriber(broker.endpoint("live"), "article/" + newsroom.source)

    def narrow_heard():
        feeder.submit([newsroom.piece()])
        return narrow.receive(0.5)
    assert wait_for(narrow_heard)[0] == "article/" + newsroom.source
    working.finish()
    for one in (live, narrow, reader, feeder):
        one.close()
