# SPDX-License-Identifier: Apache-2.0
"""A client of bad will, and what it costs the honest ones.

    hostile.py attack  FILE [NAME…]     attacks until it is killed; FILE says where (JSON)
    hostile.py measure [--articles N]  the honest clients' throughput without and with every attack

`measure` needs a release build (NEWSLOOM_BUILD) with bench_broker. It starts brokers of its own and prints the median
of each: alone; while the same attacks run against another broker on this machine, which takes the processor away but
nothing else; while they run against this one. What the honest clients lose is the difference of the last two. With
TMPDIR=/dev/shm the stores are in memory, and whoever else uses the disk does not count.
"""
import argparse
import gc
import json
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zmq  # noqa: E402

from support import paths  # noqa: E402
from support.contract import envelope, next_request, wire  # noqa: E402
from support.keys import Keyring, Pair, Shown  # noqa: E402
from support.waiting import breathe  # noqa: E402

SOCKETS = ("feed", "work", "subscribe", "operator")
GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"


class Target:
    """Where to attack, and with which key, if any."""

    def __init__(self, facts: dict):
        self.endpoints = facts["endpoints"]
        self.server = bytes.fromhex(facts.get("server", ""))
        self.keys = {name: Pair(path) for name, path in facts.get("keys", {}).items()}

    def connect(self, name: str, kind=zmq.DEALER, identity: bytes = b""):
        opened = zmq.Context.instance().socket(kind)
        for option, value in ((zmq.LINGER, 0), (zmq.SNDTIMEO, 1000), (zmq.RECONNECT_IVL, 100), (zmq.RCVHWM, 1)):
            opened.setsockopt(option, value)
        if identity:
            opened.setsockopt(zmq.ROUTING_ID, identity)
        if self.server:
            Shown(self.endpoints[name], self.server, self.keys[name]).show_key(opened)
        opened.connect(self.endpoints[name])
        return opened

    def wire(self, name: str):
        """A bare connection."""
        endpoint = self.endpoints[name]
        if endpoint.startswith("ipc://"):
            bare = socket.socket(socket.AF_UNIX)
            bare.connect(endpoint.removeprefix("ipc://"))
            return bare
        host, port = endpoint.removeprefix("tcp://").split(":")
        return socket.create_connection((host, int(port)), timeout=5)


def send(opened, *frames) -> None:
    opened.send_multipart(frames, copy=len(frames) < 100)  # zmq.Again: it was cut off, the round is over


def oversized_frames(target: Target) -> None:
    """Above twice the limit ZeroMQ ends the connection; between one and two times comes TOO_LARGE."""
    opened = target.connect("feed")
    submit = wire.Submit(articles=[wire.Submission(source="x", key="y", digest=bytes(32), size=1 << 20)])
    for size in (9 << 20, 3 << 20, 100, 9 << 20):
        send(opened, envelope("submit", submit, next_request()), bytes(size))
        breathe(0.2)
    opened.close()


def many_frames(target: Target) -> None:
    opened = target.connect(random.choice(SOCKETS))
    frames = [b"x"] * 20000
    for _ in range(5):
        send(opened, envelope("submit", wire.Submit(), next_request()), *frames)
        breathe(0.05)
    opened.close()


def endless_message(target: Target) -> None:
    """Frames that never end in a last one."""
    bare = target.wire("feed")
    bare.sendall(GREETING + READY)
    frame = b"\x03" + struct.pack(">Q", 1 << 20) + bytes(1 << 20)
    bare.settimeout(5)
    for _ in range(2000):
        bare.sendall(frame)
    bare.close()


def half_messages(target: Target) -> None:
    """Connections that stop in the greeting, after it, in the middle of a frame, or say nothing at all."""
    held = []
    for i in range(60):
        bare = target.wire(random.choice(SOCKETS))
        if i % 4 == 1:
            bare.sendall(GREETING[:11])
        elif i % 4 == 2:
            bare.sendall(GREETING + READY)
        elif i % 4 == 3:
            bare.sendall(GREETING + READY + b"\x02" + struct.pack(">Q", 1 << 20) + bytes(1000))
        held.append(bare)
        breathe(0.02)
    for bare in held:
        bare.close()


def identity_theft(target: Target) -> None:
    """Names that others have, that a ROUTER gives by itself, and one name twice."""
    names = [b"\0" + struct.pack(">I", random.getrandbits(32)) for _ in range(3)]
    names += [b"worker", b"\0\0\0\0\1", os.urandom(255)]
    for socket_name in ("work", "feed"):
        thieves = [target.connect(socket_name, identity=name) for name in names for _ in range(2)]
        for thief in thieves:
            held = [wire.Held(lease=number, article_id=number, started=True) for number in range(1, 30)]
            send(thief, envelope("hello", wire.Hello(session=os.urandom(16), worker="may-0", slots=1, held=held,
                                                     protocol_min=1, protocol_max=1)))
            for first in range(1, 200, 20):
                send(thief, envelope("done", wire.Done(results=[
                    wire.Result(lease=n, article_id=n, kind=wire.ENTRY_STORED, extraction_digest=bytes(32))
                    for n in range(first, first + 20)])), *[b"x"] * 20)
                send(thief, envelope("release", wire.Release(leases=range(first, first + 20))))
        breathe(0.3)
        for thief in thieves:
            thief.close()


def endless_subscriptions(target: Target) -> None:
    listener = target.connect("live", zmq.SUB)
    for i in range(20000):
        listener.setsockopt(zmq.SUBSCRIBE, b"%d/%d" % (os.getpid(), i))
    breathe(0.3)
    listener.close()
    opened = target.connect("subscribe")
    for i in range(300):
        send(opened, envelope("subscribe", wire.Subscribe(name=f"thief-{i % 20}", credit=1,
                                                          **{"from": wire.FROM_EARLIEST}), next_request()))
    breathe(0.3)
    opened.close()


def credit_without_reading(target: Target) -> None:
    """Grants 2^63 and reads nothing; says it has 2^32 - 1 free slots and takes nothing."""
    readers = [target.connect("subscribe") for _ in range(8)]
    for opened in readers:
        send(opened, envelope("subscribe", wire.Subscribe(credit=1 << 63, **{"from": wire.FROM_EARLIEST}),
                              next_request()))
    for _ in range(20):
        for opened in readers:
            send(opened, envelope("credit", wire.Credit(total=(1 << 64) - 1, acknowledged=1 << 63)))
        breathe(0.05)
    for opened in readers:
        opened.close()


def flood(target: Target) -> None:
    """What no socket takes, as fast as it goes."""
    opened = target.connect(random.choice(SOCKETS))
    kinds = [b"\xff" * 40, b"", envelope("welcome", wire.Welcome()), os.urandom(4096),
             envelope("outcome_request", wire.OutcomeRequest(source="x", key="y"), 1)]
    for _ in range(20000):
        send(opened, random.choice(kinds))
    opened.close()


ATTACKS = {one.__name__: one for one in (oversized_frames, many_frames, endless_message, half_messages, identity_theft,
                                         endless_subscriptions, credit_without_reading, flood)}


def attack_for_ever(target: Target, name: str) -> None:
    while True:
        try:
            ATTACKS[name](target)
        except (OSError, zmq.ZMQError):
            gc.collect()  # cut off: what it left open is closed
        print(f"round {name}", flush=True)
        breathe(0.05)


def attack(facts: Path, names: list) -> None:
    target = Target(json.loads(facts.read_text()))
    for name in names or ATTACKS:
        threading.Thread(target=attack_for_ever, args=(target, name), daemon=True).start()
    threading.Event().wait()


class Attack:
    """The attacks as a process of their own."""

    def __init__(self, broker, directory: Path, names=(), ring: Keyring = None, keys: dict = None):
        facts = {"endpoints": {name: broker.endpoint(name) for name in (*SOCKETS, "live")}}
        if ring:
            facts.update(server=ring.server.text, keys={name: str(pair.path) for name, pair in keys.items()})
        path = directory / "target.json"
        path.write_text(json.dumps(facts))
        self.log_path = directory / "hostile.log"
        self.log = (directory / "hostile.log").open("wb")
        self.process = subprocess.Popen([sys.executable, __file__, "attack", str(path), *names],
                                        stdout=self.log, stderr=self.log)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def rounds(self, name: str) -> int:
        return self.log_path.read_text().count(f"round {name}\n")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


# ---- what it costs ----

def honest_rate(broker, articles: int) -> float:
    """Articles a second, from the first submission to the last Settled, of tests/bench's feeders and workers."""
    command = [str(paths.program("bench_broker")), "--feed", broker.endpoint("feed"), "--work", broker.endpoint("work"),
               "--pid", str(broker.pid), "--articles", str(articles), "--size", "4096", "--feeders", "4", "--workers", "4",
               "--batch", "16", "--window", "1024", "--phase", "load"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)["articles_per_second"]


def under_attack(broker, target, folder: Path, articles: int, names: list) -> float:
    hostile = Attack(target, folder, names)
    try:
        breathe(1.0)
        return honest_rate(broker, articles)
    finally:
        hostile.end()


def measure(articles: int, rounds: int, names: list) -> None:
    from support.programs import Broker
    with tempfile.TemporaryDirectory(prefix="nl-") as folder:
        folder = Path(folder)
        tcp = {f"listen.{name}": "tcp://127.0.0.1:*" for name in (*SOCKETS, "live")}
        # roomy, for bench_broker's feeders do not come again when they hear RETRY_LATER
        ours, other = (Broker(folder / name, **tcp, **{"store.budget": "2GiB"}).start() for name in ("a", "b"))
        rates = {"alone": [], "attacks on another broker": [], "attacks on this broker": []}
        try:
            for _ in range(rounds):  # in turn, because others use this machine as well
                rates["alone"].append(honest_rate(ours, articles))
                rates["attacks on another broker"].append(under_attack(ours, other, folder, articles, names))
                rates["attacks on this broker"].append(under_attack(ours, ours, folder, articles, names))
        finally:
            ours.kill9()
            other.kill9()
    for title, each in rates.items():
        print(f"{title:26} {statistics.median(each):6.0f} articles/s   of {' '.join(f'{rate:.0f}' for rate in each)}")
    _, there, here = (statistics.median(each) for each in rates.values())
    print(f"the honest clients' throughput falls by {100 * (1 - here / there):.0f} %")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("attack")
    one.add_argument("facts", type=Path)
    one.add_argument("names", nargs="*", choices=[*ATTACKS, []])
    two = verbs.add_parser("measure")
    two.add_argument("--articles", type=int, default=50000)
    two.add_argument("--rounds", type=int, default=3)
    two.add_argument("--attack", action="append", default=[], choices=ATTACKS, help="only this one; may be repeated")
    given = parser.parse_args()
    if given.verb == "attack":
        attack(given.facts, given.names)
    else:
        measure(given.articles, given.rounds, given.attack)


if __name__ == "__main__":
    main()
