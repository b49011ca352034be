# SPDX-License-Identifier: Apache-2.0
"""Subscriber and AsyncSubscriber of the Python package against a real broker."""
import asyncio
import json
import signal
import threading
import warnings

import pytest
import zmq

from newsloom import (Article, AsyncFeeder, AsyncSubscriber, BrokerAway, Cursor, Entry, EntryKind, Feeder, Filter, Gap,
                      RetentionWarning, Subscriber)
from support import paths, python_client
from support.cli import CommandLine
from support.contract import extraction, wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.keys import Keyring
from support.operating import Operator
from support.proxy import Proxy
from support.waiting import wait_for


EXAMPLES = paths.SOURCE / "client" / "python" / "examples"


@pytest.fixture
def new_subscriber(broker):
    made = []

    def make(endpoint=None, **how):
        made.append(Subscriber(endpoint or broker.endpoint("subscribe"), **{"patience": 30, **how}))
        return made[-1]
    yield make
    for subscriber in made:
        subscriber.close()


@pytest.fixture
def store(broker, automatic_worker):
    """Feeds articles and waits until each is an entry."""
    with Feeder(broker.endpoint("feed")) as feeder:
        def make(count, first=0, source="proof", text="Tin của Nguyễn"):
            feeder.submit_all([Article(source, f"{text} {first + i}", key=f"k{first + i:05d}") for i in range(count)])
            feeder.flush()
            feeder.follow(Article(source, b"", key=f"k{first + count - 1:05d}"))
            wait_for(lambda: all(feeder.outcome(source, f"k{first + i:05d}").state.is_end for i in range(count)))
        yield make


def test_every_entry_comes_once_in_order_with_what_was_found(store, new_subscriber):
    store(600)
    entries = list(new_subscriber(start="earliest", until_idle=True))
    assert [one.sequence for one in entries] == list(range(1, 601))
    assert {one.kind for one in entries} == {EntryKind.STORED} and len({one.key for one in entries}) == 600
    assert entries[0].extraction.key == entries[0].key and entries[0].stored_at.tzinfo
    assert [one.text for one in entries[0].extraction.mentions] == ["Tin", "Nguyễn"]


def test_state_file_goes_on_where_it_stopped_and_is_the_command_lines_own(store, new_subscriber, broker, directory):
    store(30)
    state = directory / "my.cursor"
    first = new_subscriber(state=state)
    for entry in first:
        if entry.sequence == 10:
            break  # the tenth was not handled to its end
    first.close()
    shown = CommandLine(broker, directory).json("subscribe", "--state", state, "--count", "5")
    assert [one["sequence"] for one in shown] == [10, 11, 12, 13, 14]
    rest = list(new_subscriber(state=state, until_idle=True))
    assert [one.sequence for one in rest] == list(range(15, 31))


def test_named_cursor_is_kept_by_the_broker(store, new_subscriber, operator):
    store(20)
    first = new_subscriber(name="alerts")
    assert [first.next().sequence for _ in range(8)] == list(range(1, 9))
    entry = first.next()
    first.acknowledge(entry)
    first.close()
    wait_for(lambda: [one.lag for one in operator.status().subscribers if one.name == "alerts"] == [11], what="the lag")
    assert new_subscriber(name="alerts").next().sequence == 10


READER = """
import sys
from newsloom import Subscriber
with Subscriber(state="my.cursor", until_idle=True) as news:
    for entry in news:
        print(entry.sequence, flush=True)
"""


def test_killed_reader_misses_nothing(store, broker, directory):
    store(400)
    env = python_client.settings(broker)
    reader = python_client.start(["-c", READER], env, directory)
    seen = [int(reader.stdout.readline()) for _ in range(150)]
    reader.send_signal(signal.SIGKILL)
    seen += [int(line) for line in reader.stdout.read().splitlines()]
    reader.wait()
    again = [int(line) for line in python_client.run(["-c", READER], env, directory).stdout.splitlines()]
    assert seen == list(range(1, len(seen) + 1)) and again == list(range(again[0], 401)) and again[0] <= len(seen) + 1


def test_daily_files_hold_each_entry_once_however_often_the_program_is_killed(store, broker, directory):
    env, days = python_client.settings(broker), directory / "days"
    store(150)

    def written():
        return b"".join(path.read_bytes() for path in sorted(days.glob("*.jsonl")))
    for least in (20, 60, 150):
        program = python_client.start([EXAMPLES / "daily_files.py", days], env, directory)
        wait_for(lambda: written().count(b"\n") >= least, 60, f"{least} lines")
        program.kill()
        program.communicate()
        with sorted(days.glob("*.jsonl"))[-1].open("ab") as file:
            file.write(b'{"cursor": "half a li')  # as if the kill had come in the middle of a write
    lines = [json.loads(line) for line in written().splitlines()[:-1]]
    assert [int(one["cursor"].split(":")[1]) for one in lines] == list(range(1, 151))
    assert lines[0]["extraction"]["mentions"][1]["text"] == "Nguyễn"


def test_restarted_broker_and_cut_connections_make_no_hole(new_broker):
    broker = new_broker("tcp", **{"listen.subscribe": "tcp://127.0.0.1:*"})
    worker = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    worker.start()
    proxy = Proxy(broker.endpoint("subscribe"))
    with Feeder(broker.endpoint("feed")) as feeder, Subscriber(proxy.endpoint, start="earliest", patience=60) as news:
        seen = []
        for first in range(0, 400, 100):
            feeder.submit_all([Article("proof", f"Tin {first + i}", key=f"k{first + i}") for i in range(100)])
            feeder.flush()
            for _ in range(90):
                seen.append(news.next(30).sequence)
                if len(seen) % 60 == 0:
                    proxy.reset()
            if first == 200:
                broker.restart(**{"listen.subscribe": broker.endpoint("subscribe")})
        while len(seen) < 400:
            seen.append(news.next(30).sequence)
    assert seen == list(range(1, 401))
    worker.finish()
    proxy.close()


def test_reader_that_was_taken_for_gone_goes_on(store, new_subscriber, operator):
    store(300)
    news = new_subscriber(name="slow", window=8)
    seen = [news.next().sequence for _ in range(3)]
    wait_for(lambda: not any(one.connected for one in operator.status().subscribers if one.name == "slow"),
             what="the broker has ended the subscription")
    while len(seen) < 300:
        seen.append(news.next(20).sequence)
    assert seen == list(range(1, 301))


def test_filter_passes_what_it_names_and_its_cursor_moves_over_the_rest(store, new_subscriber):
    store(40)
    store(3, 40, source="other")
    store(40, 43)
    news = new_subscriber(start="earliest", until_idle=True, filter="source=other,type=PERSON")
    assert [one.source for one in news] == ["other"] * 3
    assert news.cursor.sequence == 83 and news.lag == 0
    assert not list(new_subscriber(start="earliest", until_idle=True, filter="event=SIGN"))
    assert list(new_subscriber(start="earliest", until_idle=True, filter="kind=dead")) == []


@pytest.mark.parametrize("text, said", [
    ("type", "no field=value"), ("type=CAT", "PERSON, ORGANIZATION"), ("entity=12", "no UUID"), ("copies=2", "neither yes nor no"),
    ("colour=red", "may name type, event"), ("source=A B", "no field=value|is none"), ("kind=NONE", "STORED, REPLACED")])
def test_filter_that_is_none_is_explained(text, said):
    with pytest.raises(ValueError, match=said):
        Filter(text)


def entry(kind=wire.ENTRY_STORED, source="a", payload=b"", **found):
    return Entry.of(wire.Entry(sequence=1, kind=kind, source=source),
                    payload or extraction.Extraction(**found).SerializeToString())


def test_filter_judges_what_the_broker_over_delivers():
    id_, other = (extraction.Entity(id=bytes(range(8)) + end) for end in (bytes(range(8, 16)), bytes(8)))
    wanted = Filter("entity=00010203-0405-0607-0809-0a0b0c0d0e0f")
    assert wanted.passes(entry(entities=[other, id_])) and not wanted.passes(entry(entities=[other]))
    assert wanted.passes(entry(wire.ENTRY_FORGOTTEN)) and not Filter("source=b").passes(entry(wire.ENTRY_FORGOTTEN))
    copy = extraction.ArticleName(source="b")
    assert Filter("copies=yes").passes(entry(duplicate_of=copy)) and not Filter("copies=no").passes(entry(duplicate_of=copy))
    assert not Filter("kind=DEAD").passes(entry()) and Filter("kind=stored,kind=dead").passes(entry())
    assert not Filter("type=PERSON").passes(entry(payload=b"\xff no message"))


class NonsensicalBroker(threading.Thread):
    """Answers the first Subscribe with noise and lies, and then as it should."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.bind(endpoint)
        self.start()

    def say(self, peer, request, payloads=(), protocol=1, **body):
        self.socket.send_multipart([peer, wire.Envelope(protocol=protocol, request=request, **body).SerializeToString(), *payloads])

    def run(self):
        peer, frame = self.socket.recv_multipart()
        request = wire.Envelope.FromString(frame).request
        log, entries = bytes(16), [wire.Entry(sequence=1, kind=wire.ENTRY_STORED, source="a", key="k")]
        for noise in (b"", b"\xff" * 50, wire.Envelope(protocol=1, request=request).SerializeToString(), b"\0" * 5000):
            self.socket.send_multipart([peer, noise])
        self.say(peer, request, protocol=7, gap=wire.Gap(log_id=log, text="of a later protocol"))
        self.say(peer, request + 1, gap=wire.Gap(log_id=log, text="of somebody else"))
        self.say(peer, request, batch=wire.Batch(log_id=log, scanned_through=9))  # before Subscribed
        self.say(peer, request, subscribed=wire.Subscribed(log_id=b"short", last=5))
        self.say(peer, request, subscribed=wire.Subscribed(log_id=log, last=1, first_retained=1, beat_ms=1000))
        self.say(peer, request, batch=wire.Batch(log_id=log, after=7, scanned_through=9, entries=entries), payloads=[b""])
        while True:  # a lie was noticed: it asks again, from where it stands
            again = wire.Envelope.FromString(self.socket.recv_multipart()[1])
            if again.WhichOneof("body") == "subscribe":
                assert (again.subscribe.log_id, again.subscribe.after) == (log, 0)
                break
        self.say(peer, again.request, subscribed=wire.Subscribed(log_id=log, last=1, first_retained=1, beat_ms=1000))
        self.say(peer, again.request, batch=wire.Batch(log_id=log, scanned_through=1, last=1, entries=entries), payloads=[b""])


def test_broker_that_talks_nonsense_harms_no_reader(directory, new_subscriber):
    broker = NonsensicalBroker(f"ipc://{directory}/nonsense")
    news = new_subscriber(f"ipc://{directory}/nonsense", start="earliest")
    assert news.next(30).key == "k" and news.is_caught_up
    broker.join(10)
    broker.socket.close(0)


def test_forgotten_article_is_told_to_every_reader(store, new_subscriber, operator):
    store(3)
    operator.forget("proof", "k00001")
    news = new_subscriber(start="earliest", until_idle=True, filter="kind=STORED")
    told = [(one.kind, len(one.identity)) for one in news if one.kind == EntryKind.FORGOTTEN]
    assert told and set(told) == {(EntryKind.FORGOTTEN, 16)}


def test_cursor_of_another_log_is_a_gap_that_says_how_to_start_over(store, new_subscriber):
    store(5)
    with pytest.raises(Gap) as gap:
        new_subscriber(start=Cursor(b"x" * 16, 2)).next()
    assert gap.value.other_log and gap.value.last == 5 and gap.value.first.sequence == 0
    news = new_subscriber(start=str(gap.value.first), until_idle=True)
    assert [one.sequence for one in news] == [1, 2, 3, 4, 5]


def test_reader_that_retention_nears_is_warned_and_one_it_overtook_is_told(new_broker, new_subscriber, directory):
    broker = new_broker("small", **{"retention.log-size": "1MiB"})
    worker = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    worker.start()
    operator = Operator(broker.endpoint("operator"))
    with Feeder(broker.endpoint("feed")) as feeder:
        feeder.submit_all([Article("proof", f"Tin {i}", key=f"k{i}", title="x" * 60000) for i in range(60)])
        feeder.flush()
    looks = []

    def is_over():
        looks.append(operator.status())
        return len(looks) > 30 and looks[-1].last_sequence == 60 and looks[-1].first_retained > 2 and (
            len({one.first_retained for one in looks[-30:]}) == 1)
    wait_for(is_over, 30, "retention has dropped what is more than 1 MiB")
    log_id, status = looks[-1].log_id, looks[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        all_of_it = new_subscriber(broker.endpoint("subscribe"), start="earliest")
        assert all_of_it.next(30).sequence == status.first_retained  # whoever asks for that needs no warning
    with pytest.warns(RetentionWarning, match="entries are still to be read"):
        new_subscriber(broker.endpoint("subscribe"), start=Cursor(log_id, status.first_retained)).next(10)
    cli = CommandLine(broker, directory)
    said = cli.run("subscribe", "--from", Cursor(log_id, status.first_retained), "--until-idle", code=0).stderr
    assert said.count("nearly as far behind as the log keeps") == 1
    assert cli.run("subscribe", "--from", "earliest", "--until-idle", code=0).stderr == ""
    with pytest.raises(Gap) as gap:
        new_subscriber(broker.endpoint("subscribe"), start=Cursor(log_id, 1)).next(10)
    assert not gap.value.other_log and gap.value.last == 60
    again = new_subscriber(broker.endpoint("subscribe"), start=gap.value.first, until_idle=True)
    with pytest.warns(RetentionWarning):
        assert [one.sequence for one in again][-1] == 60
    operator.close()
    worker.finish()


def test_file_without_a_cursor_is_not_taken_for_a_first_run(new_subscriber, directory):
    (directory / "my.cursor").write_text("nothing\n")
    with pytest.raises(ValueError, match="holds no cursor"):
        new_subscriber(state=directory / "my.cursor")
    assert Cursor.read(directory / "none") is None
    with pytest.raises(ValueError, match="is no cursor"):
        Cursor.parse("ff:1")


def test_nobody_there_is_said_after_the_patience(new_subscriber, directory):
    with pytest.raises(BrokerAway, match="is newsloom-broker running"):
        new_subscriber(f"ipc://{directory}/nobody", patience=0.3).next()
    assert new_subscriber(f"ipc://{directory}/nobody").next(0.1) is None


def test_key_without_the_role_is_refused(new_broker, new_subscriber, directory):
    keys = Keyring(directory / "keys")
    crawler, reader = keys.add("crawler", "feeder"), keys.add("reader", "subscriber")
    broker = new_broker("locked", **keys.settings())
    how = {"server_key": keys.server.text, "start": "earliest", "until_idle": True}
    assert list(new_subscriber(broker.endpoint("subscribe"), key_file=str(reader.path), **how)) == []
    with pytest.raises(BrokerAway, match="lacks the role"):
        new_subscriber(broker.endpoint("subscribe"), key_file=str(crawler.path), **how, patience=1).next()


def test_asyncio_reads_while_it_feeds(broker, automatic_worker):
    async def follow():
        async with AsyncFeeder(broker.endpoint("feed")) as feeder, \
                AsyncSubscriber(broker.endpoint("subscribe"), start="earliest", patience=30) as news:
            feeding = asyncio.create_task(feeder.submit_all([Article("proof", f"Tin {i}", key=f"k{i}") for i in range(200)]))
            flushing = asyncio.create_task(feeder.flush())
            seen = []
            async for entry in news:
                seen.append(entry.sequence)
                if len(seen) == 200:
                    break
            await feeding
            await flushing
            return seen
    assert asyncio.run(asyncio.wait_for(follow(), 60)) == list(range(1, 201))
