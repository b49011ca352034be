#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What so many workers on many hosts reach, from what each step costs here: a simulation of the whole.

usage: tests/bench/simulate.py [--workers N,…] [--one-machine] [--articles N] [--COST VALUE …]

Each worker host has --worker-cores cores and as many extraction threads, the broker's host as many as it needs for its one thread,
PostgreSQL's host --database-cores; articles and results cross the broker's link. With --one-machine everything, feeders and subscriber
too, shares --worker-cores cores, as tests/bench/run end-to-end does. Feeders always have another article.

Costs are CPU microseconds of one article unless they say otherwise; the defaults are measured, docs/performance.md says how.
Printed for each number of workers: articles a second, how busy the broker, its link and PostgreSQL were, and the median time from
dispatch to settlement.
"""
import argparse
import collections
import heapq
import itertools
import statistics

COSTS = {
    "accept_us": (13, "broker: take, check and keep an article"),
    "settle_us": (26, "broker: hand it out, settle it, publish its event"),
    "sync_us": (150, "broker: one sync a turn, whatever is in it"),
    "extract_us": (1250, "worker: bytes to facts"),
    "pack_us": (120, "worker: the rest: messages, rows, digests"),
    "store_us": (950, "PostgreSQL: one article with all its rows and index entries"),
    "trip_us": (300, "one round trip between hosts and through their threads"),
    "feed_us": (25, "feeder, only with --one-machine"),
    "read_us": (20, "subscriber, only with --one-machine"),
    "bytes": (12000, "of an article, its result and its event over the broker's link"),
    "link_mbit": (1000, "of the broker's link"),
}
TURN_MOST, SLOTS, BATCH_MOST = 256, 128, 64


class Clock:
    """Happenings in the order of their time; of equal ones the first that was planned."""

    def __init__(self):
        self.now, self._planned, self._count = 0.0, [], itertools.count()

    def at(self, delay, happen):
        heapq.heappush(self._planned, (self.now + delay, next(self._count), happen))

    def run_until(self, is_over):
        while self._planned and not is_over():
            self.now, _, happen = heapq.heappop(self._planned)
            happen()


class Cores:
    """So many cores, first come first served; with name "link" it is a wire."""

    def __init__(self, clock, count):
        self.clock, self.count, self.used, self.busy_us = clock, count, 0, 0.0
        self.waiting = collections.deque()

    def work(self, cost, then):
        self.waiting.append((cost, then))
        self._start()

    def _start(self):
        while self.waiting and self.used < self.count:
            cost, then = self.waiting.popleft()
            self.used += 1
            self.busy_us += cost
            self.clock.at(cost, lambda then=then: self._end(then))

    def _end(self, then):
        self.used -= 1
        then()
        self._start()

    def share_busy(self):
        return self.busy_us / (self.clock.now * self.count) if self.clock.now else 0.0


class Worker:
    def __init__(self, loom, cores, threads, database):
        self.loom, self.cores, self.threads, self.database = loom, cores, threads, database
        self.held, self.extracting, self.is_storing = 0, 0, False
        self.to_extract, self.to_store = collections.deque(), collections.deque()

    def take(self, articles):
        self.to_extract += articles
        self._extract()

    def _extract(self):
        while self.to_extract and self.extracting < self.threads:
            article = self.to_extract.popleft()
            self.extracting += 1
            self.cores.work(self.loom.costs.extract_us + self.loom.costs.pack_us, lambda article=article: self._extracted(article))

    def _extracted(self, article):
        self.extracting -= 1
        self.to_store.append(article)
        self._extract()
        self._store()

    def _store(self):
        """One batch at a time over one connection: what has come since the last."""
        if self.is_storing or not self.to_store:
            return
        batch = [self.to_store.popleft() for _ in range(min(BATCH_MOST, len(self.to_store)))]
        self.is_storing = True
        self.loom.clock.at(self.loom.costs.trip_us,
                           lambda: self.database.work(self.loom.costs.store_us * len(batch), lambda: self._stored(batch)))

    def _stored(self, batch):
        self.is_storing = False
        self.loom.clock.at(self.loom.costs.trip_us, lambda: self.loom.done(self, batch))
        self._store()


class Loom:
    """The broker's turns: what has come in is taken, kept with one sync, answered."""

    def __init__(self, costs, workers):
        self.costs, self.clock, self.settled, self.times = costs, Clock(), 0, []
        shared = Cores(self.clock, costs.worker_cores) if costs.one_machine else None
        self.broker = shared or Cores(self.clock, 1)
        self.database = shared or Cores(self.clock, costs.database_cores)
        self.link = Cores(self.clock, 1)
        self.workers = [Worker(self, shared or Cores(self.clock, costs.worker_cores), costs.worker_cores, self.database)
                        for _ in range(workers)]
        self.results, self.in_turn, self.next = [], False, 0
        self._turn()

    def done(self, worker, batch):
        self.results.append((worker, batch))
        if not self.in_turn:
            self._turn()

    def _turn(self):
        """Feeders fill what room there is: as much is accepted as is handed out."""
        self.in_turn = True
        results, self.results = self.results, []
        for worker, batch in results:
            worker.held -= len(batch)
        given = self._give()
        accepted, settled = sum(given.values()), sum(len(batch) for _, batch in results)
        cost = self.costs.sync_us + accepted * self.costs.accept_us + settled * self.costs.settle_us
        if self.costs.one_machine:
            cost += accepted * self.costs.feed_us + settled * self.costs.read_us
        self.broker.work(cost, lambda: self._turned(results, given))

    def _give(self):
        """To the workers in turn what they have room for."""
        given, left = {}, TURN_MOST
        for _ in range(len(self.workers)):
            worker = self.workers[self.next % len(self.workers)]
            count = min(left, SLOTS - worker.held)
            if count:
                given[worker] = count
                worker.held += count
                left -= count
            if not left:
                break
            self.next += 1
        return given

    def _turned(self, results, given):
        now = self.clock.now
        for _, batch in results:
            self.settled += len(batch)
            self.times += [now - given_at for given_at in batch]
        for worker, count in given.items():
            on_wire_us = count * self.costs.bytes * 8 / self.costs.link_mbit
            self.link.work(on_wire_us, lambda worker=worker, count=count: self.clock.at(
                self.costs.trip_us / 2, lambda: worker.take([now] * count)))
        self.in_turn = False
        if self.results or given:
            self._turn()


def simulate(costs, workers):
    loom = Loom(costs, workers)
    wanted = max(costs.articles, workers * SLOTS * 4)
    loom.clock.run_until(lambda: loom.settled >= wanted / 4)  # until it runs evenly
    begin, counted = loom.clock.now, loom.settled
    loom.times.clear()
    loom.clock.run_until(lambda: loom.settled >= wanted)
    return {"workers": workers, "articles/s": round((loom.settled - counted) / (loom.clock.now - begin) * 1e6),
            "broker": f"{loom.broker.share_busy():.0%}", "link": f"{loom.link.share_busy():.0%}",
            "PostgreSQL": f"{loom.database.share_busy():.0%}", "settled in ms": round(statistics.median(loom.times) / 1000, 1)}


def read_options():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--workers", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2, 4, 10, 30, 100, 300, 1000])
    parser.add_argument("--one-machine", action="store_true")
    parser.add_argument("--articles", type=int, default=20000)
    parser.add_argument("--worker-cores", type=int, default=2)
    parser.add_argument("--database-cores", type=int, default=16)
    for name, (value, meaning) in COSTS.items():
        parser.add_argument("--" + name.replace("_", "-"), type=float, default=value, help=meaning)
    return parser.parse_args()


def main():
    costs = read_options()
    rows = [simulate(costs, workers) for workers in costs.workers]
    columns = list(rows[0])
    widths = [max(len(str(row[column])) for row in [dict(zip(columns, columns)), *rows]) for column in columns]
    for row in [dict(zip(columns, columns)), *rows]:
        print("  ".join(str(row[column]).rjust(width) for column, width in zip(columns, widths)))


if __name__ == "__main__":
    main()
