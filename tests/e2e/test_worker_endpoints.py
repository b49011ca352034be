# SPDX-License-Identifier: Apache-2.0
"""How a worker gets along with what stands in broker.endpoint."""
from support.auditor import Auditor
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for


def test_a_broker_that_asks_for_few_beats_is_not_left(new_broker, database, new_worker, directory):
    broker = new_broker(**{"beat.interval": "30s", "lease.duration": "90s"})
    operator = Operator(broker.endpoint("operator"))
    worker = new_worker(broker, database, **{
        "broker.endpoint": f"{broker.endpoint('work')},ipc://{directory}/nobody"})
    worker.wait_log("welcome")
    # longer than a broker that never answered is waited for
    wait_for(lambda: operator.status().workers[0].last_heard_ms > 6000, 20, "it is silent")
    assert "broker-silent" not in worker.log()
    operator.close()


def test_a_broker_is_reached_over_ipv6(new_broker, database, new_worker, ledger, newsroom):
    broker = new_broker(**{"listen.work": "tcp://[::1]:*"})
    new_worker(broker, database)
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit(newsroom.pieces(3))
    assert Auditor(broker, ledger, database).run(deadline=20).stored == 3
    feeder.close()


def test_an_endpoint_that_is_none_is_said(database, new_worker):
    worker = new_worker("tcp://127.0.0.1", database)
    worker.wait_log("cannot-connect")
