# SPDX-License-Identifier: Apache-2.0
"""SIGTERM answers everything: no article is on disk without its receipt having been sent."""
import random
import signal
import subprocess
import time

import pytest

from support import paths
from support.articles import Newsroom
from support.auditor import Auditor, report
from support.contract import next_request, wire
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread
from support.feeder import Feeder
from support.hosts import why_not
from support.operating import Operator
from support.programs import environment
from support.waiting import breathe, wait_for


def hear_all(feeder, requests, receipts, seconds) -> None:
    """Receipts of single-article submits by key, until a quiet moment."""
    quiet = time.monotonic() + seconds
    while time.monotonic() < quiet:
        got = feeder.channel.receive(0.1)
        if got is None:
            continue
        packet, _ = got
        piece = requests.get(packet.request)
        if piece is None or packet.WhichOneof("body") != "receipts":
            continue
        receipts[piece.key] = packet.receipts.receipts[0]
        feeder.ledger.note(piece, packet.receipts.receipts[0])
        quiet = time.monotonic() + seconds


def test_sigterm_answers_everything(new_broker, ledger, seed, time_given):
    chance, newsroom, storage = random.Random(seed), Newsroom(seed), MemoryStorage()
    broker = new_broker()
    unanswered = 0
    for _ in time_given.rounds(4):
        feeder = Feeder(broker.endpoint("feed"), ledger)
        working = WorkingThread(broker.endpoint("work"), "may", 8, storage)
        working.start()
        requests, receipts = {}, {}
        feeder.submit(newsroom.pieces(3))
        for _ in range(150):
            piece = newsroom.piece()
            request = next_request()
            requests[request] = piece
            feeder.send([piece], request=request)
        breathe(chance.uniform(0, 0.05))
        begin = time.monotonic()
        broker.signal(signal.SIGTERM)
        hear_all(feeder, requests, receipts, 1.0)
        assert broker.wait_exit(20) == 0, broker.log()[-2000:]
        assert time.monotonic() - begin < 20
        broker.start()
        silent = [piece for piece in requests.values() if piece.key not in receipts]
        unanswered += len(silent)
        feeder.channel.open()
        for piece in silent:
            receipt, = feeder.submit([piece], deadline=20)
            assert receipt.code == wire.ACCEPTED, (
                f"{piece.key} was on disk ({wire.State.Name(receipt.state)}) and never got a receipt")
        refused = [requests_piece for requests_piece in requests.values()
                   if receipts.get(requests_piece.key)
                   and receipts[requests_piece.key].code == wire.RETRY_LATER]
        feeder.submit(refused)
        wait_for(lambda: Operator(broker.endpoint("operator")).backlog() == 0, 30,
                 "everything is stored")
        working.finish()
        feeder.close()
    audit = Auditor(broker, ledger, storage).run()
    report("sigterm_answers_everything", audit, broker.starts - 1, unanswered=unanswered)


def test_sigterm_settles_what_workers_report_meanwhile(new_broker, ledger, newsroom):
    storage = MemoryStorage()
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(6))
    worker = FakeWorker(broker.endpoint("work"), "may", 6, storage)
    for lease in worker.take(6):
        worker.start(lease)
        worker.done(lease)
    broker.signal(signal.SIGTERM)
    try:
        worker.pump_until(lambda: not worker.held, 5)
    except AssertionError:
        pass  # those it did not read any more are sent again to the next boot
    assert broker.wait_exit(20) == 0
    broker.start()
    worker.pump_until(lambda: not worker.held, 20, "everything is settled")
    audit = Auditor(broker, ledger, storage).run()
    assert (audit.stored, storage.stores) == (6, 6)
    report("sigterm_settles", audit, 1)
    worker.close()
    feeder.close()


def test_second_sigterm_hurries(new_broker, newsroom, ledger):
    broker = new_broker(**{"lease.duration": "60s", "stop.linger": "30s"})
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(4))
    worker = FakeWorker(broker.endpoint("work"), "busy", 4)
    worker.start(*worker.take(4))
    worker.pump(0.1)
    broker.signal(signal.SIGTERM)
    breathe(0.2)
    broker.signal(signal.SIGTERM)
    begin = time.monotonic()
    code = broker.wait_exit(15)
    assert time.monotonic() - begin < 10
    assert code in (0, 75), code
    worker.close()
    feeder.close()


def test_worker_sigterm_leaves_nothing_behind(new_broker, new_worker, database, ledger, seed, time_given):
    newsroom = Newsroom(seed)
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = new_worker(broker, database, start=False, worker_slots=32)
    operator = Operator(broker.endpoint("operator"))
    for _ in time_given.rounds(3):
        feeder.submit(newsroom.pieces(64))
        worker.start()
        wait_for(lambda: any(w.held for w in operator.status().workers), what="it works")
        assert worker.terminate() == 0
        wait_for(lambda: sum(c.leased for c in operator.status().classes) == 0, 1.5,
                 "what it held is back, long before its lease runs out")
    worker.start()
    audit = Auditor(broker, ledger, database).run(deadline=60 + len(ledger.promises) / 20)  # a backlog has grown
    for promise in ledger.promises.values():
        assert feeder.outcome(promise.source, promise.key).attempts_charged == 0
    report("worker_sigterm", audit, worker.starts - 1)
    operator.close()
    feeder.close()


# A name server that does not answer: the packets go out into a wire that nobody hears.
NOBODY_NAMES = """set -e
ip link set lo up; ip link add out type veth peer name nowhere; ip link set nowhere up; ip link set out up
ip address add 10.9.9.2/24 dev out; ip neighbour add 10.9.9.1 lladdr 02:00:00:00:00:01 dev out
mount --bind "$0" /etc/resolv.conf
exec "$@"
"""


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
@pytest.mark.parametrize("endpoint", ["tcp://broker.example:5812", "tcp://10.9.9.1:5812", "tcp://127.0.0.1:9"])
def test_a_worker_that_never_reached_its_broker_stops_at_once(new_worker, database, directory, endpoint):
    """Also while libzmq looks for the broker's name, which takes the resolver's patience: half a minute."""
    (directory / "resolv.conf").write_text("nameserver 10.9.9.1\noptions timeout:20\n")
    worker = new_worker(endpoint, database, start=False)
    worker.prefix = ["unshare", "--net", "--mount", "sh", "-c", NOBODY_NAMES, str(directory / "resolv.conf")]
    worker.start()
    worker.wait_log("database-ready")
    assert worker.terminate(10) == 0, worker.log()[-1000:]
    assert "unsettled=0" in worker.log()


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "-")
def test_a_command_does_not_wait_for_a_name_either(directory):
    (directory / "resolv.conf").write_text("nameserver 10.9.9.1\noptions timeout:20\n")
    command = ["unshare", "--net", "--mount", "sh", "-c", NOBODY_NAMES, str(directory / "resolv.conf"),
               str(paths.program("newsloom")), "--set", "broker.operator=tcp://broker.example:5815",
               "--set", "answer.timeout=500ms", "status"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=15, env=environment())
    assert done.returncode == 75 and "could not reach the broker" in done.stderr, done
