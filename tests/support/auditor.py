# SPDX-License-Identifier: Apache-2.0
"""The auditor: after whatever was done to the system, do the five promises hold?

    every receipt has exactly one end            (lost)
    one article row each, one entry each         (doubled)
    rows complete, entry bytes = stored bytes    (torn)

It asks only what anybody can ask: outcomes from the feed socket, the event log from the subscribe
socket, rows from PostgreSQL.
"""
import collections
import json
import os
from dataclasses import dataclass, field

from support.contract import ENDS, Refused, digest_bytes, extraction, wire
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

STORED_KINDS = (wire.ENTRY_STORED, wire.ENTRY_REPLACED)


@dataclass
class Row:
    digest: bytes
    revision: int
    generation: int
    extraction: bytes
    flaws: list = field(default_factory=list)


@dataclass
class Audit:
    articles: int = 0
    stored: int = 0
    dead: int = 0
    withdrawn: int = 0
    duplicates: int = 0
    forgotten: int = 0  # ended, and no longer known to the broker
    rowless: int = 0    # stored, and only the event log has it
    entries: int = 0
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)
    torn: list = field(default_factory=list)

    def check(self) -> "Audit":
        flaws = [f"{kind}: {text}" for kind in ("lost", "doubled", "torn")
                 for text in getattr(self, kind)]
        assert not flaws, (f"{len(flaws)} broken promises in {self.articles} articles:\n"
                           + "\n".join(flaws[:20]))
        return self


def rows_in_memory(storage) -> dict:
    """(source, key) -> {revision: Row} of a fake worker's storage."""
    rows = collections.defaultdict(dict)
    for (source, key, revision), (digest, data) in storage.rows.items():
        rows[source, key][revision] = Row(digest, revision, 1, data)
    return rows


_ROWS = """
SELECT source.name, article.key, article.revision, article.generation, article.content_digest,
       article.extraction, article.article_id,
       (SELECT count(*) FROM newsloom.mention m WHERE m.article_id = article.article_id),
       (SELECT count(*) FROM newsloom.role r WHERE r.article_id = article.article_id),
       (SELECT count(*) FROM newsloom.event e WHERE e.article_id = article.article_id),
       (SELECT count(*) FROM newsloom.event_argument a WHERE a.article_id = article.article_id)
FROM newsloom.article JOIN newsloom.source USING (source_id)
"""


def rows_in_postgres(database) -> dict:
    """The same from PostgreSQL, children compared with the stored Extraction."""
    rows = collections.defaultdict(dict)
    for (source, key, revision, generation, digest, data, _, *counts) in database.execute(_ROWS):
        row = Row(bytes(digest), revision, generation, bytes(data))
        found = extraction.Extraction.FromString(row.extraction)
        wanted = [len(found.mentions), len(found.roles), len(found.events),
                  sum(len(event.arguments) for event in found.events)]
        if counts != wanted:
            row.flaws.append(f"children {counts} where the extraction has {wanted}")
        if (found.source, found.key, found.revision) != (source, key, revision):
            row.flaws.append("the extraction is another article's")
        if found.content_digest != row.digest:
            row.flaws.append("the extraction was made of other content")
        rows[source, key][revision] = row
    return rows


def children_missing_entities(database) -> int:
    return database.value("""
        SELECT count(*) FROM newsloom.mention m LEFT JOIN newsloom.entity e USING (entity_id)
        WHERE m.entity_id IS NOT NULL AND e.entity_id IS NULL""")


def wait_settled(broker, deadline: float = 60.0) -> None:
    """Waits until no article is without an end."""
    operator = Operator(broker.endpoint("operator"))
    try:
        wait_for(lambda: operator.backlog() == 0, deadline,
                 "every article reaches its end", every=0.05)
    except AssertionError as error:
        status = operator.status()
        del status.counters[:]
        raise AssertionError(f"{error}\n{status}") from None
    finally:
        operator.close()


class Auditor:
    def __init__(self, broker, ledger, storage, may_forget=False, may_forget_rows=False):
        """storage: a Database or a MemoryStorage. may_forget: retention of keys was at work, so a
        stored article may be known to storage alone. may_forget_rows: the database lost commits, so
        it may be known to the event log alone."""
        self.broker, self.ledger, self.storage = broker, ledger, storage
        self.may_forget, self.may_forget_rows = may_forget, may_forget_rows
        self.audit = Audit()

    def run(self, followers=(), deadline: float = 60.0) -> Audit:
        wait_settled(self.broker, deadline)
        audit = self.audit
        audit.articles = len(self.ledger.promises)
        audit.duplicates = self.ledger.counts.get("DUPLICATE", 0)
        audit.doubled += self.ledger.contradictions
        rows = rows_in_postgres(self.storage) if hasattr(self.storage, "execute") \
            else rows_in_memory(self.storage)
        entries = self.read_log(followers)
        self.check_ends(rows, entries)
        self.check_rows(rows)
        for follower in followers:
            self.check_follower(follower, entries)
        return audit.check()

    # ---- the log ----

    def read_log(self, followers) -> dict:
        """sequence -> (Entry, payload): what is retained, and what followers have seen before."""
        reader = Subscriber(self.broker.endpoint("subscribe"), window=10 ** 6)
        reader.subscribe(wire.FROM_EARLIEST)
        reader.read_to_end(60)
        reader.close()
        entries = {entry.sequence: (entry, payload) for entry, payload in reader.entries}
        numbers = sorted(entries)
        if numbers and numbers != list(range(reader.first_retained, reader.last + 1)):
            self.audit.torn.append(f"the log is not contiguous from {reader.first_retained} to "
                                   f"{reader.last}: {len(numbers)} entries")
        self.log_id, self.first_retained, self.last = reader.log_id, reader.first_retained, reader.last
        for follower in followers:
            if follower.filter is None:
                for entry, payload in follower.entries:
                    entries.setdefault(entry.sequence, (entry, payload))
        self.audit.entries = len(entries)
        return entries

    def check_follower(self, follower, entries) -> None:
        """In order, complete up to its cursor, the same bytes."""
        seen = follower.sequences
        name = follower.name or "a subscriber"
        if seen != sorted(seen):
            self.audit.torn.append(f"{name} saw entries out of order")
        if len(seen) != len(set(seen)):
            self.audit.doubled.append(f"{name} saw an entry twice within one cursor")
        if follower.log_id != self.log_id:
            self.audit.torn.append(f"{name} follows another log")
        start = seen[0] if seen else 0
        if follower.filter is None:
            missing = set(number for number in entries
                          if start <= number <= follower.position) - set(seen)
            if missing:
                self.audit.lost.append(f"{name} at {follower.position} missed {sorted(missing)[:5]}")
        for entry, payload in follower.entries:
            if entry.sequence in entries and entries[entry.sequence][1] != payload:
                self.audit.torn.append(f"{name} saw other bytes in entry {entry.sequence}")

    # ---- ends ----

    def check_ends(self, rows, entries) -> None:
        by_article = collections.defaultdict(list)
        for number in sorted(entries):
            entry, _ = entries[number]
            by_article[entry.article_id].append(entry)
        feeder = Feeder(self.broker.endpoint("feed"))
        owners = {}
        for promise in self.ledger.promises.values():
            name = f"{promise.source}/{promise.key} revision {promise.revision}"
            other = owners.setdefault(promise.article_id, promise)
            if other is not promise:
                self.audit.doubled.append(f"{name} and {other.source}/{other.key} share an article id")
            row = rows[promise.source, promise.key].get(promise.revision)
            try:
                outcome = feeder.outcome(promise.source, promise.key, promise.revision)
            except Refused:
                if self.may_forget and row is not None and row.digest == promise.digest:
                    self.audit.forgotten += 1
                else:
                    self.audit.lost.append(f"{name} is not known")
                continue
            if outcome.article_id != promise.article_id or outcome.digest != promise.digest:
                self.audit.lost.append(f"{name} is article {outcome.article_id} now, "
                                       f"was {promise.article_id}")
                continue
            if outcome.state not in ENDS:
                self.audit.lost.append(f"{name} is {wire.State.Name(outcome.state)}, which is no end")
                continue
            self.check_end(name, promise, outcome, rows[promise.source, promise.key],
                           by_article[promise.article_id], entries)
        feeder.close()
        known = set().union(*(p.ids for p in self.ledger.promises.values()))
        for number, (entry, _) in entries.items():
            if entry.article_id not in known and entry.kind != wire.ENTRY_FORGOTTEN:
                self.audit.doubled.append(f"entry {number} is of article {entry.article_id}, "
                                          "which nobody was promised")

    def check_end(self, name, promise, outcome, revisions, own, entries) -> None:
        stored = [entry for entry in own if entry.kind in STORED_KINDS]
        row = revisions.get(promise.revision)
        if outcome.state == wire.STORED:
            self.audit.stored += 1
            self.check_stored(name, promise, outcome, stored, row, entries)
            return
        kind = wire.ENTRY_DEAD if outcome.state == wire.DEAD else wire.ENTRY_WITHDRAWN
        self.audit.dead += outcome.state == wire.DEAD
        self.audit.withdrawn += outcome.state == wire.WITHDRAWN
        state = wire.State.Name(outcome.state)
        if row is not None or stored:
            self.audit.torn.append(f"{name} is {state} and stored")
        if not any(entry.kind == kind for entry in own) and outcome.sequence >= self.first_retained:
            self.audit.torn.append(f"{name} is {state} without an entry")

    def check_stored(self, name, promise, outcome, stored, row, entries) -> None:
        if len(stored) > 1:
            self.audit.doubled.append(f"{name} has {len(stored)} entries: "
                                      f"{[entry.sequence for entry in stored]}")
        if not stored:
            if outcome.sequence >= self.first_retained:
                self.audit.lost.append(f"{name} is STORED at {outcome.sequence} without an entry")
            return
        if stored[0].sequence != outcome.sequence:
            self.audit.torn.append(f"{name} says sequence {outcome.sequence}, its entry is "
                                   f"{stored[0].sequence}")
        payload = entries[stored[0].sequence][1]
        if row is None:
            self.check_rowless(name, stored[0], payload)
            return
        if row.digest != promise.digest:
            self.audit.torn.append(f"the row of {name} is of other content")
        if row.extraction != payload:
            self.audit.torn.append(f"{name}: the entry's bytes are not the stored ones")
        if digest_bytes(row.extraction) != stored[0].extraction_digest:
            self.audit.torn.append(f"{name}: the entry's digest is not that of the stored bytes")

    def check_rowless(self, name, entry, payload) -> None:
        if not self.may_forget_rows:
            self.audit.lost.append(f"{name} is STORED and has no row")
        elif digest_bytes(payload) != entry.extraction_digest:
            self.audit.torn.append(f"{name} has no row, and its entry's bytes are not those of its digest")
        else:
            self.audit.rowless += 1

    # ---- rows ----

    def check_rows(self, rows) -> None:
        promised = {(p.source, p.key, p.revision) for p in self.ledger.promises.values()}
        for (source, key), revisions in rows.items():
            for revision, row in revisions.items():
                name = f"{source}/{key} revision {revision}"
                self.audit.torn += [f"{name}: {flaw}" for flaw in row.flaws]
                if (source, key, revision) not in promised:
                    self.audit.doubled.append(f"{name} has a row, and nobody was promised it")
        if hasattr(self.storage, "execute"):
            missing = children_missing_entities(self.storage)
            if missing:
                self.audit.torn.append(f"{missing} mentions lead to no entity")


def report(test: str, audit: Audit, faults: int, **more) -> None:
    """One line for people, and one for tests/fault/run."""
    counts = {"articles": audit.articles, "stored": audit.stored, "dead": audit.dead,
              "duplicates": audit.duplicates, "entries": audit.entries, "faults": faults, **more}
    if audit.rowless:
        counts["rowless"] = audit.rowless
    print(f"\n{test}: " + " ".join(f"{name}={value}" for name, value in counts.items()))
    path = os.environ.get("NEWSLOOM_FAULT_REPORT")
    if path:
        with open(path, "a", encoding="utf-8") as out:
            out.write(json.dumps({"test": test, "lost": len(audit.lost),
                                  "doubled": len(audit.doubled), "torn": len(audit.torn),
                                  **counts}) + "\n")


def check_no_attempt_burnt(broker, ledger, guilty=()) -> None:
    """Whatever happened was nobody's fault among the articles, but for those whose identities are given."""
    feeder = Feeder(broker.endpoint("feed"))
    try:
        charged = {f"{p.source}/{p.key}": outcome.attempts_charged for p in ledger.promises.values()
                   if (p.source, p.key) not in guilty
                   and (outcome := feeder.outcome(p.source, p.key, p.revision)).attempts_charged}
    finally:
        feeder.close()
    assert not charged, f"attempts were burnt: {dict(list(charged.items())[:10])}"
