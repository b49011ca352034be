# SPDX-License-Identifier: Apache-2.0
"""How long a beat takes to be heard, measured by a process that does nothing else.

A beat has no answer of its own. So a word that the work socket refuses is sent right behind it: its refusal leaves at
the end of the turn that heard both.
"""
import statistics
import subprocess
import sys
import time
from pathlib import Path

from support import paths
from support.contract import wire
from support.fake_worker import FakeWorker
from support.programs import die_with_parent, environment
from support.waiting import breathe, wait_for

PACE = 0.01
LOST = 60.0
FIRST = 20  # answers, before it is used


class BeatProbe:
    def __init__(self, endpoint: str, directory: Path):
        self.path = directory / "beats"
        tests = str(Path(__file__).resolve().parents[1])
        with self.path.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "support.beat_probe", endpoint], stdout=out, preexec_fn=die_with_parent,
                env=environment(PYTHONPATH=tests, NEWSLOOM_BUILD=paths.BUILD))
        self.taken = 0
        wait_for(lambda: self.path.read_text().count("\n") >= FIRST, 60, "beats are answered")

    def take(self) -> list:
        """Milliseconds of each answer since the last call."""
        assert self.process.poll() is None, "a beat was not heard"
        lines = self.path.read_text().split("\n")[:-1]
        fresh, self.taken = lines[self.taken:], len(lines)
        return [float(line) for line in fresh]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


def figures(prefix: str, times: list) -> dict:
    """Median, 99th percentile and worst, for a report."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {f"{prefix}_beats": len(times), f"{prefix}_p50_ms": round(cuts[49], 1),
            f"{prefix}_p99_ms": round(cuts[98], 1), f"{prefix}_worst_ms": round(max(times), 1)}


def main(endpoint: str) -> None:
    worker = FakeWorker(endpoint, "probe", slots=1)
    worker.hello()
    worker.pump_until(lambda: worker.welcome, LOST)
    while True:
        begin = time.monotonic()
        worker.beat(free=0)
        worker.channel.send("settled", wire.Settled())
        worker.pump_until(lambda: worker.refusals, LOST, "a beat was not heard")
        assert worker.refusals.pop().code == wire.UNEXPECTED_MESSAGE and not worker.hello_firsts
        print(f"{1000 * (time.monotonic() - begin):.3f}", flush=True)
        breathe(PACE)


if __name__ == "__main__":
    main(sys.argv[1])
