# SPDX-License-Identifier: Apache-2.0
"""The HTTP gateway as a program under test, and a client of it that is Python's own http.client."""
import gzip
import http.client
import json
import re
import socket
from pathlib import Path

from support.programs import Program
from support.waiting import wait_for


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float = 20):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Reply:
    def __init__(self, answer):
        self.status, self.headers = answer.status, answer.headers
        self.body = answer.read()

    @property
    def type(self) -> str:
        return self.headers.get_content_type()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def lines(self) -> list:
        return [json.loads(line) for line in self.body.splitlines()]

    def __repr__(self):
        return f"{self.status} {self.body[:500]!r}"


class Gateway(Program):
    name = "newsloom-gateway"

    def __init__(self, directory: Path, broker, database_url: str = "", env: dict = None, **settings):
        super().__init__(directory, {
            "listen.api": "127.0.0.1:0", "database.url": database_url,
            **{f"broker.{role}": broker if isinstance(broker, str) else broker.endpoint(role)
               for role in ("feed", "subscribe", "operator")}, **settings}, env)

    def wait_ready(self, deadline: float = 20.0) -> None:
        wait_for(lambda: "listening" in self.log() or not self.is_alive, deadline, "the gateway listens")
        assert self.is_alive, f"the gateway ended with {self.exit_code}: {self.log()[-2000:]}"

    @property
    def http_address(self) -> str:
        wish = str(self.settings["listen.api"])
        if wish.startswith("unix:"):
            return wish
        return re.search(r"api=(\S+)", self.log()).group(1)

    def connect(self, timeout: float = 20) -> http.client.HTTPConnection:
        address = self.http_address
        if address.startswith("unix:"):
            return UnixConnection(address[5:], timeout)
        host, port = address.rsplit(":", 1)
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout)

    def ask(self, method: str, target: str, body=None, timeout: float = 20, **headers) -> Reply:
        connection = self.connect(timeout)
        try:
            connection.request(method, target, body=body,
                               headers={name.replace("_", "-"): value for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, target: str, **headers) -> Reply:
        return self.ask("GET", target, **headers)

    def post(self, article, target: str = "/v1/articles", packed=False, timeout: float = 60, **headers) -> Reply:
        """A dictionary as JSON, a list as JSON lines, bytes as they are."""
        body = article
        if isinstance(article, dict):
            body = json.dumps(article).encode()
            headers.setdefault("Content_Type", "application/json")
        elif isinstance(article, list):
            body = b"".join(json.dumps(one).encode() + b"\n" for one in article)
            headers.setdefault("Content_Type", "application/x-ndjson")
        if packed:
            body = gzip.compress(body)
            headers["Content_Encoding"] = "gzip"
        return self.ask("POST", target, body, timeout=timeout, **headers)

    def raw(self, timeout: float = 20) -> socket.socket:
        """A connection to say what one likes, byte by byte."""
        connection = self.connect(timeout)
        connection.connect()
        return connection.sock
