# SPDX-License-Identifier: Apache-2.0
"""What the broker says of an article: its receipt, and what became of it."""
from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from newsloom.v1 import wire_pb2


class ReceiptCode(StrEnum):
    ACCEPTED = "ACCEPTED"    # on the broker's disk
    DUPLICATE = "DUPLICATE"  # known with this very content; state tells where it is
    REFUSED = "REFUSED"      # sending the same again cannot help


class State(StrEnum):
    UNKNOWN = "unknown"
    QUEUED = "queued"
    LEASED = "leased"        # a worker holds it
    WAITING = "waiting"      # for its next attempt
    STORED = "stored"        # an end: in PostgreSQL and in the event log
    DEAD = "dead"            # an end, until an operator retries it or it is submitted again
    WITHDRAWN = "withdrawn"  # an end: an operator dropped it
    FORGOTTEN = "forgotten"  # an end: an operator had it forgotten

    @property
    def is_end(self) -> bool:
        return self in (State.STORED, State.DEAD, State.WITHDRAWN, State.FORGOTTEN)


def state_of(number: int) -> State:
    """What a later broker may add is unknown."""
    try:
        name: str = wire_pb2.State.Name(number)
        return State(name.lower())
    except ValueError:
        return State.UNKNOWN


def moment_of(milliseconds: int) -> datetime.datetime | None:
    """In UTC; None for 0, not yet."""
    if not milliseconds:
        return None
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)


@dataclass(frozen=True)
class Receipt:
    code: ReceiptCode
    source: str
    key: str  # as it was submitted; empty: the canonical form of url
    url: str
    article_id: int = 0
    revision: int = 0    # 1, or more when this identity was seen with other content before
    state: State = State.UNKNOWN
    sequence: int = 0    # of the log entry, when state is an end
    resent: bool = False  # it went out more than once: DUPLICATE may be this very submission
    refusal: str = ""    # "TOO_LARGE", …
    text: str = ""

    @property
    def is_kept(self) -> bool:
        """The broker has it on disk: the crawler may forget it."""
        return self.code != ReceiptCode.REFUSED


@dataclass(frozen=True)
class Attempt:
    number: int
    worker: str
    at: datetime.datetime | None
    charged: bool
    code: str
    text: str


@dataclass(frozen=True)
class Outcome:
    source: str
    key: str
    revision: int
    newest_revision: int  # larger than revision: a correction came later
    article_id: int
    state: State
    accepted_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    due_at: datetime.datetime | None  # WAITING: when it is tried again
    sequence: int                     # of the log entry of its end
    attempts_charged: int
    attempts: tuple[Attempt, ...]     # the newest
    reason: str                       # DEAD: code and sentence of the last failure

    @classmethod
    def of(cls, wire: wire_pb2.Outcome) -> "Outcome":
        attempts = tuple(Attempt(one.number, one.worker, moment_of(one.at_ms), one.charged, one.code, one.text)
                         for one in wire.attempts)
        return cls(wire.source, wire.key, wire.revision, wire.newest_revision, wire.article_id, state_of(wire.state),
                   moment_of(wire.accepted_at_ms), moment_of(wire.ended_at_ms), moment_of(wire.due_at_ms),
                   wire.sequence, wire.attempts_charged, attempts, wire.reason)
