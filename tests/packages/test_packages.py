# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of the build that is tested: what is in them, and what dpkg does with them below a directory of its own.
Installed and started in a whole system, and looked at by lintian: tests/packages/run."""
import os
import re

import pytest

from packages.debs import LATER, NAMES, build, do, field, files, later, name_of
from support import paths

UNITS = {"newsloom-broker": "newsloom-broker.service", "newsloom-worker": "newsloom-worker@.service",
         "newsloom-gateway": "newsloom-gateway.service"}


@pytest.fixture(scope="module")
def debs(tmp_path_factory):
    return build(paths.BUILD, tmp_path_factory.mktemp("packages"))


def test_every_package_is_made(debs):
    assert sorted(name_of(deb) for deb in debs) == sorted(NAMES)


def test_no_file_is_in_two_packages(debs):
    owners = {}
    for deb in debs:
        for path in files(deb):
            owners.setdefault(path, []).append(name_of(deb))
    twice = {path: names for path, names in owners.items() if len(names) > 1}
    assert not twice
    assert {"/usr/bin/newsloom", "/usr/bin/newsloom-broker", "/usr/bin/newsloom-worker", "/usr/bin/newsloom-gateway",
            "/usr/libexec/newsloom/newsloom-migrate", "/usr/share/newsloom/tagger.model", "/usr/include/newsloom.h",
            "/usr/lib/python3/dist-packages/newsloom/__init__.py"} <= owners.keys()


def test_everything_installed_is_in_a_package(debs, tmp_path):
    do("cmake", "--install", paths.BUILD, env=os.environ | {"DESTDIR": str(tmp_path)})
    installed = {f"/{path.relative_to(tmp_path)}" for path in tmp_path.rglob("*") if not path.is_dir() or path.is_symlink()}
    packed = {re.sub(r"(/man\d/.*)\.gz$", r"\1", path) for deb in debs for path in files(deb)}
    assert installed and not installed - packed


def test_debian_finds_what_it_asks_of_every_package(debs):
    for deb in debs:
        name, content = name_of(deb), files(deb)
        assert {f"/usr/share/doc/{name}/copyright", f"/usr/share/doc/{name}/changelog.gz"} <= content.keys(), name
        assert len(field(deb, "Description").splitlines()) > 1 and "@" in field(deb, "Maintainer")
        conffiles = [line for line in field(deb, "Conffiles").splitlines()] if field(deb, "Conffiles") else []
        scripts = do("dpkg-deb", "--info", deb)
        assert ("conffiles" in scripts) == any(path.startswith("/etc/") for path in content), name
        assert all(mode.startswith("-rw-r--r--") for path, mode in content.items() if path.startswith("/etc/")), conffiles
        assert not [path for path in content if re.search(r"/man/man\d/[^/]*(?<!\.gz)$", path)], name


def test_dependencies_are_named(debs):
    depends = {name_of(deb): field(deb, "Depends") for deb in debs}
    assert "libpq5" in depends["newsloom-worker"] and "liblmdb0" in depends["newsloom-broker"] and "libzmq5" in depends["libnewsloom0"]
    version = field(debs[0], "Version")
    for name, needs in (("newsloom-worker", "newsloom-common"), ("newsloom", "newsloom-common"), ("libnewsloom-dev", "libnewsloom0")):
        assert f"{needs} (= {version})" in depends[name]
    assert field(next(deb for deb in debs if name_of(deb) == "newsloom-common"), "Architecture") == "all"


def test_units_run_what_their_package_holds(debs, tmp_path):
    for deb in debs:
        unit = UNITS.get(name_of(deb))
        if unit:
            do("dpkg-deb", "--extract", deb, tmp_path)
            text = (tmp_path / "usr/lib/systemd/system" / unit).read_text()
            program, file = re.search(r"^ExecStart=(\S+) --config (\S+)", text, re.M).groups()
            assert {program, file} <= files(deb).keys(), unit


def test_scripts_are_of_a_posix_shell(debs, tmp_path):
    for deb in debs:
        do("dpkg-deb", "--control", deb, tmp_path / name_of(deb))
    scripts = [path for path in tmp_path.rglob("*") if path.name in ("postinst", "prerm", "postrm")]
    assert len(scripts) > 10
    for script in scripts:
        do("sh", "-n", script)
        assert "set -e" in script.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="dpkg gives files to root, which takes root")
def test_dpkg_installs_upgrades_removes_and_purges(debs, tmp_path):
    """Below a root of its own; scripts run outside of it, with DPKG_ROOT, as in dpkg's chrootless mode."""
    root = tmp_path / "root"
    state = root / "var/lib/dpkg"
    for folder in (state / "updates", state / "info", root / "etc/systemd/system", root / "var/lib/newsloom"):
        folder.mkdir(parents=True)
    for file in (state / "status", state / "available"):
        file.write_text("")

    def dpkg(*words):
        return do("dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--force-confold", "--log=/dev/null", *words)

    dpkg("--install", *debs)
    broker, worker = root / "etc/newsloom/broker.conf", root / "etc/newsloom/worker.conf"
    wants = root / "etc/systemd/system/multi-user.target.wants"
    assert broker.is_file() and [link.name for link in wants.iterdir()] == ["newsloom-broker.service"], "enabled, the broker alone"
    broker.write_text("store.budget = 1GiB\n")
    dpkg("--install", *later(debs, tmp_path / "later"))
    assert broker.read_text() == "store.budget = 1GiB\n", "what was edited stays"
    assert worker.read_text().endswith("# of a later version\n"), "what was not edited is replaced"
    versions = do("dpkg-query", f"--admindir={state}", "--show", "--showformat=${Version} ${db:Status-Status}\n")
    assert set(versions.splitlines()) == {f"{LATER} installed"}
    (root / "var/lib/newsloom/store").write_text("what was accepted")
    dpkg("--remove", *NAMES)
    assert broker.is_file() and not (root / "usr/bin/newsloom-broker").exists()
    said = dpkg("--purge", *NAMES)
    assert not (root / "etc/newsloom").exists() and not list(wants.glob("newsloom*"))
    assert (root / "var/lib/newsloom/store").is_file() and "stays" in said, "no package manager throws articles away"
