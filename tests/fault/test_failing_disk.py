# SPDX-License-Identifier: Apache-2.0
"""A disk that fails under the running broker: it ends with a sentence, starts again consistent, and nothing
that was acknowledged is lost. failing_io.h says what a rule is."""
import random

from support.programs import preload
from support.rig import Rig

CALLS = ["fdatasync", "meta", "pwrite"]
FATES = {"fdatasync": ["EIO", "ENOSPC"], "meta": ["EIO", "SHORT"], "pwrite": ["EIO", "ENOSPC", "SHORT"]}
BROKEN = 70  # EX_SOFTWARE


def rules(chance: random.Random) -> list:
    found = [f"{call}:{chance.randint(5, 60)}:{fate}" for call in CALLS for fate in FATES[call]]
    chance.shuffle(found)
    return found


def test_failing_disk_ends_the_broker_and_loses_nothing(new_broker, seed, time_given):
    chance = random.Random(seed)
    shim = preload("libfailing_io.so")
    broker = new_broker(start=False)
    rig = Rig(broker, seed, feeders=2, workers=2)
    first = True
    faults = 0
    for _ in time_given.rounds(1):
        for rule in rules(chance):
            broker.env = {"LD_PRELOAD": shim, "NEWSLOOM_FAIL_IO": rule}
            broker.start(wait=False)
            if first:
                rig.start()
                first = False
            assert broker.wait_exit(60) == BROKEN, f"{rule}: {broker.log()[-2000:]}"
            assert "could not record the turn" in broker.log(), rule
            faults += 1
    broker.env = {}
    broker.start()
    rig.settle_and_audit("failing_disk", faults)
