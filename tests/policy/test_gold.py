# SPDX-License-Identifier: Apache-2.0
"""The evaluation texts stay out of the project: no rule, test or sample may hold a sentence of them."""
import re
import unicodedata
from collections import Counter

import pytest

from policy.project import ROOT, text, tracked

GOLD = ROOT.parent / "shared" / "gold"
WIDTH = 8     # syllables of a run that is looked up
PHRASE = 11   # syllables in a row that two texts may share by speaking the same language of offices
NAME = 20     # the same in the lists of names: the penal code's own words for a crime are that long
COMMON = 3    # what as many documents share is a formula (an official name), not a sentence of one
WORD = re.compile(r"\w+")


def syllables(content):
    return WORD.findall(unicodedata.normalize("NFC", content).casefold())


def runs(words):
    return zip(*(words[i:] for i in range(WIDTH)))


def gold_runs():
    found = Counter()
    for path in sorted(GOLD.glob("*/*")):
        if path.suffix == ".ann":
            content = re.sub(r"\[[A-Z]+(?:=\S+)? ", "", path.read_text(encoding="utf-8")).replace("]", "")
            content = "\n".join(line[2:] for line in content.split("\n"))
        elif path.suffix == ".txt":
            content = path.read_text(encoding="utf-8")
        else:
            continue
        # A title stands several times on its page; what counts is in how many documents a run stands.
        for run in {hash(run) for line in content.split("\n") for run in runs(syllables(line))}:
            found[run] += 1
    return found


def longest_shared(words, gold):
    """The longest stretch of syllables that stands in the gold set, as words."""
    best, begin = [], None
    hits = [0 < gold[hash(run)] < COMMON for run in runs(words)] + [False]
    for i, hit in enumerate(hits):
        if hit and begin is None:
            begin = i
        elif not hit and begin is not None:
            stretch = words[begin:i - 1 + WIDTH]
            best, begin = max(best, stretch, key=len), None
    return best


def test_no_sentence_of_the_gold_set_is_in_the_project():
    if not GOLD.is_dir():
        pytest.skip(f"the gold set is not beside the project (there is no folder {'/'.join(GOLD.parts[-2:])})")
    gold = gold_runs()
    assert gold
    wrong = []
    for path in tracked():
        limit = NAME if path.parts[:3] == ("worker", "model", "knowledge") else PHRASE
        for number, line in enumerate(text(path).split("\n"), 1):
            shared = longest_shared(syllables(line), gold)
            if len(shared) > limit:
                wrong.append(f"{path}:{number}: {' '.join(shared)}")
    assert not wrong, "\n".join(wrong)
