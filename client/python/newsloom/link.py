# SPDX-License-Identifier: Apache-2.0
"""A DEALER to one of the broker's sockets, and the two ways to wait on it.

A conversation is written once, as a generator: it does what can be done now and yields how many seconds it
would wait. drive() waits in the calling thread, drive_async() in the running event loop. Both wait on the
same two files, so nothing of ZeroMQ is ever called from another thread.
"""
from __future__ import annotations

import asyncio
import os
import time
from itertools import accumulate
from typing import Any, Generator, Sequence, TypeVar

import zmq
from google.protobuf.message import DecodeError
from zmq.utils.monitor import recv_monitor_message

from newsloom.keys import Keys
from newsloom.v1 import wire_pb2

T = TypeVar("T")
Steps = Generator[float, None, T]

PROTOCOL = 1
ANSWER_TIMEOUT = 5.0
ROTATE_AFTER = 2.0  # without a connection, when there is another endpoint
LINGER_MS = 1000    # a last acknowledgement may still leave
ENVELOPE_LIMIT = 4096
MESSAGE_LIMIT = 8 * 1024 * 1024  # of a frame: twice the largest extraction
SEND_LIMIT = 64
# What a client sets that has a network between itself and the broker: see proto/README.md.
OPTIONS = {zmq.LINGER: LINGER_MS, zmq.IPV6: 1, zmq.IMMEDIATE: 1, zmq.SNDHWM: SEND_LIMIT, zmq.HEARTBEAT_IVL: 2000,
           zmq.HEARTBEAT_TIMEOUT: 10000, zmq.TCP_MAXRT: 10000, zmq.CONNECT_TIMEOUT: 4000, zmq.RECONNECT_IVL: 100,
           zmq.RECONNECT_IVL_MAX: 2000, zmq.MAXMSGSIZE: MESSAGE_LIMIT}
EVENTS = (zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
          | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)


def endpoints_of(endpoints: str | Sequence[str] | None, setting: str, default: str) -> list[str]:
    """What was given; else the environment's, as for the command line; else the default."""
    if not endpoints:
        endpoints = os.environ.get("NEWSLOOM_" + setting.upper().replace(".", "_")) or default
    if isinstance(endpoints, str):
        endpoints = endpoints.replace(",", " ").split()
    if not endpoints:
        raise ValueError(f"{setting} names no endpoint: give one such as {default}")
    return list(endpoints)


def _is_readable(socket: "zmq.Socket[bytes]") -> bool:
    return bool(socket.getsockopt(zmq.EVENTS) & zmq.POLLIN)  # type: ignore[operator]


def _unpacked(frame: bytes) -> wire_pb2.Envelope | None:
    """None for what is no message, or only a later protocol can tell; a refusal is understood whatever it says."""
    envelope = wire_pb2.Envelope()
    try:
        if len(frame) > ENVELOPE_LIMIT or not envelope.ParseFromString(frame):
            return None
    except DecodeError:
        return None
    body = envelope.WhichOneof("body")
    return envelope if body == "refusal" or (body and envelope.protocol == PROTOCOL) else None


def _taken_apart(envelope: wire_pb2.Envelope, frames: list[bytes]) -> list[bytes] | None:
    """The payloads, a frame each or joined in one; None when that one is not what the envelope says."""
    sizes = envelope.payload_sizes
    if not sizes:
        return frames
    if len(frames) != 1 or len(frames[0]) != sum(sizes):
        return None
    return [frames[0][end - size:end] for size, end in zip(sizes, accumulate(sizes))]


class Link:
    """Opens without talking to anyone. Not for two threads at once.

    up: the handshake was made and the connection stands. generation: which connection it is, so that a
    conversation knows that what it sent over an earlier one may be lost."""

    def __init__(self, endpoints: str | Sequence[str] | None, setting: str, default: str,
                 server_key: str | None, key_file: str | None):
        self.endpoints = endpoints_of(endpoints, setting, default)
        self.setting = setting
        if server_key is None:
            server_key = os.environ.get("NEWSLOOM_BROKER_SERVER_KEY", "")
        if key_file is None:
            key_file = os.environ.get("NEWSLOOM_SECURITY_KEY_FILE", "")
        self._keys = Keys.load(server_key, key_file)
        self._current = 0
        self._request = int.from_bytes(os.urandom(6), "big")  # an answer to an earlier process is none
        self._turned_away = ""
        self._waiters: set[asyncio.Future[None]] = set()
        self._watching: tuple[asyncio.AbstractEventLoop, list[int]] | None = None
        self.up = False
        self.generation = 0
        self._context = zmq.Context()
        self._socket: "zmq.Socket[bytes] | None" = None
        try:
            self._open()
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f'cannot connect to "{self.endpoints[0]}" ({setting}): {error.strerror}; an endpoint '
                             f"looks like {default}") from None

    def _open(self) -> None:
        self._shut()
        self.down_since = time.monotonic()
        self._socket = socket = self._context.socket(zmq.DEALER)
        for option, value in OPTIONS.items():
            socket.setsockopt(option, value)
        if self._keys:
            self._keys.show(socket)
        self._monitor = socket.get_monitor_socket(EVENTS)
        self._monitor.setsockopt(zmq.RCVHWM, 0)
        self._poller = zmq.Poller()
        self._poller.register(socket, zmq.POLLIN)
        self._poller.register(self._monitor, zmq.POLLIN)
        socket.connect(self.endpoints[self._current])

    def _shut(self) -> None:
        if self._socket is None:
            return
        self._unwatch()
        # The events end before their reader is closed: ZeroMQ would wait for ever to say one to nobody.
        self._socket.monitor(None, 0)
        self._monitor.close(0)
        self._socket.close(LINGER_MS)
        self._socket = None
        self.up = False

    def close(self) -> None:
        """What was sent still leaves, for a second at most."""
        self._shut()
        self._context.term()

    @property
    def is_closed(self) -> bool:
        return self._socket is None

    # ---- messages ----

    def next_request(self) -> int:
        self._request += 1
        return self._request

    def send(self, body: str, message: Any, payloads: Sequence[bytes] = (), request: int = 0) -> bool:
        """False: nobody takes it now."""
        if not self.up or self._socket is None:
            return False
        envelope = wire_pb2.Envelope(protocol=PROTOCOL, request=request)
        getattr(envelope, body).CopyFrom(message)
        getattr(envelope, body).SetInParent()
        try:
            self._socket.send_multipart([envelope.SerializeToString(), *payloads], zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def receive(self) -> tuple[wire_pb2.Envelope, list[bytes]] | None:
        """The next message that is one; None when there is none now."""
        if self._socket is None:
            raise ValueError("it is closed")
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.DONTWAIT)
            except zmq.Again:
                return None
            envelope = _unpacked(frames[0])
            payloads = _taken_apart(envelope, frames[1:]) if envelope is not None else None
            if envelope is not None and payloads is not None:
                self.wake()
                return envelope, payloads

    # ---- the connection ----

    def tend(self) -> None:
        """Hears what became of the connection; goes on to the next endpoint when nobody is at this one."""
        if self._socket is None:
            raise ValueError("it is closed")
        while _is_readable(self._monitor):
            event = recv_monitor_message(self._monitor)["event"]
            self._note(event)
            up = event == zmq.EVENT_HANDSHAKE_SUCCEEDED
            if up:
                self.generation += 1
            elif self.up:
                self.down_since = time.monotonic()
            self.up = up
            self.wake()
        if not self.up and len(self.endpoints) > 1 and time.monotonic() - self.down_since > ROTATE_AFTER:
            self._current = (self._current + 1) % len(self.endpoints)
            try:
                self._open()
            except zmq.ZMQError:
                pass  # an endpoint that is none is passed by: the next round tries the one after it

    def _note(self, event: int) -> None:
        if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._turned_away = ""
        elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self._turned_away = "it does not let this key in: it is unknown there, revoked, or lacks the role"
        elif event != zmq.EVENT_DISCONNECTED and self._keys:
            self._turned_away = "it broke off the handshake: server_key may not be its own"
        elif event != zmq.EVENT_DISCONNECTED:
            self._turned_away = "it broke off the handshake: if it asks for keys, give server_key and key_file"

    def complaint(self, waited: float) -> str:
        """Why nothing came, as far as this end can tell."""
        where = self.endpoints[self._current]
        if self.up:
            return (f"the broker at {where} did not answer within {waited:.3g} s: is it overloaded, or is this "
                    f"another of its sockets ({self.setting})?")
        if self._turned_away:
            return f"the broker at {where} turned us away: {self._turned_away}"
        away = max(waited, time.monotonic() - self.down_since)
        return (f"could not reach the broker at {where} within {away:.3g} s: is newsloom-broker running? "
                f"({self.setting} names its address)")

    # ---- waiting ----

    def _capped(self, seconds: float) -> float:
        if not self.up and len(self.endpoints) > 1:
            seconds = min(seconds, ROTATE_AFTER / 2)
        return max(0.0, seconds)

    def drive(self, steps: Steps[T]) -> T:
        """Runs a conversation to its end in this thread."""
        try:
            while True:
                seconds = self._capped(next(steps))
                self._poller.poll(int(seconds * 1000) + 1)
        except StopIteration as end:
            value: T = end.value
            return value

    async def drive_async(self, steps: Steps[T]) -> T:
        """The same in the event loop; several may run on one link."""
        try:
            while True:
                await self._wait(self._capped(next(steps)))
        except StopIteration as end:
            value: T = end.value
            return value

    def wake(self) -> None:
        """Something was heard: all who wait in the event loop look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _wait(self, seconds: float) -> None:
        """ZeroMQ's files only tell of changes: whoever waits looks first whether something is there already."""
        if self._socket is None:
            raise ValueError("it is closed")
        sockets = (self._socket, self._monitor)
        if any(_is_readable(one) for one in sockets):
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        if self._watching is None:
            files = [one.fileno() for one in sockets]
            for file in files:
                loop.add_reader(file, self.wake)
            self._watching = loop, files
        try:
            await asyncio.wait_for(waiter, seconds)
        except asyncio.TimeoutError:
            pass
        finally:
            self._waiters.discard(waiter)
            if not self._waiters:
                self._unwatch()

    def _unwatch(self) -> None:
        if self._watching is not None:
            loop, files = self._watching
            self._watching = None
            for file in files:
                loop.remove_reader(file)
            self.wake()
