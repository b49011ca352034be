# SPDX-License-Identifier: Apache-2.0
"""A worker in Python: what proto/ alone asks of one. It stores into memory, first one wins, as
PostgreSQL does for the real worker."""
import os
import struct
import threading
import time
from dataclasses import dataclass

from support.contract import Channel, article, digest_bytes, extraction, wire


class MemoryStorage:
    """(source, key, revision, generation) -> the bytes that were stored first."""

    def __init__(self):
        self.rows = {}
        self.stores = 0      # how often something was extracted
        self.model = b"A" * 32
        self.lock = threading.Lock()

    def store(self, job, payload: bytes, model: bytes = None) -> bytes:
        piece = article.Article.FromString(payload)
        found = extract(job, piece, model or self.model)
        with self.lock:
            self.stores += 1
            return self.rows.setdefault((job.source, job.key, job.revision),
                                        (job.digest, found.SerializeToString()))[1]


def extract(job, piece, model: bytes) -> "extraction.Extraction":
    """A toy: every capitalised word is a PERSON of its own, in the article's order."""
    text = piece.content.decode("utf-8", "replace")
    found = extraction.Extraction(
        source=job.source, key=job.key, revision=job.revision, generation=job.generation,
        content_digest=job.digest, url=piece.url, title=piece.title, fetched=piece.fetched, language="vi",
        page_kind=extraction.PAGE_KIND_ARTICLE, text_length=len(text),
        extractor=extraction.Extractor(name="proof", version="1", model_digest=model))
    at = 0
    for word in text.split(" ")[:20]:
        if word[:1].isupper():
            found.mentions.add(type=extraction.PERSON, start=at, end=at + len(word), text=word,
                               section=extraction.SECTION_KIND_BODY, entity=len(found.entities) + 1)
            found.entities.add(id=digest_bytes(word.encode())[:16], type=extraction.PERSON, name=word,
                               canonical_key=word, key_version=1, mention_count=1)
        at += len(word) + 1
    return found


def topics_of(found) -> "wire.Topics":
    topics = wire.Topics(entity_types=sorted({m.type for m in found.mentions}),
                         event_types=sorted({e.type for e in found.events}))
    ids = sorted({struct.unpack(">Q", entity.id[:8])[0] for entity in found.entities})
    if len(ids) > 256:
        topics.every_entity = True
    else:
        topics.entities.extend(ids)
    return topics


@dataclass
class Holding:
    job: object
    payload: bytes
    started: bool = False
    result: tuple = None  # (wire.Result, bytes) kept until settled


class FakeWorker:
    """By default it only holds what it is given; the test decides what becomes of it."""

    def __init__(self, endpoint: str, name: str = "proof", slots: int = 16, storage=None,
                 automatic: bool = False, resend: float = 1.0):
        self.channel = Channel(endpoint)
        self.name, self.slots = name, slots
        self.storage = storage
        self.automatic = automatic   # stores and reports everything at once
        self.resend = resend
        self.session = os.urandom(16)
        self.welcome = None
        self.held = {}               # lease -> Holding
        self.settlements = {}        # lease -> wire.Settlement
        self.refusals = []
        self.hello_firsts = 0
        self.taken = []              # every job that ever came
        self.most_held = 0
        self.progress = 0
        self.blocked = ""
        self.last_beat = 0.0
        self.last_heard = time.monotonic()
        self.last_resend = 0.0
        self.model = b"A" * 32
        self.kind = None             # of results; None: what the revision says
        self.features = 0            # that it says to take

    # ---- what it says ----

    def hello(self) -> None:
        held = [wire.Held(lease=lease, article_id=h.job.article_id, started=h.started)
                for lease, h in self.held.items()]
        self.channel.send("hello", wire.Hello(
            protocol_min=1, protocol_max=1, session=self.session, worker=self.name, version="1",
            model_digest=self.model, slots=self.slots, held=held, features=self.features))
        self.last_hello = time.monotonic()

    def beat(self, free: int = None) -> None:
        if free is None:
            free = 0 if self.blocked else max(0, self.slots - len(self.held))
        self.channel.send("beat", wire.Beat(free_slots=free, leases=list(self.held),
                                            progress=self.progress, blocked=bool(self.blocked),
                                            blocked_reason=self.blocked))
        self.last_beat = time.monotonic()

    def start(self, *leases) -> None:
        for lease in leases:
            self.held[lease].started = True
        self.channel.send("started", wire.Started(leases=leases))

    def done(self, lease: int, data: bytes = None, send: bool = True) -> None:
        """Keeps the result until it is settled, and reports it."""
        holding = self.held[lease]
        job = holding.job
        if data is None:
            data = extract(job, article.Article.FromString(holding.payload),
                           self.model).SerializeToString() if self.storage is None \
                else self.storage.store(job, holding.payload, self.model)
        kind = self.kind or (wire.ENTRY_REPLACED if job.revision > 1 or job.generation > 1
                             else wire.ENTRY_STORED)
        result = wire.Result(lease=lease, article_id=job.article_id, digest=job.digest, kind=kind,
                             extraction_digest=digest_bytes(data), size=len(data),
                             topics=topics_of(extraction.Extraction.FromString(data)))
        holding.result = (result, data)
        self.progress += 1
        if send:
            self.report(lease)

    def report(self, *leases) -> None:
        for lease in leases:  # one each: an envelope has 4 KiB
            result, data = self.held[lease].result
            self.channel.send("done", wire.Done(results=[result]), [data])

    def fail(self, lease: int, code: str = "STORAGE", text: str = "it did not work",
             permanent: bool = False, forget: bool = True) -> None:
        job = self.held[lease].job
        self.channel.send("failed", wire.Failed(failures=[wire.Failure(
            lease=lease, article_id=job.article_id, permanent=permanent, code=code, text=text)]))
        if forget:
            del self.held[lease]

    def release(self, *leases, reason: str = "given back") -> None:
        self.channel.send("release", wire.Release(leases=leases, reason=reason))
        for lease in leases:
            self.held.pop(lease, None)

    def goodbye(self) -> None:
        self.channel.send("goodbye", wire.Goodbye(reason="the test is over"))

    # ---- what it hears ----

    def pump(self, timeout: float = 0.1) -> bool:
        """Hears one message; a beat that is due waits until all that has come is heard, so that it
        lists every lease it was sent."""
        if self._is_beat_due():
            while self._hear(0):
                pass
        self._keep_up()
        return self._hear(timeout)

    def _hear(self, timeout: float) -> bool:
        got = self.channel.receive(timeout)
        if got is None:
            return False
        self.last_heard = time.monotonic()
        packet, payloads = got
        body = packet.WhichOneof("body")
        handler = getattr(self, "_on_" + body, None)
        if handler is None:
            raise AssertionError(f"a worker was sent {body}")
        handler(getattr(packet, body), payloads)
        return True

    def _is_beat_due(self) -> bool:
        return bool(self.welcome) and time.monotonic() - self.last_beat > self.welcome.beat_ms / 1000

    def _keep_up(self) -> None:
        now = time.monotonic()
        if self.welcome is None:
            if now - getattr(self, "last_hello", 0) > 0.5:
                self.hello()
            return
        if self._is_beat_due():
            self.beat()
        if now - self.last_resend > self.resend:
            self.last_resend = now
            self.report(*[lease for lease, h in self.held.items() if h.result])

    def _on_welcome(self, welcome, payloads) -> None:
        self.welcome = welcome
        self.report(*[lease for lease, h in self.held.items() if h.result])
        self.beat()

    def _on_hello_first(self, message, payloads) -> None:
        self.hello_firsts += 1
        self.hello()

    def _on_dispatch(self, dispatch, payloads) -> None:
        if len(dispatch.jobs) != len(payloads):
            raise AssertionError("jobs and payloads differ in number")
        for job, payload in zip(dispatch.jobs, payloads):
            self.held[job.lease] = Holding(job, payload)
            self.taken.append(job)
        self.most_held = max(self.most_held, len(self.held))
        if self.automatic:
            leases = [job.lease for job in dispatch.jobs]
            self.start(*leases)
            for lease in leases:
                self.done(lease)

    def _on_settled(self, settled, payloads) -> None:
        for settlement in settled.settlements:
            if settlement.state not in (wire.STORED, wire.STATE_UNKNOWN):
                continue  # the answer to a failure
            self.settlements[settlement.lease] = settlement
            self.held.pop(settlement.lease, None)
        self.beat()

    def _on_refusal(self, refusal, payloads) -> None:
        self.refusals.append(refusal)

    # ---- for tests ----

    def pump_until(self, fact, deadline: float = 15.0, what: str = ""):
        end = time.monotonic() + deadline
        while not fact():
            if time.monotonic() > end:
                raise AssertionError(f"not within {deadline:g} s: {what or 'the worker was not told'}")
            self.pump(0.05)
        return fact()

    def take(self, count: int = 1, deadline: float = 15.0) -> list:
        """Waits until it holds that many jobs; gives their leases, oldest first."""
        if self.welcome is None:
            self.hello()
        self.pump_until(lambda: len(self.held) >= count, deadline, f"{count} jobs")
        return list(self.held)

    def settled(self, lease: int, deadline: float = 15.0):
        return self.pump_until(lambda: self.settlements.get(lease), deadline, "settled")

    def reconnect(self) -> None:
        """A new connection, as after a reset; the session stays."""
        self.channel.open()

    def close(self) -> None:
        self.channel.close()


class WorkingThread(threading.Thread):
    """An automatic worker in the background, through restarts of the broker."""

    def __init__(self, endpoint, name="proof", slots=16, storage=None, fail_every=0):
        super().__init__(daemon=True, name=name)
        self.worker = FakeWorker(endpoint, name, slots, storage, automatic=True)
        self.worker.features = wire.JOINED_PAYLOADS
        if fail_every:
            self._fail_some(fail_every)
        self.stopping = threading.Event()
        self.failure = None

    def _fail_some(self, every) -> None:
        worker, done, seen = self.worker, self.worker.done, [0]

        def sometimes(lease, *rest, **more):
            seen[0] += 1
            if seen[0] % every == 0:
                worker.fail(lease, "CRASHED", "on purpose")
            else:
                done(lease, *rest, **more)
        worker.done = sometimes

    def run(self) -> None:
        try:
            while not self.stopping.is_set():
                self.worker.pump(0.02)
        except Exception as error:  # said by finish()
            self.failure = error

    def finish(self) -> FakeWorker:
        self.stopping.set()
        self.join(10)
        if self.failure:
            raise self.failure
        self.worker.close()
        return self.worker
