# SPDX-License-Identifier: Apache-2.0
"""pyproject.toml says what the package is; this adds the generated messages, for which it needs protoc."""
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

sys.path.insert(0, str(Path(__file__).resolve().parent))
from build_messages import build  # noqa: E402


class BuildWithMessages(build_py):
    def run(self) -> None:
        super().run()
        build(Path(self.build_lib))


setup(cmdclass={"build_py": BuildWithMessages})
