#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compile worker/model/knowledge/*.tsv into C tables: one automaton over folded syllables.

    compile_knowledge.py KNOWLEDGE_FOLDER OUT.c

Run by the build. A TSV begins with a comment that names its source; each row is a phrase, then the
columns its file has (FILES below). Phrases are split and folded as worker/extract/tokens.c does it, so
that they compare equal to the tokens of an article. The output is the same for the same files.
"""
import hashlib
import itertools
import os
import re
import sys
import unicodedata

# file -> (category, class prefix or None). Place files have their own columns.
FILES = {
    "territories.tsv": ("PLACE", None), "subdivisions.tsv": ("PLACE", None),
    "zone_cities.tsv": ("PLACE", None), "cities.tsv": ("PLACE", None),
    "districts.tsv": ("PLACE", None), "regions.tsv": ("PLACE", None),
    "countries.tsv": ("PLACE", None), "provinces.tsv": ("PLACE", None),
    "family_names.tsv": ("FAMILY", None), "given_names.tsv": ("GIVEN", None),
    "ranks.tsv": ("RANK", None), "honorifics.tsv": ("HONORIFIC", "HONORIFIC"),
    "positions.tsv": ("POSITION", None), "place_heads.tsv": ("PLACE_HEAD", "PLACE_HEAD"),
    "address_cues.tsv": ("ADDRESS_CUE", None), "body_heads.tsv": ("BODY_HEAD", "BODY_HEAD"),
    "bodies.tsv": ("BODY", "BODY"), "body_words.tsv": ("BODY_WORD", None),
    "ministries.tsv": ("MINISTRY", None), "law_heads.tsv": ("LAW_HEAD", None),
    "laws.tsv": ("LAW", None), "event_heads.tsv": ("EVENT_HEAD", None),
    "events.tsv": ("EVENT_NAME", None), "crimes.tsv": ("CRIME", None),
    "crime_tails.tsv": ("CRIME_TAIL", None), "stop_words.tsv": ("STOP", None),
    "person_verbs.tsv": ("PERSON_VERB", None), "acronyms.tsv": ("ACRONYM", None),
    "compounds.tsv": ("COMPOUND", None),
    "triggers.tsv": ("TRIGGER", "TRIGGER"), "modality.tsv": ("MODALITY", "MODALITY"),
}
NAME_FILES = ["body_aliases.tsv", "body_rewrites.tsv", "line_words.tsv", "press_domains.tsv"]  # compile_names.py reads them
# Later files win where two name the same phrase.
ORDER = list(FILES)

VOWELS = ["aàáảãạ", "ăằắẳẵặ", "âầấẩẫậ", "eèéẻẽẹ", "êềếểễệ", "iìíỉĩị", "oòóỏõọ", "ôồốổỗộ", "ơờớởỡợ",
          "uùúủũụ", "ưừứửữự", "yỳýỷỹỵ"]
VOWEL = {c: (row[0], tone) for row in VOWELS for tone, c in enumerate(row)}
ROW = {row[0]: row for row in VOWELS}
DASHES = dict.fromkeys(map(ord, "–—−"), "-") | dict.fromkeys(map(ord, "“”„"), '"')


def fold(syllable):
    text = list(unicodedata.normalize("NFC", syllable).lower())
    for i in range(len(text) - 1):
        if text[i] not in VOWEL or text[i + 1] not in VOWEL:
            continue
        (a, a_tone), (b, b_tone) = VOWEL[text[i]], VOWEL[text[i + 1]]
        pair = (a == "o" and b in "ae") or (a == "u" and b == "y" and (i == 0 or text[i - 1] != "q"))
        if not pair or (a_tone != 0) == (b_tone != 0):
            continue
        tone, is_open = a_tone + b_tone, i + 2 == len(text)
        text[i], text[i + 1] = ROW[a][tone if is_open else 0], ROW[b][0 if is_open else tone]
        break
    return "".join(text)


MULTIPLIER = 0x9E3779B97F4A7C15  # of the hash in worker/extract/knowledge.c

TOKEN = re.compile(r"[^\W\d_]+\d*|\d+(?:[.,]\d+)*|\S")


def tokens(phrase):
    phrase = unicodedata.normalize("NFC", phrase).translate(DASHES)
    found = []
    for token in TOKEN.findall(phrase):
        match = re.fullmatch(r"([^\W\d_]+)(\d+)", token)
        if match and not token[0].isupper():  # only a capital takes digits along
            found += [fold(match.group(1)), match.group(2)]
        else:
            found.append(fold(token))
    return tuple(found)


def quote(text):
    return '"' + "".join(c if 32 <= ord(c) < 127 and c not in '"\\' else
                         "".join(f"\\{b:03o}" for b in c.encode()) for c in text) + '"'


def read(folder):
    digest = hashlib.blake2b(digest_size=32)
    entries, places = {}, []
    for name in ORDER:
        category, prefix = FILES[name]
        data = open(os.path.join(folder, name), "rb").read()
        digest.update(name.encode() + b"\0" + data + b"\0")
        for line in data.decode().splitlines():
            if not line or line.startswith("#"):
                continue
            row = line.split("\t")
            phrase = tokens(row[0])
            if category == "PLACE":
                kind = "PLACE_" + row[2].upper()
                value = str(len(places))
                places.append(f"{{{quote(row[1])}, {quote(row[3])}, {quote(row[4])}, "
                              f"{quote(row[5])}, {quote(row[6])}, {kind}}},")
            elif category == "TRIGGER":
                value = f"TRIGGER_{row[1].upper()}"
                value += f" | TRIGGER_{row[2].upper()}" if len(row) > 2 and row[2] else ""
            elif prefix:
                value = f"{prefix}_{row[1].upper()}"
            else:
                value = "0"
            entries.setdefault(phrase, {})[category] = value
    for name in NAME_FILES:
        digest.update(name.encode() + b"\0" + open(os.path.join(folder, name), "rb").read() + b"\0")
    unknown = sorted(set(f for f in os.listdir(folder) if f.endswith(".tsv")) - set(FILES) - set(NAME_FILES))
    if unknown:
        raise SystemExit(f"compile_knowledge.py: no category for {unknown}")
    return digest.digest(), entries, places


def key(syllable):
    """The first eight bytes as one number, as worker/extract/words.h makes it of a token."""
    return int.from_bytes(syllable.encode()[:8], "little")


def number(entries):
    """Syllable -> its number, from 1, by bytes."""
    return {s: i for i, s in enumerate(sorted({s for p in entries for s in p}, key=str.encode), 1)}


def hash_slots(numbers):
    """Open addressing by key: slot -> number, 0 when free."""
    bits = (len(numbers) * 2 - 1).bit_length()
    slots = [0] * (1 << bits)
    for syllable, value in numbers.items():
        at = key(syllable) * MULTIPLIER % (1 << 64) >> (64 - bits)
        while slots[at]:
            at = (at + 1) % len(slots)
        slots[at] = value
    return bits, slots


def build(entries, numbers):
    """The trie: nodes of (children by number, values of the phrase that ends here)."""
    nodes = [({}, {})]
    for phrase in sorted(entries, key=lambda p: [numbers[s] for s in p]):
        at = 0
        for syllable in phrase:
            child = nodes[at][0].setdefault(numbers[syllable], len(nodes))
            if child == len(nodes):
                nodes.append(({}, {}))
            at = child
        nodes[at][1].update(entries[phrase])
    return nodes


class States:
    """The trie as a double array: from a state by a number one comes to the state base + number, if that
    one says it came from there. A state knows the longest phrase of each category that led to it."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.base, self.origin, self.found = {}, {0: None}, {0: {}}
        self.lowest = 1  # every state below is taken
        self.place(0, 0, 1)

    def place(self, state, node, length):
        children = self.nodes[node][0]
        if not children:
            return
        least = min(children)
        self.base[state] = base = next(
            spot - least for spot in itertools.count(max(self.lowest, least))
            if all(spot - least + child not in self.origin for child in children))
        self.origin.update((base + child, state) for child in children)
        while self.lowest in self.origin:
            self.lowest += 1
        for child, below in children.items():
            values = {c: (length, v) for c, v in self.nodes[below][1].items()}
            self.found[base + child] = self.found[state] | values
            self.place(base + child, below, length + 1)

    def rows(self):
        """The states and the matches that they point to, as C."""
        states, matches, first = [], [], {}
        for at in range(max(self.origin) + 1):
            if at not in self.origin:
                states.append("{0, UINT32_MAX, 0, 0, 0},")
                continue
            found = sorted(self.found[at].items())
            row = tuple(f"{{CATEGORY_{c}, {length}, {v}}}," for c, (length, v) in found)
            if row not in first:
                first[row] = len(matches)
                matches += row
            mask = " | ".join(f"1U << CATEGORY_{c}" for c, _ in found) or "0"
            origin = "UINT32_MAX" if at == 0 else self.origin[at]
            states.append(f"{{{self.base.get(at, 'UINT32_MAX')}, {origin}, {mask}, {first[row]}, {len(row)}}},")
        return states, matches


def write(path, digest, places, entries):
    numbers = number(entries)
    bits, slots = hash_slots(numbers)
    states, matches = States(build(entries, numbers)).rows()
    if max(len(numbers), len(matches)) >= 1 << 16:
        raise SystemExit("compile_knowledge.py: more syllables or matches than two bytes count")
    out = ["/* Generated from worker/model/knowledge by compile_knowledge.py; not to be edited. */",
           '#include "worker/extract/knowledge_tables.h"', ""]
    out += ["const char *const knowledge_syllables[] = {", '"",', *(quote(s) + "," for s in numbers), "};"]
    out += ["const uint64_t knowledge_keys[] = {", "0,", *(f"{key(s)}ULL," for s in numbers), "};"]
    out.append(f"const uint32_t knowledge_syllable_count = {len(numbers)};")
    out.append(f"const unsigned knowledge_slot_bits = {bits};")
    out += ["const uint16_t knowledge_slots[] = {", *(f"{slot}," for slot in slots), "};"]
    out += ["const struct knowledge_state knowledge_states[] = {", *states, "};"]
    out.append(f"const uint32_t knowledge_state_count = {len(states)};")
    out += ["const struct phrase_match knowledge_matches[] = {", *matches, "};"]
    out += ["const struct place knowledge_places[] = {", *places, "};"]
    out.append("const uint8_t knowledge_source_digest[32] = {" +
               ", ".join(str(b) for b in digest) + "};")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    digest, entries, places = read(sys.argv[1])
    write(sys.argv[2], digest, places, entries)


if __name__ == "__main__":
    main()
