# SPDX-License-Identifier: Apache-2.0
"""Memory under a feed ten times what the workers store: broker and workers stay within the bounds
that docs/operations.md states, under a limit that would end them. The long form draws what they
used (NEWSLOOM_PLOT names the file)."""
import os
import threading
import time
from pathlib import Path

from support.articles import Newsroom, Piece
from support.auditor import Auditor, report
from support.feeder import Feeder
from support.ledger import Ledger
from support.operating import Operator
from support.plot import write_svg
from support.programs import is_sanitized
from support.waiting import wait_for

MIB = 1 << 20
TIMES = 10
QUEUED_BYTES = 60
CACHE = 32 * MIB
IS_SANITIZED = is_sanitized()
BROKER_MOST = (64 * MIB + CACHE) * (8 if IS_SANITIZED else 1)
WORKER_MOST = 128 * MIB * (8 if IS_SANITIZED else 1)
DATA_LIMIT = 512 * MIB


def anonymous(program) -> int:
    """Its own memory now; pages of the store's file belong to the kernel's cache."""
    for line in Path(f"/proc/{program.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


class Flood(threading.Thread):
    """Offers TIMES as many articles as were stored so far; what is refused is not sent again."""

    def __init__(self, endpoint, seed, name, ledger, wanted):
        super().__init__(daemon=True, name=name)
        self.feeder = Feeder(endpoint, ledger)
        room = Newsroom(seed, name, real_size=True)
        self.pool = room.pieces(60)
        self.wanted = wanted  # how many this one should have offered by now
        self.offered = 0
        self.stopping = threading.Event()
        self.failure = None

    def _next(self) -> list:
        pieces = []
        for number in range(self.offered, self.offered + 16):
            body = self.pool[number % len(self.pool)]
            pieces.append(Piece(body.source, f"bai-{number:08d}", f"{body.title} {number}", body.content,
                                content_type=body.content_type))
        return pieces

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                if self.offered >= self.wanted():
                    self.stopping.wait(0.02)
                    continue
                self.feeder.submit(self._next(), patient=False, deadline=60)
                self.offered += 16
        except Exception as error:  # said by finish()
            self.failure = error

    def finish(self) -> int:
        self.stopping.set()
        self.join(70)
        if self.failure:
            raise self.failure
        self.feeder.close()
        return self.offered


def test_memory_is_bounded_at_ten_times_the_sustainable_feed(new_broker, new_worker, database, seed,
                                                             time_given):
    ledger, operator = Ledger(), None
    broker = new_broker(start=False, **{
        "store.budget": "64MiB" if time_given.is_long else "16MiB", "store.reserve": "8MiB",
        "cache.size": f"{CACHE // MIB}MiB", "queue.limit": "100000", "lease.duration": "20s"})
    workers = []
    if not IS_SANITIZED:
        broker.prefix = ["prlimit", f"--data={DATA_LIMIT}"]
    broker.start()
    for number in range(2):
        worker = new_worker(broker, database, name=f"tho-{number}", start=False, worker_slots=32)
        worker.prefix = broker.prefix
        workers.append(worker.start())
    operator = Operator(broker.endpoint("operator"))
    stored = [0]
    floods = [Flood(broker.endpoint("feed"), seed, f"lu-{number}", ledger,
                    lambda: (stored[0] * TIMES + 640) / 4) for number in range(4)]
    for flood in floods:
        flood.start()
    lines = {name: [] for name in ("broker", "worker 1", "worker 2", "queued / 1,000")}
    begin = time.monotonic()
    end = begin + time_given.seconds(8)

    def look():
        status = operator.status(30)
        stored[0] = status.last_sequence
        queued = sum(c.queued + c.waiting for c in status.classes)
        at = (time.monotonic() - begin) / 60
        for name, value in zip(lines, (anonymous(broker), *map(anonymous, workers))):
            lines[name].append((at, value / MIB))
        lines["queued / 1,000"].append((at, queued / 1000))
        assert anonymous(broker) <= BROKER_MOST + QUEUED_BYTES * queued, "the broker has grown"
        assert max(map(anonymous, workers)) <= WORKER_MOST, "a worker has grown"
        for flood in floods:
            assert not flood.failure, flood.failure
        return time.monotonic() > end
    wait_for(look, time_given.seconds(8) + 120, "the time is over", every=0.25 if not time_given.is_long else 5)
    offered = sum(flood.finish() for flood in floods)
    if os.environ.get("NEWSLOOM_PLOT"):
        write_svg(Path(os.environ["NEWSLOOM_PLOT"]), f"Memory at {TIMES} times the sustainable feed",
                  "MiB", lines)
    most = {name: max(value for _, value in line) for name, line in lines.items()}
    times = offered / max(1, stored[0])
    operator.close()
    audit = Auditor(broker, ledger, database, may_forget=True).run(deadline=120 + len(ledger) / 20)
    assert all(program.is_alive and program.starts == 1 for program in (broker, *workers))
    report("memory", audit, 1, offered=offered, times=round(times, 1),
           refused=ledger.counts.get("RETRY_LATER", 0), broker_mib=round(most["broker"], 1),
           worker_mib=round(max(most["worker 1"], most["worker 2"]), 1), seed=seed)
    assert ledger.counts.get("RETRY_LATER", 0) > 0 or time_given.is_long, "the store was never full"
