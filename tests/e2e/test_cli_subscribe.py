# SPDX-License-Identifier: Apache-2.0
"""`newsloom subscribe`: cursor, state, name, filter, gap, live, over restarts of either side."""
import json
import signal

import pytest

from support.cli import CommandLine
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.proxy import Proxy
from support.waiting import wait_for


@pytest.fixture
def cli(broker, directory):
    return CommandLine(broker, directory)


@pytest.fixture
def press(broker, newsroom):
    """press(n) feeds n articles to a worker that stores them."""
    thread = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    thread.start()

    def store(count, source="proof"):
        feeder = Feeder(broker.endpoint("feed"))
        feeder.submit(newsroom.pieces(count, source=source))
        feeder.close()
    yield store
    thread.finish()


def sequences(running) -> list:
    return [json.loads(line)["sequence"] for line in running.out]


def test_new_entries_are_shown_as_they_come(cli, press):
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    press(5)
    follow.wait_lines(5)
    press(5)
    follow.wait_lines(10)
    follow.interrupt()
    assert follow.end() == 0
    assert sequences(follow) == list(range(1, 11))
    entry = json.loads(follow.out[0])
    assert entry["kind"] == "STORED" and entry["extraction"]["key"] == entry["key"]


def test_state_goes_on_after_what_was_shown(cli, press, directory):
    press(6)
    state = directory / "cursor"
    first = cli.json("subscribe", "--state", state, "--count", "4")
    assert [e["sequence"] for e in first] == [1, 2, 3, 4]
    rest = cli.start("subscribe", "--state", state, "--json", "--count", "2")
    assert rest.end() == 0
    assert sequences(rest) == [5, 6]
    assert state.read_text().endswith(":6\n")


def test_crash_before_the_cursor_shows_the_entry_again(cli, press, directory):
    press(3)
    state = directory / "cursor"
    killed = cli.run("subscribe", "--state", state, "--count", "3", "--json",
                     NEWSLOOM_CRASH_AT="CLIENT_BEFORE_CURSOR")
    assert killed.returncode == -signal.SIGKILL
    shown = [json.loads(line)["sequence"] for line in killed.stdout.splitlines()]
    again = [e["sequence"] for e in cli.json("subscribe", "--state", state, "--count", "3")]
    assert shown[:1] == [1] and again == [1, 2, 3]


def test_name_is_kept_by_the_broker(cli, press):
    press(4)
    assert len(cli.json("subscribe", "--name", "reader", "--count", "3")) == 3
    rest = cli.json("subscribe", "--name", "reader", "--count", "1")
    assert [e["sequence"] for e in rest] == [4]
    follow = cli.start("subscribe", "--name", "reader")
    names = [s["name"] for s in cli.json("status")[0]["subscribers"]]
    assert "reader" in names
    follow.interrupt()
    follow.end()


def test_until_idle_ends_with_everything(cli, press):
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    press(40)
    follow.wait_lines(40)
    follow.interrupt()
    follow.end()
    assert len(cli.json("subscribe", "--from", "earliest", "--until-idle")) == 40
    assert cli.json("subscribe", "--from", "latest", "--until-idle") == []


def test_filter_lets_through_what_matches_and_the_cursor_moves_on(cli, press, directory):
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    press(3, source="one")
    press(3, source="two")
    follow.wait_lines(6)
    follow.interrupt()
    follow.end()
    state = directory / "cursor"
    found = cli.json("subscribe", "--state", state, "--until-idle", "--filter", "source=one,type=PERSON")
    assert {e["source"] for e in found} == {"one"} and len(found) == 3
    assert state.read_text().endswith(":6\n")
    entity = found[0]["extraction"]["entities"][0]["id"]
    named = cli.json("subscribe", "--from", "earliest", "--until-idle", "-f", f"entity={entity}")
    assert named and all(entity in [x["id"] for x in e["extraction"]["entities"]] for e in named)
    assert cli.json("subscribe", "--from", "earliest", "--until-idle", "-f", "event=SIGN") == []


def test_wrong_cursor_and_filter_are_said(cli):
    assert "is no cursor" in cli.run("subscribe", "--from", "yesterday", code=64).stderr
    assert "PERSON, ORGANIZATION" in cli.run("subscribe", "--filter", "type=X", code=65).stderr
    assert "goes neither" in cli.run("subscribe", "--live", "--from", "earliest", code=64).stderr


def test_cursor_of_another_log_is_a_gap_with_the_way_on(cli, press):
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    press(2)
    follow.wait_lines(2)
    follow.interrupt()
    follow.end()
    done = cli.run("subscribe", "--from", "00" * 16 + ":1", code=69)
    assert "another log" in done.stderr
    way_on = done.stderr.split("newsloom subscribe --from ")[1].split()[0]
    shown = cli.json("subscribe", "--from", way_on, "--until-idle")
    assert [e["sequence"] for e in shown] == [1, 2]


def test_subscriber_follows_through_a_restart_of_the_broker(cli, broker, press):
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    press(3)
    follow.wait_lines(3)
    broker.restart()
    press(3)
    follow.wait_lines(6)
    follow.interrupt()
    assert follow.end() == 0
    assert sequences(follow) == [1, 2, 3, 4, 5, 6]


def test_cut_connections_lose_no_entry(new_broker, directory):
    """Every cut loses what is under way: the subscriber takes up where it stands."""
    broker = new_broker("tcp", listen_subscribe="tcp://127.0.0.1:*")
    proxy = Proxy(broker.endpoint("subscribe"))
    cli = CommandLine(broker, directory, **{"broker.subscribe": proxy.endpoint})
    worker = WorkingThread(broker.endpoint("work"), storage=MemoryStorage(), slots=64)
    worker.start()
    (directory / "x.jsonl").write_text("".join(
        json.dumps({"text": f"Bài {i} " + "chữ " * 200, "key": str(i)}) + "\n" for i in range(1500)))
    follow = cli.start("subscribe", "--from", "earliest", "--json")
    feed = cli.start("feed", "--source", "test", "x.jsonl")
    for count in (100, 300, 500, 700, 900, 1100, 1300):
        follow.wait_lines(count, 60)
        proxy.reset()
    follow.wait_lines(1500, 60)
    assert feed.end() == 0
    follow.interrupt()
    assert follow.end() == 0
    worker.finish()
    proxy.close()
    assert sequences(follow) == list(range(1, 1501))


def test_frozen_subscriber_takes_up_where_it_stood(cli, press):
    """The broker ends a silent subscription; the next credit is refused, and it subscribes again."""
    follow = cli.start("subscribe", "--from", "earliest", "--name", "frozen", "--json")
    press(2)
    follow.wait_lines(2)
    follow.process.send_signal(signal.SIGSTOP)
    press(2)
    wait_for(lambda: not [s for s in cli.json("status")[0]["subscribers"] if s["connected"]], 20,
             "the broker gives it up")
    follow.process.send_signal(signal.SIGCONT)
    follow.wait_lines(4)
    press(1)
    follow.wait_lines(5)
    follow.interrupt()
    assert follow.end() == 0
    assert sequences(follow) == [1, 2, 3, 4, 5]


def test_no_broker_is_said_within_the_time_out(cli, directory):
    cli.settings.update({"broker.subscribe": f"ipc://{directory}/nobody", "answer.timeout": "500ms"})
    assert "is newsloom-broker running?" in cli.run("subscribe", code=75, timeout=15).stderr


def test_live_shows_each_entry_once(cli, press):
    follow = cli.start("subscribe", "--live", "--json")
    watch = cli.start("subscribe", "--from", "earliest", "--json")
    rounds = 0
    while not follow.out and rounds < 50:  # a PUB socket tells nobody when its reader is there
        rounds += 1
        press(1)
        watch.wait_lines(rounds)
    press(5)
    watch.wait_lines(rounds + 5)
    follow.wait_lines(5)
    for running in (follow, watch):
        running.interrupt()
        assert running.end() == 0
    seen = sequences(follow)
    assert len(seen) == len(set(seen)) and set(seen) <= set(sequences(watch))


def test_text_is_one_line_an_entry(cli, press):
    follow = cli.start("subscribe", "--from", "earliest")
    press(3)
    follow.wait_lines(3)
    follow.interrupt()
    follow.end()
    assert [line.split()[0] for line in follow.out] == ["1", "2", "3"]
    assert all(" STORED proof " in line for line in follow.out)
