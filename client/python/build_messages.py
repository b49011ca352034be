# SPDX-License-Identifier: Apache-2.0
"""build_messages.py FOLDER: the messages of proto/ as newsloom/v1/*_pb2.py below FOLDER.

They stand below newsloom/v1 also for protobuf, whose names of files are global to a process: another
package may have a wire.proto of its own."""
import subprocess
import sys
import tempfile
from pathlib import Path

PROTO = Path(__file__).resolve().parents[2] / "proto"
NAMES = ("article", "extraction", "wire")


def build(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        staged = Path(name) / "newsloom" / "v1"
        staged.mkdir(parents=True)
        for stem in NAMES:
            text = (PROTO / f"{stem}.proto").read_text(encoding="utf-8")
            (staged / f"{stem}.proto").write_text(text.replace('import "', 'import "newsloom/v1/'), encoding="utf-8")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["protoc", f"--proto_path={name}", f"--python_out={folder}", f"--pyi_out={folder}",
                        *(str(staged / f"{stem}.proto") for stem in NAMES)], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build(Path(sys.argv[1]))
