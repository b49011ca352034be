# SPDX-License-Identifier: Apache-2.0
"""kill -9 of broker and workers, ended PostgreSQL backends, resets on every wire, a PostgreSQL
that crashes, frozen processes: in any order, at any moment."""
import random

from support.proxy import Proxy
from support.rig import Rig
from support.waiting import breathe, wait_for


def test_kill_everything_randomly(new_broker, new_worker, postgres, database, seed, time_given):
    chance = random.Random(seed)
    broker = new_broker(**{"lease.duration": "1s", "attempt.limit": "100"})
    proxies = {role: Proxy(broker.endpoint(role)) for role in ("feed", "work", "subscribe")}
    proxies["postgres"] = Proxy(postgres.socket_path)
    workers = [new_worker(proxies["work"].endpoint, database.through(proxies["postgres"]),
                          name=f"worker{number}", worker_slots=8) for number in range(2)]
    rig = Rig(broker, seed, storage=database, feeders=2, pace=0.1,
              endpoints=lambda role: proxies[role].endpoint if role in proxies
              else broker.endpoint(role)).start()

    def freeze(program):
        program.freeze()
        breathe(chance.uniform(0.2, 1.5))  # a fault of this length, not a wait for anything
        program.thaw()

    def restart(program):
        program.kill9()
        breathe(chance.uniform(0, 0.5))
        program.start()

    def crash_postgres():
        postgres.crash()
        postgres.start()

    faults = {
        "broker": (3, lambda: restart(broker)),
        "worker": (6, lambda: restart(chance.choice(workers))),
        "backends": (4, database.terminate_backends),
        "reset": (8, lambda: proxies[chance.choice(list(proxies))].reset()),
        "freeze": (2, lambda: freeze(chance.choice([broker, *workers]))),
        "postgres": (1, crash_postgres),
    }
    done = dict.fromkeys(faults, 0)
    names, weights = zip(*((name, weight) for name, (weight, _) in faults.items()))
    order = list(names)  # each once at least, then by chance
    chance.shuffle(order)
    for number in time_given.rounds(14):
        name = order[number] if number < len(order) else chance.choices(names, weights)[0]
        faults[name][1]()
        done[name] += 1
        breathe(chance.uniform(0.1, 0.9))
        for worker in workers:
            if not worker.is_alive:  # it may end by itself, with a sentence; then somebody starts it
                worker.start()
    wait_for(lambda: broker.is_alive, 5)
    rig.settle_and_audit("kill_everything_randomly", sum(done.values()), 120, **done)
    for proxy in proxies.values():
        proxy.close()
