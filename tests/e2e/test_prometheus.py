# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus reads a running newsloom: every query of the dashboard and of the alerts finds its series there."""
import json
import re
import tempfile
from pathlib import Path

import pytest

from support import paths
from support.articles import Newsroom
from support.auditor import wait_settled
from support.feeder import Feeder
from support.gateway import Gateway
from support.programs import Broker, Worker
from support.prometheus import DEPLOYED, Prometheus
from support.waiting import wait_for

DASHBOARD = paths.SOURCE / "deploy" / "grafana" / "newsloom.json"
# What Grafana puts in their place; two scrapes have to be in the range.
GRAFANA = {"$__rate_interval": "1m", "$instance": ".*"}


def dashboard_queries() -> list:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
            for panel in panels for target in panel.get("targets", [])]


def alert_selectors() -> list:
    """The series that the alerts look at, each with its labels."""
    text = (DEPLOYED / "newsloom.rules.yml").read_text()
    expressions = "\n".join(re.findall(r"expr: (.*?)\n {8}\w+:", text, flags=re.S))
    return sorted(set(re.findall(r"(?:newsloom_\w+|\bup\b)(?:\{[^}]*\})?", expressions)))


@pytest.fixture(scope="module")
def prometheus(postgres):
    """Beside a broker, a worker and a gateway; articles were stored."""
    with tempfile.TemporaryDirectory(prefix="nl-") as folder:
        folder = Path(folder)
        broker = Broker(folder / "broker", **{"listen.http": "127.0.0.1:0"}).start()
        worker = Worker(folder / "worker", broker, postgres.new_database().worker_url, **{"listen.http": "127.0.0.1:0"}).start()
        worker.wait_log("http=")
        gateway = Gateway(folder / "gateway", broker).start()
        server = Prometheus(folder / "prometheus", newsloom_broker=[broker.http_address], newsloom_worker=[worker.http_address],
                            newsloom_gateway=[gateway.http_address])
        feeder = Feeder(broker.endpoint("feed"))
        try:
            server.start()
            wait_for(lambda: len(server.query("up == 1")) == 3, 30, "Prometheus has read all three")
            newsroom = Newsroom(5)
            feeder.submit(newsroom.pieces(5))
            wait_settled(broker)
            wait_for(lambda: server.query("rate(newsloom_commits_total[1m]) > 0"), 30, "Prometheus has seen commits")
            wait_for(lambda: server.query("newsloom_worker_stored_total == 5"), 30, "Prometheus has seen what the worker stored")
            wait_for(lambda: len(server.query("count_over_time(up[1m]) >= 2")) == 3, 30, "Prometheus has read each twice: a rate needs it")
            yield server
        finally:
            feeder.close()
            for program in (server, gateway, worker, broker):
                program.kill9()
        sick = broker.sickness() or worker.sickness() or gateway.sickness()
        assert not sick, sick


@pytest.mark.parametrize("query", dashboard_queries())
def test_query_of_the_dashboard_has_an_answer(prometheus, query):
    for name, value in GRAFANA.items():
        query = query.replace(name, value)
    assert "$" not in query
    assert prometheus.query(query), f"no series: {query}"


@pytest.mark.parametrize("selector", alert_selectors())
def test_series_of_the_alerts_exist(prometheus, selector):
    assert prometheus.query(selector), f"no series: {selector}"


def test_alerts_are_evaluated_and_a_healthy_newsloom_raises_none(prometheus):
    def evaluated():
        rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
        return rules and all(rule["health"] != "unknown" for rule in rules) and rules
    rules = wait_for(evaluated, 30, "every rule was evaluated")
    assert {rule["health"] for rule in rules} == {"ok"}, [rule.get("lastError") for rule in rules]
    firing = [rule["name"] for rule in rules if rule["state"] == "firing"]
    assert not firing, firing
