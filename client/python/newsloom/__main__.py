# SPDX-License-Identifier: Apache-2.0
"""python3 -m newsloom: what a crawler had handed over and the broker does not have yet."""
from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from newsloom.errors import BrokerAway, NewsloomError
from newsloom.feeder import Feeder
from newsloom.outbox import Outbox

_ABOUT = """An outbox is the file in which a Feeder, or the Scrapy pipeline, keeps what has no receipt yet.

  flush      send what waits there; ends when each article has its receipt
  show       say what waits, and list what was refused with code and reason
  forget     take what was refused out of the file, once it has been looked at

exit status: 0 done; 64 wrong use; 65 the broker refused articles (show lists them); 66 there is no such
file; 75 the broker did not answer: nothing is lost, run it again.

examples:
  python3 -m newsloom flush articles.outbox
  python3 -m newsloom flush --broker tcp://10.0.0.7:5811 --timeout 600 articles.outbox
  python3 -m newsloom show articles.outbox
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}; --help shows examples\n")


def _flush(path: Path, broker: str | None, timeout: float) -> int:
    with Feeder(broker, outbox=path) as feeder:
        before = feeder.outbox.refused
        feeder.flush(timeout)
        refused = feeder.outbox.refused - before
        print(f"{path}: {feeder.counts['ACCEPTED']} accepted, {feeder.counts['DUPLICATE']} known already, {refused} refused")
    return os.EX_DATAERR if refused else os.EX_OK


def _show(path: Path) -> int:
    outbox = Outbox(path)
    print(f"{path}: {outbox.waiting} wait for a receipt, {outbox.refused} were refused")
    for one in outbox.refusals():
        print(f"{one.source}\t{one.key or one.url}\t{one.code}\t{one.text}")
    outbox.close()
    return os.EX_OK


def _forget(path: Path) -> int:
    outbox = Outbox(path)
    print(f"{path}: {outbox.forget_refusals()} refused articles forgotten")
    outbox.close()
    return os.EX_OK


def main(arguments: list[str] | None = None) -> int:
    parser = _Parser(prog="python3 -m newsloom", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["flush", "show", "forget"])
    parser.add_argument("outbox", type=Path)
    parser.add_argument("--broker", help="its feed socket ($NEWSLOOM_BROKER_FEED, else tcp://127.0.0.1:5811)")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds until flush gives up (%(default)g)")
    given = parser.parse_args(arguments)
    try:
        if not given.outbox.exists():
            print(f"{parser.prog}: there is no outbox {given.outbox}", file=sys.stderr)
            return os.EX_NOINPUT
        if given.verb == "flush":
            return _flush(given.outbox, given.broker, given.timeout)
        return _show(given.outbox) if given.verb == "show" else _forget(given.outbox)
    except BrokerAway as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return os.EX_TEMPFAIL
    except (NewsloomError, ValueError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return os.EX_DATAERR
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted; what has no receipt is still in {given.outbox}", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
