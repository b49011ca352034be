# SPDX-License-Identifier: Apache-2.0
"""Runs a document word for word. Of its code blocks

    ```sh                 is run, all of them in one shell that stops at the first failure
    ```python name.py     is written to that file (any language: a second word names a file)
    ```text               behind a run block is what that one prints; … stands for whatever it is

and the others are for reading. /tmp/newsloom, where deploy/quickstart keeps everything, is a folder of the test's."""
import re
import subprocess
from pathlib import Path

_BLOCK = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HOME = "/tmp/newsloom"
TURN = "-- the next block --"


def blocks(document: Path) -> list[tuple[str, str, str]]:
    """(language, name of a file, text)"""
    return [(kind, name.strip(), body) for kind, name, body in _BLOCK.findall(document.read_text(encoding="utf-8"))]


def run(document: Path, home: Path, folder: Path, env: dict, timeout: float = 200) -> None:
    script, expected, turns = ["set -eu"], {}, 0
    for kind, name, body in blocks(document):
        body = body.replace(HOME, str(home))
        if name:
            script += [f"cat > {name} <<'END OF {name}'\n{body}END OF {name}"]
        elif kind == "sh":
            turns += 1
            script += [f"echo '{TURN}'", body]
        elif kind == "text" and turns:
            expected[turns] = body
    assert turns, f"{document} has nothing to run"
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, env=env, capture_output=True, text=True,
                          timeout=timeout)
    printed = done.stdout.split(f"{TURN}\n")
    for turn, text in expected.items():
        pattern = ".*?".join(re.escape(part) for part in text.split("…"))
        said = printed[turn] if turn < len(printed) else "(nothing: it was not reached)"
        assert re.fullmatch(pattern, said, re.DOTALL), (
            f"block {turn} of {document.name} should print\n{text}\nbut it printed\n{said}\n{done.stderr[-3000:]}")
    assert done.returncode == 0, f"{document.name} ended with {done.returncode}:\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
