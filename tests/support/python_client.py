# SPDX-License-Identifier: Apache-2.0
"""Users' programs that are built on the Python package, run as users run them."""
import subprocess
from pathlib import Path

from support import paths
from support.programs import die_with_parent, environment

PYTHON = "/usr/bin/python3"
OURS = {"PYTHONPATH": paths.PYTHON, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def settings(broker, **more) -> dict:
    """What the package and the command line find a broker by."""
    named = {f"NEWSLOOM_BROKER_{role.upper()}": broker.endpoint(role) for role in ("feed", "subscribe", "live", "operator")}
    return environment(**OURS, **named, **more)


def start(arguments, env: dict, folder: Path, **how) -> subprocess.Popen:
    return subprocess.Popen([PYTHON, *map(str, arguments)], env=env, cwd=folder, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent, **how)


def run(arguments, env: dict, folder: Path, code: int = 0, timeout: float = 60) -> subprocess.CompletedProcess:
    done = subprocess.run([PYTHON, *map(str, arguments)], env=env, cwd=folder, capture_output=True, text=True,
                          timeout=timeout)
    assert done.returncode == code, f"ended with {done.returncode}, not {code}:\n{done.stdout}\n{done.stderr}"
    return done
