#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compile worker/model/knowledge/*.tsv into C tables: one trie over folded syllables.

    compile_knowledge.py KNOWLEDGE_FOLDER OUT.c

Run by the build. A TSV begins with a comment that names its source; each row is a phrase, then the
columns its file has (FILES below). Phrases are split and folded as worker/extract/tokens.c does it, so
that they compare equal to the tokens of an article. The output is the same for the same files.
"""
import hashlib
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
    unknown = sorted(set(f for f in os.listdir(folder) if f.endswith(".tsv")) - set(FILES))
    if unknown:
        raise SystemExit(f"compile_knowledge.py: no category for {unknown}")
    return digest.digest(), entries, places


def build(entries):
    syllables = {s: i for i, s in enumerate(sorted({s for p in entries for s in p},
                                                   key=lambda s: s.encode()))}
    nodes = [{}]
    values = [{}]
    for phrase in sorted(entries, key=lambda p: [syllables[s] for s in p]):
        at = 0
        for syllable in phrase:
            if syllables[syllable] not in nodes[at]:
                nodes[at][syllables[syllable]] = len(nodes)
                nodes.append({})
                values.append({})
            at = nodes[at][syllables[syllable]]
        values[at] = entries[phrase]
    return syllables, nodes, values


def write(path, digest, places, trie):
    syllables, nodes, values = trie
    out = ["/* Generated from worker/model/knowledge by compile_knowledge.py; not to be edited. */",
           '#include "worker/extract/knowledge_tables.h"', ""]
    out.append("const char *const knowledge_syllables[] = {")
    out += [quote(s) + "," for s in sorted(syllables, key=lambda s: s.encode())]
    out.append("};")
    out.append(f"const uint32_t knowledge_syllable_count = {len(syllables)};")
    edges, node_rows, value_rows = [], [], []
    for node, value in zip(nodes, values):
        node_rows.append(f"{{{len(edges)}, {len(value_rows)}, {len(node)}, {len(value)}}},")
        edges += [f"{{{s}, {t}}}," for s, t in sorted(node.items())]
        value_rows += [f"{{CATEGORY_{c}, {v}}}," for c, v in sorted(value.items())]
    out += ["const struct knowledge_node knowledge_nodes[] = {", *node_rows, "};"]
    out += ["const struct knowledge_edge knowledge_edges[] = {", *edges, "};"]
    out += ["const struct knowledge_value knowledge_values[] = {", *value_rows, "};"]
    out += ["const struct place knowledge_places[] = {", *places, "};"]
    out.append("const uint8_t knowledge_source_digest[32] = {" +
               ", ".join(str(b) for b in digest) + "};")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    digest, entries, places = read(sys.argv[1])
    write(sys.argv[2], digest, places, build(entries))


if __name__ == "__main__":
    main()
