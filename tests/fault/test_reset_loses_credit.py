# SPDX-License-Identifier: Apache-2.0
"""Cut connections under load: afterwards every worker has work and none ever held too much."""
import random

from support.proxy import Proxy
from support.rig import Rig
from support.waiting import breathe, wait_for


def test_reset_loses_credit(new_broker, seed, time_given):
    chance = random.Random(seed)
    broker = new_broker()
    proxies = [Proxy(broker.endpoint(role)) for role in ("work", "feed", "subscribe")]
    names = ("work", "feed", "subscribe")
    rig = Rig(broker, seed, feeders=3, workers=3, pace=0.02,
              endpoints=lambda role: proxies[names.index(role)].endpoint).start()
    for _ in time_given.rounds(80):
        chance.choices(proxies, (3, 1, 1))[0].reset()
        breathe(chance.uniform(0.01, 0.2))
    workers = [thread.worker for thread in rig.workers]
    before = [worker.progress for worker in workers]
    for thread, progress in zip(rig.workers, before):
        wait_for(lambda t=thread, p=progress: t.worker.progress > p + 3 or t.failure, 20,
                 f"{thread.name} has work after the last cut")
        assert not thread.failure, thread.failure
    rig.settle_and_audit("reset_loses_credit", sum(proxy.resets for proxy in proxies),
                         900 if time_given.is_long else 90)  # a backlog has grown meanwhile
    for worker in workers:
        assert worker.most_held <= worker.slots, f"{worker.name} held {worker.most_held}"
    for proxy in proxies:
        proxy.close()
