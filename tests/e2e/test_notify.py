# SPDX-License-Identifier: Apache-2.0
"""What systemd is told; and a systemd that hangs, so that nobody reads, stops nobody."""
import socket

import pytest

from support.articles import Newsroom
from support.auditor import wait_settled
from support.feeder import Feeder
from support.waiting import wait_for

WATCHDOG = {"WATCHDOG_USEC": "200000"}


class Listener:
    """systemd's end of the notify socket."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def read(self) -> list:
        lines = []
        while True:
            try:
                lines += self.socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return lines

    def fill(self) -> None:
        """Until no more goes in: what comes now would wait for a reader."""
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                sender.sendto(b"STATUS=full", self.path)
        sender.close()


@pytest.fixture
def listener(directory):
    listener = Listener(directory / "notify")
    yield listener
    listener.socket.close()


def environment(listener) -> dict:
    return {"NOTIFY_SOCKET": listener.path, **WATCHDOG}


def heard(listener, word: str):
    return lambda: word in listener.read()


def test_systemd_is_told(new_broker, new_worker, database, listener):
    broker = new_broker(env=environment(listener))
    wait_for(heard(listener, "READY=1"), 20, "the broker is ready")
    wait_for(heard(listener, "WATCHDOG=1"), 20, "it beats")
    worker = new_worker(broker, database)  # nothing of it is heard here
    broker.signal(15)
    wait_for(heard(listener, "STOPPING=1"), 20, "it stops")
    worker.kill9()


def test_systemd_is_told_of_the_gateway(broker, new_gateway, listener):
    gateway = new_gateway(broker, env=environment(listener))
    wait_for(heard(listener, "READY=1"), 20, "it is ready")
    wait_for(heard(listener, "WATCHDOG=1"), 20, "it beats")
    gateway.signal(15)
    wait_for(heard(listener, "STOPPING=1"), 20, "it stops")
    assert gateway.wait_exit() == 0


def test_a_systemd_that_hangs_stops_nobody(new_broker, new_worker, database, listener, seed):
    listener.fill()
    broker = new_broker(env=environment(listener))
    worker = new_worker(broker, database, env=environment(listener))
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(Newsroom(seed).pieces(20))
    wait_settled(broker)
    feeder.close()
    told = listener.read()
    assert set(told) == {"STATUS=full"}, told
    told = []
    wait_for(lambda: told.extend(listener.read()) or (told.count("READY=1") == 2 and "WATCHDOG=1" in told), 20,
             "what was not read is said again")
    listener.fill()
    for program in (worker, broker):
        assert program.terminate(20) == 0, program.log()[-1000:]


def test_an_abstract_socket_is_one_too(new_broker, directory):
    name = f"nl-{directory.name}"
    listener = Listener(f"\0{name}")
    new_broker(env={"NOTIFY_SOCKET": f"@{name}"})
    wait_for(heard(listener, "READY=1"), 20, "the broker is ready")
    listener.socket.close()
