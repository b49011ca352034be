#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Check the training corpus and count it.

    check_corpus.py [--gold FOLDER] FILE|FOLDER…

Errors are what the trainer cannot learn from or must not see: a line out of form, a mark that is not flat, a
date that does not exist, a person's name marked here and bare there, a sentence that stands twice, a stretch of
the evaluation texts. Warnings are what is likely wrong; a person decides. Exit status: 0 no error, 1 errors,
2 wrong usage. Evaluation texts are looked up in --gold, by default in the folder gold of the folder shared
beside this project, and not at all where that is missing.

A file holds articles; an empty line ends one:

    = 2019-05-14 paper.example          publication date (or ?), source
    T|headline   M|by-line or date line   B|paragraph   C|caption   R|junk, never marked
    marks: [PER …] [ORG …] [LOC …] [DATE=2019-05-12 12/5] [LAW …] [EVT …] [CRIME …], flat
"""
import datetime
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

LABELS = "TMBCR"
TYPES = ("PER", "ORG", "LOC", "DATE", "LAW", "EVT", "CRIME")
MARK = re.compile(r"\[(PER|ORG|LOC|LAW|EVT|CRIME|DATE=\S+) ([^\[\]]+)\]")
HEADER = re.compile(r"= (\?|\d{4}-\d\d-\d\d) (\S+)$")
WORD = re.compile(r"\w+")
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(-]*[^\W\d_a-zà-ỹ])")
POINT = r"\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d)?)?)?"
VALUE = re.compile(rf"\?$|({POINT})(?:/({POINT}))?$")
EDGE = " \t,;:.!?\"“”‘()"
MAY_END_WITH_DOT = re.compile(r"(\b\w{1,3}\.|…)$")
GOLD = Path(__file__).resolve().parents[2].parent / "shared" / "gold"
GOLD_RUN = 8      # syllables of a run that is looked up
GOLD_PHRASE = 11  # syllables in a row that two texts may share by speaking the same language of offices
COMMON = 3        # what as many gold documents share is a formula
LONG_RUN = 14     # two articles that share so many syllables in a row are suspicious
WHOLE = 12        # a sentence of so many syllables that stands in two articles is copied
SKELETON = 7      # words of a sentence without its names that make a template


class Article:
    def __init__(self, path, number, published, source):
        self.place = f"{path}:{number}"
        self.published, self.source = published, source
        self.lines = []  # (number, label, plain text, [(start, end, type, value)])


class Report:
    def __init__(self):
        self.errors, self.warnings = [], []

    def error(self, place, text):
        self.errors.append(f"{place}: error: {text}")

    def warn(self, place, text):
        self.warnings.append(f"{place}: warning: {text}")


def parse_line(text, place, report):
    """The plain text and its marks."""
    plain, marks, at = "", [], 0
    for match in MARK.finditer(text):
        plain += text[at:match.start()]
        kind, _, value = match.group(1).partition("=")
        marks.append((len(plain), len(plain) + len(match.group(2)), kind, value))
        plain += match.group(2)
        at = match.end()
    plain += text[at:]
    for bracket in re.finditer(r"[\[\]]", plain):
        report.error(place, f"a bracket that is no flat mark near “{plain[max(0, bracket.start() - 15):bracket.start() + 25]}”")
    return plain, marks


def read(path, report):
    articles, article, seen_header = [], None, False
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        place = f"{path}:{number}"
        if number == 1:
            if line != "# SPDX-License-Identifier: Apache-2.0":
                report.error(place, "the first line is the SPDX line")
            continue
        if not line.strip():
            article = None
            continue
        if line.startswith("="):
            match = HEADER.match(line)
            if not match:
                report.error(place, "a header is “= DATE SOURCE” with an ISO date or ?")
                continue
            article = Article(path, number, match.group(1), match.group(2))
            articles.append(article)
            if match.group(1) != "?" and not exists(match.group(1)):
                report.error(place, f"{match.group(1)} is no day")
            continue
        if len(line) < 3 or line[0] not in LABELS or line[1] != "|":
            report.error(place, f"a line begins with one of {', '.join(LABELS)} and |, has text, and follows a header")
            continue
        if article is None:
            report.error(place, "a line outside of an article: the header is missing, or an empty line stands before")
            continue
        plain, marks = parse_line(line[2:], place, report)
        article.lines.append((number, line[0], plain, marks))
        check_line(path, article.lines[-1], report)
    return articles


def exists(point):
    year, month, day = (list(map(int, point[:10].split("-"))) + [1, 1])[:3]
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return 1000 <= year <= 2100 and ("T" not in point or point[11:13] < "24" and point[14:] < "60")


def check_date(place, text, value, report):
    match = VALUE.match(value)
    if not match or any(point and not exists(point) for point in match.groups()):
        report.error(place, f"DATE={value} is no ISO date or interval")
        return
    first, last = match.groups()
    if last and first[:len(last)] > last[:len(first)]:
        report.error(place, f"DATE={value} ends before it begins")
    years = re.findall(r"(?<![\d/.-])(?:\d\d?[/.-]){0,2}((?:1[0-9]|20)\d\d)(?!\d)", text)
    for year in years:
        spoken = range(int(first[:4]), int((last or first)[:4]) + 1) if first else ()
        if first and int(year) not in spoken:
            report.error(place, f"DATE={value} does not hold the year of “{text}”")
    days = re.findall(r"(?<!\d)(\d\d?)\s?[/.-]\s?(\d\d?)(?=[/.-]\s?\d{4}|\D|$)", text)
    if first and not last and len(first) >= 10 and len(days) == 1:
        day, month = map(int, days[0])
        if (month, day) != (int(first[5:7]), int(first[8:10])) and "âm lịch" not in text and month <= 12:
            report.error(place, f"DATE={value} is another day than “{text}”")
    if not re.search(r"\d", text):
        report.warn(place, f"“{text}” is a DATE without a figure")


def check_line(path, line, report):
    number, label, plain, marks = line
    place = f"{path}:{number}"
    if "\t" in plain or "\ufffd" in plain:
        report.error(place, "holds a tab or a replacement character")
    if label == "R" and marks:
        report.error(place, "junk carries no marks")
    for start, end, kind, value in marks:
        text = plain[start:end]
        if text[0] in EDGE or text[0] in "-–" or (text[-1] in EDGE + "-–" and not
                                                   (text[-1] == "." and MAY_END_WITH_DOT.search(text)) and not
                                                   (text[-1] == ")" and "(" in text)):
            report.error(place, f"“{text}” begins or ends with a space or a punctuation mark")
        if start and plain[start - 1].isalnum() and text[0].isalnum():
            report.error(place, f"the mark “{text}” begins inside a word")
        if end < len(plain) and plain[end].isalpha() and text[-1].isalpha():
            report.error(place, f"the mark “{text}” ends inside a word")
        if kind == "DATE":
            check_date(place, text, value, report)
        if kind == "PER" and re.search(r"\d", text):
            report.error(place, f"“{text}” is a PER with a figure")
        if kind == "PER" and not re.search(r"[^\W\d_]", text):
            report.error(place, f"“{text}” is a PER without a letter")
        if kind == "PER" and re.match(r"(?i)(ông|bà|anh|chị|ngài|bị cáo|đại tá|thượng tá|trung tá|thiếu tá|đại úy|thượng úy|"
                                      r"trung úy|thiếu tướng|trung tướng|thượng tướng|đại tướng|bác sĩ|luật sư) \S", text):
            report.warn(place, f"the title of “{text}” stays outside")


def words_of(text):
    return WORD.findall(unicodedata.normalize("NFC", text).casefold())


def check_composed(articles, report):
    """An article is composed throughout, or decomposed throughout on purpose."""
    for article in articles:
        text = "\n".join(line[2] for line in article.lines)
        marks = sum(unicodedata.combining(c) > 0 for c in text)
        composed = sum(unicodedata.normalize("NFC", c) != unicodedata.normalize("NFD", c) for c in text)
        if marks and composed > 3 * marks:
            for number, _, plain, _ in article.lines:
                if any(unicodedata.combining(c) for c in plain):
                    report.warn(f"{article.place.rsplit(':', 1)[0]}:{number}", "mixes composed and decomposed letters")


def check_consistency(article, report):
    """A name marked in an article stands bare elsewhere in it; one string with two types."""
    path = article.place.rsplit(":", 1)[0]
    types = defaultdict(set)
    for number, _, plain, marks in article.lines:
        for start, end, kind, _ in marks:
            if kind != "DATE":
                types[plain[start:end]].add(kind)
    for text, kinds in types.items():
        if len(kinds) > 1:
            report.warn(article.place, f"“{text}” is {' and '.join(sorted(kinds))} in one article")
    for text, kinds in types.items():
        if len(WORD.findall(text)) < 2 or (text == text.lower() and "CRIME" not in kinds):
            continue
        pattern = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        for number, label, plain, marks in article.lines:
            for match in pattern.finditer(plain) if label != "R" else ():
                if any(start < match.end() and match.start() < end for start, end, _, _ in marks):
                    continue
                say = report.error if kinds == {"PER"} else report.warn
                say(f"{path}:{number}", f"“{text}” is a {'/'.join(sorted(kinds))} of this article, but bare here")


def sentences_of(article):
    for number, label, plain, marks in article.lines:
        if label == "R":
            continue
        at = 0
        for piece in SENTENCE_END.split(plain):
            start = plain.find(piece, at)
            at = start + len(piece)
            yield number, label, start, piece, [m for m in marks if start <= m[0] < at]


def skeleton_of(start, piece, marks):
    """The sentence with its names and numbers blanked."""
    text, at = "", 0
    for first, last, kind, _ in marks:
        text += piece[at:first - start] + f" {kind} "
        at = last - start
    words = words_of(text + piece[at:])
    return tuple("0" if word.isdigit() else word for word in words)


def check_copies(articles, report):
    whole, shapes, runs = {}, {}, {}
    for article in articles:
        path = article.place.rsplit(":", 1)[0]
        for number, _, start, piece, marks in sentences_of(article):
            place, words = f"{path}:{number}", tuple(words_of(piece))
            other = whole.setdefault(words, (article, place))
            if other[0] is not article and len(words) >= WHOLE:
                report.error(place, f"the sentence “{piece[:60]}…” stands at {other[1]} too")
                continue
            shape = skeleton_of(start, piece, marks)
            bare = sum(word.upper() not in TYPES and word != "0" for word in shape)
            other = shapes.setdefault(shape, (article, place))
            if other[0] is not article and bare >= SKELETON and marks:
                report.warn(place, f"“{piece[:60]}…” is made from one template with {other[1]}")
                continue
            for run in zip(*(words[i:] for i in range(LONG_RUN))):
                other = runs.setdefault(run, (article, place))
                if other[0] is not article:
                    report.warn(place, f"shares “{' '.join(run)}” with {other[1]}")
                    break


def gold_runs(folder):
    found = Counter()
    for path in sorted(folder.glob("*/*")):
        if path.suffix not in (".ann", ".txt"):
            continue
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".ann":
            content = re.sub(r"\[[A-Z]+(?:=\S+)? ", "", content).replace("]", "")
            content = "\n".join(line[2:] for line in content.split("\n"))
        lines = (words_of(line) for line in content.split("\n"))
        for run in {run for words in lines for run in zip(*(words[i:] for i in range(GOLD_RUN)))}:
            found[run] += 1
    return found


def check_gold(articles, folder, report):
    if not folder.is_dir():
        return
    gold = gold_runs(folder)
    for article in articles:
        path = article.place.rsplit(":", 1)[0]
        for number, _, plain, _ in article.lines:
            words, length = words_of(plain), 0
            for at, run in enumerate(zip(*(words[i:] for i in range(GOLD_RUN)))):
                length = length + 1 if 0 < gold[run] < COMMON else 0
                shared = length + GOLD_RUN - 1 if length else 0
                if shared == GOLD_PHRASE + 1:
                    report.error(f"{path}:{number}", "shares with the evaluation texts: "
                                 f"“{' '.join(words[at + GOLD_RUN - shared:at + GOLD_RUN])}”")


def count(articles):
    sentences = sum(1 for article in articles for _ in sentences_of(article))
    tokens = sum(len(re.findall(r"\w+|[^\w\s]", line[2])) for article in articles for line in article.lines)
    kinds = Counter(mark[2] for article in articles for line in article.lines for mark in line[3])
    print(f"{len(articles)} articles, {sentences} sentences, {tokens} tokens, "
          f"{sum(kinds.values())} mentions: " + ", ".join(f"{kinds[kind]} {kind}" for kind in TYPES))


def main(arguments):
    gold = GOLD
    if len(arguments) > 1 and arguments[0] == "--gold":
        gold, arguments = Path(arguments[1]), arguments[2:]
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    paths = [path for name in map(Path, arguments)
             for path in (sorted(name.glob("*.ann")) if name.is_dir() else [name])]
    report, articles = Report(), []
    for path in paths:
        articles += read(path, report)
    for article in articles:
        if not any(label != "R" for _, label, _, _ in article.lines):
            report.error(article.place, "an article without text")
        check_consistency(article, report)
    check_composed(articles, report)
    check_copies(articles, report)
    check_gold(articles, gold, report)
    print("\n".join(report.warnings + report.errors) or "nothing to say")
    count(articles)
    print(f"{len(report.errors)} errors, {len(report.warnings)} warnings")
    return 1 if report.errors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
