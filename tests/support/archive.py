# SPDX-License-Identifier: Apache-2.0
"""A database that holds articles, filled once for many tests by a real broker and a real worker."""
from support import paths
from support.cli import CommandLine
from support.programs import Broker, Worker

SAMPLES = paths.SOURCE / "deploy" / "samples"


class Archive:
    """What was stored, and a command line that asks it; broker and worker are gone again."""

    def __init__(self, postgres, directory, articles=SAMPLES, source="samples"):
        self.database = postgres.new_database()
        broker = Broker(directory / "broker", None)
        worker = Worker(directory / "worker", broker, self.database.worker_url, None)
        try:
            broker.start()
            worker.start()
            self.cli = CommandLine(broker, directory, **{"database.url": self.database.url_of("analyst")})
            self.fed = self.cli.json("feed", "--source", source, "--wait", articles, timeout=120)
            assert {one["state"] for one in self.fed} == {"stored"}, self.fed
        finally:
            for program in (worker, broker):
                program.kill9()
                assert not program.sickness(), program.sickness()
