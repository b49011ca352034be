# SPDX-License-Identifier: Apache-2.0
"""How the cost of an article grows: with what is stored, with what is queued, with subscribers, with workers.

CPU seconds and bytes are what the kernel and PostgreSQL counted, so neighbours disturb them less than times.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile

import psycopg

from support.contract import wire
from support.plot import write_svg
from support.programs import Broker
from support.subscriber import Subscriber
from support.waiting import wait_for

WINDOW = 6400       # articles measured at each size of the tables
LOAD = 20000        # articles through the broker at each size of the queue, of 4 KiB
WAIT_MS = 20
PATIENCE = 900.0


def cpu_of_server(pid):
    """Seconds of the postmaster, of its children and of those that have ended."""
    ticks = 0
    for task in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(task.name) == pid:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def own_cpu(pid):
    return sum(map(int, pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")


def own_memory(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def program(build_dir, name, *arguments):
    done = subprocess.run([str(build_dir / "bin" / name), *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


# ---- tables

def stored(sizes, server, fresh, build_dir, samples):
    """The last WINDOW articles before each size, on one connection."""
    rows, there = [], 0

    def store(count):
        return program(build_dir, "bench_storage", "--database", fresh.url, "--from", there, "--articles", count, *samples)
    with psycopg.connect(fresh.url, autocommit=True) as sql:
        def look(query):
            return sql.execute(query).fetchone()[0]
        for size in sizes:
            store(size - WINDOW - there)
            there = size - WINDOW
            sql.execute("CHECKPOINT")
            wal, cpu = look("SELECT pg_current_wal_lsn() - '0/0'"), cpu_of_server(server.process.pid)
            figures = store(WINDOW)
            there = size
            rows.append({"stored": size, "articles_per_second": figures["articles_per_second"],
                         "server_cpu_ms": round((cpu_of_server(server.process.pid) - cpu) * 1000 / WINDOW, 2),
                         "wal_bytes": int(look("SELECT pg_current_wal_lsn() - '0/0'") - wal) // WINDOW,
                         "bytes_on_disk": look("SELECT pg_database_size(current_database())") // size,
                         "entities": look("SELECT count(*) FROM newsloom.entity")})
            print(json.dumps(rows[-1]), flush=True)
    return rows


# ---- the broker

def drive(build_dir, broker, **options):
    command = ["--feed", broker.endpoints["feed"], "--work", broker.endpoints["work"], "--pid", broker.pid]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", value]
    return program(build_dir, "bench_broker", *command)


def cost(build_dir, broker, rest=lambda: None, **row):
    """A row: what LOAD articles cost this broker, until rest() is over."""
    before = own_cpu(broker.pid)
    row["articles_per_second"] = drive(build_dir, broker, articles=LOAD, size=4096, feeders=2, workers=2)["articles_per_second"]
    rest()
    row["broker_cpu_us"] = round((own_cpu(broker.pid) - before) * 1e6 / LOAD, 1)
    print(json.dumps(row), flush=True)
    return row


def queued(sizes, directory, build_dir):
    rows = []
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=directory) as home:
            budget = (2 << 30) + size * 700
            broker = Broker(pathlib.Path(home), **{"store.budget": budget, "store.reserve": "64MiB", "queue.limit": 2 * size + 1000000,
                                                   "lease.duration": "30s", "beat.interval": "5s", "restart.grace": "0s"})
            program(build_dir, "bench_fill", "--directory", broker.store, "--budget", budget, "--articles", size, "--size", 256)
            broker.start(wait=False)
            broker.wait_ready(PATIENCE)
            wait_for(lambda: "loaded articles=" in broker.log(), PATIENCE, "the queue is loaded")
            rows.append(cost(build_dir, broker, queued=size))
            broker.terminate()
    return rows


def subscribed(counts, directory, build_dir, durable_broker):
    """Each follows one entity that nothing names, and has to be told that all were looked at."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory(dir=directory) as home:
            broker = durable_broker(home)
            before = own_memory(broker.pid)
            wishes = [wire.Filter(entities=[number + 1]) for number in range(count)]
            subscribers = [Subscriber(broker.endpoint("subscribe"), filter_=wish) for wish in wishes]
            for subscriber in subscribers:
                subscriber.subscribe()
            wait_for(lambda: all(s.subscribed or (s.pump(0.001) and s.subscribed) for s in subscribers), PATIENCE, "all are subscribed")
            memory = (own_memory(broker.pid) - before) // count

            def all_are_told():
                for subscriber in subscribers:
                    while subscriber.position < LOAD and subscriber.pump(0):
                        pass
                return all(subscriber.position >= LOAD for subscriber in subscribers)
            rows.append(cost(build_dir, broker, lambda: wait_for(all_are_told, PATIENCE, "all are told"), subscribers=count,
                             bytes_a_subscriber=memory))
            for subscriber in subscribers:
                subscriber.close()
            broker.terminate()
    return rows


def waiting(counts, directory, build_dir, durable_broker):
    """Workers that wait WAIT_MS for each article, one after the other."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory(dir=directory) as home:
            broker = durable_broker(home)
            figures = drive(build_dir, broker, articles=160 * count, size=4096, feeders=1, workers=count, wait_ms=WAIT_MS)
            rows.append({"waiting_workers": count, "articles_per_second": figures["articles_per_second"]})
            broker.terminate()
    for row in rows:
        row["ratio_to_one"] = round(row["articles_per_second"] / rows[0]["articles_per_second"], 2)
    return rows


# ---- plots

def plot(directory, name, title, rows, size, cost, unit):
    points = [(row[size], row[cost]) for row in rows if size in row]
    if len(points) > 1:
        write_svg(pathlib.Path(directory) / f"growth-{name}.svg", title, unit, {cost: points}, along=size, is_logarithmic=True)


def draw(directory, rows):
    plot(directory, "stored", "PostgreSQL's CPU for one article, by what is stored", rows, "stored", "server_cpu_ms", "ms")
    plot(directory, "queued", "The broker's CPU for one article, by what is queued", rows, "queued", "broker_cpu_us", "µs")
    plot(directory, "subscribers", "The broker's CPU for one article, by its subscribers", rows, "subscribers", "broker_cpu_us", "µs")
