# SPDX-License-Identifier: Apache-2.0
"""The command line, verb by verb, as a person and as a program use it."""
import json

import pytest

from support import paths
from support.auditor import wait_settled
from support.cli import CommandLine
from support.contract import wire
from support.fake_worker import FakeWorker, WorkingThread
from support.feeder import Feeder
from support.programs import run
from support.waiting import wait_for

SAMPLES = paths.SOURCE / "deploy" / "samples"
EX_USAGE, EX_DATAERR, EX_UNAVAILABLE, EX_TEMPFAIL = 64, 65, 69, 75


@pytest.fixture
def newsloom(broker, directory):
    return CommandLine(broker, directory)


@pytest.fixture
def working(broker):
    thread = WorkingThread(broker.endpoint("work"))
    thread.start()
    yield thread
    thread.finish()


def json_lines(newsroom, count) -> bytes:
    return b"".join(json.dumps({"text": p.content.decode(), "key": p.key, "title": p.title,
                                "published": p.published}).encode() + b"\n"
                    for p in newsroom.pieces(count))


@pytest.mark.parametrize("verb", ["feed", "rss", "subscribe", "status", "trace", "dead", "pause", "resume",
                                  "drain", "backup", "verify", "repair", "reextract", "search", "show", "graph", "timeline", "export", "extract", "migrate", "config"])
def test_every_verb_has_help_with_examples(verb):
    done = run("newsloom", verb, "--help", check=True)
    assert "xample" in done.stdout and verb in done.stdout


def test_unknown_verb_and_option_are_said():
    for arguments in (["fede"], ["feed", "--no-such"], []):
        done = run("newsloom", *arguments)
        assert done.returncode == EX_USAGE and done.stderr


def test_feed_takes_text_folders_json_lines_and_standard_input(newsloom, working, directory, newsroom,
                                                               broker):
    (directory / "news" / "a").mkdir(parents=True)
    (directory / "news" / "one.txt").write_bytes(newsroom.piece().content)
    (directory / "news" / "a" / "two.html").write_bytes(newsroom.piece(html=True).content)
    (directory / "news" / "three.jsonl").write_bytes(json_lines(newsroom, 40))
    newsloom("feed", "--source", "bao", "--wait", directory / "news")
    newsloom("feed", "--source", "bao", "--wait", "-", stdin=json_lines(newsroom, 5))
    feeder = Feeder(broker.endpoint("feed"))
    assert feeder.outcome("bao", "one.txt").state == wire.STORED
    assert feeder.outcome("bao", "a/two.html").state == wire.STORED
    wait_settled(broker)
    assert len(newsloom.json("subscribe", "--from", "earliest", "--until-idle")) == 47
    feeder.close()


def test_refused_input_is_named_with_file_and_line_and_the_others_go_on(newsloom, directory, newsroom,
                                                                        broker):
    good = json_lines(newsroom, 2).splitlines(keepends=True)
    path = directory / "mixed.jsonl"
    path.write_bytes(good[0] + b"{broken\n" + b'{"text": "", "key": "leer"}\n' + good[1])
    done = newsloom("feed", "--source", "bao", path, code=EX_DATAERR)
    assert "mixed.jsonl:2" in done.stderr and "mixed.jsonl:3" in done.stderr, done.stderr
    status = newsloom.json("status")[0]
    assert "2" in json.dumps(status["classes"])


def test_feed_says_when_the_broker_is_away(newsloom, broker, directory, newsroom):
    broker.kill9()
    path = directory / "a.txt"
    path.write_bytes(newsroom.piece().content)
    done = newsloom("feed", "--source", "bao", "--patience", "1s", path, code=EX_TEMPFAIL)
    assert "feed" in done.stderr


def test_interrupted_feed_resumes_without_feeding_twice(newsloom, broker, directory, newsroom):
    path = directory / "many.jsonl"
    path.write_bytes(json_lines(newsroom, 3000))
    state = directory / "feed.state"
    feeding = newsloom.start("feed", "--source", "bao", "--state", state, path)
    feeder = Feeder(broker.endpoint("feed"))
    wait_for(lambda: newsloom.json("status")[0]["classes"][0].get("queued"), 20,
             "the first articles are on disk")
    feeding.interrupt()
    assert feeding.end() in (130, 0), feeding.err
    newsloom("feed", "--resume", "--state", state)
    queued = sum(int(c.get("queued", 0)) for c in newsloom.json("status")[0]["classes"])
    assert queued == 3000
    feeder.close()


def test_subscribe_resumes_from_state_and_from_name(newsloom, working, broker, newsroom, directory):
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(newsroom.pieces(5))
    wait_settled(broker)
    state = directory / "cursor"
    first = newsloom.json("subscribe", "--state", state, "--from", "earliest", "-n", "3")
    rest = newsloom.json("subscribe", "--state", state, "--until-idle")
    assert [int(e["sequence"]) for e in first + rest] == [1, 2, 3, 4, 5]
    named = newsloom.json("subscribe", "--name", "ban", "--from", "earliest", "-n", "2")
    more = newsloom.json("subscribe", "--name", "ban", "--until-idle")
    assert [int(e["sequence"]) for e in named + more] == [1, 2, 3, 4, 5]
    text = newsloom("subscribe", "--from", "earliest", "--until-idle").stdout
    assert len(text.splitlines()) == 5 and "STORED" in text
    feeder.close()


def test_subscribe_filters_and_says_what_it_does_not_know(newsloom, working, broker, newsroom):
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(newsroom.pieces(3, source="mot") + newsroom.pieces(2, source="hai"))
    wait_settled(broker)
    entries = newsloom.json("subscribe", "--from", "earliest", "--until-idle", "--filter",
                            "source=hai,type=PERSON")
    assert [e["source"] for e in entries] == ["hai", "hai"]
    done = newsloom("subscribe", "--filter", "colour=red", code=EX_DATAERR)
    assert "colour" in done.stderr
    foreign = "00" * 16 + ":3"
    done = newsloom("subscribe", "--from", foreign, "--until-idle", code=EX_UNAVAILABLE)
    assert done.stderr
    feeder.close()


def test_dead_letters_are_listed_shown_retried_and_dropped(newsloom, broker, newsroom):
    feeder = Feeder(broker.endpoint("feed"))
    worker = FakeWorker(broker.endpoint("work"))
    pieces = newsroom.pieces(3)
    ids = [r.article_id for r in feeder.submit(pieces)]
    for lease in worker.take(3):
        worker.start(lease)
        worker.fail(lease, "INVALID_PAYLOAD", "published: no date", permanent=True)
    wait_for(lambda: len(newsloom.json("dead", "list")) == 3 or worker.pump(0.01) and False,
             what="three dead letters")
    assert "INVALID_PAYLOAD" in newsloom("dead", "list").stdout
    assert "published: no date" in newsloom("dead", "show", ids[0]).stdout
    newsloom("dead", "retry", ids[0])
    newsloom("dead", "drop", ids[1])
    newsloom("dead", "retry", "--code", "INVALID_PAYLOAD")
    assert newsloom("dead", "show", 4711, code=None).returncode != 0
    states = [feeder.outcome(p.source, p.key).state for p in pieces]
    assert states[1] == wire.WITHDRAWN and wire.DEAD not in states
    trace = newsloom("trace", "--source", "proof", pieces[1].key).stdout
    assert "withdrawn" in trace.lower() and "published: no date" in trace
    feeder.close()
    worker.close()


def test_pause_resume_and_drain(newsloom):
    for verb, condition in (("pause", "paused"), ("resume", "running"), ("drain", "draining"),
                            ("resume", "running")):
        newsloom(verb)
        assert newsloom.json("status")[0]["condition"] == condition
    assert "running" in newsloom("status").stdout


def test_config_says_where_each_value_came_from(newsloom):
    shown = newsloom("config").stdout
    line = next(line for line in shown.splitlines() if line.startswith("broker.feed"))
    assert "NEWSLOOM_BROKER_FEED" in line


def test_extract_needs_neither_broker_nor_database():
    path = sorted(SAMPLES.glob("*.txt"))[0]
    done = run("newsloom", "extract", "--format", "json", path, check=True)
    found = json.loads(done.stdout)
    assert found["mentions"]
    again = run("newsloom", "extract", "--format", "json", path, check=True)
    assert again.stdout == done.stdout
    assert run("newsloom", "extract", "--format", "text", path, check=True).stdout


def test_migrate_search_and_trace_with_a_database(broker, postgres, directory, new_worker):
    database = postgres.new_database(migrated=False)
    newsloom = CommandLine(broker, directory, **{"database.url": database.url})
    newsloom("migrate")
    newsloom("migrate")  # again is safe
    new_worker(broker, database)
    newsloom("feed", "--source", "mau", "--wait", *sorted(SAMPLES.glob("*.txt")))
    found = newsloom("search", "bo cong an").stdout
    assert "Bộ Công an" in found
    key = sorted(SAMPLES.glob("*.txt"))[0].name
    assert "stored" in newsloom("trace", "--source", "mau", key).stdout.lower()
