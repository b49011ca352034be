# SPDX-License-Identifier: Apache-2.0
"""A crawler's side of the contract: submit until there is a receipt, ask for outcomes."""
import threading
import time

from support.contract import ARTICLES_LIMIT, Channel, next_request, wire
from support.ledger import Ledger
from support.waiting import breathe


class Feeder:
    """Keeps every article until its receipt; sends again when none came."""

    def __init__(self, endpoint: str, ledger: Ledger = None, resend: float = 1.0):
        self.channel = Channel(endpoint)
        self.ledger = ledger if ledger is not None else Ledger()
        self.resend = resend
        self.resent = 0
        self.refusals = []
        self.features = 0   # that the broker says to take
        self.joins = False  # when it takes that

    def close(self) -> None:
        self.channel.close()

    def send(self, pieces, class_=wire.LIVE, request: int = None) -> int:
        request = request or next_request()
        submit = wire.Submit(articles=[piece.submission(class_) for piece in pieces])
        self.channel.send("submit", submit, [piece.payload() for piece in pieces], request)
        return request

    def submit(self, pieces, class_=wire.LIVE, deadline: float = 30.0, patient: bool = True,
               stop: threading.Event = None) -> list:
        """One receipt an article, in order. Patient: RETRY_LATER is waited out."""
        receipts = []
        for first in range(0, len(pieces), ARTICLES_LIMIT):
            receipts += self._submit_batch(pieces[first:first + ARTICLES_LIMIT], class_,
                                           time.monotonic() + deadline, patient, stop)
        return receipts

    def _submit_batch(self, pieces, class_, end, patient, stop) -> list:
        receipts = {}
        while True:
            open_ = [index for index in range(len(pieces)) if index not in receipts]
            if not open_:
                return [receipts[index] for index in range(len(pieces))]
            request = self.send([pieces[index] for index in open_], class_)
            again_after = self._hear(request, pieces, open_, receipts, end, patient)
            if stop is not None and stop.is_set():
                return [receipts.get(index) for index in range(len(pieces))]
            if time.monotonic() > end:
                raise TimeoutError(f"{len(open_)} of {len(pieces)} articles have no receipt")
            if len(receipts) < len(pieces):
                self.resent += 1
                breathe(again_after)

    def _hear(self, request, pieces, open_, receipts, end, patient) -> float:
        """Hears the answers to one submit; how long to wait before sending the rest again."""
        again_after, heard = 0.0, 0
        quiet = min(end, time.monotonic() + self.resend)
        while heard < len(open_):
            got = self.channel.receive(max(0.0, quiet - time.monotonic()))
            if got is None:
                return again_after
            packet, _ = got
            if packet.request != request:
                continue
            if packet.WhichOneof("body") == "refusal":
                if packet.refusal.code == wire.FRAME_COUNT and self.channel.joins:
                    self.channel.joins = False  # an older broker took the place of that which took it
                    return 0.0
                self.refusals.append(packet.refusal)
                return 0.05
            self.features = packet.receipts.features
            if self.joins:
                self.channel.joins = bool(self.features & wire.JOINED_PAYLOADS)
            for at, receipt in enumerate(packet.receipts.receipts):
                index = open_[packet.receipts.first + at]
                heard += 1
                self.ledger.note(pieces[index], receipt)
                if receipt.code == wire.RETRY_LATER and patient:
                    again_after = max(again_after, min(receipt.retry_after_ms / 1000, 1.0))
                else:
                    receipts[index] = receipt
        return again_after

    def outcome(self, source: str, key: str = "", revision: int = 0, url: str = "",
                timeout: float = 10.0):
        ask = wire.OutcomeRequest(source=source, key=key, url=url, revision=revision)
        end = time.monotonic() + timeout
        while True:  # a question may be lost in a restart: it is free to ask again
            try:
                return self.channel.ask("outcome_request", ask, timeout=min(2.0, timeout))[0].outcome
            except TimeoutError:
                if time.monotonic() > end:
                    raise


class FeedingThread(threading.Thread):
    """Feeds from a newsroom in the background until stopped; every article it took up is
    followed to a receipt before finish() returns."""

    def __init__(self, endpoint, newsroom, ledger, batch=8, most=None, pace=0.0, corrections=0.0,
                 resend=1.0, class_=wire.LIVE, gate=None):
        """gate: an Event; while it is clear nothing new is fed."""
        super().__init__(daemon=True, name="feeder")
        self.feeder = Feeder(endpoint, ledger, resend)
        self.feeder.joins = True
        self.newsroom, self.batch, self.most = newsroom, batch, most
        self.pace, self.corrections, self.class_ = pace, corrections, class_
        self.gate = gate
        self.stopping = threading.Event()
        self.fed = 0
        self.failure = None
        self.recent = []

    def _next(self):
        random = self.newsroom.random
        pieces = []
        for _ in range(random.randint(1, self.batch)):
            if self.recent and random.random() < self.corrections:
                pieces.append(self.newsroom.correction(self.recent.pop()))
            elif self.recent and random.random() < 0.05:
                pieces.append(random.choice(self.recent))  # a crawler that sends it again
            else:
                pieces.append(self.newsroom.piece())
        known = set()
        pieces = [p for p in pieces if not (p.key in known or known.add(p.key))]
        self.recent = (self.recent + pieces)[-50:]
        return pieces

    def run(self) -> None:
        try:
            while not self.stopping.is_set() and (self.most is None or self.fed < self.most):
                if self.gate is not None and not self.gate.wait(0.05):
                    continue
                pieces = self._next()
                self.feeder.submit(pieces, self.class_, deadline=60)
                self.fed += len(pieces)
                if self.pace:
                    self.stopping.wait(self.pace)
        except Exception as error:  # said by finish()
            self.failure = error

    def finish(self, deadline: float = 60.0) -> None:
        self.stopping.set()
        self.join(deadline)
        if self.is_alive():
            raise TimeoutError("the feeder did not get its last receipts")
        if self.failure:
            raise self.failure
        self.feeder.close()
