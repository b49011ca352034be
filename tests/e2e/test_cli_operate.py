# SPDX-License-Identifier: Apache-2.0
"""status, dead, pause, resume, drain, search, trace with rows, config, help, helpers."""
import subprocess

import pytest

from support import paths
from support.cli import CommandLine
from support.fake_worker import FakeWorker
from support.waiting import wait_for


@pytest.fixture
def cli(broker, directory):
    return CommandLine(broker, directory)


@pytest.fixture
def dead(cli, broker, directory):
    """Three dead letters, two of them for INVALID_PAYLOAD."""
    for i, source in enumerate(("one", "one", "two")):
        (directory / f"{i}.txt").write_text(f"Bài {i}")
        cli.run("feed", "--source", source, f"{i}.txt", code=0)
    worker = FakeWorker(broker.endpoint("work"))
    for i, lease in enumerate(worker.take(3)):
        worker.start(lease)
        worker.fail(lease, "INVALID_PAYLOAD" if i else "CRASHED", f"reason {i}", True)
    worker.goodbye()
    wait_for(lambda: cli.json("status")[0]["dead"] == 3, 20, "three dead letters")
    worker.close()


def test_status_shows_the_queue(cli, broker, directory):
    (directory / "a.txt").write_text("Một")
    cli.run("feed", "--source", "test", "a.txt", code=0)
    status = cli.json("status")[0]
    assert status["condition"] == "running"
    assert sum(c["queued"] for c in status["classes"]) == 1
    text = cli.run("status", code=0).stdout
    assert "no worker is connected" in text and "live" in text


def test_status_watches_until_interrupted(cli):
    watch = cli.start("status", "--watch", "--json", "--every", "100ms")
    watch.wait_lines(3)
    watch.interrupt()
    assert watch.end() == 0


def test_dead_letters_are_listed_shown_retried_and_dropped(cli, dead):
    letters = cli.json("dead", "list")
    assert sorted(letter["code"] for letter in letters) == ["CRASHED", "INVALID_PAYLOAD", "INVALID_PAYLOAD"]
    text = cli.run("dead", "list", "--source", "one", code=0).stdout
    assert "one" in text and "two" not in text
    limited = cli.run("dead", "list", "--limit", "1", code=0)
    assert "there are more" in limited.stderr
    one = letters[0]["outcome"]["article_id"]
    assert "attempts" in cli.run("dead", "show", one, code=0).stdout
    assert "no dead letter" in cli.run("dead", "show", 999999, code=66).stderr
    assert cli.json("dead", "retry", "--code", "CRASHED") == [{"changed": 1}]
    assert cli.json("dead", "drop", "--all") == [{"changed": 2}]
    assert cli.json("status")[0]["dead"] == 0
    assert "no dead letters" in cli.run("dead", code=0).stdout


def test_dead_asks_for_what_it_is_about(cli):
    assert "--all" in cli.run("dead", "drop", code=64).stderr
    assert "needs an article id" in cli.run("dead", "show", code=64).stderr
    assert "no article id" in cli.run("dead", "show", "x", code=64).stderr
    assert "not both" in cli.run("dead", "drop", "3", "--code", "X", code=64).stderr


def test_pause_resume_and_drain_change_the_condition(cli):
    for verb, condition in (("pause", "paused"), ("resume", "running"), ("drain", "draining"),
                            ("resume", "running")):
        assert cli.json(verb) == [{"condition": condition}]
        assert cli.json("status")[0]["condition"] == condition


def test_no_broker_is_said_within_the_time_out(cli, directory):
    cli.settings.update({"broker.operator": f"ipc://{directory}/nobody", "answer.timeout": "300ms"})
    for verb in ("status", "pause", "dead"):
        assert "is newsloom-broker running?" in cli.run(verb, code=75, timeout=15).stderr


def test_config_says_where_each_value_came_from(cli, directory):
    file = directory / "my.conf"
    file.write_text("answer.timeout = 7s\n")
    text = cli.run("--config", file, "config", code=0, NEWSLOOM_DATABASE_URL="postgresql://x").stdout
    assert any("answer.timeout = 7s" in line and "my.conf" in line for line in text.splitlines())
    assert any("postgresql://x" in line and "NEWSLOOM_DATABASE_URL" in line for line in text.splitlines())
    home = directory / "config" / "newsloom"
    home.mkdir(parents=True)
    (home / "newsloom.conf").write_text("answer.timeout = 9s\n")
    assert "answer.timeout = 9s" in cli.run("config", code=0).stdout
    (home / "newsloom.conf").write_text("answer.timeot = 9s\n")
    assert "answer.timeot" in cli.run("config", code=78).stderr


def test_sample_configuration_is_one(cli, directory):
    sample = cli.run("config", "--sample", code=0).stdout
    (directory / "sample.conf").write_text(sample)
    cli.run("--config", directory / "sample.conf", "config", code=0)


def test_wrong_command_lines_say_what_is_right(cli):
    assert '"status" meant' in cli.run("statsu", code=64).stderr
    assert "no option" in cli.run("status", "--colour", code=64).stderr
    assert "needs a value" in cli.run("feed", "--source", code=64).stderr
    assert "takes no value" in cli.run("status", "--json=1", code=64).stderr
    assert "usage: newsloom" in cli.run(code=64).stderr


def test_every_verb_explains_itself(cli):
    words = [line.split()[0] for line in cli.run("help", "--complete", "--", "", code=0).stdout.splitlines()]
    assert {"feed", "subscribe", "status", "dead", "trace", "search"} <= set(words)
    for verb in words:
        text = cli.run("help", verb, code=0).stdout
        assert "examples:" in text and "usage:" in text


def test_unknown_verb_runs_the_program_of_that_name(cli, directory):
    """A copy of the program, with a helper beside it."""
    home = directory / "bin"
    home.mkdir()
    program = home / "newsloom"
    program.write_bytes(paths.program("newsloom").read_bytes())
    program.chmod(0o755)
    helper = home / "newsloom-greet"
    helper.write_text('#!/bin/sh\necho "$1 $NEWSLOOM_DATABASE_URL"\nexit 7\n')
    helper.chmod(0o755)
    done = subprocess.run([program, "--set", "database.url=postgresql://y", "greet", "--hello"],
                          capture_output=True, text=True, env=cli.env, timeout=30)
    assert done.stdout == "--hello postgresql://y\n" and done.returncode == 7


@pytest.fixture
def stored(database):
    """Two articles' rows, written as the schema wants them."""
    database.execute("INSERT INTO newsloom.source (name) VALUES ('test')")
    for i, (key, title, text) in enumerate((
            ("example.org/1", "Hội nghị", "Bộ Công an tổ chức hội nghị tại Hà Nội."),
            ("example.org/2", "Dẫn độ", "Đối tượng bị dẫn độ về nước."))):
        database.execute(
            "INSERT INTO newsloom.article (article_id, sketch, source_id, revision, generation,"
            " reported_on, text_length, published_origin, page_kind, key, url, title, author,"
            " published, language, content_type, charset, extractor, extractor_version, trace_id,"
            " model_digest, content_digest, extraction_digest, text, extraction, content)"
            " SELECT %s, 0, source_id, 1, 1, '2026-03-01', %s, 'NONE', 'ARTICLE', %s, %s, %s, '',"
            " '', 'vi', 'text/plain', 'utf-8', 'x', '1', '', '\\x00', %s, %s, %s, '\\x00', '\\x00'"
            " FROM newsloom.source",
            100 + i, len(text), key, "https://" + key, title, bytes(32), bytes(32), text)
    return database


def test_search_finds_with_and_without_diacritics(cli, stored):
    cli.settings["database.url"] = stored.url
    for words in ("dẫn độ", "dan do", "DAN DO"):
        found = cli.json("search", "--articles", words)
        assert [f["key"] for f in found] == ["example.org/2"], words
    text = cli.run("search", "--articles", "cong an", code=0).stdout
    assert "Hội nghị" in text and "«Công» «an»" in text
    assert "nothing stored" in cli.run("search", "zzzzzz", code=66).stderr
    more = cli.run("search", "--articles", "--limit", "1", "hội or dẫn", code=0)
    assert "there are more articles" in more.stderr


def test_trace_counts_the_rows_also_when_the_broker_forgot(cli, stored):
    cli.settings["database.url"] = stored.url
    traced = cli.json("trace", "--source", "test", "https://www.example.org/1?utm_source=a")[0]
    assert traced["rows"][0]["revision"] == 1 and traced["rows"][0]["mentions"] == 0


def test_database_that_is_away_or_empty_is_said(cli, postgres):
    cli.settings["database.url"] = postgres.new_database(migrated=False).url
    assert "newsloom migrate" in cli.run("search", "x", code=65).stderr
    cli.settings["database.url"] = "postgresql://127.0.0.1:1/none"
    assert "could not reach PostgreSQL" in cli.run("search", "x", code=75).stderr


def test_help_of_a_helper_is_the_helpers_own(cli):
    assert "--jobs N" in cli.run("help", "extract", code=0).stdout
    assert "--dry-run" in cli.run("help", "migrate", code=0).stdout


def test_manual_pages_are_clean(cli, directory):
    pages = [paths.BUILD / "client" / page for page in ("newsloom-broker.8", "newsloom-worker.8", "newsloom-gateway.8")]
    for option, name in (("--manual", "newsloom.1"), ("--manual-settings", "newsloom.conf.5")):
        page = directory / name
        page.write_text(cli.run("help", option, code=0).stdout)
        pages.append(page)
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True,
                          text=True, timeout=60)
    assert done.stdout + done.stderr == "" and done.returncode == 0
    assert ".It store.directory" in pages[0].read_text()


def test_the_whole_chain_from_feed_to_search(cli, broker, database, new_worker):
    """Sample pages, the real worker, the real tables: what was fed is found, traced and followed."""
    new_worker(broker, database)
    cli.settings["database.url"] = database.url
    samples = paths.SOURCE / "deploy" / "samples"
    fed = cli.json("feed", "--source", "samples", "--wait", samples, timeout=120)
    assert len(fed) >= 12 and {f["state"] for f in fed} == {"stored"}
    entries = cli.json("subscribe", "--from", "earliest", "--until-idle")
    assert len(entries) == len(fed)
    name, kind = next((x["name"], x["type"]) for e in entries for x in e["extraction"]["entities"]
                      if x["type"] == "ORGANIZATION")
    found = cli.json("search", "--type", kind, name)
    assert name in [f["name"] for f in found]
    one = fed[0]
    traced = cli.json("trace", "--source", "samples", one.get("key") or one["url"])[0]
    assert traced["outcome"]["state"] == "stored"
    entry = next(e for e in entries if e["key"] == traced["outcome"]["key"])
    assert traced["rows"][0]["mentions"] == len(entry["extraction"]["mentions"])
