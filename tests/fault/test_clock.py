# SPDX-License-Identifier: Apache-2.0
"""The wall clock is set back and forward while leases run and articles wait; the machine reboots,
and its monotonic clock begins anew. The machine's own clocks are left alone: shifted_clock.c moves
the wall clock of one process, a time namespace the monotonic one."""
import os
import random
import struct
import subprocess
import time

import pytest

from support.auditor import Auditor, report
from support.fake_worker import FakeWorker, MemoryStorage
from support.feeder import Feeder
from support.operating import Operator
from support.programs import preload
from support.rig import Rig
from support.waiting import wait_for

SECOND, HOUR, DAY = 1000, 3600_000, 86400_000
JUMPS = [way * size for way in (1, -1)
         for size in (SECOND, 90 * SECOND, HOUR, 40 * DAY, 400 * DAY, 8000 * DAY)]
BACKOFF = 1.5


class Clock:
    """The wall clock of the processes that are started with its environment."""

    def __init__(self, path):
        self.path = path
        self.set(0)
        self.jumps = 0

    def set(self, ms: int) -> None:
        """Milliseconds before or after the true time."""
        if self.path.exists():
            file = os.open(self.path, os.O_WRONLY)
            os.pwrite(file, struct.pack("=q", ms), 0)
            os.close(file)
            self.jumps += 1
        else:
            self.path.write_bytes(struct.pack("=q", ms))

    @property
    def environment(self) -> dict:
        return {"LD_PRELOAD": preload("libshifted_clock.so"), "NEWSLOOM_CLOCK_FILE": self.path}


def why_no_reboot() -> str:
    done = subprocess.run(["unshare", "--time", "--monotonic=1000", "true"], capture_output=True, text=True)
    return "" if done.returncode == 0 else \
        f"a reboot is a time namespace, which only root may make: {done.stderr.strip()}"


def test_clock_jumps_under_load(new_broker, new_worker, database, directory, seed, time_given):
    """No lease ends, no wait is cut short or drawn out, and nothing is forgotten for an age that
    it does not have."""
    chance = random.Random(seed)
    clocks = [Clock(directory / f"clock-{name}") for name in ("broker", "worker")]
    broker = new_broker(env=clocks[0].environment, **{"lease.duration": "20s"})
    workers = [new_worker(broker, database, name=f"tho-{number}", worker_slots=8,
                          env=clocks[1].environment) for number in range(4)]
    rig = Rig.full(broker, seed, database).start()
    operator = Operator(broker.endpoint("operator"))
    jumps = []
    for _ in time_given.rounds(6):
        jumps = jumps or chance.sample(JUMPS, len(JUMPS))
        chance.choice(clocks[:1] * 2 + clocks[1:]).set(jumps.pop())
        before = operator.status().last_sequence
        wait_for(lambda: operator.status().last_sequence > before + 8, 30, "the work goes on", every=0.05)
    assert "clock-jumped" in broker.log(), "the broker never saw a jump"
    assert "worker-lost" not in broker.log(), "a jump ended a lease"
    operator.close()
    audit = rig.settle_and_audit("clock_jumps", sum(clock.jumps for clock in clocks))
    feeder = Feeder(broker.endpoint("feed"))
    for promise in rig.ledger.promises.values():
        assert feeder.outcome(promise.source, promise.key, promise.revision).attempts_charged == 0
    feeder.close()
    assert audit.dead == 0 and all(worker.is_alive and worker.starts == 1 for worker in workers)


@pytest.fixture
def waiting(new_broker, directory, ledger, newsroom):
    """A broker with eight articles that wait for their next attempt."""
    clock = Clock(directory / "clock")
    storage = MemoryStorage()
    broker = new_broker(env=clock.environment, **{
        "backoff.first": f"{int(BACKOFF * 1000)}ms", "backoff.limit": f"{int(BACKOFF * 1000)}ms",
        "attempt.limit": "1000", "restart.grace": "0s"})

    class Waiting:
        faults = 0

        def __init__(self):
            self.broker, self.clock = broker, clock
            self.feeder = Feeder(broker.endpoint("feed"), ledger)
            self.worker = FakeWorker(broker.endpoint("work"), "may", 8, storage)

        def make(self):
            """Eight new ones, failed once: they wait. When the first of them failed."""
            pieces = newsroom.pieces(8)
            self.feeder.submit(pieces)
            leases = self.worker.take(8)
            begin = time.monotonic()
            self.worker.start(*leases)
            for lease in leases:
                self.worker.fail(lease)
            self.worker.pump_until(lambda: self.waiting() == 8, 10, "eight wait")
            return begin

        def waiting(self):
            operator = Operator(broker.endpoint("operator"))
            try:
                return sum(c.waiting for c in operator.status().classes)
            finally:
                operator.close()

        def drain(self):
            """Their next attempt comes, and succeeds; when the first of them came."""
            self.worker.pump_until(lambda: self.worker.held, 10 + 2 * BACKOFF, "the wait is over")
            first = time.monotonic()
            leases = self.worker.take(8)
            self.worker.start(*leases)
            for lease in leases:
                self.worker.done(lease)
            self.worker.pump_until(lambda: not self.worker.held, 15, "everything is settled")
            self.faults += 1
            return first

        def finish(self, name):
            audit = Auditor(broker, ledger, storage).run()
            assert (audit.stored, audit.dead) == (len(ledger), 0)
            report(name, audit, self.faults)
            self.feeder.close()
            self.worker.close()
    return Waiting()


def test_waiting_articles_wait_as_long_as_they_were_told(waiting, seed, time_given):
    """While the broker runs the wall clock has no say: three quarters of the backoff at least."""
    chance = random.Random(seed)
    for _ in time_given.rounds(2):
        failed_at = waiting.make()
        waiting.clock.set(chance.choice(JUMPS))
        assert waiting.drain() - failed_at >= 0.74 * BACKOFF, "an article came before its time"
    waiting.finish("waiting_through_jumps")


def test_waiting_articles_come_after_a_restart_with_another_clock(waiting, seed, time_given):
    """Due far in the future by the new clock, or by a running one that was set back; they come, and
    nothing is forgotten. (A clock ahead at the start cannot be told from a long rest.)"""
    chance = random.Random(seed)
    for number in time_given.rounds(2):
        waiting.make()
        waiting.broker.kill9()
        waiting.clock.set(0 if number % 2 else -abs(chance.choice(JUMPS)))
        waiting.broker.start()
        waiting.drain()
    waiting.finish("waiting_through_restarts")


def test_waiting_articles_come_after_a_reboot(waiting, seed, time_given):
    """The monotonic clock begins anew; now it is far behind what it was, now far ahead."""
    reason = why_no_reboot()
    if reason:
        pytest.skip(reason)
    up = int(time.clock_gettime(time.CLOCK_MONOTONIC))
    for number in time_given.rounds(2):
        waiting.make()
        waiting.broker.kill9()
        shift = 1000 * 86400 if number % 2 else 5 - up  # as five seconds after the boot
        waiting.broker.prefix = ["unshare", "--time", f"--monotonic={shift}"]
        waiting.broker.start()
        waiting.drain()
    waiting.finish("waiting_through_reboots")
