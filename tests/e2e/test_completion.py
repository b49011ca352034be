# SPDX-License-Identifier: Apache-2.0
"""Completion as it is used: bash, zsh and fish on a terminal, somebody types and presses Tab."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import pytest

from support import paths
from support.programs import environment, run

SCRIPTS = paths.SOURCE / "client" / "completion"
PROMPT = "ready>"


class Terminal:
    """An interactive bash or zsh on a terminal of its own."""

    START = {"bash": (".bashrc", f"PS1='{PROMPT}'; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'\n"
                                 f"source {SCRIPTS}/newsloom.bash\n", ["--noprofile", "-i"]),
             "zsh": (".zshrc", f"PS1='{PROMPT}'; unset zle_bracketed_paste; unsetopt prompt_sp prompt_cr\n"
                               f"fpath=({SCRIPTS} $fpath); autoload -U compinit; compinit -u -D\n", ["-i", "-d"])}

    def __init__(self, name, directory):
        self.name, self.seen = name, ""
        file, lines, arguments = self.START[name]
        (directory / file).write_text(lines)
        program = installed(name)
        env = environment(HOME=directory, PATH=f"{paths.BIN}:{os.environ['PATH']}", TERM="dumb", LC_ALL="C.UTF-8")
        self.process, self.screen = pty.fork()
        if self.process == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
            os.chdir(directory)
            os.execve(program, [program, *arguments], env)

    def read(self, until: str, deadline: float = 10.0) -> str:
        """What was written since the last look, as soon as `until` is there."""
        end = time.monotonic() + deadline
        while until not in self.seen:
            ready, _, _ = select.select([self.screen], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{self.name} shows no {until!r}: {self.seen[-2000:]!r}"
            self.seen += os.read(self.screen, 65536).decode("utf-8", "replace").replace("\a", "")
        text, self.seen = self.seen, ""
        return text

    def completes(self, typed: str, until: str) -> str:
        """Types on an empty line, presses Tab, reads until there is what was hoped for, and wipes the line."""
        os.write(self.screen, f"{typed}\t".encode())
        shown = self.read(until)
        os.write(self.screen, b"\x15")
        return shown

    def close(self) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.screen)


def installed(name) -> str:
    program = shutil.which(name)
    assert program, f"the package {name} is not installed: tests/run installs it"
    return program


@pytest.fixture(params=["bash", "zsh"])
def terminal(request, directory):
    (directory / "article.txt").write_text("…")
    terminal = Terminal(request.param, directory)
    terminal.read(PROMPT)
    yield terminal
    terminal.close()


# Typed, and what Tab makes of it.
COMPLETED = [
    ("newsloom subsc", "newsloom subscribe "), ("newsloom subscribe --until", "newsloom subscribe --until-idle "),
    ("newsloom --set answer.timeout=3s feed --fetc", "newsloom --set answer.timeout=3s feed --fetched "),
    ("newsloom feed --class b", "newsloom feed --class backfill "), ("newsloom feed --class=b", "newsloom feed --class=backfill "),
    ("newsloom --set answer", "newsloom --set answer.timeout="), ("newsloom dead sh", "newsloom dead show "),
    ("newsloom feed art", "newsloom feed article.txt "), ("newsloom help subsc", "newsloom help subscribe "),
]


def test_what_is_typed_is_completed_at_a_terminal(terminal):
    for typed, completed in COMPLETED:
        terminal.completes(typed, completed)
    assert "reextract" in terminal.completes("newsloom re", "repair")


def fish(directory, typed) -> dict:
    """fish says itself what it would offer: word -> meaning."""
    done = subprocess.run([installed("fish"), "--no-config", "-c", f"source {SCRIPTS}/newsloom.fish; complete -C '{typed}'"],
                          capture_output=True, text=True, timeout=60, cwd=directory,
                          env=environment(HOME=directory, PATH=f"{paths.BIN}:{os.environ['PATH']}", LC_ALL="C.UTF-8"))
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return dict(line.partition("\t")[::2] for line in done.stdout.splitlines())


def test_fish_offers_the_same(directory):
    (directory / "article.txt").write_text("…")
    for typed, completed in COMPLETED:
        assert list(fish(directory, typed)) == [completed.split()[-1]], typed
    assert {"repair", "reextract", "reload", "resume"} == fish(directory, "newsloom re").keys()


def complete(*words) -> dict:
    lines = run("newsloom", "help", "--complete", "--", *words, check=True).stdout.splitlines()
    return dict(line.partition("\t")[::2] for line in lines)


def test_every_verb_and_option_is_offered_with_its_meaning():
    offered = complete("")
    listed = dict(re.findall(r"^  (\w+) +(\S.*)$", run("newsloom", "help", check=True).stdout, re.M))
    assert offered == listed and len(listed) > 20
    for verb in listed:
        text = run("newsloom", verb, "--help", check=True).stdout
        options = set(re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", text, re.M))
        assert {"--help"} <= complete(verb, "-").keys() and complete(verb, "--").keys() <= options | {"--help"}, verb


def test_nothing_is_offered_where_nothing_fits():
    assert complete("feed", "--no-such=") == {} == complete("status", "") == complete("no-such-verb", "--x=")
    assert complete("feed", "--", "--") == {":files": ""}
    assert set(complete("search", "--type", "")) == {"PERSON", "ORGANIZATION", "LOCATION", "DATE", "LAW", "EVENT", "CRIME"}
