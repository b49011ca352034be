# SPDX-License-Identifier: Apache-2.0
"""Two clusters, a primary and a standby that streams from it through a wire that can be stalled.
After a failover the old primary is rebuilt as the standby of the new one, so that rounds can go on."""
import shutil
from pathlib import Path

from support import programs
from support.postgres import Database, Postgres
from support.proxy import ProxyApart
from support.waiting import wait_for


class Pair:
    """synchronous: a commit is acknowledged only when the standby has it on disk, too."""

    def __init__(self, directory: Path, synchronous: bool, **settings):
        self.directory, self.synchronous = Path(directory), synchronous
        # a standby that is stalled, or just being made, still finds what it missed
        self.settings = {"wal_keep_size": "4GB", **settings}
        self.names = ["one", "two"]
        self.failovers = 0
        self.primary = Postgres(self.directory / "one").start(**self.settings)
        self.hosts = [self.directory / name for name in self.names]
        self.wire = self.standby = None
        self._attach()

    # ---- who is who ----

    def url(self, database: str) -> str:
        """Both hosts: whoever connects looks for the one that takes writes."""
        return (f"host={self.hosts[0]},{self.hosts[1]} dbname={database} user=newsloom "
                "target_session_attrs=read-write")

    def database(self, name: str) -> "PairDatabase":
        self.primary.execute(f"CREATE DATABASE {name}")
        programs.run("newsloom-migrate", "--database", self.primary.url(name), check=True)
        self.primary.make_logins()
        return PairDatabase(self, name)

    # ---- the standby ----

    def _attach(self) -> None:
        """A new standby in the other directory, caught up with the primary."""
        name, = [name for name in self.names if self.directory / name != self.primary.directory]
        if self.standby is not None:
            self.standby.kill9()
        shutil.rmtree(self.directory / name, ignore_errors=True)
        self.wire = ProxyApart(self.primary.socket_path)
        self.standby = Postgres(self.directory / name, copy_of=self.primary)
        self.standby.start(**self.settings, primary_conninfo=(
            f"host={self.wire.host} port={self.wire.port} user=newsloom application_name=standby"))
        self._names(self.primary, "standby" if self.synchronous else "")
        now = self.primary.execute("SELECT pg_current_wal_flush_lsn()")[0][0]
        wait_for(lambda: self.is_caught_up(now), 180, "the standby streams")

    @staticmethod
    def _names(server: Postgres, names: str) -> None:
        server.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        server.execute("SELECT pg_reload_conf()")

    def is_caught_up(self, to: str = None) -> bool:
        """to: a position of the log; under load it never has all there is."""
        rows = self.primary.execute(
            "SELECT sync_state, replay_lsn >= coalesce(%s, pg_current_wal_flush_lsn()) "
            "FROM pg_stat_replication WHERE application_name = 'standby'", "postgres", to)
        wanted = "sync" if self.synchronous else "async"
        return bool(rows) and rows[0] == (wanted, True)

    @staticmethod
    def _is_writing(server) -> bool:
        return server.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL")[0][0] > 0

    def stall(self) -> None:
        """From now on the standby hears nothing, and the primary does not notice."""
        self.wire.stall()

    # ---- failover ----

    def fail_over(self) -> None:
        """The primary's host is gone; its standby is promoted and stands alone."""
        self.primary.kill9()
        self.wire.reset()
        self.wire.refuse()
        self.primary, self.standby = self.standby, None
        self.primary.execute("SELECT pg_promote(true, 60)")
        self._names(self.primary, "")
        self.failovers += 1

    def switch_over(self) -> None:
        """A planned failover: the primary stops taking writes, the standby has everything and is
        promoted, the old primary lives on and takes none."""
        old = self.primary
        old.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        old.execute("SELECT pg_reload_conf()")
        wait_for(lambda: not self._is_writing(old) and self.is_caught_up(), 60,
                 "what was begun is committed, and the standby has it")
        self.primary, self.standby = self.standby, old
        self.primary.execute("SELECT pg_promote(true, 60)")
        self._names(self.primary, "")
        self.failovers += 1

    def rebuild(self) -> None:
        """The other host comes back empty and becomes the new primary's standby."""
        self.wire.close()
        self._attach()

    def stop(self) -> None:
        self.wire.close()
        for server in (self.standby, self.primary):
            if server is not None:
                server.kill9()


class PairDatabase(Database):
    """A database that is wherever the primary is."""

    def __init__(self, pair: Pair, name: str):
        super().__init__(pair.primary, name)
        self.pair = pair

    @property
    def url(self) -> str:
        return self.pair.url(self.name)

    def execute(self, sql: str, *values):
        return self.pair.primary.execute(sql, self.name, *values)
