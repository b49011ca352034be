# SPDX-License-Identifier: Apache-2.0
"""Keys of a test: a keys file, key files made by `newsloom keygen`, endpoints that show a key."""
import os
from pathlib import Path

import zmq
from zmq.utils import z85

from support import programs


class Pair:
    """A key file and what stands in it, as bytes."""

    def __init__(self, path: Path):
        self.path = Path(path)
        lines = dict(line.split() for line in self.path.read_text().splitlines() if not line.startswith("#"))
        self.public, self.secret = bytes.fromhex(lines["public"]), bytes.fromhex(lines["secret"])

    @property
    def text(self) -> str:
        return self.public.hex()


class Shown(str):
    """An endpoint that a Channel reaches with this key."""

    def __new__(cls, endpoint: str, server: bytes, pair: Pair):
        self = super().__new__(cls, endpoint)
        self.server, self.pair = server, pair
        return self

    def show_key(self, socket) -> None:
        socket.setsockopt(zmq.CURVE_SERVERKEY, z85.encode(self.server))
        socket.setsockopt(zmq.CURVE_PUBLICKEY, z85.encode(self.pair.public))
        socket.setsockopt(zmq.CURVE_SECRETKEY, z85.encode(self.pair.secret))


class Keyring:
    """The keys file of one broker, and everybody's key files beside it."""

    def __init__(self, directory: Path):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.path = self.directory / "keys"
        self.lines = {}
        self.server = self.pair("broker")
        self.write()

    def pair(self, name: str, *options: str) -> Pair:
        path = self.directory / f"{name}.key"
        done = programs.run("newsloom", "keygen", name, "--output", path, *options, check=True)
        self.printed = done.stdout
        return Pair(path)

    def add(self, name: str, roles: str, more: str = "") -> Pair:
        pair = self.pair(name, "--role", roles)
        self.lines[name] = f"{self.printed.strip()} {more}".strip()
        self.write()
        return pair

    def change(self, name: str, more: str) -> None:
        """Other words behind the key."""
        self.lines[name] = " ".join(self.lines[name].split()[:3] + [more])
        self.write()

    def remove(self, name: str) -> None:
        del self.lines[name]
        self.write()

    def write(self) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text("# who may come in\n" + "".join(line + "\n" for line in self.lines.values()))
        os.replace(draft, self.path)

    def settings(self) -> dict:
        """Of the broker; every endpoint on TCP, as it is where keys are needed."""
        sockets = {f"listen.{role}": "tcp://127.0.0.1:*"
                   for role in ("feed", "work", "subscribe", "live", "operator")}
        return {**sockets, "listen.http": "127.0.0.1:0", "security.keys": self.path,
                "security.key-file": self.server.path}

    def client_settings(self, pair: Pair) -> dict:
        return {"broker.server-key": self.server.text, "security.key-file": pair.path}

    def endpoint(self, broker, socket: str, pair: Pair) -> Shown:
        return Shown(broker.endpoint(socket), self.server.public, pair)
