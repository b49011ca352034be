# SPDX-License-Identifier: Apache-2.0
"""Everything that is stored, as JSON lines, one file a day (UTC).

    python3 daily_files.py FOLDER [FILTER]

Each line carries its cursor. After a crash the last whole line says where to go on, so that every entry stands in the
files exactly once, whatever was killed."""
import json
import mmap
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict

from newsloom import Cursor, Subscriber


def last_whole_line(path):
    """Half a line, which a crash left, is cut off."""
    with path.open("r+b") as file:
        if path.stat().st_size == 0:
            return b""
        with mmap.mmap(file.fileno(), 0) as content:
            end = content.rfind(b"\n") + 1
            line = content[content.rfind(b"\n", 0, max(0, end - 1)) + 1:end]
        file.truncate(end)
        return line


def main(folder, filter=""):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    day, kept = "", None
    for path in sorted(folder.glob("*.jsonl")):
        day, kept = path.stem, last_whole_line(path) or kept
    start = json.loads(kept)["cursor"] if kept else "earliest"
    with Subscriber(start=start, filter=filter, patience=None) as news:
        for entry in news:
            day = max(day, str(entry.stored_at.date()))  # a clock that was set back begins no file anew
            line = {"cursor": str(Cursor(news.cursor.log_id, entry.sequence)), "kind": entry.kind, "source": entry.source,
                    "key": entry.key, "revision": entry.revision, "reason": entry.reason, "identity": entry.identity.hex(),
                    "extraction": MessageToDict(entry.extraction, preserving_proto_field_name=True)}
            with (folder / f"{day}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:3])
    except KeyboardInterrupt:
        pass
