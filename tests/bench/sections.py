#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How well the lines of a page are told apart, measured on the annotated articles of the corpus.

    sections.py [--errors] [--folder FOLDER] EXTRACT

EXTRACT is a newsloom-extract. Every article of the corpus (worker/model/corpus, or FOLDER with *.ann of the same
form) is read four times without its labels and marks: line by line, with a fetch date a day after publication;
the same with nothing known; with what a site puts around an article (menus, forms, counters, teasers made of the
next articles of the corpus); and all its lines joined into one. Prints which section each label was given, what
share of the mentions lies in junk, how often publication date and title were found and how often wrong.
--errors adds every line that was judged wrong. Exit status: 0, 2 wrong usage.
"""
import argparse
import datetime
import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(r"\[(?:PER|ORG|LOC|LAW|EVT|CRIME|DATE=\S+) ([^\[\]]+)\]")
HELD_BACK = 10  # as in worker/model/gather_line_words.py
KINDS = ("title", "lead", "metadata", "body", "caption", "junk")
FITS = {"T": ("title", "lead"), "M": ("metadata",), "B": ("body", "lead"), "C": ("caption",), "R": ("junk",)}


def read_articles(folder):
    """[(published or None, [(label, plain text)])] in the order of files."""
    articles = []
    for path in sorted(folder.glob("*.ann")):
        for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            lines = [line for line in block.split("\n") if line and not line.startswith("#")]
            if not lines or not lines[0].startswith("= "):
                continue
            date = lines[0].split()[1]
            articles.append((None if date == "?" else date, [(line[0], MARK.sub(r"\1", line[2:])) for line in lines[1:]]))
    return articles


ABOVE = (("Trang chủ", "Thời sự", "Thế giới", "Kinh tế", "Pháp luật", "Thể thao", "Đời sống"),
         ("Đăng nhập", "Đặt báo", "Hà Nội 27°C", "TIN MỚI", "Trang chủ › Pháp luật › Hồ sơ vụ án"),
         ("Bỏ qua để đến nội dung", "Menu", "Tìm kiếm"), ())
MIDDLE = ("Tin liên quan", "Đọc thêm", "Xem thêm:", "Có thể bạn quan tâm")
HEADS = ("Tin liên quan", "TIN CÙNG CHUYÊN MỤC", "Có thể bạn quan tâm", "Các tin khác", "Đọc nhiều", "Xem thêm")
BELOW = (("Ý kiến bạn đọc", "Họ và tên", "Email", "Nội dung bình luận", "Gửi"),
         ("Chia sẻ", "Facebook", "Zalo", "Bản in", "Lên đầu trang"),
         ("Thống kê truy cập", "Đang truy cập: 12", "Hôm nay: 3.401", "Tổng lượt truy cập: 8.114.020"),
         ("Tòa soạn: số 1 đường Ven Sông, thành phố bên biển", "Điện thoại: 0000 000 000", "Email: toasoan@bao.example",
          "Giấy phép số 1/GP-BTTTT", "Bản quyền thuộc về tòa soạn. Ghi rõ nguồn khi phát hành lại thông tin từ trang này."))


def teaser(chance, style, article):
    """The lines by which a site points to another article: style 0 headline, 1 with time, 2 with lead, 3 all of it twice."""
    date, lines = article
    title = next((plain for label, plain in lines if label == "T"), "Bản tin trong ngày")
    lead = next((plain for label, plain in lines if label == "B"), "")
    clock = f"{chance.randrange(5, 23):02}:{chance.randrange(60):02} {'/'.join(reversed((date or '2020-01-02').split('-')))}"
    return ([title], [title, clock], [title, clock, lead], [title, title, lead, title])[style]


def framed(chance, articles, number):
    """The lines of an article with a site around them; what the site adds has the label R."""
    others = [articles[(number + step) % len(articles)] for step in range(1, 12)]
    date, lines = articles[number]
    style = chance.randrange(4)
    below = [chance.choice(HEADS)] + [line for other in others[:chance.randrange(2, 8)] for line in teaser(chance, style, other)]
    below += chance.choice(BELOW) + chance.choice(BELOW)
    page = [("R", line) for line in chance.choice(ABOVE)]
    inside = [index for index in range(2, len(lines)) if lines[index - 1][0] == "B" and lines[index][0] == "B"]
    box = chance.choice(inside) if inside and chance.random() < 0.3 else None
    for index, line in enumerate(lines):
        if index == box:
            page += [("R", chance.choice(MIDDLE)), ("R", teaser(chance, 0, others[8])[0]), ("R", teaser(chance, 0, others[9])[0])]
        page.append(line)
    return date, page + [("R", line) for line in below]


READERS = ("Bài viết hay quá, tôi đọc đi đọc lại mấy lần vẫn thấy thương bà con mình. Mong cơ quan chức năng sớm vào cuộc.",
           "Đồng ý với bạn. Chỗ tôi ở cũng thế, phản ánh nhiều lần mà chưa thấy ai trả lời cho rõ ràng.",
           "Theo tôi nên làm gấp, để lâu thêm tốn kém mà người dân thì vẫn khổ như cũ thôi các bác ạ.")
UNKNOWN_HEADS = ("Đừng bỏ lỡ", "Cùng chủ đề", "MỚI CẬP NHẬT", "Bạn đọc quan tâm", "Trong số báo này", "")


def roughly_framed(chance, articles, number):
    """The same as framed(), with what is harder: the site's own news with leads above the article, lists below it without
    a head that the tables know, readers' opinions in prose, and a paragraph about the office."""
    others = [articles[(number + step) % len(articles)] for step in range(20, 34)]
    date, lines = articles[number]
    style = chance.randrange(4)
    above = list(chance.choice(ABOVE))
    if chance.random() < 0.5:
        above += [line for other in others[:chance.randrange(1, 4)] for line in teaser(chance, chance.randrange(3), other)]
    below = [line for line in (chance.choice(UNKNOWN_HEADS),) if line]
    below += [line for other in others[4:4 + chance.randrange(2, 9)] for line in teaser(chance, style, other)]
    if chance.random() < 0.5:
        opinions = []
        for reader in chance.sample(READERS, chance.randrange(1, 4)):
            opinions += [chance.choice(("Nguyễn Văn A", "minhhai88", "Bạn đọc Lan")), reader, "Trả lời", "Thích"]
        below = opinions + below if chance.random() < 0.5 else below + ["Bình luận (3)"] + opinions
    below += chance.choice(BELOW)
    return date, [("R", line) for line in above] + list(lines) + [("R", line) for line in below]


def extract(program, articles, joint, knows_fetched):
    """(text, [(label, start, end)], answer) for each article."""
    inputs, places = [], []
    for number, (date, lines) in enumerate(articles):
        text, spans = "", []
        for label, plain in lines:
            spans.append((label, len(text), len(text) + len(plain)))
            text += plain + joint
        entry = {"file": str(number), "text": text}
        if date and knows_fetched:
            day = datetime.date.fromisoformat(date) + datetime.timedelta(days=1)
            entry["fetched"] = f"{day}T00:00:00+07:00"
        inputs.append(json.dumps(entry, ensure_ascii=False))
        places.append((text, spans))
    done = subprocess.run([program, "--format", "json", "-"], input="\n".join(inputs) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    answers = {answer["file"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    names = sorted(answers, key=lambda name: int(re.sub(r"\D", "", name) or 0))
    if len(names) != len(places):
        sys.exit(f"{program} answered {len(names)} of {len(places)} articles")
    return [(text, spans, answers[name]) for (text, spans), name in zip(places, names)]


def kind_of(answer, start, end):
    """The section that most of these characters lie in."""
    shares = Counter()
    for section in answer["sections"]:
        shares[section["kind"]] += max(0, min(end, section["end"]) - max(start, section["start"]))
    return shares.most_common(1)[0][0] if shares else "junk"


def count_lines(results, errors):
    table = Counter()
    for text, spans, answer in results:
        for label, start, end in spans:
            kind = kind_of(answer, start, end)
            table[label, kind] += 1
            if errors and kind not in FITS[label]:
                print(f"{label} as {kind:8} {answer['file']:>5} | {text[start:end][:150]}")
    return table


def count_syllables(results):
    table = Counter()
    for text, spans, answer in results:
        for label, start, end in spans:
            for word in re.finditer(r"\S+", text[start:end]):
                table[label, kind_of(answer, start + word.start(), start + word.end())] += 1
    return table


def print_table(title, table):
    print(f"\n{title}\n{'':10}" + "".join(f"{kind:>10}" for kind in KINDS) + f"{'all':>10}{'right':>8}")
    for label in "TMBCR":
        row = [table[label, kind] for kind in KINDS]
        right = sum(table[label, kind] for kind in FITS[label])
        print(f"{label:10}" + "".join(f"{count:10}" for count in row) + f"{sum(row):10}{right / max(1, sum(row)):8.3f}")
    kept = sum(table["B", kind] for kind in KINDS if kind != "junk")
    body = sum(table["B", kind] for kind in KINDS)
    junk = sum(table[label, "junk"] for label in "TMBCR")
    print(f"body kept {kept / body:.4f}   junk precision {table['R', 'junk'] / max(1, junk):.3f}")


def print_leak(name, results):
    leaked = lost = total = 0
    for _, spans, answer in results:
        for mention in answer["mentions"]:
            label = next((label for label, start, end in spans if start <= mention["start"] < end), "R")
            total += 1
            leaked += label == "R"
    print(f"mentions out of junk, {name}: {leaked / total:.4f} ({leaked} of {total})")


def print_dates(name, articles, results, errors):
    right = wrong = known = 0
    for (date, _), (_, _, answer) in zip(articles, results):
        found = (answer["published"] or "")[:10]
        known += date is not None
        right += bool(found) and found == date
        wrong += bool(found) and date is not None and found != date
        if errors and found and date and found != date:
            print(f"date {found} is {date} {answer['file']:>5}")
    print(f"publication date, {name}: right {right / known:.3f}, wrong {wrong / known:.3f}, "
          f"not found {(known - right - wrong) / known:.3f} ({known} articles)")


def print_titles(name, results, errors):
    right = wrong = known = 0
    for text, spans, answer in results:
        titles = [text[start:end].strip() for label, start, end in spans if label == "T"]
        if not titles:
            continue
        known += 1
        found = (answer["title"] or "").strip()
        right += found in titles
        wrong += bool(found) and found not in titles
        if errors and found and found not in titles:
            print(f"title {found[:60]!r} is {titles[0][:60]!r}")
    print(f"title, {name}: right {right / known:.3f}, wrong {wrong / known:.3f} ({known} articles)")


def main():
    parser = argparse.ArgumentParser(description="measures sections, publication date and title on the corpus")
    parser.add_argument("extract", metavar="EXTRACT")
    parser.add_argument("--folder", type=Path, default=ROOT / "worker" / "model" / "corpus")
    parser.add_argument("--errors", action="store_true")
    options = parser.parse_args()
    articles = read_articles(options.folder)
    print(f"{len(articles)} articles, {sum(len(lines) for _, lines in articles)} lines")
    lines = extract(options.extract, articles, "\n", True)
    print_table("lines", count_lines(lines, options.errors))
    print_leak("lines", lines)
    print_dates("fetched a day later", articles, lines, options.errors)
    print_titles("lines", lines, options.errors)
    print_dates("nothing known", articles, extract(options.extract, articles, "\n", False), options.errors)
    chance = random.Random(1)
    framed_articles = [framed(chance, articles, number) for number in range(len(articles))]
    pages = extract(options.extract, framed_articles, "\n", True)
    print_table("lines, with what a site adds", count_lines(pages, options.errors))
    print_leak("with what a site adds", pages)
    print_dates("with what a site adds, fetched a day later", articles, pages, options.errors)
    print_titles("with what a site adds", pages, options.errors)
    chance = random.Random(2)
    rough = extract(options.extract, [roughly_framed(chance, articles, number) for number in range(len(articles))], "\n", True)
    print_table("lines, roughly framed", count_lines(rough, options.errors))
    print_leak("roughly framed", rough)
    print_titles("roughly framed", rough, options.errors)
    for name, lost, joint in (("all lines in one", articles, " "), ("all lines in one without a space", articles, ""),
                              ("all lines in one, with what a site adds", framed_articles, " ")):
        joined = extract(options.extract, lost, joint, True)
        print_table(f"syllables, {name}", count_syllables(joined))
        print_leak(name, joined)
        print_titles(name, joined, False)
        held_back = joined[::HELD_BACK]
        print_table(f"the same, articles that line_words.tsv was not counted on", count_syllables(held_back))
        print_leak("of these", held_back)
        print_titles("of these", held_back, False)


if __name__ == "__main__":
    main()
