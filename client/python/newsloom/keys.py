# SPDX-License-Identifier: Apache-2.0
"""CURVE keys as `newsloom keygen` makes them: 64 hexadecimal digits, or 40 letters of Z85."""
from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

import zmq
from zmq.utils import z85

from newsloom.errors import KeyFileError

_FILE_LIMIT = 4096


def _parse(text: str) -> bytes:
    """32 bytes, or b"" for what is no key."""
    try:
        key: bytes = z85.decode(text.encode()) if len(text) == 40 else bytes.fromhex(text)  # type: ignore[no-untyped-call]
    except Exception:  # z85 answers nonsense with whatever its tables raise
        return b""
    return key if len(key) == 32 and len(text) in (40, 64) else b""


def _z85(key: bytes) -> bytes:
    text: bytes = z85.encode(key)  # type: ignore[no-untyped-call]
    return text


def read_private(path: str) -> str:
    """A file that holds a key or a secret, and that its owner alone can read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyFileError(f'cannot read the key file "{path}": {error.strerror}') from None
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileError(f'the key file "{path}" is no file')
        if mode & 0o077:
            raise KeyFileError(f'the key file "{path}" is open to others than its owner (mode {mode & 0o7777:04o}): '
                               "make it 0600, and a new key if others may have read it")
        return file.read(_FILE_LIMIT).decode("utf-8", "replace")


@dataclass(frozen=True)
class Keys:
    """The broker's public key and one's own pair. Never shown by repr()."""

    server: bytes = field(repr=False)
    public: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    @classmethod
    def load(cls, server_key: str, key_file: str) -> "Keys | None":
        """None when neither is given: a broker without keys."""
        if bool(server_key) != bool(key_file):
            raise KeyFileError("a broker with keys needs both server_key and key_file, one without keys neither")
        if not server_key:
            return None
        server = _parse(server_key)
        if not server:
            raise KeyFileError("server_key is no key: 64 hexadecimal digits or 40 letters of Z85, "
                               "as newsloom keygen printed for the broker")
        lines = [line.split(" ", 1) for line in read_private(key_file).split("\n") if line.startswith(("public ", "secret "))]
        found = {word: _parse(key) for word, key in lines}
        public, secret = found.get("public"), found.get("secret")
        if not public or not secret:
            raise KeyFileError(f'"{key_file}" is no key file: it has no line "public KEY" or no line "secret KEY"; '
                               "newsloom keygen makes one")
        if zmq.curve_public(_z85(secret)) != _z85(public):
            raise KeyFileError(f'the two keys in "{key_file}" do not belong together: take the file as newsloom '
                               "keygen made it")
        return cls(server, public, secret)

    def show(self, socket: "zmq.Socket[bytes]") -> None:
        socket.setsockopt(zmq.CURVE_SERVERKEY, _z85(self.server))
        socket.setsockopt(zmq.CURVE_PUBLICKEY, _z85(self.public))
        socket.setsockopt(zmq.CURVE_SECRETKEY, _z85(self.secret))
