# SPDX-License-Identifier: Apache-2.0
"""Full is a state: intake is told to wait, finishing goes on, and it ends without a restart."""
import os
import subprocess

import pytest

from support.articles import Newsroom, Piece
from support.auditor import Auditor, report
from support.contract import wire
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import FollowingThread
from support.waiting import wait_for


def heavy(newsroom, size=60_000) -> Piece:
    piece = newsroom.piece(sentences=2)
    piece.content += newsroom.random.randbytes(size // 2).hex().encode()
    return piece


def fill(feeder, newsroom, most=4000) -> list:
    """Feeds until the broker says RETRY_LATER; what it did not take comes back."""
    for _ in range(most):
        pieces = [heavy(newsroom) for _ in range(4)]
        receipts = feeder.submit(pieces, patient=False)
        later = [p for p, r in zip(pieces, receipts) if r.code == wire.RETRY_LATER]
        if later:
            assert all(r.retry_after_ms > 0 for r in receipts if r.code == wire.RETRY_LATER)
            return later
    raise AssertionError("the store never became full")


def test_full_store_refuses_finishes_and_recovers(new_broker, ledger, seed, time_given):
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "24MiB", "store.reserve": "6MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    operator = Operator(broker.endpoint("operator"))
    follower = FollowingThread(broker.endpoint("subscribe"))
    follower.start()
    times = 0
    for _ in time_given.rounds(2):
        late = fill(feeder, newsroom)
        times += 1
        wait_for(lambda: operator.status().condition == "full", what="full is said")
        assert operator.status().condition_reason
        again, = feeder.submit([late[0]], patient=False)
        assert again.code == wire.RETRY_LATER, "full is not a matter of chance"
        worker = FakeWorker(broker.endpoint("work"), "during", 8, storage)
        for lease in worker.take(8):  # finishing goes on while it is full
            worker.start(lease)
            worker.done(lease)
            assert worker.settled(lease).state == wire.STORED
        worker.goodbye()
        worker.close()
        working = WorkingThread(broker.endpoint("work"), "after", 32, storage)
        working.start()
        receipts = feeder.submit(late, deadline=60)
        assert {r.code for r in receipts} <= {wire.ACCEPTED, wire.DUPLICATE}
        wait_for(lambda: operator.backlog() == 0, 60, "everything is finished")
        working.finish()
        wait_for(lambda: operator.status().condition == "running", 20, "it is over")
    assert broker.starts == 1
    last = operator.status().last_sequence
    wait_for(lambda: follower.subscriber.position >= last or follower.failure
             or follower.subscriber.gaps, 30)
    # a full store shortens its log and forgets ended articles first: storage still knows them
    audit = Auditor(broker, ledger, storage, may_forget=True).run(
        [] if follower.subscriber.gaps else [follower.finish()])
    report("full_store_refuses_finishes_and_recovers", audit, times, forgotten=audit.forgotten)
    operator.close()
    feeder.close()


def test_full_while_a_reader_is_open(new_broker, ledger, seed):
    """A reader of another process holds its pages; the broker says full instead of dying, and
    goes on when the reader is killed."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(**{"store.budget": "24MiB", "store.reserve": "6MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    operator = Operator(broker.endpoint("operator"))
    feeder.submit([heavy(newsroom) for _ in range(16)])
    reader = open_reader(broker)
    working = WorkingThread(broker.endpoint("work"), "during", 16, storage)
    working.start()
    fed = 16
    while fed < 2000 and operator.status().condition != "full":
        later = [r for r in feeder.submit([heavy(newsroom) for _ in range(8)], patient=False)
                 if r.code == wire.RETRY_LATER]
        fed += 8
        if later:
            break
    assert broker.is_alive
    reader.kill()
    reader.wait()
    receipts = feeder.submit([heavy(newsroom) for _ in range(8)], deadline=75)
    assert {r.code for r in receipts} == {wire.ACCEPTED}
    wait_for(lambda: operator.backlog() == 0, 60, "everything is finished")
    working.finish()
    report("full_while_a_reader_is_open", Auditor(broker, ledger, storage).run(), 1, fed=fed)
    operator.close()
    feeder.close()


def open_reader(broker) -> subprocess.Popen:
    """Another process with a read transaction on the store, as a backup has."""
    code = """
import ctypes, sys
lmdb = ctypes.CDLL("liblmdb.so.0")
env, txn = ctypes.c_void_p(), ctypes.c_void_p()
assert lmdb.mdb_env_create(ctypes.byref(env)) == 0
assert lmdb.mdb_env_set_maxdbs(env, 64) == 0
code = lmdb.mdb_env_open(env, sys.argv[1].encode(), 0x20000 | int(sys.argv[2]), 0o600)
assert code == 0, code
assert lmdb.mdb_txn_begin(env, None, 0x20000, ctypes.byref(txn)) == 0
print("open", flush=True)
sys.stdin.read()
"""
    data = next(path for path in sorted(broker.store.rglob("*"))
                if path.is_file() and path.stat().st_size > 1 << 20)
    flags = 0 if data.name == "data.mdb" else 0x4000  # MDB_NOSUBDIR
    path = data.parent if data.name == "data.mdb" else data
    reader = subprocess.Popen(["/usr/bin/python3", "-c", code, str(path), str(flags)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert reader.stdout.readline() == b"open\n"
    return reader


@pytest.fixture
def small_disk(directory):
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small filesystem")
    path = directory / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", path]).returncode:
        pytest.skip("may not mount here")
    yield path
    subprocess.run(["umount", "-l", path], check=False)


def test_disk_filled_by_another_program(new_broker, small_disk, ledger, seed):
    """The store's file was taken at once: a disk at 100 % is no matter to it."""
    storage, newsroom = MemoryStorage(), Newsroom(seed)
    broker = new_broker(store_directory=small_disk / "store",
                        **{"store.budget": "24MiB", "store.reserve": "6MiB"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    with open(small_disk / "other", "wb", buffering=0) as other:
        try:
            while other.write(b"x" * 4096):
                pass
        except OSError:
            pass
    assert os.statvfs(small_disk).f_bavail == 0
    late = fill(feeder, newsroom)
    working = WorkingThread(broker.endpoint("work"), "may", 16, storage)
    working.start()
    feeder.submit(late, deadline=60)
    report("disk_filled_by_another_program", Auditor(broker, ledger, storage).run(), 1)
    working.finish()
    broker.restart()  # also on a full disk
    assert Operator(broker.endpoint("operator")).status().last_sequence > 0
    feeder.close()


def test_budget_larger_than_the_disk_is_said_at_the_start(new_broker, small_disk):
    broker = new_broker(start=False, store_directory=small_disk / "store",
                        **{"store.budget": "64MiB"})
    broker.start(wait=False)
    assert broker.wait_exit() > 0
    assert "store.budget" in broker.log() or "space" in broker.log()
