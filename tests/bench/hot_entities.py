# SPDX-License-Identifier: Apache-2.0
"""Eight workers against one, ten entities in every article, when storing an article is mostly waiting."""
import pathlib
import statistics
import tempfile
import time

from support.hot_entities import HotPress, shared_entities
from support.programs import Worker

WAIT = 0.02  # seconds an article
EACH = 120   # articles for each worker


def rate(directory, server, new_broker, workers):
    """Articles a second, from the first that may go out to the last that is settled."""
    database, started = server.new_database(), []
    broker = new_broker(directory)

    def new_worker(broker, database):
        path = pathlib.Path(directory) / f"worker-{len(started)}"
        started.append(Worker(path, broker, database.worker_url).start())
    press = HotPress(broker, new_worker, database, workers, f"PERFORM pg_sleep({WAIT})", seed=1)
    try:
        press.print(EACH * workers)
        begin = time.monotonic()
        press.wait(600)
        seconds = time.monotonic() - begin
        assert shared_entities(database) >= 10
        return EACH * workers / seconds
    finally:
        press.close()
        for program in (*started, broker):
            program.terminate()


def hot_entities(arguments, server, new_broker):
    """Both in turn, so that whatever else the machine does meets both."""
    rows = []
    for number in range(arguments.rounds):
        rates = {}
        for workers in (1, 8):
            with tempfile.TemporaryDirectory(dir=arguments.directory) as directory:
                rates[workers] = rate(directory, server, new_broker, workers)
        rows.append({"round": number + 1, "one": round(rates[1], 1), "eight": round(rates[8], 1),
                     "ratio": round(rates[8] / rates[1], 2)})
    ratio = statistics.median(row["ratio"] for row in rows)
    arguments.closing = f"ratio eight workers/one, hot entities {ratio:.2f} (median of {arguments.rounds})"
    return rows
