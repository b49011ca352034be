# SPDX-License-Identifier: Apache-2.0
"""python3 -m newsloom.webhook: the event log, posted to a URL entry by entry, in order.

Signed as Standard Webhooks asks (standardwebhooks.com): webhook-id, webhook-timestamp and webhook-signature, which is
"v1," and the HMAC-SHA256 of "<id>.<timestamp>.<body>" in base64. The id of an entry is the same however often it is sent.
"""
from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import os
import random
import secrets
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, NoReturn

from google.protobuf.json_format import MessageToDict

from newsloom.cursor import Cursor
from newsloom.entry import Entry
from newsloom.errors import BrokerAway, NewsloomError, WebhookError
from newsloom.keys import read_private
from newsloom.subscriber import Subscriber

_ABOUT = """Posts what is stored to a URL, in order, signed by the rules of Standard Webhooks.

  secret FILE             make a secret for sender and receiver, in a file that only its owner can read
  send STATE URL          follow the event log; STATE keeps the cursor and the dead letters (begins with the earliest)
  dead STATE              list the dead letters
  retry STATE URL         send the dead letters again

An answer of 200 to 299 takes the entry. While the receiver is away, or answers 408, 425, 429 or 500 and above, the same
entry is tried again, for ever, after 1 s, 2 s, 4 s … at most --backoff seconds, or Retry-After. Any other answer is about
this entry: after --attempts of them it becomes a dead letter, and the next one goes out. 410 ends the sending.
Each entry comes at least once; one that comes again has the same webhook-id.

exit status: 0 done; 64 wrong use; 65 dead letters were made, or the secret is none; 66 there is no such file;
69 the receiver said 410; 75 the broker did not answer: run it again.

examples:
  python3 -m newsloom.webhook secret alerts.secret
  python3 -m newsloom.webhook send alerts.state https://example.org/hook --secret alerts.secret --filter event=ARREST
  python3 -m newsloom.webhook dead alerts.state
"""
_FORMAT = 1
_APPLICATION = 0x6E6C7768  # "nlwh"
_SCHEMA = ("CREATE TABLE cursor (one INTEGER PRIMARY KEY CHECK (one = 1), text TEXT NOT NULL)",
           "CREATE TABLE dead (id TEXT PRIMARY KEY, body BLOB NOT NULL, attempts INTEGER NOT NULL, reason TEXT NOT NULL,"
           " died_at REAL NOT NULL)")
_PREFIX = "whsec_"
_SECRET_BYTES = range(24, 65)
_TIMEOUT_S = 15.0
_BUSY_S = 30.0
_IDLE_S = 30.0


# ---- the secret ----

def make_secret(path: Path) -> None:
    """Refuses to write over one that is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode() + "\n")


def read_secret(path: Path) -> bytes:
    text = read_private(str(path)).strip()
    try:
        secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(_PREFIX) or len(secret) not in _SECRET_BYTES:
        raise WebhookError(f"{path} holds no secret: {_PREFIX} and 24 to 64 bytes in base64")
    return secret


def signature(secret: bytes, id_: str, timestamp: int, body: bytes) -> str:
    signed = hmac.new(secret, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()


# ---- what is kept ----

@dataclass(frozen=True)
class DeadLetter:
    id: str
    body: bytes
    attempts: int
    reason: str
    died_at: float


class State:
    """The cursor and the dead letters, moved together: an SQLite database, synced with each change."""

    def __init__(self, path: Path):
        self.path = path
        self._database = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
        try:
            self._database.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise WebhookError(f"could not open the state {path}: {error}") from None

    def _prepare(self) -> None:
        with self._database as database:
            database.execute("BEGIN IMMEDIATE")
            application, = database.execute("PRAGMA application_id").fetchone()
            tables, = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            found, = database.execute("PRAGMA user_version").fetchone()
            if tables and application != _APPLICATION:
                raise WebhookError(f"{self.path} is no state of a webhook, but some other database")
            if found > _FORMAT:
                raise WebhookError(f"the state {self.path} was made by a later version")
            for statement in () if tables else _SCHEMA:
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_FORMAT}")

    def close(self) -> None:
        self._database.close()

    @property
    def cursor(self) -> str:
        row = self._database.execute("SELECT text FROM cursor").fetchone()
        return str(row[0]) if row else ""

    def move(self, cursor: str, dead: DeadLetter | None = None) -> None:
        with self._database as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?)", (cursor,))
            if dead:
                database.execute("INSERT OR REPLACE INTO dead VALUES (?, ?, ?, ?, ?)",
                                 (dead.id, dead.body, dead.attempts, dead.reason, dead.died_at))

    def dead_letters(self) -> Iterator[DeadLetter]:
        for row in self._database.execute("SELECT * FROM dead ORDER BY died_at, id").fetchall():
            yield DeadLetter(*row)

    def bury(self, id_: str) -> None:
        self._database.execute("DELETE FROM dead WHERE id = ?", (id_,))


# ---- sending ----

class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A signed body goes where it was told to go, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


class Gone(NewsloomError):
    """The receiver wants no more (410)."""


def body_of(entry: Entry) -> bytes:
    data = {"sequence": entry.sequence, "article_id": entry.article_id, "source": entry.source, "key": entry.key,
            "revision": entry.revision, "reason": entry.reason, "identity": entry.identity.hex(),
            "extraction": MessageToDict(entry.extraction, preserving_proto_field_name=True) if entry.payload else None}
    said = {"type": f"article.{entry.kind.lower()}", "timestamp": entry.stored_at.isoformat() if entry.stored_at else None,
            "data": data}
    return json.dumps(said, ensure_ascii=False).encode()


class Sender:
    def __init__(self, url: str, secret: bytes, attempts: int, backoff: float, say: Callable[[str], None]):
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise WebhookError(f"{url} is no http or https URL")
        self._url, self._secret, self._attempts, self._backoff, self._say = url, secret, attempts, backoff, say
        self._opener = urllib.request.build_opener(_NoRedirect)

    def _post(self, id_: str, body: bytes) -> tuple[int, str, float]:
        """The status (0: none came), what was wrong, and how long the receiver asks to wait."""
        now = int(time.time())
        headers = {"Content-Type": "application/json", "User-Agent": "newsloom-webhook", "webhook-id": id_,
                   "webhook-timestamp": str(now), "webhook-signature": signature(self._secret, id_, now, body)}
        try:
            with self._opener.open(urllib.request.Request(self._url, body, headers), timeout=_TIMEOUT_S) as answer:
                return answer.status, "", 0.0
        except urllib.error.HTTPError as error:
            with error:
                after = error.headers.get("Retry-After", "")
                return error.code, f"{error.code} {error.reason}", float(after) if after.isdecimal() else 0.0
        except (OSError, ValueError) as error:  # ValueError: what came is no HTTP
            return 0, str(getattr(error, "reason", "") or error), 0.0

    def deliver(self, id_: str, body: bytes) -> DeadLetter | None:
        """Returns when it was taken, or the dead letter that it became."""
        charged, wait = 0, 1.0
        while True:
            status, reason, after = self._post(id_, body)
            if 200 <= status < 300:
                return None
            if status == 410:
                raise Gone(f"{self._url} answers 410: it wants no more; what follows stays in the log")
            if status in (0, 408, 425, 429) or status >= 500:
                self._say(f"{id_}: {reason}; tried again in {max(wait, after):.0f} s")
            else:
                charged += 1
                if charged >= self._attempts:
                    return DeadLetter(id_, body, charged, reason, time.time())
            time.sleep(max(wait * random.uniform(0.8, 1.2), min(after, self._backoff)))
            wait = min(2 * wait, self._backoff)


# ---- verbs ----

def send(state: State, sender: Sender, filter_: str, until_idle: bool, say: Callable[[str], None]) -> int:
    sent = dead = 0
    with Subscriber(start=state.cursor or "earliest", filter=filter_, until_idle=until_idle, patience=None) as news:
        while True:
            entry = news.next(_IDLE_S)
            if entry is None and news.cursor:
                state.move(str(news.cursor))  # also over what the filter passed by, or retention would overtake it
            if entry is None and until_idle and news.is_caught_up:
                break
            if entry is None or news.cursor is None:
                continue
            cursor = Cursor(news.cursor.log_id, entry.sequence)
            letter = sender.deliver(f"{cursor.log_id.hex()}.{entry.sequence}", body_of(entry))
            state.move(str(cursor), letter)
            news.acknowledge(entry)
            sent += letter is None
            if letter:
                dead += 1
                say(f"{letter.id}: dead after {letter.attempts} attempts: {letter.reason}")
    say(f"{sent} delivered, {dead} dead")
    return os.EX_DATAERR if dead else os.EX_OK


def retry(state: State, sender: Sender, say: Callable[[str], None]) -> int:
    left = 0
    for letter in state.dead_letters():
        if sender.deliver(letter.id, letter.body):
            left += 1
        else:
            state.bury(letter.id)
    say(f"{left} dead letters are left")
    return os.EX_DATAERR if left else os.EX_OK


def show(state: State) -> int:
    for letter in state.dead_letters():
        print(f"{letter.id}\t{letter.attempts} attempts\t{letter.reason}")
    return os.EX_OK


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(os.EX_USAGE, f"{self.prog}: {message}; --help shows examples\n")


def _parser() -> _Parser:
    parser = _Parser(prog="python3 -m newsloom.webhook", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["secret", "send", "dead", "retry"])
    parser.add_argument("file", type=Path)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--secret", type=Path, help="the file that `secret` made")
    parser.add_argument("--filter", default="", help="as of newsloom subscribe: event=ARREST,type=PERSON")
    parser.add_argument("--attempts", type=int, default=5, help="refusals of one entry until it is dead (%(default)d)")
    parser.add_argument("--backoff", type=float, default=300.0, help="longest wait between two attempts, seconds (%(default)g)")
    parser.add_argument("--until-idle", action="store_true", help="end when everything that is there was sent")
    return parser


def _run(given: argparse.Namespace, say: Callable[[str], None]) -> int:
    if given.verb == "secret":
        make_secret(given.file)
        return os.EX_OK
    if given.verb in ("dead", "retry") and not given.file.exists():
        say(f"there is no state {given.file}")
        return os.EX_NOINPUT
    state = State(given.file)
    try:
        if given.verb == "dead":
            return show(state)
        sender = Sender(given.url, read_secret(given.secret), given.attempts, given.backoff, say)
        return retry(state, sender, say) if given.verb == "retry" else send(state, sender, given.filter, given.until_idle, say)
    finally:
        state.close()


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.verb in ("send", "retry") and (not given.url or not given.secret):
        parser.error(f"{given.verb} needs a URL and --secret FILE")

    def say(text: str) -> None:
        print(f"newsloom.webhook: {text}", file=sys.stderr, flush=True)
    try:
        return _run(given, say)
    except Gone as error:
        say(str(error))
        return os.EX_UNAVAILABLE
    except BrokerAway as error:
        say(str(error))
        return os.EX_TEMPFAIL
    except (NewsloomError, ValueError, OSError, sqlite3.Error) as error:
        say(str(error))
        return os.EX_DATAERR
    except KeyboardInterrupt:
        say(f"interrupted; {given.file} says where to go on")
        return 130


if __name__ == "__main__":
    sys.exit(main())
