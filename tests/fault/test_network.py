# SPDX-License-Identifier: Apache-2.0
"""Every program on a host of its own, and the network between them cut, one way or both, slow,
lossy, out of order, too narrow; hosts that vanish without a word. Needs root, for the hosts."""
import random
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest

from support.auditor import Auditor, report, wait_settled
from support.articles import Newsroom
from support.feeder import Feeder
from support.hosts import Hosts, why_not
from support.keys import Keyring
from support.operating import Operator
from support.postgres import Postgres
from support.rig import Rig
from support.waiting import breathe, wait_for
from test_commit_in_doubt import SLOW_COMMIT

REASON = why_not()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

WORKERS = ("tho-1", "tho-2", "tho-3", "tho-4")
PORTS = {"feed": 5811, "work": 5812, "subscribe": 5813, "live": 5814, "operator": 5815}
# Both ends of a session notice within seconds; docs/operations.md has what holds without these.
IMPATIENT = ("tcp_user_timeout=3000 keepalives_idle=1 keepalives_interval=1 keepalives_count=3"
             " connect_timeout=3")


@pytest.fixture(scope="module")
def hosts():
    made = Hosts("broker", "database", "feeders", "readers", *WORKERS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def far_postgres(hosts):
    """On its own host; the test itself reaches it through its unix socket, whatever is cut."""
    directory = Path(tempfile.mkdtemp(prefix="nl-pg-"))
    directory.chmod(0o755)
    server = Postgres(directory / "cluster")
    server.host = hosts["database"]
    server.listen(hosts["database"].address, "10.77.0.0/24")
    server.start()
    server.prepare_template()
    yield server
    server.stop(signal.SIGQUIT)
    shutil.rmtree(directory, ignore_errors=True)


class Console:
    """The broker as somebody sees it who sits at its host: who audits, for one."""

    def __init__(self, plant):
        self.endpoint = plant.reach


class Plant:
    """A newsloom of eight hosts, with keys, under load."""

    def __init__(self, hosts, server, new_broker, new_worker, directory, seed):
        self.hosts, self.server, self.seed = hosts, server, seed
        hosts.mend()
        self.database = server.new_database()
        self.keys = Keyring(directory / "keys")
        self.worker_key = self.keys.add("worker", "worker")
        self.client_key = self.keys.add("client", "feeder,subscriber,operator")
        listens = {f"listen.{role}": f"tcp://{hosts['broker'].address}:{port}"
                   for role, port in PORTS.items()}  # on a host of its own every port is free
        self.broker = new_broker(start=False, **{
            **self.keys.settings(), **listens, "attempt.limit": "100", "restart.grace": "2s"})
        self.broker.host = hosts["broker"]
        self.broker.start()
        self.workers = [self._worker(new_worker, name) for name in WORKERS]
        self.rig = None

    def _worker(self, new_worker, name):
        url = f"{self.server.url(self.database.name, self.hosts['database'].address)} {IMPATIENT}"
        worker = new_worker(self.broker, url, name=name, start=False, worker_slots=8,
                            **self.keys.client_settings(self.worker_key))
        worker.host = self.hosts[name]
        return worker.start()

    def reach(self, role: str, host: str = "broker"):
        """A socket of the broker from a host; from the broker's own nothing is ever cut."""
        return self.hosts[host].seen(self.keys.endpoint(self.broker, role, self.client_key))

    def console(self) -> Operator:
        return Operator(self.reach("operator"))

    def load(self, **how) -> Rig:
        where = {"feed": "feeders", "subscribe": "readers"}
        self.rig = Rig.full(Console(self), self.seed, self.database,
                            endpoints=lambda role: self.reach(role, where[role]), **how)
        return self.rig.start()

    def progress(self) -> dict:
        """What everybody has achieved so far, by name."""
        status = self.operator.status()
        done = {worker.worker: worker.done for worker in status.workers}
        done["feeders"] = sum(feeder.fed for feeder in self.rig.feeders)
        done["readers"] = self.rig.followers[0].subscriber.position
        return done

    def committing(self) -> bool:
        return bool(self.database.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()"))

    def sessions_of(self, worker: str) -> int:
        return self.database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE client_addr = %s::inet"
            " AND datname = current_database()", self.hosts[worker].address)

    def wait_recovery(self, deadline: float = 60.0, without=()) -> float:
        """After mending: until everybody has got on; how long it took."""
        everybody = [*(set(WORKERS) - set(without)), "feeders", "readers"]
        begin = time.monotonic()
        self.operator = self.console()
        before = self.progress()

        def everybody_got_on():
            now = self.progress()
            return all(now.get(name, 0) not in (0, before.get(name, 0))  # who joined anew counts anew
                       for name in everybody)
        try:
            wait_for(everybody_got_on, deadline, "everybody gets on after the mending", every=0.05)
        except AssertionError as error:
            now = self.progress()
            stuck = [name for name in WORKERS if now.get(name, 0) in (0, before.get(name, 0))]
            links = [self.hosts[name].run("ss", "-tno").stdout for name in stuck]
            raise AssertionError(f"{error}\nbefore: {before}\nnow: {now}\n"
                                 + "\n".join(links)) from None
        finally:
            self.operator.close()
        for thread in (*self.rig.feeders, *self.rig.followers, self.rig.replayer):
            assert not thread.failure, thread.failure
        return time.monotonic() - begin

    def finish(self, test: str, deadline: float = 120.0, **more):
        self.hosts.mend()
        audit = self.rig.settle_and_audit(test, self.hosts.faults, deadline, **more)
        assert audit.dead == 0, f"{audit.dead} articles died of the network"
        for worker in self.workers:
            assert worker.is_alive and worker.starts == 1 + worker.kills, f"{worker.log()[-2000:]}"
        return audit


@pytest.fixture
def plant(hosts, far_postgres, new_broker, new_worker, directory, seed):
    hosts.faults = 0
    plant = Plant(hosts, far_postgres, new_broker, new_worker, directory, seed)
    yield plant
    hosts.mend()


def test_ways_are_cut_slow_lossy_reordered_narrow(plant, seed, time_given):
    """Each round every way between the hosts may get a fault of its own; each fault in turn stays
    longer than a lease."""
    chance = random.Random(seed)
    hosts = plant.hosts
    plant.load()
    plant.wait_recovery()
    faults = {
        "cut": lambda a, b: hosts.spoil_both(a, b, cut=1),
        "mute": lambda a, b: hosts.spoil(a, b, cut=1),  # b's words come through, its answers do not
        "deaf": lambda a, b: hosts.spoil(b, a, cut=1),
        "slow": lambda a, b: hosts.spoil_both(a, b, delay=200),
        "lossy": lambda a, b: hosts.spoil_both(a, b, loss=chance.randint(5, 20)),
        "reordered": lambda a, b: hosts.spoil_both(a, b, reorder=25),
        "narrow": lambda a, b: hosts.spoil_both(a, b, mtu=600),
        "thin": lambda a, b: hosts.spoil_both(a, b, rate=4000),
    }
    ways = [("broker", "feeders"), ("broker", "readers"),
            *(("broker", name) for name in WORKERS), *(("database", name) for name in WORKERS)]
    done, slowest, names = dict.fromkeys(faults, 0), 0.0, []
    for _ in time_given.rounds(1):
        before = hosts.count()
        for way in chance.sample(ways, len(faults)):
            names = names or chance.sample(list(faults), len(faults))
            name = names.pop()
            faults[name](*way)
            done[name] += 1
        breathe(chance.uniform(2.2, 4.0))  # a fault of this length, more than a lease
        after = hosts.count()
        assert after["dropped"] > before["dropped"], "nothing was ever cut"
        hosts.mend()
        slowest = max(slowest, plant.wait_recovery())
    plant.finish("network", slowest_recovery_s=round(slowest, 1), dropped=hosts.count()["dropped"], **done)


def test_database_host_is_cut_in_the_middle_of_commit(plant, ledger, seed, time_given):
    """The server commits and nobody hears it, or everybody is rolled back: either way the article
    is stored once, and no attempt is charged."""
    chance = random.Random(seed)
    plant.server.execute(SLOW_COMMIT.replace("%%", "%"), plant.database.name)
    newsroom = Newsroom(seed, "cat-dut", real_size=True)
    feeder = Feeder(plant.reach("feed", "feeders"), ledger)
    for _ in time_given.rounds(1):
        pieces = newsroom.pieces(12)
        for piece in pieces[::4]:
            piece.title += " cham"
        feeder.submit(pieces)
        wait_for(plant.committing, 30, "a COMMIT is under way")
        plant.hosts.spoil("database", "*", cut=1)
        if chance.random() < 0.5:
            plant.hosts.spoil("*", "database", cut=1)
        wait_for(lambda: not plant.committing(), 30, "the server went on alone")
        breathe(chance.uniform(0.5, 4.0))  # a fault of this length: some connections outlive it
        plant.hosts.mend()
        wait_settled(Console(plant))
    audit = Auditor(Console(plant), ledger, plant.database).run()
    assert (audit.stored, audit.dead) == (len(ledger), 0)
    for promise in ledger.promises.values():
        assert feeder.outcome(promise.source, promise.key).attempts_charged == 0
    report("database_host_cut_in_commit", audit, plant.hosts.faults)
    feeder.close()


def test_hosts_vanish_without_a_word(plant, seed, time_given):
    """No FIN, no RST: the other ends have to notice by themselves, and while they do nobody else
    is held up."""
    chance = random.Random(seed)
    hosts = plant.hosts
    plant.load()
    plant.wait_recovery()

    def vanish(name, stop, start):
        hosts.spoil(name, "*", cut=1)
        hosts.spoil("*", name, cut=1)
        hosts.faults -= 1
        stop()
        if name in WORKERS:
            wait_for(lambda: not plant.sessions_of(name), 30, f"PostgreSQL notices that {name} is gone")
            plant.wait_recovery(without={name})
        breathe(chance.uniform(1.0, 4.0))
        hosts.mend()
        start()

    def worker():
        one = chance.choice(plant.workers)
        return one.directory.name, one.kill9, one.start

    victims = {
        "worker": worker,
        "database": lambda: ("database", plant.server.crash, plant.server.start),
        "broker": lambda: ("broker", plant.broker.kill9, plant.broker.start),
    }
    done, slowest = dict.fromkeys(victims, 0), 0.0
    names = []
    for _ in time_given.rounds(2):
        names = names or chance.sample(list(victims), len(victims))
        name = names.pop()
        vanish(*victims[name]())
        done[name] += 1
        slowest = max(slowest, plant.wait_recovery())
    plant.finish("hosts_vanish", slowest_recovery_s=round(slowest, 1), **done)
