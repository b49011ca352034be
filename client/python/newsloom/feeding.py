# SPDX-License-Identifier: Apache-2.0
"""The feeder's side of the contract without a socket: what goes out next, and what an answer means.

A window of what the outbox holds is loaded. Each message that went out is a shipment until every article of
it has a receipt; a shipment whose connection is gone, or that had no answer in time, goes out again.
RETRY_LATER holds one class back for a growing time, because the broker keeps headroom for LIVE.
"""
from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from typing import Iterator

from newsloom.article import BACKFILL, LIVE, Packed
from newsloom.errors import Refused
from newsloom.outbox import Outbox
from newsloom.receipt import Receipt, ReceiptCode, state_of
from newsloom.v1 import wire_pb2

WINDOW_ARTICLES = 512
WINDOW_BYTES = 16 * 1024 * 1024
SHIPMENT_ARTICLES = 32
SHIPMENT_BYTES = 4 * 1024 * 1024  # payload of one message; one larger article goes alone
ENVELOPE_ROOM = 4096 - 64
FIELDS_SIZE = 80  # digest, class, size, tags and lengths of one Submission, rounded up
HOLD_FIRST = 0.1
HOLD_LIMIT = 30.0
SEND_AGAIN = 0.02
DOUBLINGS_MAX = 4  # of the time-out after which articles are sent again
SHUTDOWN_WAIT = 1.0


@dataclass
class Item:
    id: int
    packed: Packed
    resent: bool

    @property
    def envelope_size(self) -> int:
        return FIELDS_SIZE + sum(len(text.encode()) for text in (self.packed.source, self.packed.key, self.packed.url))


@dataclass
class Shipment:
    request: int
    generation: int
    sent_at: float
    items: dict[int, Item]  # by their place in the message, as long as there is no receipt


@dataclass
class Hold:
    """Doubles, never shorter than the broker asked for, up to a half more by chance, so that feeders do not
    come back together."""

    until: float = 0.0
    pause: float = 0.0

    def extend(self, now: float, asked: float) -> None:
        if self.until > now:
            return  # one pause for all of one answer
        self.pause = min(HOLD_LIMIT, max(2 * self.pause or HOLD_FIRST, asked))
        self.until = now + self.pause * random.uniform(1.0, 1.5)


@dataclass
class Lane:
    """One class: what was loaded and waits, and how far the outbox was loaded."""

    waiting: deque[Item] = field(default_factory=deque)
    through: int = 0
    hold: Hold = field(default_factory=Hold)


class Feeding:
    def __init__(self, outbox: Outbox, timeout: float):
        self._outbox = outbox
        self._timeout = timeout
        self._lanes = {LIVE: Lane(), BACKFILL: Lane()}  # in the order in which they go out
        self._shipments: dict[int, Shipment] = {}
        self._loaded = 0
        self._loaded_bytes = 0
        self._losses = 0  # time-outs in a row: the next one is longer, an overloaded broker gets time
        self.retries = 0

    # ---- going out ----

    def _load(self) -> None:
        for class_, lane in self._lanes.items():
            while self._loaded < WINDOW_ARTICLES and self._loaded_bytes < WINDOW_BYTES:
                rows = self._outbox.load(class_, lane.through, SHIPMENT_ARTICLES)
                for id_, packed in rows:
                    lane.waiting.append(Item(id_, packed, id_ < self._outbox.first_new))
                    lane.through = id_
                    self._loaded += 1
                    self._loaded_bytes += len(packed.payload)
                if len(rows) < SHIPMENT_ARTICLES:
                    break

    @property
    def is_idle(self) -> bool:
        """Nothing is under way, and the outbox holds nothing more."""
        self._load()
        return self._loaded == 0

    def next_items(self, now: float) -> list[Item]:
        """For one message; they are taken: shipped() or unsent() says what became of them."""
        self._load()
        for lane in self._lanes.values():
            if lane.waiting and lane.hold.until <= now:
                return list(self._fitting(lane.waiting))
        return []

    @staticmethod
    def _fitting(waiting: deque[Item]) -> Iterator[Item]:
        envelope = size = count = 0
        while waiting and count < SHIPMENT_ARTICLES:
            envelope += waiting[0].envelope_size
            size += len(waiting[0].packed.payload)
            if count and (envelope > ENVELOPE_ROOM or size > SHIPMENT_BYTES):
                return
            count += 1
            yield waiting.popleft()

    @staticmethod
    def submit_of(items: list[Item]) -> wire_pb2.Submit:
        submit = wire_pb2.Submit()
        for item in items:
            one = item.packed
            submit.articles.add(source=one.source, key=one.key, url=one.url, digest=one.digest,
                                size=len(one.payload), **{"class": one.class_})
        return submit

    def shipped(self, items: list[Item], request: int, generation: int, now: float) -> None:
        self._shipments[request] = Shipment(request, generation, now, dict(enumerate(items)))

    def unsent(self, items: list[Item]) -> None:
        """Nobody took it: it waits as before."""
        for item in reversed(items):
            self._lanes[item.packed.class_].waiting.appendleft(item)

    def _resend_after(self) -> float:
        return self._timeout * (1 << min(self._losses, DOUBLINGS_MAX))

    def reclaim(self, generation: int, now: float) -> None:
        """What went out and may be lost goes out again, before what never did."""
        patience, timed_out = self._resend_after(), False
        for shipment in list(self._shipments.values()):
            over_this = shipment.generation == generation
            if over_this and now - shipment.sent_at < patience:
                continue
            timed_out = timed_out or over_this
            del self._shipments[shipment.request]
            items = list(shipment.items.values())
            for item in items:
                item.resent = True
            self.unsent(items)
        self._losses += timed_out

    def due_in(self, now: float) -> float:
        """How long nothing needs doing unless a message comes."""
        waits = [max(SEND_AGAIN, lane.hold.until - now) for lane in self._lanes.values() if lane.waiting]
        waits += [shipment.sent_at + self._resend_after() - now for shipment in self._shipments.values()]
        return max(0.0, min(waits, default=self._timeout))

    def is_held(self, now: float) -> bool:
        return any(lane.waiting and lane.hold.until > now for lane in self._lanes.values())

    # ---- coming in ----

    def hear(self, envelope: wire_pb2.Envelope, now: float) -> list[tuple[int, Receipt]]:
        """The receipts in a message, each with its article's number; they are out of the outbox.

        Raises Refused for a refusal of the message as a whole: its articles stay in the outbox."""
        shipment = self._shipments.get(envelope.request)
        if shipment is None:
            return []  # the answer to something that was sent again since
        body = envelope.WhichOneof("body")
        if body == "refusal":
            self._take_refusal(shipment, envelope.refusal, now)
            return []
        if body != "receipts":
            return []
        found = [(item, wire) for item, wire in self._matched(shipment, envelope.receipts)]
        if not shipment.items:
            del self._shipments[shipment.request]
        return self._judge(found, now)

    @staticmethod
    def _matched(shipment: Shipment, receipts: wire_pb2.Receipts) -> Iterator[tuple[Item, wire_pb2.Receipt]]:
        for at, wire in enumerate(receipts.receipts, receipts.first):
            item = shipment.items.pop(at, None)
            if item is not None:
                yield item, wire

    def _judge(self, found: list[tuple[Item, wire_pb2.Receipt]], now: float) -> list[tuple[int, Receipt]]:
        judged = []
        codes = {wire_pb2.ACCEPTED: ReceiptCode.ACCEPTED, wire_pb2.DUPLICATE: ReceiptCode.DUPLICATE,
                 wire_pb2.REFUSED: ReceiptCode.REFUSED}
        for item, wire in found:
            lane = self._lanes[item.packed.class_]
            code = codes.get(wire.code)
            if code is None:  # RETRY_LATER; and what is no receipt was not taken either
                self.retries += 1
                lane.hold.extend(now, wire.retry_after_ms / 1000)
                lane.waiting.append(item)
                continue
            if lane.hold.until <= now:
                lane.hold.pause = 0.0
            refusal = _refusal_name(wire.refusal) if code == ReceiptCode.REFUSED else ""
            judged.append((item.id, Receipt(code, item.packed.source, item.packed.key, item.packed.url, wire.article_id,
                                            wire.revision, state_of(wire.state), wire.sequence, item.resent, refusal,
                                            wire.text)))
            self._loaded -= 1
            self._loaded_bytes -= len(item.packed.payload)
        if judged:
            self._losses = 0
            refused = [(id_, one.refusal, one.text) for id_, one in judged if not one.is_kept]
            self._outbox.settle([id_ for id_, one in judged if one.is_kept], refused)
        return judged

    def _take_refusal(self, shipment: Shipment, refusal: wire_pb2.Refusal, now: float) -> None:
        items = list(shipment.items.values())
        del self._shipments[shipment.request]
        self.unsent(items)
        for item in items:
            self._lanes[item.packed.class_].hold.extend(now, SHUTDOWN_WAIT)
        if refusal.code not in (wire_pb2.SHUTTING_DOWN, wire_pb2.LIMITED):
            raise refused(refusal)
        self.retries += 1


def _refusal_name(number: int) -> str:
    try:
        name: str = wire_pb2.RefusalCode.Name(number)
        return name
    except ValueError:
        return "UNKNOWN_REFUSAL"


def refused(refusal: wire_pb2.Refusal) -> Refused:
    return Refused(_refusal_name(refusal.code), refusal.text)
