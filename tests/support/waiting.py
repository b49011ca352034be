# SPDX-License-Identifier: Apache-2.0
"""Tests wait for facts, never for time."""
import threading
import time

_never = threading.Event()


class NotInTime(AssertionError):
    pass


def breathe(seconds: float = 0.01) -> None:
    """Gives way to others between two looks at a fact."""
    _never.wait(seconds)


def wait_for(fact, deadline: float = 15.0, what: str = "", every: float = 0.01):
    """Calls fact() until it answers something true, and answers that."""
    end = time.monotonic() + deadline
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > end:
            raise NotInTime(f"not within {deadline:g} s: {what or getattr(fact, '__doc__', '') or fact}")
        breathe(every)
