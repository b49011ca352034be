# SPDX-License-Identifier: Apache-2.0
"""verify tells what does not agree, each kind by its name; repair mends it, and only it."""
import pytest

from support import paths
from support.articles import Piece
from support.auditor import Auditor, wait_settled
from support.cli import CommandLine
from support.contract import extraction, wire
from support.fake_worker import FakeWorker
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

SAMPLES = sorted((paths.SOURCE / "deploy" / "samples").glob("*.txt"))
FINDINGS, EX_USAGE, EX_TEMPFAIL = 1, 64, 75

# Everything of an article that its entry speaks of; ids and what only the page holds are left out.
FACTS = {
    "article": """SELECT s.name, a.key, revision, generation, sketch, duplicate_of IS NULL, published_at, fetched_at,
        published_on, published_origin::text, page_kind::text, text_length, url, title, author, publisher, published,
        language, extractor, extractor_version, model_digest, content_digest, extraction_digest, bands, extraction,
        broker_article_id FROM newsloom.article a JOIN newsloom.source s USING (source_id)""",
    **{table: f"""SELECT a.key, a.revision, to_jsonb(x) - 'article_id' - 'reported_on'
        FROM newsloom.{table} x JOIN newsloom.article a USING (article_id)"""
       for table in ("mention", "role", "event", "event_argument")},
    "entity": "SELECT to_jsonb(x) - 'first_seen' FROM newsloom.entity x",
    "entity_alias": "SELECT * FROM newsloom.entity_alias",
}


def facts(database) -> dict:
    return {table: sorted(map(repr, database.execute(sql))) for table, sql in FACTS.items()}


def sample(path) -> Piece:
    return Piece("samples", path.stem, "", path.read_bytes())


@pytest.fixture
def stored(broker, database, new_worker, ledger, newsroom, directory):
    """A handful of real articles with facts, a correction and a copy, all stored."""
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = new_worker(broker, database)
    pieces = newsroom.pieces(30) + newsroom.pieces(5, html=True)
    original = sample(SAMPLES[0])
    feeder.submit([sample(path) for path in SAMPLES] + pieces)
    wait_settled(broker)
    feeder.submit([newsroom.correction(pieces[0]), Piece("other", "copy", "", original.content)])
    wait_settled(broker)
    assert database.value("SELECT count(*) FROM newsloom.article WHERE duplicate_of IS NOT NULL") >= 1
    feeder.close()
    return worker


@pytest.fixture
def cli(broker, database, directory):
    return CommandLine(broker, directory, **{"database.url": database.url})


def summary(cli, verb, *arguments, code=0) -> dict:
    return cli.json(verb, *arguments, code=code)[-1]


def entry_bytes(broker) -> dict:
    reader = Subscriber(broker.endpoint("subscribe"), window=10 ** 6)
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end(30)
    reader.close()
    return {(e.source, e.key): payload for e, payload in reader.entries}


def test_what_agrees_is_said_to_agree(cli, stored, broker, database, ledger):
    told = summary(cli, "verify")
    rows = database.value("SELECT count(*) FROM newsloom.article")
    assert told["clean"] and told["entries"] == told["same"] == told["rows"] == rows == len(ledger)
    assert told["store_articles"] == len(ledger) and told["store_findings"] == told["gaps"] == 0
    assert "everything agrees" in cli("verify").stdout
    assert summary(cli, "repair") == {"dry_run": False, "written": 0, "mended": 0, "submitted": 0, "retried": 0,
                                      "left": 0}


def test_each_kind_of_damage_is_told_and_mended(cli, stored, broker, database, ledger):
    before = facts(database)
    lost = [row[0] for row in database.execute("SELECT article_id FROM newsloom.article ORDER BY article_id LIMIT 12")]
    torn = [row[0] for row in database.execute(
        "SELECT article_id FROM newsloom.mention WHERE article_id <> ALL (%s) GROUP BY 1 ORDER BY 1 LIMIT 3", lost)]
    database.execute("DELETE FROM newsloom.article WHERE article_id = ANY (%s)", lost)
    database.execute("DELETE FROM newsloom.mention WHERE article_id = ANY (%s)", torn)
    database.execute("DELETE FROM newsloom.entity")
    assert facts(database) != before
    told = cli.json("verify", "--limit", "0", code=FINDINGS)
    assert (told[-1]["missing"], told[-1]["torn"], told[-1]["clean"]) == (len(lost), len(torn), False)
    assert sorted(f["finding"] for f in told[:-1]) == ["missing"] * len(lost) + ["torn"] * len(torn)
    assert len(cli.json("verify", "--limit", "2", code=FINDINGS)) == 3
    planned = summary(cli, "repair", "--dry-run")
    assert (planned["written"], planned["mended"], planned["left"]) == (len(lost), len(torn), 0)
    assert summary(cli, "verify", code=FINDINGS)["missing"] == len(lost), "a dry run changes nothing"
    done = summary(cli, "repair", "--only", "database")
    assert (done["written"], done["mended"], done["left"]) == (len(lost), len(torn), 0)
    after = facts(database)
    for table in FACTS:
        if not table.startswith("entity"):
            assert after[table] == before[table], table
    assert database.value("SELECT count(*) FROM newsloom.article WHERE content = ''") == len(lost)
    assert summary(cli, "verify")["clean"]
    assert Auditor(broker, ledger, rows_without_entities(database)).run().stored == len(ledger)


class rows_without_entities:
    """The rows whose facts nobody touched have mentions of entities that were deleted: not this test's matter."""

    def __init__(self, database):
        self.database = database

    def execute(self, sql, *values):
        return self.database.execute(sql, *values)

    def value(self, sql, *values):
        return 0


def test_a_database_that_lost_everything_is_written_again(cli, stored, broker, database, ledger):
    before = facts(database)
    tables = "article, mention, role, event, event_argument, entity, entity_alias, source"
    database.execute("TRUNCATE " + ", ".join(f"newsloom.{table}" for table in tables.split(", ")))
    assert summary(cli, "verify", code=FINDINGS)["missing"] == len(ledger)
    assert summary(cli, "repair")["written"] == len(ledger)
    assert facts(database) == before
    assert Auditor(broker, ledger, database).run().stored == len(ledger)


def test_other_bytes_are_told_and_left_to_people(cli, stored, database):
    database.execute("UPDATE newsloom.article SET extraction = extraction || 'x'::bytea WHERE key = %s", SAMPLES[3].stem)
    told = cli.json("verify", code=FINDINGS)
    assert told[-1]["different"] == 1 and told[0]["key"] == SAMPLES[3].stem
    done = cli.json("repair", code=FINDINGS)
    assert done[-1]["left"] == 1 and "PostgreSQL decides" in done[0]["why"]


def test_what_the_broker_forgot_is_submitted_again(stored, new_broker, new_worker, database, directory, ledger, broker):
    before, sent = facts(database), entry_bytes(broker)
    broker.kill9()
    other = new_broker("other")
    cli = CommandLine(other, directory, **{"database.url": database.url})
    assert summary(cli, "verify", code=FINDINGS)["unknown"] == len(ledger)
    assert summary(cli, "repair", "--dry-run")["submitted"] == len(ledger)
    done = summary(cli, "repair")
    assert (done["submitted"], done["left"]) == (len(ledger), 0)
    assert summary(cli, "verify")["open"] == len(ledger), "no worker yet: what is on its way is no finding"
    new_worker(other, database, name="sau")
    wait_settled(other)
    assert facts(database) == before, "no second row, and none changed"
    assert entry_bytes(other) == sent
    told = summary(cli, "verify")
    assert told["clean"] and told["same"] == len(ledger)
    assert summary(cli, "repair")["submitted"] == 0


def test_an_older_generation_is_replaced_and_keeps_its_page(stored, new_broker, database, directory, broker):
    """The log says generation 2; the database came back with generation 1."""
    broker.kill9()
    other = new_broker("other")
    cli = CommandLine(other, directory, **{"database.url": database.url})
    key = SAMPLES[2].stem
    look = "SELECT generation, content, text, content_type, charset, extraction FROM newsloom.article WHERE key = %s"
    (generation, *page, before), = database.execute(look, key)
    later = extraction.Extraction.FromString(bytes(before))
    later.generation, later.author = generation + 1, "Another hand"
    feeder, worker = Feeder(other.endpoint("feed")), FakeWorker(other.endpoint("work"))
    feeder.submit([sample(SAMPLES[2])])
    lease, = worker.take(1)
    worker.start(lease)
    worker.done(lease, later.SerializeToString())
    assert worker.settled(lease).state == wire.STORED
    worker.goodbye()
    told = cli.json("verify", "--limit", "0", code=FINDINGS)
    assert told[-1]["older"] == 1 and [f["key"] for f in told if f.get("finding") == "older"] == [key]
    assert summary(cli, "repair", "--only", "database")["written"] == 1
    (after, *same, data), = database.execute(look, key)
    assert (after, same, bytes(data)) == (generation + 1, page, later.SerializeToString())
    told = summary(cli, "verify", code=FINDINGS)
    assert (told["same"], told["older"]) == (1, 0)
    worker.close()
    feeder.close()


def test_what_was_forgotten_is_not_brought_back(cli, stored, broker, database, directory, new_broker):
    """Neither from a log that is older than the forgetting, nor from rows that are."""
    key = SAMPLES[4].stem
    assert summary(cli, "verify")["clean"]
    database.execute("SELECT newsloom.forget('samples', %s)", key)
    assert summary(cli, "verify", code=FINDINGS)["missing"] == 1
    done = cli.json("repair", code=FINDINGS)
    assert done[-1]["written"] == 0 and "forgotten" in done[0]["why"], done
    cli("forget", f"samples/{key}")
    assert summary(cli, "verify")["clean"], "said to the broker as well, everything agrees"
    other = new_broker("other")
    operator = Operator(other.endpoint("operator"))
    operator.ask("forget_request", wire.ForgetRequest(
        verb=wire.FORGET_DO, source="samples", key=SAMPLES[5].stem, beforehand=True))
    operator.close()
    later = CommandLine(other, directory, **{"database.url": database.url})
    done = later.json("repair", "--limit", "0", code=FINDINGS)
    assert done[-1]["left"] == 1 and ["forgotten" in f["why"] for f in done[:-1] if f["finding"] == "left"] == [True]


def test_a_dead_letter_with_a_row_is_retried(stored, new_broker, new_worker, database, directory, broker):
    broker.kill9()
    other = new_broker("other")
    cli = CommandLine(other, directory, **{"database.url": database.url})
    feeder = Feeder(other.endpoint("feed"))
    feeder.submit([sample(SAMPLES[1])])
    failing = FakeWorker(other.endpoint("work"))
    lease, = failing.take(1)
    failing.start(lease)
    failing.fail(lease, "CRASHED", "test", True)
    failing.goodbye()
    failing.close()
    operator = Operator(other.endpoint("operator"))
    wait_for(lambda: operator.status().dead == 1, 20, "a dead letter")
    assert summary(cli, "verify", code=FINDINGS)["dead"] == 1
    assert summary(cli, "repair")["retried"] == 1
    new_worker(other, database, name="sau")
    wait_settled(other)
    assert summary(cli, "verify")["dead"] == operator.status().dead == 0
    operator.close()
    feeder.close()


def test_what_is_wrong_is_said(cli, broker, stored):
    assert "--only" in cli.run("repair", "--only", "all", code=EX_USAGE).stderr
    assert "operand" in cli.run("verify", "x", code=EX_USAGE).stderr
    assert "xample" in cli("verify", "--help").stdout and "xample" in cli("repair", "--help").stdout
    lost = CommandLine(broker, cli.directory, **{"database.url": "host=/nonexistent dbname=x"})
    assert "PostgreSQL" in lost.run("verify", code=EX_TEMPFAIL).stderr
    broker.kill9()
    assert "broker" in cli.run("verify", code=EX_TEMPFAIL, NEWSLOOM_ANSWER_TIMEOUT="300ms").stderr
