# SPDX-License-Identifier: Apache-2.0
"""The packages in a Debian 12 of their own, from debootstrap: installed by apt with what they depend on, started, upgraded, purged.
Run by tests/packages/run, for it takes minutes and a mirror; systemd does not run in there, so programs are started by hand."""
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from packages.debs import LATER, NAMES, do, later
from support.waiting import wait_for

PACKAGES = Path(os.environ["NEWSLOOM_PACKAGES"])
DEBS = sorted(PACKAGES.glob("*.deb"))
ARTICLE = "Sáng 14/3, tại Hà Nội, Công an thành phố Hà Nội bắt giữ Nguyễn Văn A về hành vi mua bán trái phép chất ma túy.\n"


class System:
    """A root directory in which commands run as in a container."""

    def __init__(self, root: Path):
        self.root, self.running = root, []
        ready = os.environ.get("NEWSLOOM_ROOT")
        if ready:
            do("cp", "--archive", f"{ready}/.", root)
        else:
            do("debootstrap", "--variant=minbase", "bookworm", root)
        (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
        (root / "usr/sbin/policy-rc.d").chmod(0o755)
        do("mount", "-t", "proc", "proc", root / "proc")

    def words(self, user, *command) -> list:
        return ["chroot", *([f"--userspec={user}"] if user else []), self.root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "HOME=/tmp", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", *command]

    def __call__(self, *command, user="", code=0) -> str:
        return do(*self.words(user, *command), code=code)

    def apt(self, *words) -> str:
        return self("apt-get", "--yes", "--quiet", "--no-install-recommends", "--option=Dpkg::Options::=--force-confold", *words)

    def copy(self, debs, folder) -> list:
        (self.root / folder).mkdir()
        return ["/" + str(Path(shutil.copy(deb, self.root / folder)).relative_to(self.root)) for deb in debs]

    def start(self, user, *command) -> subprocess.Popen:
        with (self.root / "tmp" / f"log-{len(self.running)}").open("wb") as log:
            process = subprocess.Popen([str(word) for word in self.words(user, *command)], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.running.append(process)
        return process

    def close(self) -> None:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(60)
        do("umount", self.root / "proc")


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    root = tmp_path_factory.mktemp("system")
    root.chmod(0o755)
    system = System(root)
    yield system
    system.close()


def test_lintian_has_nothing_to_say():
    said = do("lintian", "--fail-on", "error,warning", "--suppress-tags", "bad-distribution-in-changes-file", *DEBS)
    assert not [line for line in said.splitlines() if line[:2] in ("E:", "W:")], said


def test_installed_started_upgraded_and_purged(system, tmp_path):
    system.apt("update")
    system.apt("install", "postgresql", *system.copy(DEBS, "packages"))
    assert system("newsloom", "--version").startswith("newsloom ")
    wants = system.root / "etc/systemd/system/multi-user.target.wants"
    assert (wants / "newsloom-broker.service").is_symlink() and not list(wants.glob("newsloom-worker*"))
    assert "Nguyễn Văn A" in system("sh", "-c", f"printf %s '{ARTICLE}' | newsloom extract -")

    # a database, as docs/operations.md says
    system("pg_ctlcluster", "15", "main", "start")
    system("su", "postgres", "-c", "createdb newsloom && newsloom migrate --database postgresql:///newsloom")
    system("su", "postgres", "-c", "psql -q newsloom -c 'CREATE ROLE nobody LOGIN IN ROLE newsloom_worker, newsloom_reader'")

    (system.root / "etc/newsloom/broker.conf").write_text("store.budget = 200MiB\n")
    (system.root / "etc/newsloom/worker.conf").write_text("database.url = postgresql:///newsloom\n")
    (system.root / "etc/newsloom/newsloom.conf").write_text("database.url = postgresql:///newsloom\n")
    store = system.root / "var/lib/newsloom"
    store.mkdir(mode=0o700)
    shutil.chown(store, 65534, 65534)
    system.start("nobody:nogroup", "newsloom-broker", "--config", "/etc/newsloom/broker.conf")
    system.start("nobody:nogroup", "newsloom-worker", "--config", "/etc/newsloom/worker.conf")
    system("sh", "-c", f"printf %s '{ARTICLE}' > /tmp/bai.txt")
    wait_for(lambda: "running" in subprocess.run([str(w) for w in system.words("", "newsloom", "status")], capture_output=True, text=True).stdout,
             60, "the broker answers")
    assert "1 stored" in system("newsloom", "feed", "--source", "bao", "--wait", "/tmp/bai.txt")
    assert "Nguyễn Văn A" in system("newsloom", "search", "Nguyen Van A", user="nobody:nogroup")
    examined = system("newsloom", "doctor", user="nobody:nogroup")
    assert "0 failures" in examined

    # a later version over it, while it runs
    system.apt("install", *system.copy(later(DEBS, tmp_path / "later"), "later"))
    assert (system.root / "etc/newsloom/broker.conf").read_text() == "store.budget = 200MiB\n"
    assert (system.root / "etc/newsloom/gateway.conf").read_text().endswith("# of a later version\n")
    assert set(system("dpkg-query", "--show", "--showformat=${Version} ", *NAMES).split()) == {LATER}
    for process in system.running:
        process.send_signal(signal.SIGTERM)
    assert [process.wait(90) for process in system.running] == [0, 0]
    system.running.clear()
    system.start("nobody:nogroup", "newsloom-broker", "--config", "/etc/newsloom/broker.conf")
    wait_for(lambda: "start number 2" in subprocess.run([str(w) for w in system.words("", "newsloom", "status")], capture_output=True,
                                                       text=True).stdout, 60, "the broker has its store again")
    assert "STORED" in system("newsloom", "trace", "--source", "bao", "bai.txt", user="nobody:nogroup").upper()

    said = system.apt("purge", *NAMES)
    assert "/var/lib/newsloom stays" in said and store.is_dir()
    left = [path for folder in ("etc", "usr") for path in (system.root / folder).rglob("*newsloom*")]
    assert not left, left
    system("pg_ctlcluster", "15", "main", "stop")
