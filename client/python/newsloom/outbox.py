# SPDX-License-Identifier: Apache-2.0
"""What was handed over and has no receipt yet, in a file: an SQLite database.

put() returns when it is on disk. What is taken out is not waited for: after a crash it goes out again, and
because it is the same bytes under the same identity the broker answers DUPLICATE. Any number of processes may
share one file; each sends what it finds there, at worst twice.
"""
from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, Sequence

from newsloom.article import Packed
from newsloom.errors import OutboxError

_FORMAT = 1
_APPLICATION = 0x6E6C6F6D  # "nlom": file(1) and we know it again
_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE waiting (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    class INTEGER NOT NULL,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    digest BLOB NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX waiting_by_class ON waiting (class, id);
CREATE TABLE refused (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    url TEXT NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    refused_at REAL NOT NULL,
    payload BLOB NOT NULL
);
"""


@dataclass(frozen=True)
class Refusal:
    """An article that the broker refused; payload is its newsloom.v1.Article."""

    id: int
    source: str
    key: str
    url: str
    code: str
    text: str
    refused_at: float
    payload: bytes


class Outbox:
    """path None: in memory, as long as it lives. Belongs to one thread; open another for another."""

    def __init__(self, path: str | Path | None = None):
        self.path = Path(path) if path else None
        try:
            self._database = sqlite3.connect(self.path or ":memory:", timeout=_BUSY_S, isolation_level=None)
            with _said(self.path):
                self._prepare()
        except (sqlite3.Error, OutboxError) as error:
            self.close()
            raise error if isinstance(error, OutboxError) else OutboxError(
                f"could not open the outbox {self.path}: {error}") from None
        self.first_new = 1 + self._number("SELECT coalesce(max(seq), 0) FROM sqlite_sequence")

    def _prepare(self) -> None:
        with self._transaction(synced=True) as database:  # of two processes that begin with a new file one is first
            found = self._number("PRAGMA user_version")
            if found > _FORMAT:
                raise OutboxError(f"the outbox {self.path} was made by a later version")
            if found == 0 and self._number("SELECT count(*) FROM sqlite_master"):
                raise OutboxError(f"{self.path} is no outbox, but some other database")
            for statement in _SCHEMA.split(";") if found == 0 else ():
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {_APPLICATION}")
            database.execute(f"PRAGMA user_version = {_FORMAT}")
        self._log_ahead()

    def _log_ahead(self) -> None:
        """Asks again by itself: for this SQLite does not wait while another process has the file."""
        end = time.monotonic() + _BUSY_S
        while True:
            try:
                self._database.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def close(self) -> None:
        if hasattr(self, "_database"):
            self._database.close()

    def _number(self, query: str, *values: object) -> int:
        found: int = self._database.execute(query, values).fetchone()[0]
        return found

    @contextmanager
    def _transaction(self, synced: bool) -> Iterator[sqlite3.Connection]:
        with _said(self.path):
            self._database.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    # ---- what waits ----

    def put(self, articles: Iterable[Packed]) -> list[int]:
        """On disk, all or none, when it returns their numbers."""
        with self._transaction(synced=True) as database:
            rows = [database.execute(
                "INSERT INTO waiting (class, source, key, url, digest, payload) VALUES (?, ?, ?, ?, ?, ?)",
                (one.class_, one.source, one.key, one.url, one.digest, one.payload)) for one in articles]
            return [row.lastrowid or 0 for row in rows]

    def load(self, class_: int, after: int, most: int) -> list[tuple[int, Packed]]:
        """The oldest of a class behind a number."""
        with _said(self.path):
            rows = self._database.execute(
                "SELECT id, source, key, url, class, digest, payload FROM waiting WHERE class = ? AND id > ? "
                "ORDER BY id LIMIT ?", (class_, after, most))
            return [(row[0], Packed(*row[1:])) for row in rows]

    def settle(self, kept: Sequence[int], refused: Sequence[tuple[int, str, str]]) -> None:
        """Takes out what the broker has; what it refused is set aside with code and sentence."""
        now = time.time()
        with self._transaction(synced=bool(refused)) as database:
            for id_, code, text in refused:
                # Of what an operator had forgotten nothing is kept here either.
                columns = "source, '', '', ?, ?, ?, x''" if code == "WAS_FORGOTTEN" else "source, key, url, ?, ?, ?, payload"
                database.execute(f"INSERT INTO refused (source, key, url, code, text, refused_at, payload) "
                                 f"SELECT {columns} FROM waiting WHERE id = ?", (code, text, now, id_))
            database.executemany("DELETE FROM waiting WHERE id = ?",
                                 [(id_,) for id_ in (*kept, *(one[0] for one in refused))])

    @property
    def waiting(self) -> int:
        with _said(self.path):
            return self._number("SELECT count(*) FROM waiting INDEXED BY waiting_by_class")

    @property
    def bytes_used(self) -> int:
        """Of the file, without what may be written over."""
        with _said(self.path):
            return self._number("SELECT (p.page_count - f.freelist_count) * s.page_size FROM pragma_page_count p, "
                                "pragma_freelist_count f, pragma_page_size s")

    def is_over(self, limit: int) -> bool:
        """Too much waits. What was refused takes room too, but nobody waits for it: it does not go by itself."""
        return self.bytes_used > limit and self.waiting > 0

    # ---- what was refused ----

    @property
    def refused(self) -> int:
        with _said(self.path):
            return self._number("SELECT count(*) FROM refused")

    def refusals(self) -> Iterator[Refusal]:
        with _said(self.path):
            for row in self._database.execute("SELECT id, source, key, url, code, text, refused_at, payload "
                                              "FROM refused ORDER BY id"):
                yield Refusal(*row)

    def forget_refusals(self) -> int:
        """They were read and are no longer wanted; how many there were."""
        with self._transaction(synced=True) as database:
            return database.execute("DELETE FROM refused").rowcount


@contextmanager
def _said(path: Path | None) -> Iterator[None]:
    """SQLite's errors as ours, with the file's name."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxError(f"could not use the outbox {path or 'in memory'}: {error}") from error
