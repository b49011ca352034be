# SPDX-License-Identifier: Apache-2.0
"""The subscriber's side of the contract without a socket: cursor, credit, batches, resumption."""
from __future__ import annotations

import time
import warnings
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from newsloom.cursor import Cursor
from newsloom.entry import Entry
from newsloom.errors import Gap, NewsloomError, RetentionWarning
from newsloom.feeding import refused
from newsloom.filter import Filter
from newsloom.v1 import wire_pb2

LOG_ID_SIZE = 16
BEAT = 1.0        # until the broker says how often
BEAT_LEAST = 0.05
RETRY = 0.2
NEAR_THE_END = 0.9  # of what is retained is still to be read: time to say so

Message = tuple[str, Any]


class Stand(Enum):
    IDLE = auto()       # a Subscribe is to be sent
    ASKED = auto()      # it was sent, the answer is to come
    STREAMING = auto()  # batches may come
    ENDED = auto()      # a gap or a refusal: says so for ever


@dataclass(frozen=True)
class Wish:
    """Where to begin, and what to read."""

    start: int  # wire_pb2.From
    cursor: Cursor | None
    name: str
    filter: Filter
    window: int


class Subscribing:
    """Every batch through received was received, every entry through handled was acknowledged."""

    def __init__(self, wish: Wish, timeout: float):
        self._wish = wish
        self._timeout = timeout
        self.stand = Stand.IDLE
        self.error: NewsloomError | None = None
        self.received: Cursor | None = None
        self.handled = 0
        self.last = 0  # the newest sequence that the broker told of
        self._handed_over = 0
        self._ready: deque[Entry] = deque()  # of the batch at hand
        self._through = 0                    # where that batch ends
        self._request = 0
        self._generation = 0
        self._credit = 0      # total granted since Subscribed
        self._delivered = 0   # entries received since Subscribed
        self._beat = BEAT
        self._beat_due = 0.0
        self._asked_at = 0.0
        self._warned = wish.start == wire_pb2.FROM_EARLIEST

    @property
    def cursor(self) -> Cursor | None:
        """None before the broker answered."""
        return Cursor(self.received.log_id, self.handled) if self.received else None

    @property
    def is_caught_up(self) -> bool:
        """Every entry that the broker has told of was handed over."""
        return (self.stand is Stand.STREAMING and not self._ready and self.received is not None
                and self.received.sequence >= self.last)

    # ---- going out ----

    def subscribe(self) -> wire_pb2.Subscribe:
        cursor = self.received or self._wish.cursor
        start = wire_pb2.FROM_CURSOR if cursor else self._wish.start
        message = wire_pb2.Subscribe(credit=self._wish.window, name=self._wish.name, filter=self._wish.filter.wire(),
                                     features=wire_pb2.JOINED_PAYLOADS, **{"from": start})  # type: ignore[arg-type]
        if cursor:
            message.log_id, message.after = cursor.log_id, cursor.sequence
        return message

    def credit(self) -> wire_pb2.Credit:
        self._credit = self._delivered + self._wish.window
        self._beat_due = time.monotonic() + self._beat
        return wire_pb2.Credit(total=self._credit, acknowledged=self.handled)

    def duty(self, generation: int) -> Message | None:
        """What is to be sent now. A connection that is new, or an answer that does not come: ask again."""
        now = time.monotonic()
        if self.stand in (Stand.ASKED, Stand.STREAMING) and self._generation != generation:
            self.stand = Stand.IDLE
        if self.stand is Stand.ASKED and now - self._asked_at > self._timeout:
            self.stand = Stand.IDLE
        if self.stand is Stand.IDLE:
            return "subscribe", self.subscribe()
        low = self._credit <= self._delivered - len(self._ready) + self._wish.window // 2
        if self.stand is Stand.STREAMING and (low or now >= self._beat_due):
            return "credit", self.credit()
        return None

    def asked(self, request: int, generation: int) -> None:
        self.stand = Stand.ASKED
        self._request, self._generation, self._asked_at = request, generation, time.monotonic()

    @property
    def request(self) -> int:
        return self._request

    def due_in(self) -> float:
        return max(0.0, self._beat_due - time.monotonic()) if self.stand is Stand.STREAMING else RETRY / 4

    # ---- coming in ----

    def hear(self, envelope: wire_pb2.Envelope, payloads: list[bytes]) -> None:
        """After a gap or a refusal error is set, and stays."""
        if envelope.request and envelope.request != self._request:
            return  # for a subscription that is no longer in force
        body = envelope.WhichOneof("body")
        if body == "subscribed":
            self._take_subscribed(envelope.subscribed)
        elif body == "batch":
            self._take_batch(envelope.batch, payloads)
        elif body == "gap":
            gap = envelope.gap
            self.stand = Stand.ENDED
            self.error = Gap(gap.text, Cursor(gap.log_id, max(0, gap.first_retained - 1)), gap.last, gap.other_log)
        elif body == "refusal":
            self._take_refusal(envelope.refusal)

    def _take_subscribed(self, wire: wire_pb2.Subscribed) -> None:
        if self.stand is not Stand.ASKED or len(wire.log_id) != LOG_ID_SIZE:
            return
        if self.received is None:
            self.handled = self._handed_over = wire.after
        self.received = Cursor(wire.log_id, wire.after)
        self.stand = Stand.STREAMING
        self.last = wire.last
        self._delivered = 0
        self._credit = self._wish.window
        self._beat = max(BEAT_LEAST, wire.beat_ms / 1000)
        self._beat_due = time.monotonic() + self._beat
        self._warn(wire.first_retained)

    def _warn(self, first_retained: int) -> None:
        """Only where retention is at work; once, and once more after it had caught up. Whoever begins with the earliest
        knows where it is."""
        retained, lag = self.last - first_retained + 1, self.last - self.handled
        near = first_retained > 1 and lag > NEAR_THE_END * retained
        if near and not self._warned:
            warnings.warn(f"{lag} entries are still to be read, and the log keeps {retained}: it may soon drop entries "
                          "that this subscriber has not read (retention.log-age and retention.log-size of the broker)",
                          RetentionWarning, stacklevel=2)
        caught_up = self.received is not None and self.received.sequence >= self.last
        self._warned = near or (self._warned and not caught_up)

    def _take_batch(self, wire: wire_pb2.Batch, payloads: list[bytes]) -> None:
        if self.stand is not Stand.STREAMING or self.received is None:
            return
        same_log = wire.log_id == self.received.log_id
        if same_log and wire.after < self.received.sequence:
            return  # of an earlier subscription
        if not same_log or wire.after != self.received.sequence or len(payloads) != len(wire.entries):
            self.stand = Stand.IDLE  # one was lost: take up where we stand
            return
        self.received = Cursor(wire.log_id, wire.scanned_through)
        self.last = wire.last
        self._delivered += len(wire.entries)
        self._through = wire.scanned_through
        self._warn(wire.first_retained)
        for one, payload in zip(wire.entries, payloads):
            entry = Entry.of(one, payload)
            if self._wish.filter.passes(entry):
                self._ready.append(entry)
        self._pass_over()

    def _take_refusal(self, wire: wire_pb2.Refusal) -> None:
        if wire.code in (wire_pb2.SHUTTING_DOWN, wire_pb2.LIMITED) or self.stand is Stand.STREAMING:
            self.stand = Stand.IDLE  # the broker forgot the subscription, or is about to end
            return
        self.stand = Stand.ENDED
        self.error = refused(wire)

    # ---- handing over ----

    @property
    def next_is_ready(self) -> bool:
        return bool(self._ready)

    def next(self) -> Entry | None:
        if not self._ready:
            return None
        entry = self._ready.popleft()
        self._handed_over = entry.sequence
        return entry

    def acknowledge(self, sequence: int) -> None:
        if self.handled < sequence <= self._handed_over:
            self.handled = sequence
        self._pass_over()

    def _pass_over(self) -> None:
        """What the filter passed by was passed by for good, once all before it was handled."""
        if not self._ready and self.handled >= self._handed_over and self._through > self.handled:
            self.handled = self._handed_over = self._through
