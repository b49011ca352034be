# SPDX-License-Identifier: Apache-2.0
"""An operator's side of the contract."""
import time

from support.contract import Channel, wire


class Operator:
    def __init__(self, endpoint: str):
        self.channel = Channel(endpoint)

    def close(self) -> None:
        self.channel.close()

    def ask(self, body, message, timeout: float = 10.0):
        end = time.monotonic() + timeout
        while True:
            try:
                return self.channel.ask(body, message, timeout=min(2.0, timeout))
            except TimeoutError:
                if time.monotonic() > end:
                    raise

    def status(self, timeout: float = 10.0):
        _, payloads = self.ask("status_request", wire.StatusRequest(), timeout)
        status = wire.Status()
        status.ParseFromString(payloads[0])
        return status

    def counters(self) -> dict:
        return {counter.name: counter.value for counter in self.status().counters}

    def joined(self, way: str) -> int:
        """Messages whose payloads travelled in one frame, "in" or "out"."""
        return self.counters()[f'newsloom_messages_joined_total{{way="{way}"}}']

    def backlog(self) -> int:
        """Articles without an end."""
        return sum(c.queued + c.leased + c.waiting for c in self.status().classes)

    def dead(self, verb=wire.DEAD_LIST, **fields):
        """(DeadAnswer, [DeadLetter])"""
        packet, payloads = self.ask("dead_request", wire.DeadRequest(verb=verb, **fields))
        letters = []
        for payload in payloads:
            letter = wire.DeadLetter()
            letter.ParseFromString(payload)
            letters.append(letter)
        return packet.dead_answer, letters

    def all_dead(self, **fields) -> list:
        letters, after = [], 0
        while True:
            answer, page = self.dead(after=after, **fields)
            letters += page
            after = answer.next_after
            if not after:
                return letters

    def forget(self, source="", key="", verb=wire.FORGET_DO, article_id=0, beforehand=False, timeout: float = 30.0):
        request = wire.ForgetRequest(verb=verb, source=source, key=key, article_id=article_id, beforehand=beforehand)
        return self.channel.ask("forget_request", request, timeout=timeout)[0].forget_answer

    def control(self, verb) -> str:
        packet, _ = self.ask("control_request", wire.ControlRequest(verb=verb))
        return packet.control_answer.condition
