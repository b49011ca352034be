# SPDX-License-Identifier: Apache-2.0
"""manual.py HEADER: prints newsloom(3), the installed header as a manual page. The header is the manual: its first
comment is the description, each of its sections a section here."""
import re
import sys
from pathlib import Path

PAGE = """\
.\\" SPDX-License-Identifier: Apache-2.0
.Dd March 1, 2026
.Dt NEWSLOOM 3
.Os
.Sh NAME
.Nm newsloom
.Nd feed articles to a newsloom broker, and follow what was extracted from them
.Sh SYNOPSIS
.In newsloom.h
.Pp
.Dl cc program.c $(pkg-config --cflags --libs newsloom)
.Sh DESCRIPTION
%s
%s
.Sh SEE ALSO
.Xr newsloom 1 ,
.Xr newsloom-broker 8
.Pp
Programs to begin with stand in the examples that are installed beside the documentation; the messages themselves in
the folder proto of the package's data.
"""


def plain(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def literal(text: str) -> str:
    return f".Bd -literal\n{plain(text)}\n.Ed"


def page(header: str) -> str:
    comment = re.search(r"/\*\n(.*?)\n \*/", header, re.DOTALL)[1]
    about = re.sub(r"^ \*[ ]?", "", comment, flags=re.MULTILINE).split("\n", 2)[2]
    body = header[header.index("/* ---- "):header.rindex("#ifdef __cplusplus")]
    parts = re.split(r"^/\* ---- (.*?) -*\s*\*/\n", body, flags=re.MULTILINE)[1:]
    sections = [f".Ss {title.strip().capitalize()}\n{literal(code.strip())}" for title, code in zip(parts[::2], parts[1::2])]
    return PAGE % (literal(about), "\n".join(sections))


if __name__ == "__main__":
    print(page(Path(sys.argv[1]).read_text(encoding="utf-8")), end="")
