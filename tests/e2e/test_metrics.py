# SPDX-License-Identifier: Apache-2.0
"""/metrics, /healthz and /readyz of both daemons."""
import re

import pytest

from support.auditor import wait_settled
from support.contract import wire
from support.feeder import Feeder
from support.programs import run
from support.waiting import wait_for

_SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (-?[0-9.eE+]+|NaN|\+Inf)$')


def parse(text: str) -> dict:
    """Prometheus' text form, strictly: each name has a HELP and a TYPE before its samples."""
    samples, helped, typed = {}, set(), set()
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped.add(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line.split()[3] in ("counter", "gauge", "histogram", "summary")
            typed.add(line.split()[2])
        elif line:
            match = _SAMPLE.match(line)
            assert match, f"no sample: {line!r}"
            base = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert {match[1], base} & helped and {match[1], base} & typed, line
            samples[match[1] + (match[2] or "")] = float(match[3])
    assert text.endswith("\n") and samples
    return samples


@pytest.fixture
def served(new_broker):
    return new_broker(**{"listen.http": "127.0.0.1:0"})


def test_broker_answers_and_counts(served, newsroom):
    assert served.http("/healthz")[0] == 200
    assert wait_for(lambda: served.http("/readyz")[0] == 200)
    feeder = Feeder(served.endpoint("feed"))
    before = parse(served.http("/metrics")[1])
    feeder.submit(newsroom.pieces(7))
    feeder.submit(newsroom.pieces(2), wire.BACKFILL)

    def grown():
        after = parse(served.http("/metrics")[1])
        return [name for name in after if "accepted" in name
                and after[name] - before.get(name, 0) in (7, 9)]
    assert wait_for(grown, what="the accepted articles are counted")
    feeder.close()


def test_signals_for_people_and_autoscalers_are_there(served):
    names = " ".join(parse(served.http("/metrics")[1]))
    missing = [signal for signal in ("backlog_seconds", "oldest_queued_seconds", "slots", "store",
                                     "turn", "commit") if signal not in names]
    assert not missing, f"not in /metrics: {missing}"


def test_unknown_path_is_404(served):
    assert served.http("/nothing")[0] == 404


def test_metrics_are_those_that_are_documented(served):
    documented = run("newsloom-broker", "--metrics", check=True).stdout
    names = {re.sub(r"\{.*|_(bucket|sum|count)(\{.*)?$", "", name)
             for name in parse(served.http("/metrics")[1])}
    unknown = sorted(name for name in names if name.removeprefix("newsloom_") not in documented
                     and name not in documented)
    assert not unknown


def test_worker_answers_and_counts(broker, database, new_worker, newsroom):
    worker = new_worker(broker, database, **{"listen.http": "127.0.0.1:0"})
    wait_for(lambda: "http=" in worker.log() or not worker.is_alive, what="the worker serves http")
    assert worker.http("/healthz")[0] == 200
    wait_for(lambda: worker.http("/readyz")[0] == 200, what="the worker is ready")
    feeder = Feeder(broker.endpoint("feed"))
    feeder.submit(newsroom.pieces(6))
    wait_settled(broker)
    wait_for(lambda: [name for name, value in parse(worker.http("/metrics")[1]).items()
                      if "stored" in name and value == 6], what="six stored articles are counted")
    feeder.close()
