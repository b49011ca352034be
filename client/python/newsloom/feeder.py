# SPDX-License-Identifier: Apache-2.0
"""Feeder and AsyncFeeder: submit articles, and follow each to its receipt and to its end."""
from __future__ import annotations

import random
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Callable, Iterable, Sequence
from weakref import WeakValueDictionary

from newsloom.article import PAYLOAD_LIMIT, Article, Packed, check_identity, pack
from newsloom.errors import ArticleRefused, BrokerAway, NotFound, OutboxFull, Refused
from newsloom.feeding import SEND_AGAIN, Feeding, refused
from newsloom.link import ANSWER_TIMEOUT, Link, Steps
from newsloom.outbox import Outbox
from newsloom.receipt import Outcome, Receipt
from newsloom.v1 import wire_pb2

MEMORY_LIMIT = 64 * 1024 * 1024  # bytes that wait without an outbox file
FILE_LIMIT = 4 * 1024 * 1024 * 1024
FOLLOW_FIRST, FOLLOW_LIMIT = 0.05, 2.0
ROOM_EVERY = 1.0


class Submission:
    """An article that was handed over; receipt is None until it came."""

    def __init__(self, article: Packed):
        self.source, self.key, self.url = article.source, article.key, article.url
        self.receipt: Receipt | None = None


class _Feeder:
    """What both faces are made of: conversations that yield how long they would wait."""

    def __init__(self, endpoint: str | Sequence[str] | None = None, *, outbox: str | Path | None = None,
                 server_key: str | None = None, key_file: str | None = None,
                 on_receipt: Callable[[Receipt], None] | None = None, answer_timeout: float = ANSWER_TIMEOUT,
                 payload_limit: int = PAYLOAD_LIMIT, limit: int = 0):
        """Opens without talking to anyone. Messages move only inside a call.

        endpoint   the broker's feed socket, or several; else $NEWSLOOM_BROKER_FEED, else tcp://127.0.0.1:5811
        outbox     a file that keeps what has no receipt yet: submit() returns when it is on disk there, and
                   another Feeder with the same file sends it after a crash. Without one it is kept in memory
        server_key, key_file   for a broker with keys; else $NEWSLOOM_BROKER_SERVER_KEY, $NEWSLOOM_SECURITY_KEY_FILE
        on_receipt called with each receipt, also of what an earlier process had left in the outbox
        limit      bytes that the outbox may take (4 GiB, 64 MiB in memory); then submit() waits for room

        counts says how many receipts of each code there were."""
        self._link = Link(endpoint, "broker.feed", "tcp://127.0.0.1:5811", server_key, key_file)
        try:
            self.outbox = Outbox(outbox)
        except BaseException:
            self._link.close()
            raise
        self._feeding = Feeding(self.outbox, answer_timeout)
        self._on_receipt = on_receipt
        self._timeout = answer_timeout
        self._payload_limit = payload_limit
        self._limit = limit or (FILE_LIMIT if outbox else MEMORY_LIMIT)
        self._submissions: WeakValueDictionary[int, Submission] = WeakValueDictionary()
        self._answers: dict[int, wire_pb2.Envelope | None] = {}  # by request: asked, and what came
        self.counts: Counter[str] = Counter()

    @property
    def pending(self) -> int:
        """Articles without a receipt."""
        return self.outbox.waiting

    # ---- one turn ----

    def _turn(self) -> int:
        """Hears what has come and sends what may go, without waiting: how many receipts there were."""
        link, feeding, heard = self._link, self._feeding, 0
        link.tend()
        while (message := link.receive()) is not None:
            envelope = message[0]
            if envelope.request in self._answers:
                self._answers[envelope.request] = envelope
                continue
            for number, receipt in feeding.hear(envelope, time.monotonic()):
                self._hand_over(number, receipt)
                heard += 1
        feeding.reclaim(link.generation, time.monotonic())
        self._send()
        return heard

    def _send(self) -> None:
        link, feeding = self._link, self._feeding
        while link.up and (items := feeding.next_items(time.monotonic())):
            request = link.next_request()
            if not link.send("submit", feeding.submit_of(items), [item.packed.payload for item in items], request):
                feeding.unsent(items)
                return
            feeding.shipped(items, request, link.generation, time.monotonic())

    def _hand_over(self, number: int, receipt: Receipt) -> None:
        self.counts[receipt.code] += 1
        submission = self._submissions.pop(number, None)
        if submission is not None:
            submission.receipt = receipt
        if self._on_receipt is not None:
            self._on_receipt(receipt)

    def _due_in(self) -> float:
        """How long nothing needs doing unless something is heard; of a new connection the link hears."""
        return self._feeding.due_in(time.monotonic()) if self._link.up else self._timeout

    # ---- conversations ----

    def _run(self, timeout: float) -> Steps[int]:
        start = time.monotonic()
        while True:
            heard = self._turn()
            left = start + timeout - time.monotonic()
            if heard or left <= 0 or self._feeding.is_idle:
                return heard
            yield min(left, self._due_in())

    def _away(self, waited: float) -> BrokerAway:
        if self._link.up and self._feeding.is_held(time.monotonic()):
            return BrokerAway(f"the broker asks to wait (it is full or draining): {self.pending} articles are held "
                              "back and go out again by themselves")
        return BrokerAway(self._link.complaint(waited))

    def _submit(self, articles: Iterable[Article], timeout: float) -> Steps[list[Submission]]:
        packed = [pack(article, self._payload_limit) for article in articles]
        start = time.monotonic()
        while self.outbox.is_over(self._limit):
            left = start + timeout - time.monotonic()
            if left <= 0:
                raise OutboxFull(f"the outbox has {self.pending} articles and no room for another: "
                                 f"{self._away(timeout)}")
            yield from self._run(min(left, ROOM_EVERY))
        submissions = [Submission(one) for one in packed]
        for number, submission in zip(self.outbox.put(packed), submissions):
            self._submissions[number] = submission
        try:
            self._turn()
        except Refused:
            pass  # they are kept, as was promised; run(), flush() and receipt() will hear it too
        return submissions

    def _flush(self, timeout: float) -> Steps[None]:
        start = heard_at = time.monotonic()
        while not self._feeding.is_idle:
            left = start + timeout - time.monotonic()
            if left <= 0:
                raise self._away(time.monotonic() - heard_at)
            if (yield from self._run(left)):
                heard_at = time.monotonic()

    def _receipt(self, submission: Submission, timeout: float) -> Steps[Receipt]:
        start = time.monotonic()
        while submission.receipt is None:
            left = start + timeout - time.monotonic()
            if left <= 0:
                raise self._away(timeout)
            self._turn()
            if submission.receipt is None:
                yield min(left, self._due_in())
        return submission.receipt

    def _feed(self, article: Article, timeout: float) -> Steps[Receipt]:
        start = time.monotonic()
        submission, = yield from self._submit([article], timeout)
        receipt = yield from self._receipt(submission, start + timeout - time.monotonic())
        if not receipt.is_kept:
            raise ArticleRefused(receipt.refusal, receipt.text)
        return receipt

    def _outcome(self, source: str, key: str, url: str, revision: int, timeout: float) -> Steps[Outcome]:
        check_identity(source, key, url)
        question = wire_pb2.OutcomeRequest(source=source, key=key, url="" if key else url, revision=revision)
        envelope = yield from self._ask(question, timeout)
        if envelope.WhichOneof("body") == "outcome":
            return Outcome.of(envelope.outcome)
        error = refused(envelope.refusal)
        raise NotFound(error.code, error.text) if error.code == "NOT_FOUND" else error

    def _ask(self, question: wire_pb2.OutcomeRequest, timeout: float) -> Steps[wire_pb2.Envelope]:
        """Asks again over a new connection, or when no answer comes: a question may be lost, and is free."""
        start, asked_over, asked_at = time.monotonic(), 0, 0.0
        request = self._link.next_request()
        self._answers[request] = None
        try:
            while True:
                now = time.monotonic()
                is_due = self._link.up and (asked_over != self._link.generation or now - asked_at > self._timeout)
                if is_due and self._link.send("outcome_request", question, request=request):
                    asked_over, asked_at = self._link.generation, now
                self._turn()
                answer = self._answers[request]
                if answer is not None:
                    return answer
                left = start + timeout - time.monotonic()
                if left <= 0:
                    raise BrokerAway(self._link.complaint(timeout))
                unasked = self._link.up and asked_over != self._link.generation
                yield min(left, SEND_AGAIN if unasked else self._due_in())
        finally:
            del self._answers[request]

    def _follow(self, what: Article | Receipt | Submission, timeout: float) -> Steps[Outcome]:
        revision = what.revision if isinstance(what, Receipt) else 0
        start, pause = time.monotonic(), FOLLOW_FIRST
        while True:
            left = start + timeout - time.monotonic()
            outcome = yield from self._outcome(what.source, what.key, what.url, revision, max(0.0, left))
            if outcome.state.is_end:
                return outcome
            if left <= pause:
                raise BrokerAway(f"{what.source}/{what.key or what.url} has no end yet after {timeout:.3g} s: it is "
                                 f"{outcome.state}")
            again = time.monotonic() + pause * random.uniform(0.75, 1.25)
            while (rest := again - time.monotonic()) > 0:
                self._turn()
                yield min(rest, self._due_in())
            pause = min(2 * pause, FOLLOW_LIMIT)

    def _close(self) -> None:
        if self._link.is_closed:
            return
        lost = 0 if self.outbox.path else self.pending
        self._link.close()
        self.outbox.close()
        if lost:
            warnings.warn(f"{lost} articles had no receipt yet and were kept in memory only: call flush() first, or give "
                          "the feeder an outbox", RuntimeWarning, stacklevel=3)


class Feeder(_Feeder):
    """Submits articles; each call waits in this thread.

        with Feeder(outbox="articles.outbox") as feeder:
            feeder.submit(Article(source="example", url="https://example.org/1", content=page))
            feeder.flush()
    """

    def __enter__(self) -> "Feeder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Does not wait for receipts: flush() does. What has none stays in the outbox file."""
        self._close()

    def submit(self, article: Article, timeout: float = 60.0) -> Submission:
        """Takes an article into the outbox, on disk when it returns. Waits only while the outbox is full."""
        return self.submit_all([article], timeout)[0]

    def submit_all(self, articles: Iterable[Article], timeout: float = 60.0) -> list[Submission]:
        """All or none, with one sync."""
        return self._link.drive(self._submit(articles, timeout))

    def run(self, timeout: float = 0.0) -> int:
        """Sends what waits and hears receipts: returns with the first ones, or when time is up."""
        return self._link.drive(self._run(timeout))

    def flush(self, timeout: float = 60.0) -> None:
        """Returns when everything in the outbox has its receipt; raises BrokerAway when time is up."""
        self._link.drive(self._flush(timeout))

    def receipt(self, submission: Submission, timeout: float = 60.0) -> Receipt:
        return self._link.drive(self._receipt(submission, timeout))

    def feed(self, article: Article, timeout: float = 60.0) -> Receipt:
        """submit() and receipt() in one; raises ArticleRefused."""
        return self._link.drive(self._feed(article, timeout))

    def outcome(self, source: str, key: str = "", url: str = "", revision: int = 0,
                timeout: float = ANSWER_TIMEOUT) -> Outcome:
        """What became of an article, by key or by url; revision 0: the newest. Raises NotFound."""
        return self._link.drive(self._outcome(source, key, url, revision, timeout))

    def follow(self, what: Article | Receipt | Submission, timeout: float = 60.0) -> Outcome:
        """Asks until the article has its end: stored, dead, withdrawn or forgotten."""
        return self._link.drive(self._follow(what, timeout))


class AsyncFeeder(_Feeder):
    """The same in an event loop; any number of tasks may share one.

    The sync of submit() holds the loop for as long as the disk takes, some milliseconds.
    """

    async def __aenter__(self) -> "AsyncFeeder":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Does not wait for receipts: flush() does. What has none stays in the outbox file."""
        self._close()

    async def submit(self, article: Article, timeout: float = 60.0) -> Submission:
        return (await self.submit_all([article], timeout))[0]

    async def submit_all(self, articles: Iterable[Article], timeout: float = 60.0) -> list[Submission]:
        return await self._link.drive_async(self._submit(articles, timeout))

    async def run(self, timeout: float = 0.0) -> int:
        return await self._link.drive_async(self._run(timeout))

    async def flush(self, timeout: float = 60.0) -> None:
        await self._link.drive_async(self._flush(timeout))

    async def receipt(self, submission: Submission, timeout: float = 60.0) -> Receipt:
        return await self._link.drive_async(self._receipt(submission, timeout))

    async def feed(self, article: Article, timeout: float = 60.0) -> Receipt:
        return await self._link.drive_async(self._feed(article, timeout))

    async def outcome(self, source: str, key: str = "", url: str = "", revision: int = 0,
                      timeout: float = ANSWER_TIMEOUT) -> Outcome:
        return await self._link.drive_async(self._outcome(source, key, url, revision, timeout))

    async def follow(self, what: Article | Receipt | Submission, timeout: float = 60.0) -> Outcome:
        return await self._link.drive_async(self._follow(what, timeout))
