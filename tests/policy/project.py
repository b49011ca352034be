# SPDX-License-Identifier: Apache-2.0
"""What the policy tests look at: the tracked files of this project."""
import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("NEWSLOOM_BUILD", ROOT / "build" / "dev"))


def listed_by_git() -> list[str]:
    answer = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT,
                            capture_output=True, text=True, check=False)
    return [name for name in answer.stdout.split("\0") if name] if answer.returncode == 0 else []


@lru_cache
def tracked() -> tuple[Path, ...]:
    """Relative paths. Without git, or in an unpacked archive: every file outside of build/."""
    names = listed_by_git() if shutil.which("git") else []
    if not names:
        names = [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if "__pycache__" not in path.parts]
    return tuple(Path(name) for name in sorted(names)
                 if Path(name).parts[0] not in ("build", ".git") and (ROOT / name).is_file())


def with_suffix(*suffixes: str) -> list[Path]:
    return [path for path in tracked() if path.suffix in suffixes]


@lru_cache
def text(path: Path) -> str:
    """Empty for what is no text."""
    content = (ROOT / path).read_bytes()
    return "" if b"\0" in content[:8192] else content.decode("utf-8", "replace")


def program(name: str) -> Path:
    return BUILD / "bin" / name
