# SPDX-License-Identifier: Apache-2.0
"""Entities that are in every article do not make workers wait for one another. How many times the
throughput of one worker eight have is tests/bench/run hot-entities; here is the fact behind it."""
import pytest

from support.auditor import Auditor, report
from support.hot_entities import HotPress, shared_entities
from support.postgres import WORKER
from support.waiting import wait_for

WORKERS = 8

# What a count kept with the entity would do to all who store.
COUNTER = """
ALTER TABLE newsloom.entity ADD COLUMN mentions bigint DEFAULT 0;
CREATE FUNCTION newsloom.count_mention() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    UPDATE newsloom.entity SET mentions = mentions + 1 WHERE entity_id = NEW.entity_id;
    RETURN NULL;
END $$;
CREATE TRIGGER count_mention AFTER INSERT ON newsloom.mention
    FOR EACH ROW EXECUTE FUNCTION newsloom.count_mention();
"""


class Gate:
    """While it is closed no article's transaction ends: who comes to its COMMIT stays there with all its rows."""

    how = "WHILE NOT (SELECT open FROM newsloom.gate) LOOP PERFORM pg_sleep(0.01); END LOOP"

    def __init__(self, database):
        self.database = database
        database.execute("CREATE TABLE newsloom.gate AS SELECT true AS open")
        database.execute("GRANT SELECT ON newsloom.gate TO PUBLIC")

    def set(self, is_open: bool) -> None:
        self.database.execute("UPDATE newsloom.gate SET open = %s", is_open)

    def _workers(self, condition: str) -> int:
        return self.database.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                                   f"AND usename = '{WORKER}' AND {condition}")

    def arrived(self) -> int:
        return self._workers("wait_event = 'PgSleep'")

    def queueing(self) -> int:
        return self._workers("wait_event_type = 'Lock'")


@pytest.fixture
def gate(database):
    return Gate(database)


def test_hot_entities_make_nobody_wait(gate, new_broker, new_worker, database, ledger, seed, time_given):
    """All eight come to their COMMIT before any of them may: each had its rows of the ten entities of all."""
    broker = new_broker()
    press = HotPress(broker, new_worker, database, WORKERS, gate.how, seed, ledger)
    rounds = 0
    for rounds in time_given.rounds(3):
        gate.set(False)
        press.print(16 * WORKERS)
        wait_for(lambda: gate.arrived() == WORKERS, 60, "all eight are at their COMMIT")
        assert gate.queueing() == 0
        gate.set(True)
        press.wait()
    assert shared_entities(database) >= 10
    assert database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0
    report("hot_entities", Auditor(broker, ledger, database).run(), 0, workers=WORKERS, rounds=rounds + 1)
    press.close()


def test_gate_tells_who_queues_for_a_hot_row(gate, new_broker, new_worker, database, seed):
    """Where each counts with the entity, the second does not come to its COMMIT: the other test would fail."""
    database.execute(COUNTER)
    press = HotPress(new_broker(), new_worker, database, 2, gate.how, seed)
    gate.set(False)
    press.print(32)
    wait_for(lambda: (gate.arrived(), gate.queueing()) == (1, 1), 60, "one waits for the other's row")
    gate.set(True)
    press.wait()
    press.close()
