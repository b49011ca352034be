# SPDX-License-Identifier: Apache-2.0
"""The Debian packages of a build, and the same ones a version later."""
import re
import subprocess
from pathlib import Path

NAMES = ["libnewsloom-dev", "libnewsloom0", "newsloom", "newsloom-broker", "newsloom-common", "newsloom-gateway", "newsloom-worker",
         "python3-newsloom"]
LATER = "0.9.0"


def do(*command, code: int = 0, **how) -> str:
    """Both outputs of a command that has to end with `code`."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **how)
    assert done.returncode == code, f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout[-3000:]}"
    return done.stdout


def build(tree: Path, into: Path) -> list:
    do("cpack", "--config", tree / "CPackConfig.cmake", "-G", "DEB", "-B", into, cwd=tree)
    return sorted(into.glob("*.deb"))


def name_of(deb: Path) -> str:
    return deb.name.split("_")[0]


def field(deb: Path, name: str) -> str:
    return do("dpkg-deb", "--field", deb, name).strip()


def files(deb: Path) -> dict:
    """Path without the leading dot -> mode, of what is no directory."""
    lines = [line.split(None, 5) for line in do("dpkg-deb", "--contents", deb).splitlines()]
    return {line[5].split(" -> ")[0].removeprefix("."): line[0] for line in lines if line[0][0] != "d"}


def later(debs: list, into: Path) -> list:
    """The same packages as a later version, whose samples in /etc say something new."""
    into.mkdir()
    for deb in debs:
        tree = into / name_of(deb)
        do("dpkg-deb", "--raw-extract", deb, tree)
        control = tree / "DEBIAN" / "control"
        old = field(deb, "Version")
        control.write_text(re.sub(rf"\b{re.escape(old)}\b", LATER, control.read_text()))
        for conf in tree.glob("etc/newsloom/*.conf"):
            conf.write_text(conf.read_text() + "# of a later version\n")
        do("dpkg-deb", "--root-owner-group", "--build", "-Znone", tree, into)
    return sorted(into.glob("*.deb"))
