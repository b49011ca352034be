# SPDX-License-Identifier: Apache-2.0
"""The contract in Python, from proto/ alone: messages, frames, digests, and a channel to one socket.

Deliberately not built on the package in client/python: feeders, workers and subscribers of the tests are a
reading of proto/README.md of their own, which checks what it is told and can break every rule, while the package
keeps them. Both share the generated messages and nothing else; tests/e2e/test_python_*.py test the package.
"""
import hashlib
import itertools
import os
import time

import zmq

from support import paths  # noqa: F401  makes the generated modules importable

from newsloom.v1 import article_pb2 as article  # noqa: E402
from newsloom.v1 import extraction_pb2 as extraction  # noqa: E402
from newsloom.v1 import wire_pb2 as wire  # noqa: E402

PROTOCOL = 1
ENVELOPE_LIMIT = 4096
ARTICLES_LIMIT = 32
JOINED_LIMIT = 256 * 1024
# What a client sets that has a network between itself and the broker: see proto/README.md.
FAR = {zmq.CONNECT_TIMEOUT: 2000, zmq.HEARTBEAT_IVL: 2000, zmq.HEARTBEAT_TIMEOUT: 10000,
       zmq.TCP_MAXRT: 10000}
ENDS = (wire.STORED, wire.DEAD, wire.WITHDRAWN)

_requests = itertools.count(int.from_bytes(os.urandom(4), "big") << 16)


def next_request() -> int:
    return next(_requests)


def digest_bytes(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32).digest()


def digest_content(title: str, content: bytes) -> bytes:
    return digest_bytes(title.encode() + b"\0" + content)


def envelope(body: str, message, request: int = 0, protocol: int = PROTOCOL, payload_sizes=()) -> bytes:
    packet = wire.Envelope(protocol=protocol, request=request, payload_sizes=payload_sizes)
    getattr(packet, body).CopyFrom(message)
    getattr(packet, body).SetInParent()
    return packet.SerializeToString()


def joined(body: str, message, payloads, request: int = 0) -> list:
    """The frames of a message whose payloads travel in one."""
    return [envelope(body, message, request, payload_sizes=[len(payload) for payload in payloads]), b"".join(payloads)]


def taken_apart(sizes, frames) -> list:
    frame, = frames
    assert len(sizes) > 1 and sum(sizes) == len(frame) <= JOINED_LIMIT, (list(sizes), len(frame))
    ends = list(itertools.accumulate(sizes))
    return [frame[end - size:end] for size, end in zip(sizes, ends)]


class Refused(Exception):
    def __init__(self, refusal):
        super().__init__(f"{wire.RefusalCode.Name(refusal.code)}: {refusal.text}")
        self.code = refusal.code
        self.text = refusal.text


class Channel:
    """A DEALER to one of the broker's sockets. Not for two threads at once."""

    def __init__(self, endpoint: str, kind=zmq.DEALER):
        self.endpoint = endpoint
        self.kind = kind
        self.socket = None
        self.joins = False      # what it sends, where several payloads go
        self.joined_count = 0   # messages that came joined
        self.open()

    def open(self) -> None:
        self.close()
        context = getattr(self.endpoint, "context", None)  # support/hosts.py
        self.socket = (context or zmq.Context.instance()).socket(self.kind)
        if context:
            for option, value in FAR.items():
                self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.SNDTIMEO, 2000)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.socket.setsockopt(zmq.RECONNECT_IVL_MAX, 100)
        self.socket.setsockopt(zmq.RCVHWM, 10000)
        getattr(self.endpoint, "show_key", lambda socket: None)(self.socket)  # support/keys.py
        self.socket.connect(self.endpoint)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close(0)
            self.socket = None

    def send(self, body: str, message, payloads=(), request: int = 0) -> None:
        if self.joins and len(payloads) > 1:
            self.send_frames(joined(body, message, payloads, request))
        else:
            self.send_frames([envelope(body, message, request), *payloads])

    def send_frames(self, frames) -> None:
        try:
            self.socket.send_multipart(list(frames))
        except zmq.Again:
            pass  # the broker is away: whoever promised something sends again

    def receive(self, timeout: float = 5.0):
        """(Envelope, payloads), or None when nothing came in time."""
        if not self.socket.poll(int(timeout * 1000)):
            return None
        frames = self.socket.recv_multipart()
        packet = wire.Envelope()
        packet.ParseFromString(frames[0])
        if not packet.payload_sizes:
            return packet, frames[1:]
        self.joined_count += 1
        return packet, taken_apart(packet.payload_sizes, frames[1:])

    def ask(self, body: str, message, payloads=(), timeout: float = 10.0):
        """Sends a request and waits for its answer; raises Refused."""
        request = next_request()
        self.send(body, message, payloads, request)
        end = time.monotonic() + timeout
        while True:
            got = self.receive(max(0.0, end - time.monotonic()))
            if got is None:
                raise TimeoutError(f"no answer to {body} within {timeout:g} s")
            if got[0].request != request:
                continue
            if got[0].WhichOneof("body") == "refusal":
                raise Refused(got[0].refusal)
            return got
