# SPDX-License-Identifier: Apache-2.0
"""The Python package as it is installed: typed to the last line, and from pip as from CMake."""
import os
import re
import shutil
import subprocess

import newsloom
from support import paths, python_client

SOURCE = paths.SOURCE / "client" / "python"


def test_every_line_is_typed(tmp_path):
    done = subprocess.run(["/usr/bin/mypy", "--config-file", SOURCE / "pyproject.toml", "--cache-dir", tmp_path, "-p", "newsloom"],
                          cwd=paths.PYTHON, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pip_installs_the_same_files_without_a_network(tmp_path):
    for folder in ("client/python", "proto"):  # it builds where the sources stand
        shutil.copytree(paths.SOURCE / folder, tmp_path / "source" / folder)
    done = subprocess.run(
        [python_client.PYTHON, "-m", "pip", "install", "--no-index", "--no-build-isolation", "--no-deps", "--quiet",
         "--disable-pip-version-check", "--root-user-action=ignore", "--target", tmp_path / "here", tmp_path / "source" / "client" / "python"],
        capture_output=True, text=True, timeout=200, env=os.environ | {"TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr

    def listed(folder):
        return {str(one.relative_to(folder)) for one in (folder / "newsloom").rglob("*")
                if one.is_file() and one.suffix != ".pyc"}
    assert listed(tmp_path / "here") == listed(paths.PYTHON)
    shown = python_client.run(["-c", "import newsloom; print(newsloom.__file__)"],
                              os.environ | {"PYTHONPATH": str(tmp_path / "here")}, tmp_path).stdout
    assert shown.startswith(str(tmp_path / "here"))


def test_its_version_is_the_projects():
    version = re.search(r"project\(newsloom VERSION (\S+)", (paths.SOURCE / "CMakeLists.txt").read_text())[1]
    assert f'version = "{version}"' in (SOURCE / "pyproject.toml").read_text()


def test_all_that_is_named_is_there():
    assert all(hasattr(newsloom, name) for name in newsloom.__all__)
    assert newsloom.__all__ == sorted(newsloom.__all__)
