# SPDX-License-Identifier: Apache-2.0
"""header.py: prints the header that is installed. It is client/newsloom.h, made to stand alone: status and
error, which are short within the project (common/status.h), carry the library's name there."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = """\
#if defined(__GNUC__)
#define NEWSLOOM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define NEWSLOOM_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- answers ------------------------------------------------------------------------------- */

/* What a fallible function answers, named after what its caller does next. */
enum newsloom_status {
%s
};

/* A function may be given NULL for it: the caller only wants the status. */
struct newsloom_error {
%s
};
"""


def renamed(text: str) -> str:
    text = text.replace("enum status", "enum newsloom_status").replace("struct error", "struct newsloom_error")
    text = re.sub(r"\bMUST_CHECK\b", "NEWSLOOM_MUST_CHECK", text)
    return re.sub(r"\bSTATUS_(?=OK|AGAIN|INVALID|LIMIT|NOT_FOUND|BROKEN)", "NEWSLOOM_STATUS_", text)


def public_header() -> str:
    status = (ROOT / "common" / "status.h").read_text(encoding="utf-8")
    header = (ROOT / "client" / "newsloom.h").read_text(encoding="utf-8")
    values = re.findall(r'^ +X\((\w+), "([^"]+)"\)', status, re.MULTILINE)
    fields = re.search(r"^struct error \{\n(.*?)\n\};", status, re.MULTILINE | re.DOTALL)
    if not values or not fields or header.count('#include "common/status.h"\n') != 1 or not header.endswith("\n#endif\n"):
        sys.exit("header.py: the headers are not as they were when this was written")
    answers = ANSWERS % ("\n".join(f"    STATUS_{name}, /* {text} */" for name, text in values), fields[1])
    header = header.replace('#include "common/status.h"\n', answers).replace("(common/status.h)", "(below)")
    return renamed(header.removesuffix("#endif\n") + "#ifdef __cplusplus\n}\n#endif\n\n#endif\n")


if __name__ == "__main__":
    print(public_header(), end="")
