#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Count with which words the lines of the corpus begin and end, for pages whose line breaks were lost.

    gather_line_words.py CORPUS_FOLDER OUT.tsv

A word that begins lines and hardly ever stands with a capital inside one tells where a line began; a word that ends
headlines and hardly ever stands before a capital tells where one ended. Writes line_words.tsv: the word in lower case,
and five weights, each ten times the logarithm of how much oftener it was the one than the other: beginning a line
before a word in lower case, before one with a capital, itself in capitals; ending a headline in lower case, with a
capital. Every tenth article is left out, so that tests/bench/sections.py can measure on it. The build never runs this;
run it by hand when the corpus has changed much.
"""
import math
import re
import sys
from collections import Counter
from pathlib import Path

MARK = re.compile(r"\[(?:PER|ORG|LOC|LAW|EVT|CRIME|DATE=\S+) ([^\[\]]+)\]")
LEAST = 3  # times a word was seen
HELD_BACK = 10  # every so manieth article is not counted
INSIDE_BEGINNING, INSIDE_ENDING = 0.6, 1.0  # what an unseen word was seen inside a line
SEEN = 0.3  # and at its edge


def read_articles(folder):
    for path in sorted(folder.glob("*.ann")):
        for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            lines = [line for line in block.split("\n") if line and not line.startswith("#")]
            if lines and lines[0].startswith("= "):
                yield [(line[0], MARK.sub(r"\1", line[2:])) for line in lines[1:]]


def first_letter(word):
    found = re.match(r"^[“\"‘'(\[-]*(\w)", word)
    return found.group(1) if found else ""


def is_capitals(word):
    letters = re.sub(r"\W|\d|_", "", word)
    return len(letters) >= 2 and letters.isupper()


def bare(word):
    return re.sub(r"^\W+|\W+$", "", word).lower()


def count(articles):
    begins, inside, ends, before = Counter(), Counter(), Counter(), Counter()
    for number, lines in enumerate(articles):
        if number % HELD_BACK == 0:
            continue
        for label, text in lines:
            words = text.split()
            for i, word in enumerate(words):
                has_capital = first_letter(word).isupper()
                if not has_capital:
                    continue
                follows = 2 if is_capitals(word) else int(i + 1 < len(words) and first_letter(words[i + 1]).isupper())
                if i == 0 or re.search(r"[.!?…][\"”)’]*$", words[i - 1]):
                    begins[bare(word), follows] += 1
                elif not re.search(r"[.!?…:;,][\"”)’]*$", words[i - 1]):
                    inside[bare(word), follows] += 1
                    before[bare(words[i - 1]), int(first_letter(words[i - 1]).isupper())] += 1
            if words and label == "T":
                ends[bare(words[-1]), int(first_letter(words[-1]).isupper())] += 1
    return begins, inside, ends, before


def weigh(word, edge, other, kinds, floor):
    return [round(10 * math.log((edge[word, kind] + SEEN) / (other[word, kind] + floor)))
            if edge[word, kind] + other[word, kind] >= LEAST else None for kind in kinds]


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    begins, inside, ends, before = count(read_articles(Path(sys.argv[1])))
    rows = []
    for word in sorted({word for word, _ in begins | inside | ends | before if re.fullmatch(r"[^\W\d_]+", word)}):
        weights = weigh(word, begins, inside, (0, 1, 2), INSIDE_BEGINNING) + weigh(word, ends, before, (0, 1), INSIDE_ENDING)
        if any(weight is not None for weight in weights):
            rows.append("\t".join([word] + ["-" if weight is None else str(weight) for weight in weights]))
    head = ("# words and how much oftener they begin or end a line than stand inside it; counted on worker/model/corpus\n"
            "# by gather_line_words.py\n")
    Path(sys.argv[2]).write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
