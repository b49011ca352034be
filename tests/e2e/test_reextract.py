# SPDX-License-Identifier: Apache-2.0
"""newsloom reextract: which articles, from what their rows keep; what stays as it was and what does not."""
import pytest

from support import paths
from support.articles import Piece
from support.auditor import wait_settled
from support.cli import CommandLine
from support.contract import extraction, wire
from support.feeder import Feeder
from support.subscriber import Subscriber

SAMPLES = sorted((paths.SOURCE / "deploy" / "samples").glob("*.txt"))
FINDINGS, EX_USAGE, EX_NOINPUT = 1, 64, 66
KEPT = ("SELECT article_id, revision, reported_on, published, published_origin::text, fetched_at, title, author, url, language,"
        " content_type, charset, trace_id, labels, content_digest, content, text FROM newsloom.article ORDER BY article_id")
FACTS = "SELECT article_id, ordinal, text, entity_id FROM newsloom.mention ORDER BY 1, 2"


@pytest.fixture
def pieces(newsroom):
    return ([Piece("samples", path.stem, "", path.read_bytes()) for path in SAMPLES[:6]]
            + [Piece("bao", "dated", "Tin có ngày", newsroom.text(4).encode(), fetched="2024-05-06T07:08:09+07:00",
                     extra={"trace_id": "t-1", "author": "Toà soạn"})]
            + newsroom.pieces(3, html=True, source="bao"))


@pytest.fixture
def stored(broker, database, new_worker, pieces):
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(pieces)
    worker = new_worker(broker, database)
    wait_settled(broker)
    yield worker
    feeder.close()


@pytest.fixture
def cli(broker, database, directory):
    return CommandLine(broker, directory, **{"database.url": database.url})


def generations(database) -> dict:
    return dict(database.execute("SELECT generation, count(*) FROM newsloom.article GROUP BY 1"))


def test_all_of_them_with_the_same_model_give_the_same_facts(cli, stored, broker, database, pieces):
    # the day on which an article without a date was stored first is its day for good
    database.execute("UPDATE newsloom.article SET reported_on = '2001-02-03' WHERE published_on IS NULL"
                     " AND fetched_at IS NULL")
    kept, facts = database.execute(KEPT), database.execute(FACTS)
    told = cli.json("reextract", "--all")[-1]
    assert (told["submitted"], told["left"], told["dry_run"]) == (len(pieces), 0, False)
    wait_settled(broker)
    assert generations(database) == {2: len(pieces)}
    assert database.execute(KEPT) == kept and database.execute(FACTS) == facts
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end(30)
    reader.close()
    assert [e.kind for e, _ in reader.entries] == [wire.ENTRY_STORED] * len(pieces) + [wire.ENTRY_REPLACED] * len(pieces)
    assert cli.json("verify")[-1]["clean"]


def test_a_name_that_nobody_has_is_told(cli, stored):
    for options in ((), ("--dry-run",)):
        done = cli.run("reextract", "samples/nobody", *options)
        assert done.returncode == EX_NOINPUT and "no article samples/nobody" in done.stderr


def test_only_those_that_were_wished(cli, stored, broker, database, pieces):
    model = database.value("SELECT encode(model_digest, 'hex') FROM newsloom.article LIMIT 1")
    database.execute("UPDATE newsloom.article SET model_digest = %s WHERE key = %s", b"O" * 32, pieces[0].key)
    wishes = [((f"samples/{pieces[1].key}",), 1), (("--source", "bao"), 4), (("--except-model", model[:16]), 1),
              (("--before", "2020-01-01"), 0), (("--before", "2020-01-01", "--all"), 0), (("--all",), len(pieces))]
    for options, count in wishes:
        assert cli.json("reextract", "--dry-run", *options)[-1]["submitted"] == count, options
    assert generations(database) == {1: len(pieces)}, "a dry run changes nothing"
    assert cli.json("reextract", "--except-model", model[:16])[-1]["submitted"] == 1
    wait_settled(broker)
    assert database.execute("SELECT key FROM newsloom.article WHERE generation = 2") == [(pieces[0].key,)]
    assert cli.json("reextract", "--except-model", model[:16])[-1]["submitted"] == 0


def test_what_is_not_wished_clearly_is_not_done(cli, stored):
    for options in ((), ("samples/",), ("samples",), ("--source", "No"), ("--except-model", "xyz"), ("a/b", "c/d"),
                    ("a/b", "--source", "c"), ("--limit", "x", "--all")):
        assert cli.run("reextract", *options).returncode == EX_USAGE, options


def test_what_is_on_its_way_or_has_no_page_is_left_and_told(cli, stored, broker, database, operator, pieces):
    database.execute("UPDATE newsloom.article SET content = '' WHERE key = %s", pieces[0].key)
    operator.control(wire.PAUSE)
    told = cli.json("reextract", "--all", code=FINDINGS)
    assert (told[-1]["submitted"], told[-1]["left"]) == (len(pieces) - 1, 1)
    assert told[0]["key"] == pieces[0].key and "never stored" in told[0]["why"]
    told = cli.json("reextract", "--all", code=FINDINGS)
    assert (told[-1]["submitted"], told[-1]["on_their_way"]) == (0, len(pieces) - 1)
    operator.control(wire.RESUME)
    wait_settled(broker)
    assert generations(database) == {1: 1, 2: len(pieces) - 1}


def test_a_broker_that_forgot_them_keeps_the_revisions(cli, stored, broker, new_broker, new_worker, database, directory,
                                                       newsroom, pieces):
    """After retention, or with another store: revision 2 of the row is revision 2 of the entry."""
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit([newsroom.correction(pieces[0])])
    wait_settled(broker)
    feeder.close()
    broker.kill9()
    stored.kill9()
    other = new_broker("other")
    new_worker(other, database, name="sau")
    cli = CommandLine(other, directory, **{"database.url": database.url})
    assert cli.json("reextract", "--all")[-1]["submitted"] == len(pieces) + 1
    wait_settled(other)
    assert generations(database) == {2: len(pieces) + 1}
    reader = Subscriber(other.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end(30)
    reader.close()
    for entry, payload in reader.entries:
        found = extraction.Extraction.FromString(payload)
        assert (entry.revision, 2) == (found.revision, found.generation), entry.key
    assert sorted(e.revision for e, _ in reader.entries) == [1] * len(pieces) + [2]
    assert cli.json("verify")[-1]["clean"]
