# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the broker at each named point, under feeders, workers, an operator and a subscriber."""
import random

from support.programs import run
from support.rig import OperatorThread, Rig

RARE = {"BROKER_RETENTION": 1, "BROKER_OPERATOR_READ": 3, "BROKER_OPERATOR_COMMITTED": 3,
        "BROKER_FAILED_READ": 4, "BROKER_SCRUB": 4}  # how often a point is passed at most before it kills; others 8


def points() -> list:
    lines = run("newsloom-broker", "--crash-points", check=True).stdout.splitlines()
    return [line.split()[0] for line in lines if line.strip()]


def test_kill_broker_at_every_point(new_broker, seed, time_given):
    chance = random.Random(seed)
    broker = new_broker(start=False, **{"retention.log-age": "6s", "attempt.limit": "2",
                                        "backoff.first": "20ms", "backoff.limit": "50ms"})
    rig = Rig(broker, seed, feeders=3, workers=2, fail_every=4)
    order = points()
    assert len(order) >= 11
    first = True
    for number in time_given.rounds(1):
        if number:
            chance.shuffle(order)
        for point in order:
            passes = chance.randint(1, RARE.get(point, 8))
            broker.start(crash_at=f"{point}:{passes}", wait=False)
            if first:
                rig.start(OperatorThread(broker.endpoint("operator"), chance, forgets=True))
                first = False
            broker.wait_crash(60)
    broker.start()
    rig.settle_and_audit("kill_broker_at_every_point", broker.kills)
