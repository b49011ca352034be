# SPDX-License-Identifier: Apache-2.0
"""Ten replays of the whole log from a cold disk, under full load: the loop does not stop for them. What a beat's
answer takes meanwhile is measured and printed, not asserted."""
import pytest

from support.auditor import check_no_attempt_burnt
from support.beat_probe import BeatProbe, figures
from support.contract import wire
from support.operating import Operator
from support.page_cache import CannotEvict, bytes_from_disk, evict
from support.rig import Rig
from support.subscriber import Subscriber
from support.waiting import breathe, wait_for

REPLAYS = 10


def replay(broker) -> int:
    """Reads the log from its first entry to what is its last now: how many bytes that was. Subscriber checks
    their order and digests."""
    reader = Subscriber(broker.endpoint("subscribe"), window=256)
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_until(lambda: reader.subscribed, 60, "the replay begins")
    last, size, at = reader.last, 0, reader.first_retained

    def is_complete():
        nonlocal size, at
        for entry, payload in reader.entries:
            assert entry.sequence == at, f"{entry.sequence} where {at} was to come"
            at += 1
            size += len(payload)
        reader.entries.clear()  # a long log would fill the memory
        return at > last
    reader.read_until(is_complete, 300, "the replay is complete")
    assert not (reader.resumed or reader.gaps or reader.refusals), (reader.refusals, reader.gaps)
    reader.close()
    return size


def test_replays_never_stop_the_loop(new_broker, new_worker, database, directory, seed, time_given):
    broker = new_broker(**{"lease.duration": "30s", "beat.interval": "5s"})
    workers = [new_worker(broker, database) for _ in range(4)]
    rig = Rig.full(broker, seed, database).start()
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: operator.status().last_sequence >= 100, 120, "there is a log")
    probe = BeatProbe(broker.endpoint("work"), directory)
    breathe(time_given.seconds(1))  # the log grows, and a beat takes what it takes without a cold disk
    before, first = probe.take(), operator.status().last_sequence
    sizes, read = [], bytes_from_disk(broker.pid)
    for _ in range(REPLAYS):
        try:
            evict(broker.pid, broker.store / "data.mdb")
        except CannotEvict as error:
            probe.close()
            pytest.skip(f"a running broker's pages can be taken out of memory by root alone: {error}")
        sizes.append(replay(broker))
    during = probe.take()
    probe.close()
    read = bytes_from_disk(broker.pid) - read
    status = operator.status()
    assert read > sum(sizes) / 2, f"{read} bytes were read from disk for {sum(sizes)}: the replays were not cold"
    assert status.last_sequence > first, "nothing was stored meanwhile"
    assert len(status.workers) == 5 and not any(worker.paused or worker.blocked for worker in status.workers)
    assert operator.counters()["newsloom_leases_expired_total"] == 0 and "worker-lost" not in broker.log()
    assert [worker.log().count("<6>welcome") for worker in workers] == [1] * 4
    operator.close()
    audit = rig.settle_and_audit("replays", REPLAYS, 120, log_mib=sizes[-1] >> 20, from_disk_mib=read >> 20,
                                 stored_meanwhile=status.last_sequence - first,
                                 **figures("before", before), **figures("meanwhile", during))
    assert audit.dead == 0
    check_no_attempt_burnt(broker, rig.ledger)
