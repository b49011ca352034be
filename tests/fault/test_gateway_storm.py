# SPDX-License-Identifier: Apache-2.0
"""The gateway between hostile clients and kills: every 202 has its entry in the log, once, and a stream that resumes
has no hole."""
import gzip
import http.client
import json
import random
import threading

from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.waiting import breathe, wait_for

AWAY = (OSError, http.client.HTTPException, ValueError)


class Client(threading.Thread):
    def __init__(self, gateway, seed):
        super().__init__(daemon=True)
        self.gateway, self.random = gateway, random.Random(seed)
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stopping.is_set():
                try:
                    self.act()
                except AWAY:
                    breathe()  # it was killed, or is about to be there again
        except Exception as error:  # said by finish()
            self.failure = error

    def finish(self):
        self.stopping.set()
        self.join(60)
        assert not self.is_alive(), f"{type(self).__name__} hangs"
        if self.failure:
            raise self.failure


class Honest(Client):
    """Sends each article until it is answered 2xx, one at a time or a line each."""

    def __init__(self, gateway, seed):
        super().__init__(gateway, seed)
        self.name_, self.count, self.waiting, self.accepted = f"bao-{seed}", 0, [], {}

    def act(self):
        if not self.waiting:
            many = self.random.randrange(1, 20)
            self.waiting = [{"source": "proof", "key": f"{self.name_}/{self.count + number}", "text": f"Xin chào {self.count + number}."}
                            for number in range(many)]
            self.count += many
        body = self.waiting[0] if len(self.waiting) == 1 else self.waiting
        reply = self.gateway.post(body, packed=self.random.random() < 0.5, timeout=20)
        assert reply.status in (200, 202, 207, 429, 503), reply
        if reply.status in (429, 503):
            return
        lines = [reply.json] if len(self.waiting) == 1 else reply.lines
        for line in lines:
            if line["receipt"] in ("ACCEPTED", "DUPLICATE"):
                assert self.accepted.setdefault(line["key"], line["article_id"]) == line["article_id"]
        self.waiting = [article for article in self.waiting if article["key"] not in self.accepted]


class Hostile(Client):
    def act(self):
        way = self.random.randrange(4)
        if way == 0:
            packed = gzip.compress(self.random.randbytes(2000))[:self.random.randrange(10, 2000)]
            reply = self.gateway.post(packed, Content_Type="application/json", Content_Encoding="gzip", timeout=10)
            assert reply.status in (400, 503), reply
            return
        with self.gateway.raw(10) as connection:
            if way == 1:
                connection.sendall(self.random.randbytes(self.random.randrange(1, 3000)))
                connection.recv(100)
            elif way == 2:
                connection.sendall(b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
                                   + self.random.randbytes(self.random.randrange(400)))
            else:
                connection.sendall(b"GET /v1/events?follow=yes HTTP/1.1\r\nHost: localhost\r\n\r\n")
                connection.recv(self.random.randrange(1, 500))


class Follower(Client):
    """Reads the log line by line, and goes on from the last whole one."""

    def __init__(self, gateway, seed):
        super().__init__(gateway, seed)
        self.cursor, self.keys, self.sequence, self.resumed = "earliest", {}, 0, 0

    def act(self):
        connection = self.gateway.connect(10)
        try:
            connection.request("GET", f"/v1/events?follow=yes&after={self.cursor}")
            answer = connection.getresponse()
            if answer.status != 200:
                raise OSError(f"not now: {answer.status}")
            self.resumed += 1
            while not self.stopping.is_set() and (line := answer.readline()).endswith(b"\n"):
                self.take(json.loads(line))
        finally:
            connection.close()

    def take(self, said):
        assert said["kind"] != "GAP", said
        if "sequence" in said:
            assert said["sequence"] == self.sequence + 1, f"{said['sequence']} after {self.sequence}"
            self.sequence = said["sequence"]
            self.keys[said["key"]] = self.keys.get(said["key"], 0) + 1
        self.cursor = said["cursor"]


def test_gateway_storm(new_broker, new_gateway, directory, seed, time_given):
    broker = new_broker()
    gateway = new_gateway(broker, **{"listen.api": f"unix:{directory}/api", "limit.streams": "16", "header.timeout": "2s", "body.timeout": "3s",
                                     "heartbeat.interval": "200ms", "receipt.timeout": "5s", "answer.timeout": "500ms"})
    working = WorkingThread(broker.endpoint("work"), "may", 32, MemoryStorage())
    honest = [Honest(gateway, f"{seed}-{number}") for number in range(3)]
    follower = Follower(gateway, seed)
    clients = [*honest, follower, *(Hostile(gateway, f"{seed}-x{number}") for number in range(3))]
    for thread in (working, *clients):
        thread.start()
    chance = random.Random(seed)

    def accepted():
        return sum(len(one.accepted) for one in honest)
    for number in time_given.rounds(6):
        enough = accepted() + chance.randrange(20, 200)
        wait_for(lambda: accepted() >= enough or any(one.failure for one in clients), 60, "articles are accepted")
        (broker if number % 2 else gateway).restart()
    for client in clients:
        if client is not follower:
            client.finish()
    keys = {key for one in honest for key in one.accepted}
    wait_for(lambda: keys <= set(follower.keys) or follower.failure, 60, "everything that was accepted has its entry")
    follower.finish()
    working.finish()
    assert set(follower.keys.values()) == {1} and follower.resumed >= 2
    feeder = Feeder(broker.endpoint("feed"))
    key, article_id = next(iter(honest[0].accepted.items()))
    assert feeder.outcome("proof", key).article_id == article_id
    feeder.close()
    print(f"{len(keys)} accepted, {follower.sequence} entries, {follower.resumed} streams, "
          f"{broker.kills + gateway.kills} kills")
