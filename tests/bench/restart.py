# SPDX-License-Identifier: Apache-2.0
"""How long a broker with many queued articles takes from exec to work, and what one queued article costs it.

A store is filled (bench_fill), a broker opens it, gives a worker what it holds and is killed with -9. Then it is
started again: measured are the first receipt ACCEPTED and the first dispatch of an article that was queued before,
both from exec, with the article files in the page cache and, once more, dropped from it.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import time

from support.articles import Newsroom
from support.contract import wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.programs import Broker
from support.waiting import wait_for

PAYLOAD = 256
PATIENCE = 300.0


def memory(pid):
    """Bytes of the process's own, and of the file it has mapped."""
    rows = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return {name: int(rows[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile")}


def forget_pages(path):
    """Out of the page cache: as after a reboot."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


class Clock(threading.Thread):
    """Notes when one peer first got what it waits for."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action, self.at = action, None
        self.start()

    def run(self):
        self.action()
        self.at = time.monotonic()


def first_receipt(broker):
    feeder = Feeder(broker.endpoint("feed"), resend=PATIENCE)
    receipt, = feeder.submit([Newsroom(int(time.time() * 1000)).piece()], deadline=PATIENCE)
    feeder.close()
    assert receipt.code == wire.ACCEPTED, receipt


def first_dispatch(broker):
    worker = FakeWorker(broker.endpoint("work"), "after", 16)
    wait_for(lambda: worker.pump(0.005) and any(job.key.startswith("queued-") for job in worker.taken), PATIENCE, every=0)
    worker.close()


def start_measured(broker, holder):
    begin = time.monotonic()
    broker.start(wait=False)
    clocks = [Clock(lambda action=action: action(broker)) for action in (first_receipt, first_dispatch)]
    while any(clock.is_alive() for clock in clocks):
        holder.pump(0.01)
    return [clock.at - begin for clock in clocks]


def wait_loaded(broker, holder):
    """Seconds from exec until the whole queue was in memory, as the broker's log says."""
    line = re.compile(r"loaded articles=\d+ held=\d+ ms=(\d+)")
    found = wait_for(lambda: holder.pump(0.02) and None or line.search(broker.log()), PATIENCE)
    return int(found.group(1)) / 1000


def restart_one(directory, queued, build_dir):
    budget = 512 * 1024 * 1024 + queued * 700
    broker = Broker(directory, **{"store.budget": budget, "store.reserve": "64MiB", "restart.grace": "0s",
                                  "queue.limit": 2 * queued + 1000000, "lease.duration": "30s", "beat.interval": "5s"})
    fill = subprocess.run([str(build_dir / "bin" / "bench_fill"), "--directory", str(broker.store), "--budget", str(budget),
                           "--articles", str(queued), "--size", str(PAYLOAD)], stdout=subprocess.PIPE, check=True)
    rows = []
    broker.start(wait=False)
    Broker.wait_ready(broker, PATIENCE)
    holder = FakeWorker(broker.endpoint("work"), "before", 100)
    holder.take(100, PATIENCE)
    del broker.settings["restart.grace"]  # as it comes
    for cache in ("warm", "cold"):
        broker.kill9()
        if cache == "cold":
            forget_pages(broker.store / "data.mdb")
        receipt, dispatch = start_measured(broker, holder)
        loaded = wait_loaded(broker, holder)
        used = memory(broker.pid)
        rows.append({"queued": queued, "page_cache": cache, "receipt_s": round(receipt, 2), "dispatch_s": round(dispatch, 2),
                     "loaded_s": loaded, "anon_bytes": used["RssAnon"], "mapped_bytes": used["RssFile"],
                     "store_bytes": json.loads(fill.stdout)["used_bytes"]})
    broker.terminate()
    holder.close()
    return rows


def restart(arguments, build_dir):
    rows = []
    empty = None
    for queued in (1, *arguments.queued):
        with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
            some = restart_one(pathlib.Path(directory), max(queued, 200), build_dir)
        if empty is None:
            empty = some[0]["anon_bytes"]
            continue
        for row in some:
            row["anon_bytes_per_article"] = round((row["anon_bytes"] - empty) / queued, 1)
        rows += some
    return rows
