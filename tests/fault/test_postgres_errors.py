# SPDX-License-Identifier: Apache-2.0
"""Errors that a healthy server gives: deadlocks, serialization failures, locks and statements that take
too long. They cost nobody an attempt, but for the one article whose own statement never ends."""
import psycopg
import pytest

from support.articles import Newsroom
from support.contract import wire
from support.feeder import Feeder
from support.server_errors import AGAIN, ERRORS, LIMITS, SLOW
from support.waiting import wait_for


def waiting_for(database, table: str) -> int:
    return database.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
                          f"newsloom.{table}")


def test_deadlocks_are_repeated(weather, database, time_given):
    """Another program locks two tables in the other order, and its patience is longer than ours."""
    database.execute(f"ALTER DATABASE {database.name} SET deadlock_timeout = '500ms'")
    weather.begin(database)
    for _ in time_given.rounds(4):
        with psycopg.connect(database.url) as other:
            other.execute("SET deadlock_timeout = '60s'")
            other.execute("LOCK TABLE newsloom.entity IN SHARE MODE")
            wait_for(lambda: waiting_for(database, "entity"), 20, "a worker waits for us")
            other.execute("LOCK TABLE newsloom.article IN SHARE MODE")  # and we for the worker
        weather.fault_is_over()
    deadlocks = database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks >= weather.faults, "there was no deadlock in every round"
    weather.finish("postgres_deadlock", deadlocks=deadlocks)


def test_errors_that_pass_are_repeated(weather, database, time_given):
    database.execute(ERRORS)
    weather.begin(database)
    for number in time_given.rounds(len(AGAIN) // 2):
        for code in (AGAIN[2 * number % len(AGAIN)], AGAIN[(2 * number + 1) % len(AGAIN)]):
            database.execute("INSERT INTO newsloom.bad_luck VALUES (%s, %s)",
                             weather.chance.choice((0.02, 0.1)), code)
        weather.wait_stored(5)
        database.execute("DELETE FROM newsloom.bad_luck")
        weather.fault_is_over()
    errors = database.value("SELECT last_value FROM newsloom.bad_lucks")  # no rollback takes a number back
    assert errors > weather.faults
    weather.finish("postgres_errors_that_pass", errors=errors)


@pytest.mark.parametrize("name, limit, state, rounds", [("lock_timeout", 300, "55P03", 2),
                                                        ("statement_timeout", 1500, "57014", 1)])
def test_limits_that_others_cause_cost_nobody(weather, database, time_given, name, limit, state, rounds):
    """Whoever holds the lock may hold it for long: batches and articles alone are cut off, none goes through,
    and all of them wait with it."""
    database.execute(LIMITS.format(name=name, limit=limit))
    weather.begin(database)
    for _ in time_given.rounds(rounds):
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE newsloom.mention IN SHARE MODE")
            wait_for(lambda: all(state in worker.log() for worker in weather.workers), 30,
                     "both workers were cut off")
        weather.fault_is_over()
    weather.finish(f"postgres_{name}")


def test_statement_that_never_ends_costs_its_article(weather, database, seed, time_given):
    """57014 twice, alone, while others go through: they are not held up for it any longer."""
    database.execute(LIMITS.format(name="statement_timeout", limit=1500) + SLOW)
    weather.begin(database)
    feeder = Feeder(weather.broker.endpoint("feed"), weather.rig.ledger)
    newsroom, guilty = Newsroom(seed, "bao-cham"), set()
    for _ in time_given.rounds(1):
        pieces = newsroom.pieces(20)
        slow = pieces[11]
        guilty.add((slow.source, slow.key))
        database.execute("INSERT INTO newsloom.slow VALUES (%s, %s)", slow.source, slow.key)
        feeder.submit(pieces)
        wait_for(lambda: feeder.outcome(slow.source, slow.key).state == wire.DEAD, 60, "it alone is given up",
                 every=0.1)
        assert "57014" in feeder.outcome(slow.source, slow.key).reason
        weather.fault_is_over()
    weather.finish("statement_that_never_ends", guilty=guilty)
    feeder.close()
