# SPDX-License-Identifier: Apache-2.0
"""A program that follows the event log: cursor, credit, filter, resumption."""
import threading
import time

import zmq

from support.contract import Channel, Refused, digest_bytes, next_request, wire
from support.waiting import wait_for


class Broken(AssertionError):
    """The stream broke one of its promises."""


class Subscriber:
    """Pulls batches, checks that none is missing, and comes back by its cursor after a silence."""

    def __init__(self, endpoint: str, name: str = "", filter_=None, window: int = 64,
                 automatic: bool = True):
        self.channel = Channel(endpoint)
        self.name, self.filter, self.window = name, filter_, window
        self.automatic = automatic  # grants credit and acknowledges by itself
        self.features = 0       # that it says to take
        self.log_id = b""
        self.position = 0       # the last sequence that was scanned for us
        self.handled = 0        # the last sequence handed to us
        self.last = 0
        self.first_retained = 0
        self.granted = 0
        self.received = 0       # entries since Subscribed
        self.subscribed = False
        self.entries = []       # (Entry, payload)
        self.gaps = []
        self.refusals = []
        self.resumed = 0
        self.beat = 1.0
        self.last_sent = 0.0
        self.last_heard = time.monotonic()
        self.request = 0

    def close(self) -> None:
        self.channel.close()

    def subscribe(self, from_=wire.FROM_EARLIEST, log_id=b"", after=0, credit=None) -> None:
        self.granted = self.window if credit is None else credit
        self.received = 0
        self.subscribed = False
        self.request = next_request()
        message = wire.Subscribe(log_id=log_id, after=after, credit=self.granted, name=self.name,
                                 features=self.features, **{"from": from_})
        if self.filter is not None:
            message.filter.CopyFrom(self.filter)
        self.wish = (from_, log_id, after)
        self.channel.send("subscribe", message, request=self.request)
        self.last_sent = self.last_heard = time.monotonic()

    def resume(self) -> None:
        """From where this subscriber stands."""
        self.resumed += 1
        self.channel.open()
        if self.log_id:
            self.subscribe(wire.FROM_CURSOR, self.log_id, self.position)
        else:
            self.subscribe(*self.wish)

    def credit(self, total=None, acknowledged=None) -> None:
        if total is not None:
            self.granted = total
        elif self.automatic:
            self.granted = self.received + self.window
        message = wire.Credit(total=self.granted,
                              acknowledged=self.position if acknowledged is None else acknowledged)
        self.channel.send("credit", message, request=self.request)
        self.last_sent = time.monotonic()

    def unsubscribe(self) -> None:
        self.channel.send("unsubscribe", wire.Unsubscribe(), request=self.request)

    def pump(self, timeout: float = 0.1) -> bool:
        """Hears one message; True when there was one."""
        now = time.monotonic()
        if self.automatic and self.subscribed and now - self.last_sent > self.beat / 2:
            self.credit()
        got = self.channel.receive(timeout)
        if got is None:
            if self.automatic and time.monotonic() - self.last_heard > max(1.5, 3 * self.beat):
                self.resume()
            return False
        self.last_heard = time.monotonic()
        packet, payloads = got
        if packet.request not in (0, self.request):
            return True
        body = packet.WhichOneof("body")
        getattr(self, "_on_" + body, self._on_other)(getattr(packet, body), payloads)
        return True

    def _on_other(self, message, payloads) -> None:
        raise Broken(f"a subscriber was sent {message!r}")

    def _on_refusal(self, refusal, payloads) -> None:
        self.refusals.append(refusal)
        if self.automatic and self.subscribed:
            self.resume()  # the broker forgot us: a restart
        elif self.automatic:
            raise Refused(refusal)

    def _on_subscribed(self, subscribed, payloads) -> None:
        if self.log_id and subscribed.log_id == self.log_id and self.resumed:
            if subscribed.after != self.position:
                raise Broken(f"resumed at {subscribed.after}, not at {self.position}")
        self.log_id = subscribed.log_id
        self.position = subscribed.after
        self.first_retained = subscribed.first_retained
        self.last = subscribed.last
        self.beat = max(0.05, subscribed.beat_ms / 1000)
        self.subscribed = True

    def _on_gap(self, gap, payloads) -> None:
        self.gaps.append(gap)

    def _on_batch(self, batch, payloads) -> None:
        if len(payloads) != len(batch.entries):
            raise Broken(f"{len(batch.entries)} entries came with {len(payloads)} payloads")
        if batch.after != self.position or batch.log_id != self.log_id:
            if self.automatic:
                self.resume()
                return
            raise Broken(f"a batch continues at {batch.after}, we stand at {self.position}")
        at = batch.after
        for entry, payload in zip(batch.entries, payloads):
            if entry.sequence <= at or entry.sequence > batch.scanned_through:
                raise Broken(f"sequence {entry.sequence} after {at}, through {batch.scanned_through}")
            at = entry.sequence
            if payload and digest_bytes(payload) != entry.extraction_digest:
                raise Broken(f"the bytes of entry {at} are not those of its digest")
            self.entries.append((entry, payload))
            self.handled = entry.sequence
        self.received += len(batch.entries)
        if self.received > self.granted:
            raise Broken(f"{self.received} entries came for a credit of {self.granted}")
        self.position = batch.scanned_through
        self.last = batch.last
        if self.automatic and batch.entries:
            self.credit()

    def read_until(self, fact, deadline: float = 15.0, what: str = "") -> None:
        wait_for(lambda: fact() or (self.pump(0.05) and fact()), deadline,
                 what or "the subscriber's fact", every=0)

    def read_to_end(self, deadline: float = 30.0) -> list:
        """Every entry up to the newest one the broker tells of."""
        self.read_until(lambda: self.subscribed and self.position >= self.last, deadline,
                        "the end of the log")
        return self.entries

    @property
    def sequences(self) -> list:
        return [entry.sequence for entry, _ in self.entries]


class FollowingThread(threading.Thread):
    """A subscriber in the background, through restarts."""

    def __init__(self, endpoint, pause: float = 0.0, **how):
        """pause: between two messages, until hurry is set."""
        super().__init__(daemon=True, name="subscriber")
        self.subscriber = Subscriber(endpoint, **how)
        self.subscriber.features = wire.JOINED_PAYLOADS
        self.pause, self.hurry = pause, threading.Event()
        self.stopping = threading.Event()
        self.failure = None

    def run(self) -> None:
        try:
            self.subscriber.subscribe(wire.FROM_EARLIEST)
            while not self.stopping.is_set():
                self.subscriber.pump(0.05)
                if self.pause:
                    self.hurry.wait(self.pause)
        except Exception as error:  # said by finish()
            self.failure = error

    def finish(self) -> Subscriber:
        self.stopping.set()
        self.join(10)
        if self.failure:
            raise self.failure
        return self.subscriber


class ReplayingThread(threading.Thread):
    """Reads the whole log, from the earliest entry to the newest, again and again."""

    def __init__(self, endpoint):
        super().__init__(daemon=True, name="replayer")
        self.endpoint = endpoint
        self.replays = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self) -> None:
        try:
            while not self.stopping.wait(0.2):
                self._replay()
        except Exception as error:  # said by finish()
            self.failure = error

    def _replay(self) -> None:
        reader = Subscriber(self.endpoint, window=256)
        try:
            reader.subscribe(wire.FROM_EARLIEST)
            while not self.stopping.is_set() and not (reader.subscribed and
                                                      reader.position >= reader.last):
                reader.pump(0.05)
                self._check(reader)
            self.replays += reader.subscribed and reader.position >= reader.last
        finally:
            reader.close()

    def _check(self, reader) -> None:
        """Contiguous; what was checked is forgotten, or a long log would fill the memory."""
        at = getattr(reader, "checked", reader.first_retained - 1)
        for sequence in reader.sequences:
            if sequence != at + 1 and sequence != reader.first_retained:
                raise Broken(f"a replay has {sequence} after {at}")
            at = sequence
        reader.checked = at
        reader.entries.clear()

    def finish(self) -> int:
        self.stopping.set()
        self.join(10)
        if self.failure:
            raise self.failure
        return self.replays


class LiveSubscriber:
    """Three lines are enough for the lossy socket: topic, envelope, extraction."""

    def __init__(self, endpoint: str, *topics: str):
        self.socket = zmq.Context.instance().socket(zmq.SUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        for topic in topics or ("",):
            self.socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self.socket.connect(endpoint)

    def receive(self, timeout: float = 5.0):
        if not self.socket.poll(int(timeout * 1000)):
            return None
        topic, head, payload = self.socket.recv_multipart()
        packet = wire.Envelope()
        packet.ParseFromString(head)
        return topic.decode(), packet.live.entry, payload

    def close(self) -> None:
        self.socket.close(0)
