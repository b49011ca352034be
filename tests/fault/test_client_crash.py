# SPDX-License-Identifier: Apache-2.0
"""kill -9 of `newsloom feed` and `newsloom subscribe` at each named point: nothing is lost, and what
comes twice is harmless."""
import json
import random
import signal

import pytest

from support.articles import Newsroom
from support.auditor import Auditor, report, wait_settled
from support.cli import CommandLine
from support.contract import wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.programs import run
from support.waiting import wait_for


def test_every_client_point_is_one_of_these():
    listed = {line.split()[0] for line in run("newsloom", "--crash-points", check=True)
              .stdout.splitlines() if line.strip()}
    forgetting = {"CLIENT_ROWS_FORGOTTEN"}  # killed there by test_forgetting.py
    assert listed - forgetting == {"CLIENT_BEFORE_SUBMIT", "CLIENT_AFTER_RECEIPT",
                                   "CLIENT_BEFORE_CURSOR"}


@pytest.mark.parametrize("point", ["CLIENT_BEFORE_SUBMIT", "CLIENT_AFTER_RECEIPT"])
def test_killed_feed_resumes(broker, directory, ledger, seed, time_given, point):
    chance, newsroom, storage = random.Random(seed), Newsroom(seed, "bao"), MemoryStorage()
    newsloom = CommandLine(broker, directory)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    kills = 0
    for number in time_given.rounds(3):
        pieces = newsroom.pieces(60)
        path, state = directory / f"{number}.jsonl", directory / f"{number}.state"
        path.write_text("".join(json.dumps({"text": p.content.decode(), "key": p.key,
                                            "title": p.title}) + "\n" for p in pieces))
        crash = f"{point}:{chance.randint(1, 60)}"
        done = newsloom("feed", "--source", "bao", "--state", state, path, crash_at=crash, code=None)
        assert done.returncode == -signal.SIGKILL, (done.returncode, done.stderr[-500:])
        kills += 1
        if state.exists():
            newsloom("feed", "--resume", "--state", state)
        else:  # killed before the first state was saved: the whole file again, repeats are duplicates
            newsloom("feed", "--source", "bao", "--state", state, path)
        feeder = Feeder(broker.endpoint("feed"), ledger)
        receipts = feeder.submit(pieces)
        assert {r.code for r in receipts} == {wire.DUPLICATE}, "an article was forgotten"
        feeder.close()
    audit = Auditor(broker, ledger, storage).run()
    working.finish()
    report(f"killed_feed_resumes at {point}", audit, kills)


def test_killed_subscribe_repeats_and_never_skips(broker, directory, ledger, seed, time_given):
    chance, newsroom, storage = random.Random(seed), Newsroom(seed), MemoryStorage()
    newsloom = CommandLine(broker, directory)
    working = WorkingThread(broker.endpoint("work"), "may", 32, storage)
    working.start()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    state, seen, kills, count = directory / "cursor", [], 0, 0
    for _ in time_given.rounds(4):
        feeder.submit(newsroom.pieces(20))
        count += 20
        wait_settled(broker)
        done = newsloom("subscribe", "--state", state, "--from", "earliest", "--json", "--until-idle",
                        crash_at=f"CLIENT_BEFORE_CURSOR:{chance.randint(1, 3)}", code=None)
        kills += done.returncode == -signal.SIGKILL
        for line in done.stdout.splitlines():
            try:
                seen.append(int(json.loads(line)["sequence"]))
            except json.JSONDecodeError:
                pass  # cut off by the kill
    seen += [int(e["sequence"]) for e in newsloom.json(
        "subscribe", "--state", state, "--from", "earliest", "--until-idle")]
    assert kills > 0
    furthest = 0
    for sequence in seen:
        assert sequence <= furthest + 1, f"{sequence} came after {furthest}"
        furthest = max(furthest, sequence)
    wait_for(lambda: furthest == count, 1, "everything was seen")
    audit = Auditor(broker, ledger, storage).run()
    working.finish()
    report("killed_subscribe_repeats_and_never_skips", audit, kills)
    feeder.close()
