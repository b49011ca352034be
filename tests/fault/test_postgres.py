# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL restarts, is killed, freezes, turns read-only, has no connection left, is away for many leases:
nothing is lost, no attempt is burnt, no worker has to be started again."""
import os
import signal

import psycopg

from support.auditor import Auditor, check_no_attempt_burnt, report, wait_settled
from support.contract import wire
from support.feeder import Feeder
from support.postgres import WORKER
from support.waiting import breathe, wait_for


def test_restart_and_kill(weather, postgres, database, time_given):
    ways = {
        "restart": lambda: postgres.stop(signal.SIGINT),
        "crash": postgres.crash,
        "postmaster": lambda: postgres.kill9(everything=False),
        "everything": postgres.kill9,
    }
    done = dict.fromkeys(ways, 0)
    weather.begin(database)
    for number in time_given.rounds(len(ways)):
        way = list(ways)[number] if number < len(ways) else weather.chance.choice(list(ways))
        ways[way]()
        breathe(weather.chance.uniform(0, 1))  # so long it is away: the fault, not a wait
        postgres.start()
        done[way] += 1
        weather.fault_is_over()
        breathe(weather.chance.uniform(0, 0.3))
    weather.finish("postgres_restart_and_kill", **done)


def test_away_for_many_leases_burns_no_attempt(weather, postgres, database, time_given):
    """An hour's absence with settings that make an hour short: leases of seconds."""
    weather.begin(database)
    for _ in time_given.rounds(1):
        postgres.crash()
        wait_for(weather.is_blocked, 20, "both workers say so")
        breathe(3 * weather.lease)  # the fault
        postgres.start()
        weather.fault_is_over()
    weather.finish("postgres_away")


def test_read_only_server_is_waited_for(weather, postgres, database, time_given):
    weather.begin(database)
    for _ in time_given.rounds(3):
        read_only(postgres, True)
        wait_for(weather.is_blocked, 20, "both workers are refused by it")
        read_only(postgres, False)
        weather.fault_is_over()
    weather.finish("postgres_read_only")


def read_only(postgres, wish: bool) -> None:
    """The server takes nothing any more from anybody but its superuser."""
    postgres.execute("ALTER ROLE newsloom SET default_transaction_read_only = off")
    postgres.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if wish else 'off'}")
    postgres.execute("SELECT pg_reload_conf()")


def test_no_connection_left_is_waited_for(weather, postgres, database, time_given):
    """53300: others have taken every slot that is not a superuser's."""
    postgres.stop()
    postgres.start(max_connections=12)
    try:
        weather.begin(database)
        for _ in time_given.rounds(2):
            taken = []
            wait_for(lambda: squeeze(database, taken) or weather.is_blocked(), 30,
                     "both workers find no connection")
            wait_for(lambda: (weather.is_blocked() or squeeze(database, taken)) and
                     all("connection slots" in worker.log() for worker in weather.workers), 60,
                     "both say what keeps them off now")
            for connection in taken:
                connection.close()
            weather.fault_is_over()
        weather.finish("postgres_no_connection_left")
    finally:
        postgres.stop()
        postgres.start()


def squeeze(database, taken) -> None:
    """Cuts the workers off and is faster than they are: takes whatever slot is free then."""
    database.server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                            f"WHERE usename = '{WORKER}' AND application_name <> 'other'")
    while True:
        try:
            taken.append(psycopg.connect(database.worker_url, application_name="other"))
        except psycopg.OperationalError as error:
            assert "slots" in str(error)
            return


# The session that waits for the table that tells the schema's version: logged in, and not prepared.
UNPREPARED = """SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'
    AND application_name LIKE 'newsloom-worker%%'"""


def test_a_backend_that_freezes_between_login_and_prepare(new_broker, new_worker, postgres, database, ledger, newsroom,
                                                          time_given):
    """Its kernel goes on to acknowledge, so that nothing but the worker's own patience tells."""
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = new_worker(broker, f"{database.worker_url} connect_timeout=2", name="patient", start=False)
    frozen = []
    try:
        for _ in time_given.rounds(1):
            with psycopg.connect(database.url) as other:
                other.execute("LOCK TABLE newsloom.schema_version IN ACCESS EXCLUSIVE MODE")
                worker.start()
                found = wait_for(lambda: postgres.execute(UNPREPARED, "postgres", database.name), 20, "it waits")
                frozen.append(found[0][0])
                os.kill(frozen[-1], signal.SIGSTOP)
            feeder.submit(newsroom.pieces(10))
            worker.wait_log("the server fell silent", 30)
            worker.wait_log("database-ready", 30)
            wait_settled(broker)
            assert worker.terminate(20) == 0
        report("frozen_backend", Auditor(broker, ledger, database).run(), len(frozen))
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)
        feeder.close()


def test_a_worker_stops_while_its_backend_is_frozen(new_broker, new_worker, postgres, database):
    broker = new_broker()
    worker = new_worker(broker, database, name="leaving", start=False)
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE newsloom.schema_version IN ACCESS EXCLUSIVE MODE")
        worker.start()
        found = wait_for(lambda: postgres.execute(UNPREPARED, "postgres", database.name), 20, "it waits")
        os.kill(found[0][0], signal.SIGSTOP)
        try:
            assert worker.terminate(10) == 0
        finally:
            os.kill(found[0][0], signal.SIGCONT)


# A worker's session in the middle of its transaction: its articles are inserted, its entities wait for us.
STORING = """SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'
    AND application_name = 'newsloom-worker silent'"""


def test_a_backend_that_freezes_while_it_stores(new_broker, new_worker, postgres, database, ledger, newsroom, time_given):
    """Others' articles go on. Its worker gives it up, and finds what it was doing when it goes on: it commits, late."""
    broker = new_broker()
    feeder = Feeder(broker.endpoint("feed"), ledger)
    worker = new_worker(broker, database, name="silent", database_timeout="3s")
    frozen = 0
    for _ in time_given.rounds(1):
        feeder.submit(newsroom.pieces(4))  # the sources, and names that stand in every article
        wait_settled(broker)
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE newsloom.entity IN SHARE MODE")
            held = newsroom.pieces(4)
            feeder.submit(held)
            pid, = wait_for(lambda: postgres.execute(STORING, "postgres", database.name), 20, "it stores")[0]
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: worker.log().count("the server fell silent") > frozen, 30, "its worker gives it up")
            second = new_worker(broker, database)
            others = newsroom.pieces(10)
            feeder.submit(others)
            for piece in others:
                wait_for(lambda: feeder.outcome(piece.source, piece.key).state == wire.STORED, 30, "others go on")
            assert not any(feeder.outcome(piece.source, piece.key).state == wire.STORED for piece in held)
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_settled(broker)
        assert second.terminate(20) == 0
        frozen += 1
    check_no_attempt_burnt(broker, ledger)
    report("backend_frozen_while_storing", Auditor(broker, ledger, database).run(), frozen)
    feeder.close()
