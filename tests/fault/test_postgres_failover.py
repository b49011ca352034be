# SPDX-License-Identifier: Apache-2.0
"""The primary's host is lost and its streaming replica promoted. With a synchronous replica nothing is
forgotten; without, what the replica never saw is: newsloom repair stores it again from the event log."""
import pytest

from support.auditor import Auditor
from support.cli import CommandLine
from support.postgres_pair import Pair
from support.waiting import breathe, wait_for


@pytest.fixture
def new_pair(request, roomy_directory):
    pairs = []

    def make(synchronous):
        pairs.append(Pair(roomy_directory, synchronous))
        return pairs[-1]
    yield make
    for pair in pairs:
        pair.stop()


def test_failover_to_a_synchronous_replica_forgets_nothing(weather, new_pair, time_given):
    pair = new_pair(synchronous=True)
    weather.begin(pair.database("news"))
    stalled = 0
    for number in time_given.rounds(2):
        if number % 2:
            pair.stall()  # commits hang between the two hosts: on the old disk, never on the new one
            stalled += 1
            wait_for(lambda: commits_that_wait(pair), 20, "a commit waits for the replica")
        breathe(weather.chance.uniform(0, 0.2))
        pair.fail_over()
        weather.fault_is_over()
        pair.rebuild()
    weather.finish("postgres_failover_synchronous", with_commits_in_doubt=stalled)


def commits_that_wait(pair) -> int:
    return pair.primary.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")[0][0]


def test_failover_to_an_asynchronous_replica_forgets_rows_that_repair_brings_back(
        weather, new_pair, time_given, directory):
    pair = new_pair(synchronous=False)
    database = pair.database("news")
    weather.begin(database)
    for _ in time_given.rounds(1):
        pair.stall()
        weather.wait_stored(3)  # acknowledged, and never seen by the replica
        pair.fail_over()
        weather.fault_is_over()
        pair.rebuild()
    audit = weather.finish("postgres_failover_asynchronous", may_forget_rows=True)
    assert audit.rowless > 0, "the replica was stalled: it cannot have seen everything"
    newsloom = CommandLine(weather.broker, directory, **{"database.url": database.worker_url})
    assert newsloom.json("repair", "--only", "database")[-1]["written"] == audit.rowless
    assert Auditor(weather.broker, weather.rig.ledger, database).run().stored == audit.stored


def test_failover_to_read_only_reconnects(weather, new_pair, time_given):
    """A planned one: the old primary lives on and takes no writes any more."""
    pair = new_pair(synchronous=True)
    weather.begin(pair.database("news"))
    for _ in time_given.rounds(2):
        pair.switch_over()
        weather.fault_is_over()
        pair.rebuild()
    weather.finish("postgres_switchover")
