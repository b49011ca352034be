# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL over the network with sslmode=verify-full, tried with certificates of an authority of the
test's own: the right one works, everything else is refused, and no article is given away or lost."""
import shutil
import socket
import tempfile
from pathlib import Path

import psycopg
import pytest

from support.auditor import Auditor, check_no_attempt_burnt, report
from support.certificates import Authority
from support.operating import Operator
from support.postgres import WORKER, Postgres, roomy_memory
from support.waiting import wait_for

HOST = "news.example"
PASSWORD = "muoi-hai-con-giap"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Listens on the loopback interface, to workers over TLS and with a password only."""

    def __init__(self, directory, authority):
        self.authority = authority
        self.postgres = Postgres(directory / "cluster")
        self.postgres.port = free_port()
        hba = self.postgres.data / "pg_hba.conf"
        hba.write_text(f"local all newsloom trust\nhostssl all {WORKER} 127.0.0.1/32 scram-sha-256\n")
        self.right = authority.server(HOST)
        self.settings = {"listen_addresses": "127.0.0.1", "ssl": "on"}
        self.present(*self.right)
        self.postgres.start(**self.settings)
        self.postgres.prepare_template()
        self.postgres.execute(f"ALTER ROLE {WORKER} PASSWORD '{PASSWORD}'")
        self.database = None

    def present(self, certificate, key) -> None:
        """From the next start on it shows this certificate."""
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            target = self.postgres.data / name
            shutil.copyfile(source, target)
            target.chmod(0o600)
            self.postgres.own(target)

    def restart(self) -> None:
        self.postgres.stop()
        self.postgres.start(**self.settings)

    def be_right(self) -> None:
        self.settings["ssl"] = "on"
        self.present(*self.right)
        self.restart()

    def url(self, mode: str = "verify-full", root=None) -> str:
        """hostaddr says where it is, host whom to expect."""
        return (f"host={HOST} hostaddr=127.0.0.1 port={self.postgres.port} dbname={self.database.name} user={WORKER} "
                f"password={PASSWORD} sslmode={mode} sslrootcert={root or self.authority.certificate}")


@pytest.fixture(scope="module")
def running():
    with tempfile.TemporaryDirectory(prefix="nl-tls-", dir=roomy_memory()) as name:
        directory = Path(name)
        directory.chmod(0o755)
        server = Server(directory, Authority(directory / "authority"))
        yield server
        server.postgres.kill9()


@pytest.fixture
def server(running):
    running.database = running.postgres.new_database()
    yield running
    running.be_right()


def test_right_certificate_is_accepted_and_nothing_goes_in_the_clear(server, broker, new_worker, feeder, ledger,
                                                                     newsroom):
    worker = new_worker(broker, server.url())
    feeder.submit(newsroom.pieces(5))
    assert Auditor(broker, ledger, server.database).run().stored == 5
    sessions = server.postgres.execute(
        "SELECT s.ssl, s.version FROM pg_stat_ssl s JOIN pg_stat_activity a USING (pid) WHERE a.usename = %s",
        "postgres", WORKER)
    assert sessions and all(ssl and version in ("TLSv1.2", "TLSv1.3") for ssl, version in sessions)
    assert PASSWORD not in worker.log()


REFUSALS = {
    "wrong host name": ("does not match host name",
                        lambda server, directory: server.present(*server.authority.server("other.example"))),
    "another authority": ("certificate verify failed",
                          lambda server, directory: server.present(
                              *Authority(directory / "other").server(HOST))),
    "expired": ("certificate verify failed",
                lambda server, directory: server.present(
                    *server.authority.server(HOST, end="20200201000000Z"))),
    "not valid yet": ("certificate verify failed",
                      lambda server, directory: server.present(
                          *server.authority.server(HOST, begin="20980101000000Z"))),
    "plaintext": ("server does not support SSL",
                  lambda server, directory: server.settings.update(ssl="off")),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_wrong_server_is_refused_and_articles_wait(case, server, directory, broker, new_worker, feeder, ledger,
                                                   newsroom):
    sentence, change = REFUSALS[case]
    change(server, directory)
    server.restart()
    worker = new_worker(broker, server.url())
    feeder.submit(newsroom.pieces(3))
    wait_for(lambda: sentence in worker.log(), 20, "the worker says it")
    operator = Operator(broker.endpoint("operator"))
    status = wait_for(lambda: (s := operator.status()).workers and s.workers[0].blocked and s, 20, "it is blocked")
    assert sentence in status.workers[0].blocked_reason, "and the operator reads why"
    operator.close()
    assert server.database.value("SELECT count(*) FROM newsloom.article") == 0
    assert PASSWORD not in worker.log()
    server.be_right()
    audit = Auditor(broker, ledger, server.database).run()
    assert (audit.stored, worker.starts) == (3, 1), "the right server is found without a restart"
    check_no_attempt_burnt(broker, ledger)
    report(f"wrong_server ({case})", audit, 1)


def test_server_lets_nobody_in_without_tls(server):
    psycopg.connect(server.url()).close()
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(server.url(mode="disable"))
