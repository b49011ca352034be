# SPDX-License-Identifier: Apache-2.0
"""`newsloom feed` as people and crawlers use it, against the real broker."""
import json
import os
import signal
import subprocess

import pytest

from support.cli import CommandLine
from support.contract import extraction, wire
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread
from support.proxy import Proxy
from support.waiting import wait_for


@pytest.fixture
def cli(broker, directory):
    return CommandLine(broker, directory)


@pytest.fixture
def worker(automatic_worker):
    return automatic_worker


def lines(directory, name, count, first=0, **more) -> str:
    path = directory / name
    path.write_text("".join(
        json.dumps({"text": f"Bài số {first + i}.", "key": f"k{first + i}", **more},
                   ensure_ascii=False) + "\n" for i in range(count)))
    return str(path)


def test_files_folders_and_lines_are_stored(cli, worker, directory):
    folder = directory / "crawl"
    (folder / "b").mkdir(parents=True)
    (folder / "a.txt").write_text("Một")
    (folder / "b" / "c.html").write_text("<p>Hai</p>")
    (folder / "d.jsonl").write_text('{"text":"Ba","url":"https://example.org/ba?utm_source=x"}\n')
    found = cli.json("feed", "--source", "test", "--wait", folder)
    assert [(f["receipt"], f["state"]) for f in found] == [("ACCEPTED", "stored")] * 3
    assert {f.get("key", f.get("url")) for f in found} == {
        "a.txt", "b/c.html", "https://example.org/ba?utm_source=x"}
    again = cli.json("feed", "--source", "test", "--wait", folder)
    assert [f["receipt"] for f in again] == ["DUPLICATE"] * 3


def test_articles_of_a_dump_are_fetched_when_the_dump_was(cli, worker, directory):
    dump = directory / "dump.jsonl"
    dump.write_text('{"text":"Một","key":"1"}\n{"text":"Hai","key":"2","fetched":""}\n'
                    '{"text":"Ba","key":"3","fetched":"2014-06-01T08:00:00+07:00"}\n')
    (directory / "four.txt").write_text("Bốn")
    found = cli.json("feed", "--source", "test", "--wait", "--fetched", "2017-05-10", dump, directory / "four.txt")
    assert [f["state"] for f in found] == ["stored"] * 4
    stored = [extraction.Extraction.FromString(entry) for _, entry in worker.worker.storage.rows.values()]
    assert {one.key: one.fetched for one in stored} == {
        "1": "2017-05-10T12:00:00+07:00", "2": "2017-05-10T12:00:00+07:00",
        "3": "2014-06-01T08:00:00+07:00", "four.txt": "2017-05-10T12:00:00+07:00"}
    refused = cli.run("feed", "--source", "test", "--fetched", "hôm qua", dump, code=65)
    assert '--fetched "hôm qua" is no day' in refused.stderr


def test_refused_input_is_named_with_file_line_and_code(cli, directory):
    path = directory / "x.jsonl"
    path.write_text('{"text":"a","html":"b","key":"1"}\n'
                    '{"text":"","key":"2"}\n'
                    '{"text":"good","key":"3"}\n'
                    '{"text":"no key"}\n'
                    '{"text":"bad source","key":"4","source":"A B"}\n'
                    '{"text":"long","key":"' + "k" * 513 + '"}\n')
    (directory / "large.txt").write_text("x" * 5000)
    cli.settings["article.limit"] = "4KiB"
    done = cli.run("feed", "--source", "test", path, "large.txt", code=65)
    for part in (f"{path}:1: refused (INVALID_PAYLOAD)", f"{path}:2: refused (EMPTY)",
                 f"{path}:4: refused (BAD_KEY)", f"{path}:5: refused (BAD_SOURCE)",
                 f"{path}:6: refused (BAD_KEY)", "large.txt: refused (TOO_LARGE)"):
        assert part in done.stderr
    assert "1 accepted, 0 known already, 6 refused" in done.stdout


def test_refusal_that_quotes_the_input_sends_no_control_character_to_the_terminal(cli, directory):
    (directory / "x.jsonl").write_text("\x1b[31mred\n")
    refused = cli.run("feed", "--source", "test", "x.jsonl", code=65).stderr
    assert "the line is no JSON" in refused and "\x1b" not in refused


def test_broker_limit_below_ours_is_named_too(new_broker, directory):
    broker = new_broker(article_limit="4KiB")
    cli = CommandLine(broker, directory)
    (directory / "large.txt").write_text("x" * 5000)
    done = cli.run("feed", "--source", "test", "large.txt", code=65)
    assert "large.txt: refused (TOO_LARGE)" in done.stderr


def test_missing_file_and_missing_source_are_said(cli, directory):
    assert "no/such.txt" in cli.run("feed", "--source", "a", "no/such.txt", code=66).stderr
    (directory / "a.txt").write_text("a")
    assert "give --source" in cli.run("feed", "a.txt", code=65).stderr
    assert "live or backfill" in cli.run("feed", "--class", "slow", "a.txt").stderr


def test_no_broker_is_said_within_the_time_out(cli, directory):
    cli.settings["broker.feed"] = f"ipc://{directory}/nobody"
    cli.settings["answer.timeout"] = "500ms"
    (directory / "a.txt").write_text("a")
    done = cli.run("feed", "--source", "a", "a.txt", code=75, timeout=15)
    assert "is newsloom-broker running?" in done.stderr


def test_dead_letters_are_named_and_end_with_65(cli, broker, directory):
    path = lines(directory, "x.jsonl", 4)
    worker = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    worker.worker.done = lambda lease: worker.worker.fail(lease, "INVALID_PAYLOAD", "no date", True)
    worker.start()
    done = cli.run("feed", "--source", "test", "--wait", path, code=65)
    worker.finish()
    assert f"{path}:1: dead" in done.stderr and "no date" in done.stderr
    assert "4 dead" in done.stdout


def test_lines_from_a_pipe_are_fed_as_they_come(cli, worker):
    feed = cli.start("feed", "--source", "test", "--json", "--wait", "-")
    feed.write('{"text":"một","key":"1"}\n')
    feed.write('{"text":"hai","key":"2"}\n')
    assert feed.end() == 0
    assert [json.loads(line)["state"] for line in feed.out] == ["stored", "stored"]


def test_receipt_comes_before_the_pipe_ends(cli, worker):
    feed = cli.start("feed", "--source", "test", "--json", "-")
    feed.write('{"text":"một","key":"1"}\n')
    feed.wait_lines(1)
    assert json.loads(feed.out[0])["receipt"] == "ACCEPTED"
    assert feed.end() == 0


def test_backfill_is_fed_as_backfill(cli, operator, directory):
    cli.run("feed", "--source", "test", "--class", "backfill", lines(directory, "x.jsonl", 3), code=0)
    classes = {c.__getattribute__("class"): c.queued for c in operator.status().classes}
    assert classes[wire.BACKFILL] == 3 and classes.get(wire.LIVE, 0) == 0


def test_interrupted_feed_goes_on_where_it_stopped(cli, directory):
    feed = cli.start("feed", "--source", "test", "--json", "-")
    feed.write("".join(json.dumps({"text": f"bài {i}", "key": f"k{i}"}) + "\n" for i in range(50)))
    feed.wait_lines(50)
    feed.interrupt()
    assert feed.end() == 130
    assert any("--resume" in line for line in feed.err)

    path = lines(directory, "x.jsonl", 50)
    state = directory / "my.state"
    first = cli.start("feed", "--source", "test", "--wait", "--state", state, path)
    wait_for(state.exists, 20, "the state is written")
    first.interrupt()  # nobody works: it waits for ends
    assert first.end() == 130
    assert not json.loads(state.read_text())["complete"]


def test_resume_feeds_the_rest_and_nothing_is_lost(cli, worker, directory):
    path = lines(directory, "x.jsonl", 300)
    state = directory / "my.state"
    killed = cli.run("feed", "--source", "test", "--state", state, path,
                     NEWSLOOM_CRASH_AT="CLIENT_AFTER_RECEIPT:120")
    assert killed.returncode == -signal.SIGKILL
    if state.exists():
        cli.run("feed", "--resume", "--state", state, "--wait", code=0)
    else:
        cli.run("feed", "--source", "test", "--state", state, "--wait", path, code=0)
    done = cli.run("feed", "--source", "test", path, code=0)
    assert "0 accepted, 300 known already" in done.stdout
    assert "nothing to go on" in cli.run("feed", "--resume", "--state", state, code=0).stdout


def test_state_that_is_not_complete_is_not_overwritten(cli, directory):
    path = lines(directory, "x.jsonl", 3)
    state = directory / "my.state"
    state.write_text('{"newsloom_feed":1,"inputs":["%s"],"source":"test","class":null,'
                     '"key_field":null,"url_field":null,"file":"%s","line":2,"fed":2,'
                     '"complete":false}' % (path, path))
    done = cli.run("feed", "--source", "test", "--state", state, path, code=65)
    assert "--resume" in done.stderr
    assert "1 accepted" in cli.run("feed", "--resume", "--state", state, code=0).stdout


def test_broker_that_restarts_is_waited_for(cli, broker, worker, directory):
    feed = cli.start("feed", "--source", "test", "--json", "-")
    feed.write('{"text":"một","key":"1"}\n')
    feed.wait_lines(1)
    broker.kill9()
    feed.write('{"text":"hai","key":"2"}\n')
    broker.start()
    feed.wait_lines(2)
    assert feed.end() == 0


def test_lost_receipt_is_asked_for_again_and_counts_as_accepted(cli, new_broker, directory):
    broker = new_broker("other", crash_at="BROKER_AFTER_COMMIT")
    other = CommandLine(broker, directory)
    feed = other.start("feed", "--source", "test", "--json", "-")
    feed.write('{"text":"một","key":"1"}\n')
    broker.wait_crash()
    broker.start()
    feed.wait_lines(1)
    assert feed.end() == 0
    assert any("1 accepted, 0 known already" in line for line in feed.err), feed.err


def test_draining_broker_is_waited_for(cli, worker):
    cli.run("drain", code=0)
    feed = cli.start("feed", "--source", "test", "--json", "--wait", "-")
    feed.write('{"text":"một","key":"1"}\n')
    feed.process.stdin.close()
    assert cli.json("status")[0]["condition"] == "draining"
    assert feed.process.poll() is None
    cli.run("resume", code=0)
    assert feed.end() == 0
    assert json.loads(feed.out[0])["state"] == "stored"


def test_trace_shows_the_whole_way(cli, broker, directory):
    worker = FakeWorker(broker.endpoint("work"), name="erste")
    (directory / "a.txt").write_text("Một bài")
    cli.run("feed", "--source", "test", "--url", "https://www.example.org/a?fbclid=1", "a.txt", code=0)
    lease = worker.take(1)[0]
    worker.start(lease)
    worker.fail(lease, "STORAGE_REJECTED", "it did not fit")
    lease = worker.take(1)[0]
    worker.start(lease)
    worker.done(lease)
    worker.settled(lease)
    worker.close()
    outcome = cli.json("trace", "--source", "test", "https://example.org/a")[0]["outcome"]
    assert outcome["state"] == "stored" and outcome["sequence"] == 1
    assert outcome["attempts"][0]["code"] == "STORAGE_REJECTED"
    assert outcome["attempts"][0]["worker"] == "erste"
    text = cli.run("trace", "--source", "test", "example.org/a", code=0).stdout
    assert "stored, entry 1" in text and "it did not fit" in text
    assert "knows no such article" in cli.run("trace", "--source", "test", "gibtsnicht", code=66).stderr


def test_thousand_articles_keep_the_window_busy(cli, worker, directory):
    path = lines(directory, "x.jsonl", 3000)
    done = cli.run("feed", "--source", "test", path, code=0)
    assert "3000 accepted" in done.stdout


def test_cut_connections_lose_no_article(new_broker, directory):
    broker = new_broker("tcp", listen_feed="tcp://127.0.0.1:*")
    proxy = Proxy(broker.endpoint("feed"))
    cli = CommandLine(broker, directory, **{"broker.feed": proxy.endpoint, "answer.timeout": "1s"})
    feed = cli.start("feed", "--source", "test", "--json", "-")
    for first in range(0, 2000, 200):
        feed.write("".join(json.dumps({"text": f"Bài {i} " + "chữ " * 300, "key": f"k{i}"}) + "\n"
                           for i in range(first, first + 200)))
        wait_for(lambda: len(feed.out) >= first, 30, "receipts")
        proxy.reset()
    assert feed.end(60) == 0
    proxy.close()
    keys = [json.loads(line)["key"] for line in feed.out]
    assert sorted(keys) == sorted(f"k{i}" for i in range(2000))
    assert any("2000 accepted, 0 known already" in line for line in feed.err), feed.err[-3:]
    status = CommandLine(broker, directory).json("status")[0]
    assert sum(c["queued"] + c["leased"] + c["waiting"] for c in status["classes"]) == 2000


def test_crash_before_anything_is_sent_loses_nothing(cli, worker, directory):
    path = lines(directory, "x.jsonl", 5)
    killed = cli.run("feed", "--source", "test", path, NEWSLOOM_CRASH_AT="CLIENT_BEFORE_SUBMIT:3")
    assert killed.returncode == -signal.SIGKILL
    found = cli.json("feed", "--source", "test", "--wait", path)
    assert [f["state"] for f in found] == ["stored"] * 5


def test_silent_endpoint_is_passed_by_for_the_next(cli, directory):
    cli.settings["broker.feed"] = f"ipc://{directory}/nobody,{cli.settings['broker.feed']}"
    (directory / "a.txt").write_text("a")
    assert "1 accepted" in cli.run("feed", "--source", "a", "a.txt", code=0).stdout


def test_terminal_shows_rate_and_time_left(cli, directory):
    path = lines(directory, "x.jsonl", 2000)
    leader, follower = os.openpty()
    feed = subprocess.Popen(cli.command("feed", "--source", "test", path), stderr=follower,
                            stdout=subprocess.DEVNULL, env=cli.env)
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the terminal's other side is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert feed.wait(60) == 0
    assert b"articles" in shown and b"/s" in shown and b"ETA" in shown and b"100 %" in shown


def test_names_that_are_no_text_are_refused_by_name(cli, directory):
    folder = directory / "crawl"
    folder.mkdir()
    (folder / "gone.txt").symlink_to("nowhere")
    with open(os.fsencode(folder) + b"/\xff.txt", "w") as file:
        file.write("text")
    found = cli.json("feed", "--source", "test", folder, code=65)
    assert [f["receipt"] for f in found] == ["REFUSED"] * 2
    assert {f["refusal"] for f in found} == {"INVALID_PAYLOAD", "BAD_KEY"}
