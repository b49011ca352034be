# SPDX-License-Identifier: Apache-2.0
"""Writes a C file with the digest of the extractor's sources: digest_rules.py OUTPUT FILE…"""
import hashlib
import pathlib
import sys

digest = hashlib.blake2b(digest_size=32)
for name in sorted(sys.argv[2:], key=lambda path: pathlib.Path(path).name):
    path = pathlib.Path(name)
    digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
numbers = ", ".join(str(byte) for byte in digest.digest())
pathlib.Path(sys.argv[1]).write_text(
    "/* Made by worker/model/digest_rules.py. */\n"
    '#include "worker/extract/knowledge_tables.h"\n\n'
    f"const uint8_t rules_source_digest[32] = {{{numbers}}};\n", encoding="utf-8")
