# SPDX-License-Identifier: Apache-2.0
"""A whole newsloom under load, for fault tests: feeders that resend, workers, a follower of the log."""
import threading

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.contract import Refused, wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import FeedingThread
from support.ledger import Ledger
from support.operating import Operator
from support.subscriber import FollowingThread, ReplayingThread
from support.waiting import wait_for


class OperatorThread(threading.Thread):
    """Looks at dead letters again and again; retries most, drops some. It may have articles forgotten that nobody
    fed, which leave a tombstone and an entry, and have the file scrubbed."""

    def __init__(self, endpoint, random, pace=0.1, drops=True, forgets=False):
        super().__init__(daemon=True, name="operator")
        self.operator = Operator(endpoint)
        self.random, self.pace, self.drops, self.forgets = random, pace, drops, forgets
        self.stopping = threading.Event()
        self.failure = None

    def run(self) -> None:
        try:
            while not self.stopping.wait(self.pace):
                self._look()
        except Exception as error:  # said by finish()
            self.failure = error

    def _look(self) -> None:
        try:
            _, letters = self.operator.dead(most=8)
            for letter in letters:
                drop = self.drops and self.random.random() < 0.3
                self.operator.dead(wire.DEAD_DROP if drop else wire.DEAD_RETRY,
                                   article_id=letter.outcome.article_id)
            if self.forgets and self.random.random() < 0.3:
                self.operator.forget("vo-danh", f"bai-{self.random.random()}", beforehand=True, timeout=2)
        except (TimeoutError, Refused):
            pass  # the broker is away, or somebody else was faster

    def finish(self) -> None:
        self.stopping.set()
        self.join(30)
        if self.failure:
            raise self.failure
        self.operator.close()


class GateThread(threading.Thread):
    """Lets feeders feed at full speed while fewer articles than `most` are without an end: workers
    always have work, and the books can be compared soon after the last fault."""

    def __init__(self, endpoint, most: int):
        super().__init__(daemon=True, name="gate")
        self.operator, self.most = Operator(endpoint), most
        self.open = threading.Event()
        self.open.set()
        self.stopping = threading.Event()
        self.failure = None

    def run(self) -> None:
        try:
            while not self.stopping.wait(0.05):
                self._look()
        except Exception as error:  # said by finish()
            self.failure = error

    def _look(self) -> None:
        try:
            (self.open.set if self.operator.backlog() < self.most else self.open.clear)()
        except (TimeoutError, Refused):
            pass  # the broker is away: so it is for the feeders

    def finish(self) -> None:
        self.stopping.set()
        self.join(30)
        if self.failure:
            raise self.failure
        self.operator.close()


class Rig:
    """Feeders and a follower around a broker; workers are fake ones, or the test's own."""

    def __init__(self, broker, seed, storage=None, feeders=2, workers=0, pace=0.02, corrections=0.05,
                 fail_every=0, endpoints=None, real_size=False, gate=None):
        self.broker, self.seed = broker, seed
        self.ledger = Ledger()
        self.storage = storage if storage is not None else MemoryStorage()
        self.endpoint = endpoints or broker.endpoint
        self.feeders = [FeedingThread(self.endpoint("feed"), Newsroom(seed, f"bao-{number}", real_size),
                                      self.ledger, pace=pace, corrections=corrections, resend=0.7,
                                      gate=gate and gate.open)
                        for number in range(feeders)]
        self.workers = [WorkingThread(self.endpoint("work"), f"may-{number}", storage=self.storage,
                                      fail_every=fail_every if number == 0 else 0)
                        for number in range(workers)]
        self.followers = [FollowingThread(self.endpoint("subscribe"), name="nguoi-theo-doi")]
        self.replayer = None
        self.helpers = [gate] if gate else []

    @classmethod
    def full(cls, broker, seed, storage, backlog=300, **how) -> "Rig":
        """What every fault has to be borne under: four feeders at full speed with articles of real
        size, two subscribers, one of them slow, and one that replays. The workers are the test's.
        backlog: how many articles may wait for their end before the feeders pause."""
        gate = GateThread(broker.endpoint("operator"), backlog)
        rig = cls(broker, seed, storage, feeders=4, pace=0, real_size=True, gate=gate, **how)
        rig.followers.append(FollowingThread(rig.endpoint("subscribe"), name="nguoi-doc-cham",
                                             window=8, pause=0.1))
        rig.replayer = ReplayingThread(rig.endpoint("subscribe"))
        return rig

    def start(self, *helpers) -> "Rig":
        self.helpers += helpers
        for thread in [*self.feeders, *self.workers, *self.followers, self.replayer, *self.helpers]:
            if thread is not None:
                thread.start()
        return self

    def settle_and_audit(self, test: str, faults: int, deadline: float = 90.0, may_forget_rows=False,
                         **more):
        """Stops the load, waits for every end, audits, reports."""
        for feeder in self.feeders:
            feeder.stopping.set()
        for helper in self.helpers:
            helper.finish()
        for feeder in self.feeders:
            feeder.finish()
        auditor = Auditor(self.broker, self.ledger, self.storage, may_forget_rows=may_forget_rows)
        wait_settled(self.broker, deadline)
        subscribers = self._caught_up()
        for worker in self.workers:
            worker.finish()
        if self.replayer is not None:
            more["replays"] = self.replayer.finish()
        audit = auditor.run(subscribers, deadline)
        for subscriber in subscribers:
            subscriber.close()
        counts = self.ledger.counts
        report(test, audit, faults, resent=sum(f.feeder.resent for f in self.feeders),
               resumed=sum(s.resumed for s in subscribers), receipts=sum(counts.values()),
               seed=self.seed, **more)
        return audit

    def _caught_up(self) -> list:
        operator = Operator(self.broker.endpoint("operator"))
        last = operator.status().last_sequence
        operator.close()
        for follower in self.followers:
            follower.hurry.set()
            wait_for(lambda f=follower: f.subscriber.position >= last or f.failure, 30 + last / 500,
                     f"{follower.subscriber.name} comes to the end of the log")
        return [follower.finish() for follower in self.followers]
