# SPDX-License-Identifier: Apache-2.0
"""The extractor and its trainer built once more, from the sources of the build under test, by another compiler
or with other flags. Definitions and include paths are those of the build; its optimisation and sanitizers are not."""
import json
import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support import paths

LIBRARIES = ["libutf8proc", "libxml-2.0", "jansson", "libprotobuf-c", "libsodium"]
EXTRACTOR = ["newsloom_extract", "newsloom_extract_files", "newsloom_tables", "newsloom_contract"]
PROGRAMS = {"newsloom-extract": [*EXTRACTOR, "newsloom-extract"],
            "packed_extractions": [*EXTRACTOR, "packed_extractions"],
            "newsloom-train": ["newsloom_tables", "newsloom_contract", "newsloom-train"]}
# The extractor asks the processor itself whether it has AVX2; with this the answer is no.
WITHOUT_AVX2 = "-D__builtin_cpu_supports(name)=0"


def _commands() -> list:
    return json.loads((paths.BUILD / "compile_commands.json").read_text())


def _target(command: dict) -> str:
    return re.search(r" -o \S*?([^/]+)\.dir/", command["command"])[1]


def _kept(command: dict) -> list:
    """What says how the source reads, not what is made of it."""
    kept, words = [], iter(shlex.split(command["command"]))
    for word in words:
        if word == "-isystem":
            kept += [word, next(words)]
        elif word.startswith(("-D", "-I", "-std=")) and "FORTIFY" not in word:
            kept.append(word)
    return kept


class Build:
    """The programs, each with the targets that it is made of, are built into the folder; runner is put before each
    when it is run. libraries: those of pkg-config that they need besides the extractor's."""

    def __init__(self, name: str, folder: Path, compiler: list, flags: list, *, link=None, runner=(), archiver="ar",
                 programs=None, libraries=()):
        self.programs = programs or PROGRAMS
        self.name, self.folder = name, Path(folder)
        self.compiler, self.flags, self.runner, self.archiver = compiler, flags, list(runner), archiver
        self.link = link or subprocess.run(["pkg-config", "--libs", *LIBRARIES, *libraries], capture_output=True, text=True,
                                           check=True).stdout.split()
        self.objects = {}

    def make(self) -> "Build":
        self.folder.mkdir(parents=True, exist_ok=True)
        wanted = {target for targets in self.programs.values() for target in targets} | {"newsloom_common"}
        commands = [command for command in _commands() if _target(command) in wanted]
        sources = {command["file"]: command for command in commands}  # the trainer has some of the extractor's
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self.objects = dict(zip(sources, pool.map(self._compile, sources.values())))
        common = self.folder / "common.a"
        self._run([self.archiver, "rcs", common, *self._of(commands, ["newsloom_common"])])
        for program, targets in self.programs.items():
            own = self._of(commands, targets)
            self._run([*self.compiler, *self.flags, "-o", self.folder / program, *own, common, *self.link, "-pthread"])
        return self

    def _of(self, commands: list, targets: list) -> list:
        return [self.objects[file] for file in
                dict.fromkeys(command["file"] for command in commands if _target(command) in targets)]

    def _compile(self, command: dict) -> Path:
        made = self.folder / (command["file"].replace("/", "_") + ".o")
        launcher = ["ccache"] if shutil.which("ccache") else []
        self._run([*launcher, *self.compiler, *_kept(command), *self.flags, "-w", "-c", command["file"], "-o", made])
        return made

    def _run(self, command: list) -> None:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.name}: {' '.join(map(str, command))}\n{done.stderr[-2000:]}"

    def run(self, program: str, *arguments, **env) -> bytes:
        done = subprocess.run([*self.runner, str(self.folder / program), *map(str, arguments)], capture_output=True,
                              env={**os.environ, **env})
        assert done.returncode == 0, f"{self.name}: {program}: {done.stderr[-2000:].decode(errors='replace')}"
        return done.stdout


class ThisBuild(Build):
    """The build under test as it stands."""

    def __init__(self):
        self.name, self.folder, self.runner = "this build", paths.BIN, []
