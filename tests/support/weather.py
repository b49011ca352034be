# SPDX-License-Identifier: Apache-2.0
"""A newsloom under load whose PostgreSQL a test may hurt in any way: afterwards the three books agree,
no attempt was burnt and no worker had to be started again."""
import random
import time

from support.auditor import check_no_attempt_burnt
from support.operating import Operator
from support.rig import Rig
from support.waiting import wait_for


class Weather:
    """Attempts are so few that a burnt one soon shows as a dead article. The long form has the full load
    (Rig.full) and four workers."""

    def __init__(self, new_broker, new_worker, seed, is_long=False):
        self.is_long = is_long
        self.lease = 5 if is_long else 1  # seconds; under the full load a worker may not be heard for one
        self.broker = new_broker(**{"lease.duration": f"{self.lease}s", "attempt.limit": "2"})
        self.new_worker, self.seed = new_worker, seed
        self.chance = random.Random(seed)
        self.recoveries = []
        self.faults = 0

    def begin(self, database) -> "Weather":
        self.database = database
        self.workers = [self.new_worker(self.broker, database, worker_slots=16)
                        for _ in range(4 if self.is_long else 2)]
        self.rig = Rig.full(self.broker, self.seed, database) if self.is_long else \
            Rig(self.broker, self.seed, storage=database, feeders=2, pace=0.05)
        self.rig.start()
        self.wait_stored()
        return self

    def _newest(self) -> int:
        return self.database.value("SELECT coalesce(max(article_id), 0) FROM newsloom.article")

    def wait_stored(self, count: int = 1) -> float:
        """Until rows come in: each connection has ids of its own, later ones higher. How long it took."""
        begin, newest = time.monotonic(), self._newest()
        for _ in range(count):
            newest = wait_for(lambda: max(newest, self._newest()) > newest and self._newest(), 60,
                              "rows come in", every=0.02)
        return time.monotonic() - begin

    def is_blocked(self) -> bool:
        """Every worker says that its database is away."""
        operator = Operator(self.broker.endpoint("operator"))
        try:
            workers = operator.status().workers
            return len(workers) == len(self.workers) and all(worker.blocked for worker in workers)
        finally:
            operator.close()

    def fault_is_over(self) -> None:
        self.faults += 1
        self.recoveries.append(self.wait_stored())

    def finish(self, name: str, may_forget_rows=False, guilty=(), **more):
        """guilty: identities of the articles that are dead by their own fault."""
        recovery = {"slowest_recovery_ms": int(1000 * max(self.recoveries))} if self.recoveries else {}
        audit = self.rig.settle_and_audit(name, self.faults, 120, may_forget_rows, **recovery, **more)
        assert audit.dead == len(guilty), "a fault of PostgreSQL is no fault of an article"
        assert [worker.starts for worker in self.workers] == [1] * len(self.workers)
        assert all(worker.is_alive for worker in self.workers)
        check_no_attempt_burnt(self.broker, self.rig.ledger, guilty)
        return audit
