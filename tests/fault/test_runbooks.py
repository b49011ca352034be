# SPDX-License-Identifier: Apache-2.0
"""docs/runbooks.md, command by command, while articles come in; then the auditor."""
import os
import re
import shutil
import subprocess

import pytest

from support import paths
from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.cli import CommandLine
from support.contract import wire
from support.feeder import Feeder, FeedingThread
from support.ledger import Ledger
from support.operating import Operator
from support.subscriber import Subscriber
from support.systemctl import Systemctl
from support.waiting import wait_for

DOCUMENT = paths.SOURCE / "docs" / "runbooks.md"


def runbook(heading: str) -> str:
    """The commands below a heading."""
    sections = re.split(r"^## ", DOCUMENT.read_text(), flags=re.M)
    section, = [text for text in sections if text.startswith(heading + "\n")]
    blocks = re.findall(r"^```sh\n(.*?)^```$", section, flags=re.M | re.S)
    assert len(blocks) == 1, f"{heading}: {len(blocks)} blocks of commands"
    return blocks[0]


def test_every_runbook_has_a_test():
    named = set(re.findall(r'site\.run\("([^"]+)"', open(__file__, encoding="utf-8").read()))
    sections = re.split(r"^## ", DOCUMENT.read_text(), flags=re.M)[1:]
    with_commands = {section.split("\n")[0] for section in sections if "```" in section}
    assert named == with_commands


class Recorded(FeedingThread):
    """Keeps what it fed, as a crawler's archive does."""

    def __init__(self, *arguments, **how):
        super().__init__(*arguments, **how)
        self.archive = []

    def _next(self):
        pieces = super()._next()
        self.archive += [piece for piece in pieces if piece not in self.archive]
        return pieces


class Site:
    """A newsloom with a crawler, a worker and a database, and somebody at its keyboard."""

    def __init__(self, directory, new_broker, new_worker, database, seed, most):
        self.directory, self.database, self.seed, self.most = directory, database, seed, most
        self.broker = new_broker(**{"store.backups": directory / "backups", "restart.grace": "200ms"})
        self.workers = [new_worker(self.broker, database, name=f"may-{number}") for number in range(2)]
        self.units = {f"newsloom-worker@{worker.directory.name}": worker for worker in self.workers}
        self.systemctl = Systemctl(directory / "init", {"newsloom-broker": self.broker, **self.units})
        self.cli = CommandLine(self.broker, directory, **{"database.url": database.url})
        self.ledger = Ledger()
        self.crawlers = []
        self.archive = []
        self.dump = directory / "dump"
        (directory / "home").mkdir()

    def crawl(self, corrections: float = 0.0) -> None:
        """A new broker counts revisions anew, which the auditor could not compare: no corrections where one is lost."""
        self.crawlers = [Recorded(self.broker.endpoint("feed"), Newsroom(self.seed, f"bao-{number}"), self.ledger,
                                  corrections=corrections, resend=0.5, pace=0.05, most=self.most) for number in range(2)]
        for crawler in self.crawlers:
            crawler.start()

    def crawl_until(self, stored: int) -> None:
        operator = Operator(self.broker.endpoint("operator"))
        wait_for(lambda: operator.status().last_sequence >= stored or any(c.failure for c in self.crawlers), 90,
                 f"{stored} articles are stored")
        operator.close()

    def stop_crawling(self) -> None:
        for crawler in self.crawlers:
            crawler.finish()
            self.archive += crawler.archive
        self.crawlers = []

    def run(self, heading: str):
        backups = sorted((self.directory / "backups").glob("*")) or [self.directory / "none"]
        server = self.database.server
        env = {**self.cli.env, "STORE": str(self.broker.store), "BACKUP": str(backups[-1]), "DUMP": str(self.dump),
               "PGDATABASE": self.database.name, "PGHOST": str(server.directory), "PGUSER": "newsloom",
               "HOME": str(self.directory / "home"), "WORKERS": " ".join(self.units),
               "PATH": f"{self.systemctl.folder}:{paths.BIN}:{server.bin}:{os.environ['PATH']}"}
        done = subprocess.run(["/bin/sh", "-e", "-x", "-c", runbook(heading)], env=env, capture_output=True, text=True,
                              timeout=180, cwd=self.directory)
        assert "Sanitizer" not in done.stderr, done.stderr
        assert done.returncode == 0, "\n".join([heading, done.stdout[-3000:], done.stderr[-3000:], self.broker.log()[-800:]])
        return done

    def lose_disk(self) -> None:
        self.broker.kill9()
        shutil.rmtree(self.broker.store)

    def lose_database(self) -> None:
        self.database.server.execute(f"DROP DATABASE {self.database.name} WITH (FORCE)")

    def feed_archive_and_audit(self, test: str, faults: int, **more):
        """What feeders have no end for they feed again, here everything: promises anew, the books compared."""
        again = Ledger()
        feeder = Feeder(self.broker.endpoint("feed"), again)
        wait_settled(self.broker, 90)
        feeder.submit(self.archive, deadline=90)
        feeder.close()
        audit = Auditor(self.broker, again, self.database).run(deadline=90)
        assert audit.stored == len(again) == len(self.archive) and audit.dead == 0
        report(test, audit, faults, seed=self.seed, **more)
        assert "everything agrees" in self.cli("verify").stdout
        return audit

    def log(self, from_=wire.FROM_EARLIEST, **where) -> Subscriber:
        reader = Subscriber(self.broker.endpoint("subscribe"), window=10 ** 6)
        reader.subscribe(from_, **where)
        return reader

    def bytes_by_article(self) -> dict:
        reader = self.log()
        reader.read_to_end(30)
        reader.close()
        return {(e.source, e.key, bytes(e.extraction_digest)): payload for e, payload in reader.entries}


@pytest.fixture
def site(directory, new_broker, new_worker, database, seed, time_given):
    site = Site(directory, new_broker, new_worker, database, seed, None if time_given.is_long else 120)
    yield site
    for crawler in site.crawlers:
        crawler.stopping.set()
    site.systemctl.close()


def test_restored_log_is_another_log(site):
    site.crawl()
    site.crawl_until(40)
    site.run("Before: what has to exist")
    ahead = site.log()
    site.crawl_until(70)
    ahead.read_to_end(30)
    cursor = (ahead.log_id, ahead.position)
    ahead.close()
    site.lose_disk()
    rows = site.database.value("SELECT count(*) FROM newsloom.article")
    site.run("The broker's disk is lost, and there is a backup")
    site.stop_crawling()
    behind = site.log(wire.FROM_CURSOR, log_id=cursor[0], after=cursor[1])
    wait_for(lambda: behind.gaps or (behind.pump(0.1) and behind.gaps), 20, "the subscriber that was ahead hears GAP")
    gap = behind.gaps[0]
    assert gap.other_log and gap.log_id != cursor[0] and "earliest" in gap.text
    behind.close()
    audit = site.feed_archive_and_audit("restored_log_is_another_log", 1, rows=rows)
    assert audit.articles >= rows


def test_lost_broker_is_resubmitted_without_second_row(site):
    site.crawl()
    site.crawl_until(60)
    before = site.bytes_by_article()
    site.lose_disk()
    site.run("The broker's disk is lost, and there is no backup")
    site.stop_crawling()
    wait_settled(site.broker, 90)
    after = site.bytes_by_article()
    assert before.keys() <= after.keys() and all(after[name] == before[name] for name in before)
    site.feed_archive_and_audit("lost_broker_is_resubmitted", 1, entries_before=len(before))


def test_lost_postgres_is_repaired_from_log(site):
    site.crawl(corrections=0.05)
    site.crawl_until(40)
    dumped = site.database.value("SELECT count(*) FROM newsloom.article")
    site.run("Before: what has to exist")
    site.crawl_until(70)
    site.lose_database()
    site.run("The database is lost")
    site.stop_crawling()
    wait_settled(site.broker, 90)
    bare = site.database.value("SELECT count(*) FROM newsloom.article WHERE content = ''")
    assert 0 < bare <= site.database.value("SELECT count(*) FROM newsloom.article") - dumped
    audit = Auditor(site.broker, site.ledger, site.database).run(deadline=90)
    assert audit.stored == len(site.archive)
    report("lost_postgres_is_repaired_from_log", audit, 1, seed=site.seed, dumped=dumped, without_page=bare)


def test_both_are_lost(site):
    site.crawl()
    site.crawl_until(40)
    site.run("Before: what has to exist")
    site.crawl_until(70)
    site.lose_disk()
    site.lose_database()
    site.run("Both are lost")
    site.stop_crawling()
    site.feed_archive_and_audit("both_are_lost", 2)


def test_somebody_made_a_mistake(site):
    site.crawl(corrections=0.05)
    site.crawl_until(60)
    site.stop_crawling()
    wait_settled(site.broker, 60)
    site.database.execute("DELETE FROM newsloom.article WHERE article_id % 3 = 0")
    site.database.execute("DELETE FROM newsloom.event WHERE article_id % 3 = 1")
    operator = Operator(site.broker.endpoint("operator"))
    bad = Newsroom(site.seed, "hong").piece()
    bad.raw = b"\xff"
    feeder = Feeder(site.broker.endpoint("feed"))
    feeder.submit([bad])
    wait_for(lambda: operator.status().dead == 1, 30, "a dead letter")
    assert site.cli.json("dead", "drop", "--all") == [{"changed": 1}]
    site.run("Somebody made a mistake")
    home = site.directory / "home"
    assert "missing: bao-" in (home / "findings.txt").read_text() and bad.key in (home / "withdrawn.jsonl").read_text()
    bad.raw = None
    assert feeder.submit([bad])[0].code == wire.ACCEPTED, "fed again it is taken"
    site.archive.append(bad)
    site.ledger = Ledger()
    site.feed_archive_and_audit("somebody_made_a_mistake", 3)
    operator.close()
    feeder.close()
