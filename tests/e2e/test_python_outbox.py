# SPDX-License-Identifier: Apache-2.0
"""The outbox of the Python package: what submit() had returned for is on disk, and goes out once, whatever is killed."""
import signal
import sqlite3
import subprocess

import pytest

from newsloom import Article, ArticleRefused, Outbox, OutboxError, OutboxFull
from newsloom.article import pack
from support import programs, python_client


def articles(count, first=0):
    return [Article("proof", f"Bài số {first + i}.", key=f"k{first + i:05d}") for i in range(count)]


CRAWLER = """
import sys
from newsloom import Article, Feeder
feeder = Feeder(sys.argv[1], outbox=sys.argv[2])
for i in range(int(sys.argv[3])):
    feeder.submit(Article("proof", f"Bài {i}", key=f"k{i}"))
    print(i, flush=True)
"""


@pytest.mark.parametrize("killed_after", [1, 57, 300])
def test_killed_crawler_loses_and_doubles_nothing(broker, operator, directory, new_client_feeder, killed_after):
    """What submit() had returned for is in the file: the next feeder sends what has no receipt."""
    box = directory / "box"
    crawler = python_client.start(["-c", CRAWLER, broker.endpoint("feed"), box, 1000], python_client.settings(broker), directory)
    for number in range(killed_after):
        assert crawler.stdout.readline() == f"{number}\n"
    crawler.send_signal(signal.SIGKILL)
    submitted = killed_after + len(crawler.stdout.read().splitlines())
    crawler.wait()

    feeder = new_client_feeder(outbox=box)
    feeder.flush()
    assert feeder.pending == 0 and feeder.outbox.refused == 0
    # The one that submit() was just writing may be there too.
    assert operator.backlog() in (submitted, submitted + 1)
    for number in range(submitted):
        assert feeder.outcome("proof", f"k{number}").revision == 1


def test_outbox_written_while_no_broker_is_there_is_sent_by_the_next_program(new_broker, directory):
    broker = new_broker("later", start=False)
    env = python_client.settings(broker)
    python_client.run(["-c", CRAWLER, broker.endpoint("feed"), "box", 40], env, directory)
    away = python_client.run(["-m", "newsloom", "flush", "--timeout", "0.2", "box"], env, directory, code=75)
    assert "is newsloom-broker running?" in away.stderr
    assert "40 wait for a receipt" in python_client.run(["-m", "newsloom", "show", "box"], env, directory).stdout
    broker.start()
    assert "40 accepted, 0 known already" in python_client.run(["-m", "newsloom", "flush", "box"], env, directory).stdout
    assert "0 accepted" in python_client.run(["-m", "newsloom", "flush", "box"], env, directory).stdout


def test_two_processes_share_an_outbox(new_client_feeder, directory, operator):
    one, two = new_client_feeder(outbox=directory / "box"), new_client_feeder(outbox=directory / "box")
    for i in range(20):
        (one if i % 2 else two).submit(*articles(1, i))
    one.flush()
    two.flush()
    assert operator.backlog() == 20 and one.pending == two.pending == 0


OPENER = """
import sys
from newsloom import Outbox
print("ready", flush=True)
for name in sys.stdin:
    Outbox(name.strip())
    print("open", flush=True)
"""


def test_processes_that_begin_together_with_a_new_file_all_open_it(directory):
    openers = [python_client.start(["-c", OPENER], programs.environment(**python_client.OURS), directory, stdin=subprocess.PIPE)
               for _ in range(6)]
    assert {one.stdout.readline() for one in openers} == {"ready\n"}
    for number in range(25):
        for one in openers:
            one.stdin.write(f"box{number}\n")
            one.stdin.flush()
        for one in openers:
            assert one.stdout.readline() == "open\n", one.communicate()[1]
    for one in openers:
        one.communicate()


def test_full_outbox_waits_and_then_says_so(new_broker, new_client_feeder, directory):
    broker = new_broker("later", start=False)
    feeder = new_client_feeder(f"ipc://{broker.directory}/feed", limit=200_000)
    with pytest.raises(OutboxFull, match="no room for another"):
        for one in articles(100):
            feeder.submit(Article("proof", b"x" * 10_000, key=one.key), timeout=0.2)
    kept = feeder.pending
    assert 5 < kept < 40
    broker.start()
    feeder.submit(*articles(1), timeout=30)
    feeder.flush()
    assert feeder.counts == {"ACCEPTED": kept + 1}


def test_refused_articles_hold_nobody_up(new_client_feeder, directory):
    box = Outbox(directory / "box")
    large = [pack(Article("proof", b"x" * 10_000, key=f"large{i}")) for i in range(20)]
    box.settle([], [(number, "TOO_LARGE", "too large") for number in box.put(large)])
    feeder = new_client_feeder(outbox=directory / "box", limit=100_000)
    assert feeder.outbox.bytes_used > 100_000
    assert feeder.feed(*articles(1)).is_kept and feeder.outbox.refused == 20


def test_what_was_forgotten_leaves_nothing_in_the_outbox(new_client_feeder, automatic_worker, operator, directory):
    feeder = new_client_feeder(outbox=directory / "box")
    secret = Article("proof", "chuyện riêng", key="bi-mat")
    feeder.follow(feeder.feed(secret))
    operator.forget("proof", "bi-mat")
    with pytest.raises(ArticleRefused) as refused:
        feeder.feed(secret)
    assert refused.value.code == "WAS_FORGOTTEN"
    kept, = feeder.outbox.refusals()
    assert (kept.code, kept.key, kept.payload) == ("WAS_FORGOTTEN", "", b"")


def test_file_that_is_no_outbox_is_named(directory):
    (directory / "text").write_text("not a database, but long enough to be looked at as one " * 20)
    sqlite3.connect(directory / "other").execute("CREATE TABLE mine (x)").connection.close()
    for name in ("text", "other", "no/folder"):
        with pytest.raises(OutboxError, match=name):
            Outbox(directory / name)


def test_refused_articles_are_shown_and_forgotten(new_broker, new_client_feeder, directory):
    broker = new_broker("small", start=False, article_limit="4KiB")
    env = python_client.settings(broker)
    feeder = new_client_feeder(broker.endpoint("feed"), outbox=directory / "box")
    feeder.submit_all([Article("proof", b"x" * 5000, key="large"), *articles(1)])
    feeder.close()
    broker.start()
    assert "1 accepted, 0 known already, 1 refused" in python_client.run(
        ["-m", "newsloom", "flush", "box"], env, directory, code=65).stdout
    assert "proof\tlarge\tTOO_LARGE\t" in python_client.run(["-m", "newsloom", "show", "box"], env, directory).stdout
    python_client.run(["-m", "newsloom", "forget", "box"], env, directory)
    assert "0 were refused" in python_client.run(["-m", "newsloom", "show", "box"], env, directory).stdout
    python_client.run(["-m", "newsloom", "show", "none"], env, directory, code=66)
    python_client.run(["-m", "newsloom", "empty", "box"], env, directory, code=64)


# ---- the disk ----

KEEPER = """
from newsloom import Article, Feeder
feeder = Feeder("ipc://nobody", outbox="box")
for i in range(4):
    feeder.submit(Article("proof", f"Bài {i}", key=f"k{i}"))
    print(i, flush=True)
"""


def keep(directory, rule):
    """How many times submit() returned, with a disk that fails by this rule (fault/failing_io.h)."""
    env = programs.environment(**python_client.OURS, LD_PRELOAD=programs.preload("libfailing_io.so"),
                               NEWSLOOM_FAIL_IO=rule, ASAN_OPTIONS="detect_leaks=0")
    keeper = python_client.start(["-c", KEEPER], env, directory)
    out, err = keeper.communicate(timeout=60)
    return len(out.splitlines()), keeper.returncode, err


def test_killed_at_any_sync_everything_that_was_promised_is_there(directory):
    code, syncs = -signal.SIGKILL, 0
    while code == -signal.SIGKILL:  # until there is no such sync any more
        syncs += 1
        folder = directory / str(syncs)
        folder.mkdir()
        promised, code, err = keep(folder, f"fdatasync:{syncs}:{('KILL', 'KILLED')[syncs % 2]}")
        assert code in (0, -signal.SIGKILL), err
        assert Outbox(folder / "box").waiting in (promised, promised + 1), f"at sync {syncs}"
    assert promised == 4 and syncs > 4, "one sync an article at least"


def test_disk_that_cannot_sync_promises_nothing(directory):
    promised, code, err = keep(directory, "fdatasync:13+:EIO")
    assert code == 1 and "newsloom.errors.OutboxError: could not use the outbox box" in err
    assert 0 < promised < 4 and Outbox(directory / "box").waiting in (promised, promised + 1)
