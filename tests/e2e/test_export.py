# SPDX-License-Identifier: Apache-2.0
"""`newsloom export`: what other tools get is whole, agrees with the database, and is read by those tools."""
import csv
import io
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from support.archive import Archive

TABLES = {"articles": "article", "entities": "entity", "mentions": "mention", "roles": "role", "events": "event",
          "arguments": "event_argument"}

# What the model of FollowTheMoney lets a schema have, of what is exported (followthemoney/schema/*.yaml in the
# repositories opensanctions/followthemoney, commit 0092099b, and alephdata/followthemoney, commit 149da2fc).
THING = {"name", "alias", "country", "sourceUrl", "publisher", "keywords", "summary", "retrievedAt", "indexText", "proof"}
INTERVAL = {"startDate", "endDate", "date", "summary", "recordId", "sourceUrl", "proof", "publisher"}
ANALYZABLE = {"peopleMentioned", "companiesMentioned", "locationMentioned", "namesMentioned"}
MODEL = {
    "Article": THING | ANALYZABLE | {"title", "author", "crawler", "fileName", "language", "date", "publishedAt"},
    "Person": THING | {"title", "position"},
    "Organization": THING,
    "Address": THING | {"full"},
    "Event": THING | INTERVAL | ANALYZABLE | {"location", "involved"},
    "Mention": {"document", "resolved", "name", "detectedSchema"},
    "Documentation": INTERVAL | {"document", "entity", "role"},
}
RANGES = {"document": {"Article"}, "proof": {"Article"}, "resolved": {"Person", "Organization"},
          "involved": {"Person", "Organization"}, "entity": {"Person", "Organization", "Address", "Event"}}


@pytest.fixture(scope="module")
def archive(postgres):
    directory = Path(tempfile.mkdtemp(prefix="nl-"))
    archive = Archive(postgres, directory)
    archive.database.execute("""UPDATE newsloom.article SET title = E'"a", b\r\nc', author = '' WHERE article_id = 2""")
    yield archive
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def cli(archive):
    return archive.cli


@pytest.fixture
def folder(directory):
    return directory / "out"


def lines(text) -> list:
    return [json.loads(line) for line in text.splitlines()]


def texts(archive) -> dict:
    return dict(archive.database.execute("SELECT article_id, text FROM newsloom.article"))


def test_csv_is_rfc_4180_and_whole(archive, cli, folder):
    cli("export", "--format", "csv", "--output", folder)
    read = {}
    for table, name in TABLES.items():
        data = (folder / f"{table}.csv").read_bytes()
        assert data.endswith(b"\r\n")
        read[table] = list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))
        assert len(read[table]) == archive.database.value(f"SELECT count(*) FROM newsloom.{name}") > 0, table
    by_id = {int(row["article_id"]): row for row in read["articles"]}
    assert {number: row["text"] for number, row in by_id.items()} == texts(archive)
    assert by_id[2]["title"] == '"a", b\r\nc'
    for row in read["mentions"]:  # one join leads to the place in the text
        assert by_id[int(row["article_id"])]["text"][int(row["start"]):int(row["end"])] == row["text"]
    for row in read["events"] + read["roles"]:
        text = by_id[int(row["article_id"])]["text"]
        assert text[int(row["sentence_start"]):int(row["sentence_end"])] == row["sentence"] != ""
    assert b',"",' in (folder / "articles.csv").read_bytes(), "an empty text is told from null"
    assert json.loads((folder / "export.json").read_text())["counts"] == {t: len(rows) for t, rows in read.items()}


def test_json_lines_say_what_csv_says(cli, folder):
    cli("export", "--format", "csv", "--output", folder)
    rows = lines(cli("export", "--format", "jsonl", "--output", "-").stdout)
    assert {row["kind"] for row in rows} == {"article", "entity", "mention", "role", "event", "argument"}
    for kind, table in (("mention", "mentions"), ("event", "events"), ("entity", "entities")):
        read = list(csv.DictReader(io.StringIO((folder / f"{table}.csv").read_bytes().decode(), newline="")))
        mine = [row for row in rows if row["kind"] == kind]
        for name in read[0]:
            if name not in ("names",):
                assert [row[name] for row in read] == ["" if row[name] is None else str(row[name]) for row in mine], name
        assert [json.loads(row["names"]) for row in read if "names" in row] == [row["names"] for row in mine if "names" in row]


def test_filters_narrow_articles_and_facts(archive, cli):
    arrests = lines(cli("export", "--format", "jsonl", "--type", "arrest", "--output", "-").stdout)
    with_one = {a for a, in archive.database.execute("SELECT DISTINCT article_id FROM newsloom.event WHERE type = 'ARREST'")}
    assert {row["article_id"] for row in arrests if row["kind"] == "article"} == with_one
    assert {row["type"] for row in arrests if row["kind"] == "event"} == {"ARREST"}
    people = lines(cli("export", "--format", "jsonl", "--type", "PERSON", "--table", "mentions", "--table", "entities",
                       "--output", "-").stdout)
    assert {row["kind"] for row in people} == {"mention", "entity"} and {row["type"] for row in people} == {"PERSON"}
    march = lines(cli("export", "--format", "jsonl", "--from", "2024-03-01", "--until", "2024-03-31", "--table", "articles",
                      "--output", "-").stdout)
    assert march and {row["reported_on"][:7] for row in march} == {"2024-03"}
    assert cli("export", "--format", "jsonl", "--source", "other", "--output", "-").stdout == ""


def test_follow_the_money_is_its_model_and_hangs_together(archive, cli):
    entities = lines(cli("export", "--format", "ftm", "--output", "-").stdout)
    by_id = {entity["id"]: entity["schema"] for entity in entities}
    assert len(by_id) == len(entities) and set(by_id.values()) == set(MODEL)
    for entity in entities:
        assert set(entity) == {"id", "schema", "properties"}
        assert set(entity["properties"]) <= MODEL[entity["schema"]], entity
        assert entity["schema"] == "Documentation" or entity["properties"]["name"]
        for name, values in entity["properties"].items():
            assert values and all(isinstance(value, str) and value for value in values), entity
            if name in RANGES:
                assert {by_id[value] for value in values} <= RANGES[name], entity
    events = [e["properties"] for e in entities if e["id"].rpartition("-")[0].endswith("-event")]
    sentences = [s for s, in archive.database.execute("SELECT sentence FROM newsloom.event")]
    assert sorted(e["summary"][0] for e in events) == sorted(sentences) and all("proof" in e for e in events)
    again = lines(cli("export", "--format", "ftm", "--output", "-").stdout)
    assert [e["id"] for e in again] == [e["id"] for e in entities], "ids are stable"


def test_brat_reads_every_mark_where_it_stands(archive, cli, folder):
    cli("export", "--format", "brat", "--output", folder)
    configuration = (folder / "annotation.conf").read_text()
    for number, text in texts(archive).items():
        assert (folder / f"{number}.txt").read_bytes().decode() == text
        spans, events = {}, []
        for line in (folder / f"{number}.ann").read_text().splitlines():
            name, rest = line.split("\t", 1)
            assert name not in spans
            if name[0] == "T":
                about, quoted = rest.split("\t")
                kind, places = about.split(" ", 1)
                parts = [text[int(a):int(b)] for a, b in (part.split() for part in places.split(";"))]
                assert quoted == " ".join(parts) and not any("\n" in part for part in parts)
                assert f"\n{kind}" in configuration
                spans[name] = quoted
            elif name[0] == "E":
                trigger, *arguments = rest.split()
                assert len({a.split(":")[0] for a in arguments}) == len(arguments), "roles are numbered"
                events.append([spans[one.split(":")[1]] for one in (trigger, *arguments)])
            else:
                assert name[0] in "#A" and rest.split()[1][0] in "TE"
        assert len(events) == archive.database.value("SELECT count(*) FROM newsloom.event WHERE article_id = %s", number)
        assert len(spans) >= archive.database.value("SELECT count(*) FROM newsloom.mention WHERE article_id = %s", number)


def test_spans_are_where_they_say(archive, cli):
    articles = lines(cli("export", "--format", "spans", "--output", "-").stdout)
    assert {a["id"]: a["text"] for a in articles} == texts(archive)
    assert sum(len(a["spans"]) for a in articles) == archive.database.value("SELECT count(*) FROM newsloom.mention")
    for article in articles:
        for span in article["spans"]:
            assert article["text"][span["start"]:span["end"]] == span["text"] and span["label"]
        for event in article["events"]:
            assert all(a["span"] is None or a["span"] < len(article["spans"]) for a in event["arguments"])


def test_rows_without_a_text_are_counted(archive, cli, folder):
    text = archive.database.value("SELECT text FROM newsloom.article WHERE article_id = 3")
    archive.database.execute("UPDATE newsloom.article SET text = '' WHERE article_id = 3")
    try:
        done = cli("export", "--format", "brat", "--output", folder)
        assert "1 articles are left out" in done.stderr and not (folder / "3.txt").exists()
        assert json.loads((folder / "export.json").read_text())["without_text"] == 1
    finally:
        archive.database.execute("UPDATE newsloom.article SET text = %s WHERE article_id = 3", text)


def test_what_cannot_be_written_is_said_and_not_complete(cli, directory, folder):
    with open("/dev/full", "w") as full:
        done = subprocess.run(cli.command("export", "--format", "ftm", "--output", "-"), stdout=full, stderr=subprocess.PIPE,
                              text=True, env=cli.env)
    assert done.returncode == 75 and "No space left" in done.stderr and "is not complete" in done.stderr

    def small_files() -> None:  # as a full disk: writing fails
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
    done = subprocess.run(cli.command("export", "--format", "jsonl", "--output", folder), capture_output=True, text=True,
                          env=cli.env, preexec_fn=small_files)
    assert done.returncode == 75 and "could not write all of" in done.stderr and not (folder / "export.json").exists()
    assert "not empty" in cli("export", "--format", "csv", "--output", folder, code=65).stderr
    assert "is no folder" in cli("export", "--format", "csv", "--output", "/dev/null", code=65).stderr
    for wrong in (["--format", "csv", "--output", "-"], ["--format", "brat", "--output", "-"], ["--format", "xls", "--output", "-"],
                  ["--format", "ftm"], ["--format", "ftm", "--output", "-", "--type", "X"],
                  ["--format", "ftm", "--table", "events", "--output", "-"]):
        assert cli("export", *wrong, code=64).stderr
    assert (directory / "out").is_dir()


ROWS = 150_000


@pytest.fixture(scope="module")
def large(archive):
    """For the last tests: it stays."""
    archive.database.execute(
        'INSERT INTO newsloom.mention (article_id, ordinal, start, "end", reported_on, type, section, confidence, text)'
        " SELECT 5, 1000 + i, 0, 5, '2024-01-01', 'LAW', 'BODY', 900, 'Điều ' || i || repeat(' của Luật', 10)"
        " FROM generate_series(1, %s) i", ROWS)


def peak(cli, *arguments) -> int:
    """Most memory that a run took, in KiB."""
    env = {**cli.env, "ASAN_OPTIONS": cli.env["ASAN_OPTIONS"] + ":quarantine_size_mb=1"}
    with open("/dev/null", "w") as nowhere:
        process = subprocess.Popen(cli.command(*arguments), stdout=nowhere, stderr=nowhere, env=env)
        _, how, usage = os.wait4(process.pid, 0)
    assert how == 0
    return usage.ru_maxrss


def test_many_rows_take_the_memory_of_one(cli, large):
    few = peak(cli, "export", "--format", "jsonl", "--table", "roles", "--output", "-")
    many = peak(cli, "export", "--format", "jsonl", "--table", "mentions", "--output", "-")
    assert many - few < 16 * 1024, (few, many)  # the rows are some 50 MB


def test_closed_pipe_and_interrupt_are_not_taken_for_the_end(cli, large):
    words = ["export", "--format", "jsonl", "--table", "mentions", "--output", "-"]
    closed = subprocess.Popen(cli.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cli.env)
    closed.stdout.readline()
    closed.stdout.close()
    said = closed.stderr.read()
    closed.stderr.close()
    assert closed.wait(60) == 75 and "Broken pipe" in said and "is not complete" in said
    stopped = subprocess.Popen(cli.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cli.env)
    stopped.stdout.readline()
    stopped.send_signal(signal.SIGINT)
    rest, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130 and "is not complete" in said and len(rest.splitlines()) < ROWS
