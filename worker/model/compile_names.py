#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compile what bodies are called by, body_rewrites.tsv, body_aliases.tsv and press_domains.tsv of a knowledge folder, and
the words with which lines begin and end, line_words.tsv, into C tables.

    compile_names.py KNOWLEDGE_FOLDER OUT.c

Run by the build. body_rewrites.tsv has a phrase and what it stands for inside any name; body_aliases.tsv a whole name
and the canonical name of the same body. Keys are made here as worker/extract/body_key.c makes them of a mention:
folded, without marks and without "và", abbreviations spelled out, the longest first.
"""
import os
import sys

sys.dont_write_bytecode = True  # nothing is written beside the sources
from compile_knowledge import key, quote, tokens  # noqa: E402

DROPPED = {"và"}


def words(phrase):
    return [t for t in tokens(phrase) if t not in DROPPED and any(c.isalnum() for c in t)]


def rows(folder, name):
    for number, line in enumerate(open(os.path.join(folder, name), encoding="utf-8"), 1):
        if line.strip() and not line.startswith("#"):
            row = line.rstrip("\n").split("\t")
            if len(row) != 2 or not all(row):
                raise SystemExit(f"{name}:{number}: not two columns")
            yield row


def rewrite(text, rewrites):
    """The words with every known phrase spelled out, the longest first."""
    found, at = [], 0
    while at < len(text):
        length = next((n for n in range(min(12, len(text) - at), 0, -1) if tuple(text[at:at + n]) in rewrites), 0)
        found += rewrites[tuple(text[at:at + length])][0] if length else [text[at]]
        at += length or 1
    return found


def read_rewrites(folder):
    rewrites = {}
    for phrase, canonical in rows(folder, "body_rewrites.tsv"):
        found = tuple(words(phrase))
        spelled = words(canonical)
        if rewrites.get(found, (spelled,))[0] != spelled:
            raise SystemExit(f"body_rewrites.tsv: {phrase} stands for two things")
        rewrites[found] = (spelled, canonical)
    return rewrites


def read_aliases(folder, rewrites):
    aliases = {}
    for alias, name in rows(folder, "body_aliases.tsv"):
        canonical = " ".join(rewrite(words(name), rewrites))
        for each in (alias, name):
            found = " ".join(rewrite(words(each), rewrites))
            if aliases.get(found, (canonical, name)) != (canonical, name):
                raise SystemExit(f"body_aliases.tsv: {each} is {aliases[found][1]} and {name}")
            aliases[found] = (canonical, name)
    return aliases


def read_line_words(folder):
    """[(word, five weights)], UNKNOWN where nothing is known."""
    found = []
    for number, line in enumerate(open(os.path.join(folder, "line_words.tsv"), encoding="utf-8"), 1):
        if line.startswith("#"):
            continue
        word, *weights = line.rstrip("\n").split("\t")
        if len(weights) != 5:
            raise SystemExit(f"line_words.tsv:{number}: not six columns")
        found.append((word, ["LINE_WORD_UNKNOWN" if weight == "-" else str(int(weight)) for weight in weights]))
    return sorted(found, key=lambda row: row[0].encode())


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    rewrites = read_rewrites(sys.argv[1])
    aliases = read_aliases(sys.argv[1], rewrites)
    out = ["/* Generated from worker/model/knowledge by compile_names.py; not to be edited. */",
           '#include "worker/extract/name_tables.h"', "",
           "const struct name_rewrite name_rewrites[] = {"]
    for found in sorted(rewrites, key=lambda f: (key(f[0]), -len(f), f)):
        spelled, text = rewrites[found]
        out.append(f"{{{key(found[0])}ULL, {quote(' '.join(found))}, {quote(' '.join(spelled))}, {quote(text)}, "
                   f"{len(found)}}},")
    out += ["};", f"const uint32_t name_rewrite_count = {len(rewrites)};", "const struct name_alias name_aliases[] = {"]
    for found in sorted(aliases, key=str.encode):
        out.append(f"{{{quote(found)}, {quote(aliases[found][0])}, {quote(aliases[found][1])}}},")
    domains = sorted(rows(sys.argv[1], "press_domains.tsv"))
    out += ["};", f"const uint32_t name_alias_count = {len(aliases)};", "const struct press_domain press_domains[] = {"]
    out += [f"{{{quote(domain)}, {quote(name)}}}," for domain, name in domains]
    out += ["};", f"const uint32_t press_domain_count = {len(domains)};"]
    line_words = read_line_words(sys.argv[1])
    out.append("const struct line_word line_words[] = {")
    out += [f"{{{quote(word)}, {{{', '.join(weights)}}}}}," for word, weights in line_words]
    out += ["};", f"const uint32_t line_word_count = {len(line_words)};"]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main()
