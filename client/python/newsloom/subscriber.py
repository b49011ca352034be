# SPDX-License-Identifier: Apache-2.0
"""Subscriber and AsyncSubscriber: the event log in order, from a cursor, without a hole."""
from __future__ import annotations

import time
from pathlib import Path
from typing import AsyncIterator, Iterator, Sequence

from newsloom.cursor import Cursor
from newsloom.entry import Entry
from newsloom.errors import BrokerAway
from newsloom.filter import Filter
from newsloom.link import ANSWER_TIMEOUT, Link, Steps
from newsloom.subscribing import Stand, Subscribing, Wish
from newsloom.v1 import wire_pb2

NAME_LIMIT = 64
WINDOW = 256
SAVE_EVERY = 1.0
PATIENCE = 60.0


class _Subscriber:
    """What both faces are made of: conversations that yield how long they would wait."""

    def __init__(self, endpoint: str | Sequence[str] | None = None, *, filter: str = "",
                 state: str | Path | None = None, name: str = "", start: Cursor | str | None = None,
                 until_idle: bool = False, patience: float | None = PATIENCE, window: int = WINDOW,
                 server_key: str | None = None, key_file: str | None = None,
                 answer_timeout: float = ANSWER_TIMEOUT):
        """Opens without talking to anyone.

        endpoint   the broker's subscribe socket, or several; else $NEWSLOOM_BROKER_SUBSCRIBE, else
                   tcp://127.0.0.1:5813
        filter     "type=PERSON,event=SIGN,source=…,entity=<uuid>,kind=STORED,copies=no": newsloom.filter
        state      a file that keeps the cursor, the same as of `newsloom subscribe --state`
        name       the broker keeps a cursor under this name too, and shows operators how far it lags
        start      a Cursor, its text, "earliest" or "latest". Not given: what state holds, and a state that
                   does not exist yet begins with the earliest; else what the broker keeps under name; else
                   the latest
        until_idle an iteration ends when everything that is there was handed over; else never
        patience   seconds to wait for a broker that went away, then BrokerAway; None: for ever
        server_key, key_file   for a broker with keys; else $NEWSLOOM_BROKER_SERVER_KEY, $NEWSLOOM_SECURITY_KEY_FILE
        """
        if len(name.encode()) > NAME_LIMIT:
            raise ValueError(f"the name is {len(name.encode())} bytes long, the limit is {NAME_LIMIT}")
        self._state = Path(state) if state else None
        self._saved: Cursor | None = None
        self._saved_at = 0.0
        self._patience = patience
        self._until_idle = until_idle
        self._heard_at = time.monotonic()
        from_, cursor = self._begin(start, name)
        self._reading = Subscribing(Wish(from_, cursor, name, Filter(filter), window), answer_timeout)
        self._link = Link(endpoint, "broker.subscribe", "tcp://127.0.0.1:5813", server_key, key_file)

    def _begin(self, start: Cursor | str | None, name: str) -> tuple[int, Cursor | None]:
        if start == "earliest":
            return wire_pb2.FROM_EARLIEST, None
        if start == "latest":
            return wire_pb2.FROM_LATEST, None
        if start is not None:
            return wire_pb2.FROM_CURSOR, start if isinstance(start, Cursor) else Cursor.parse(start)
        if self._state:
            self._saved = Cursor.read(self._state)
            # A first run: nothing shall be missed.
            return (wire_pb2.FROM_CURSOR if self._saved else wire_pb2.FROM_EARLIEST), self._saved
        return (wire_pb2.FROM_NAMED if name else wire_pb2.FROM_LATEST), None

    # ---- where it stands ----

    @property
    def cursor(self) -> Cursor | None:
        """Everything up to here was acknowledged or passed by; None before the broker answered. Keep it
        together with the effect of what was read, and each entry has its effect once."""
        return self._reading.cursor

    @property
    def lag(self) -> int:
        """Entries of the log, as far as the broker has told, that are not yet handled."""
        return max(0, self._reading.last - self._reading.handled)

    @property
    def is_caught_up(self) -> bool:
        """Every entry that the broker has told of was handed over."""
        return self._reading.is_caught_up

    def acknowledge(self, entry: Entry) -> None:
        """It was handled, with all before it: after a crash reading goes on behind it. An iteration does
        this by itself when the next entry is asked for."""
        self._reading.acknowledge(entry.sequence)
        self._save(time.monotonic() - self._saved_at >= SAVE_EVERY)

    def _save(self, due: bool) -> None:
        cursor = self._reading.cursor
        if due and self._state and cursor and cursor != self._saved:
            cursor.write(self._state)
            self._saved, self._saved_at = cursor, time.monotonic()

    # ---- conversations ----

    def _turn(self) -> None:
        """Hears what has come and sends what is due, without waiting."""
        link, reading = self._link, self._reading
        link.tend()
        while not reading.next_is_ready and (message := link.receive()) is not None:
            reading.hear(*message)
        duty = reading.duty(link.generation) if link.up else None
        if duty and duty[0] == "subscribe":
            request = link.next_request()
            if link.send(*duty, request=request):
                reading.asked(request, link.generation)
        elif duty:
            link.send(*duty, request=reading.request)  # a lost one heals with the next
        if link.up and reading.stand is Stand.STREAMING:
            self._heard_at = time.monotonic()

    def _next(self, timeout: float | None) -> Steps[Entry | None]:
        start = self._heard_at = time.monotonic()
        while True:
            self._turn()
            entry = self._reading.next()
            if entry is not None:
                return entry
            if self._reading.error is not None:
                raise self._reading.error
            now = time.monotonic()
            self._save(now - self._saved_at >= SAVE_EVERY)  # the cursor also moves over what the filter passed by
            if self._until_idle and self._reading.is_caught_up or timeout is not None and now - start >= timeout:
                return None
            if self._patience is not None and now - self._heard_at >= self._patience:
                raise BrokerAway(self._link.complaint(now - self._heard_at))
            waits = [self._reading.due_in() if self._link.up else 1.0]
            waits += [start + timeout - now] if timeout is not None else []
            waits += [self._heard_at + self._patience - now] if self._patience is not None else []
            yield min(waits)

    def _close(self) -> None:
        if self._link.is_closed:
            return
        try:
            self._save(due=True)
        finally:
            if self._reading.stand is Stand.STREAMING:
                self._link.send("credit", self._reading.credit(), request=self._reading.request)
                self._link.send("unsubscribe", wire_pb2.Unsubscribe(), request=self._reading.request)
            self._link.close()


class Subscriber(_Subscriber):
    """Reads the event log; each call waits in this thread.

        with Subscriber(state="alerts.cursor", filter="event=ARREST") as news:
            for entry in news:
                print(entry.sequence, entry.extraction.title)

    What the body of the loop had begun when the program died is read again: at least once, in order. Call it at
    least once a second, or the broker takes the reader for gone, which heals with the next call."""

    def __enter__(self) -> "Subscriber":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Saves the cursor; the last acknowledgement goes to the broker."""
        self._close()

    def next(self, timeout: float | None = None) -> Entry | None:
        """None: none came within timeout seconds, or with until_idle there is none. Raises Gap, BrokerAway."""
        return self._link.drive(self._next(timeout))

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self.next()) is not None:
            yield entry
            self.acknowledge(entry)


class AsyncSubscriber(_Subscriber):
    """The same in an event loop, for one task at a time.

        async with AsyncSubscriber(name="alerts") as news:
            async for entry in news:
                …
    """

    async def __aenter__(self) -> "AsyncSubscriber":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Saves the cursor; the last acknowledgement goes to the broker."""
        self._close()

    async def next(self, timeout: float | None = None) -> Entry | None:
        return await self._link.drive_async(self._next(timeout))

    async def __aiter__(self) -> AsyncIterator[Entry]:
        while (entry := await self.next()) is not None:
            yield entry
            self.acknowledge(entry)
