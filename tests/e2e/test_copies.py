# SPDX-License-Identifier: Apache-2.0
"""Near copies: a report that others reprint with changes of their own is found to be one."""
import itertools
import json
import random
import re

from support import paths
from support.articles import Piece
from support.auditor import wait_settled
from support.cli import CommandLine
from support.contract import extraction, wire
from support.feeder import Feeder
from support.programs import run
from support.subscriber import Subscriber
from support.waiting import wait_for

CORPUS = paths.SOURCE / "worker" / "model" / "corpus"
MARK = re.compile(r"\[[A-Z]+(?:=\S+)? ([^\]]*)\]")
TITLES = ("Những điều cần biết sáng nay", "Diễn biến mới của vụ việc", "Chuyện đang được nhiều người bàn tán",
          "Thông tin chính thức từ nơi xảy ra sự việc", "Tin nóng trong ngày")
AGENCIES = ("(TTXVN) - ", "Theo Tuổi Trẻ, ", "(Dân trí) ", "VOV.VN - ", "Báo Lao Động đưa tin: ")
TYPOS = str.maketrans("ảãạểễệỏõọủũụ", "ãảaễểeõỏoũủu")
TAIL = ("Bạn đọc có ý kiến về bài viết này xin gửi về tòa soạn theo hộp thư điện tử của chuyên mục.",
        "Chúng tôi sẽ tiếp tục cập nhật những gì liên quan đến sự việc này trong các bản tin tới.")


def originals() -> list:
    """Every article of the corpus as lines of (label, plain text)."""
    articles = []
    for path in sorted(CORPUS.glob("*.ann")):
        for block in path.read_text().split("\n\n"):
            lines = [(line[0], MARK.sub(r"\1", line[2:])) for line in block.splitlines() if line[1:2] == "|"]
            if sum(len(text.split()) for label, text in lines if label == "B") >= 120:
                articles.append(lines)
    return articles


def change_title(lines, chance):
    return [(label, chance.choice(TITLES) if label == "T" else text) for label, text in lines]


def cut_lead(lines, chance):
    """The first sentence of the body goes."""
    first = next(i for i, (label, _) in enumerate(lines) if label == "B")
    rest = lines[first][1].split(". ", 1)
    kept = [("B", rest[1])] if len(rest) > 1 else []
    return lines[:first] + kept + lines[first + 1:]


def add_agency(lines, chance):
    first = next(i for i, (label, _) in enumerate(lines) if label == "B")
    return lines[:first] + [("B", chance.choice(AGENCIES) + lines[first][1])] + lines[first + 1:]


def mend_typos(lines, chance):
    """One syllable in forty is written otherwise."""
    def mended(text):
        return " ".join(word.translate(TYPOS) if chance.random() < 1 / 40 else word for word in text.split(" "))
    return [(label, mended(text) if label == "B" else text) for label, text in lines]


def add_tail(lines, chance):
    return lines + [("B", chance.choice(TAIL))]


def join_paragraphs(lines, chance):
    body = " ".join(text for label, text in lines if label == "B")
    return [line for line in lines if line[0] == "T"] + [("B", body)]


EDITS = (change_title, cut_lead, add_agency, mend_typos, add_tail, join_paragraphs)


def reprint(lines, chance):
    for edit in chance.sample(EDITS, chance.randint(2, 4)):
        lines = edit(lines, chance)
    return lines


def text_of(lines) -> str:
    return "\n".join(text for _, text in lines)


def sketches(texts) -> list:
    given = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    lines = run("newsloom-extract", "--format", "json", "-", stdin=given, check=True, timeout=200).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == len(texts)
    return [(int(one["sketch"], 16), set(one["bands"])) for one in found]


def are_copies(one, other) -> bool:
    """What worker/store/copies.h says."""
    return bool(one[1] & other[1]) and bin(one[0] ^ other[0]).count("1") <= 18


def test_precision_and_recall_over_edited_reprints(seed):
    chance = random.Random(seed)
    first = originals()
    assert len(first) >= 30
    found = sketches([text_of(lines) for lines in first] +
                     [text_of(reprint(lines, chance)) for lines in first])
    of = [i % len(first) for i in range(len(found))]
    pairs = [(a, b) for a, b in itertools.combinations(range(len(found)), 2) if are_copies(found[a], found[b])]
    right = sum(of[a] == of[b] for a, b in pairs)
    precision, recall = right / len(pairs), right / len(first)
    print(f"copies: {len(first)} reprints, precision {precision:.3f}, recall {recall:.3f} (seed {seed})")
    assert precision >= 0.98 and recall >= 0.90


def piece(source, key, lines) -> Piece:
    return Piece(source, key, "", text_of(lines).encode())


def test_copies_point_to_the_first_in_database_and_event_stream(broker, database, new_worker, ledger, seed):
    chance = random.Random(seed)
    report, other = originals()[:2]
    copies = [piece(f"paper{n}", "a", add_agency(report, chance)) for n in range(3)]
    feeder = Feeder(broker.endpoint("feed"), ledger)
    new_worker(broker, database)
    count = "SELECT count(*) FROM newsloom.article"
    feeder.submit([piece("agency", "a", report)])
    wait_for(lambda: database.value(count) == 1, 30, "the original is stored")
    feeder.submit(copies + [piece("agency", "b", other)])
    wait_for(lambda: database.value(count) == 5, 30, "all are stored")
    feeder.submit([piece("agency", "a", add_tail(report, chance))])  # a correction is no copy
    wait_for(lambda: database.value(count) == 6, 30, "the revision is stored")
    marked = database.execute("SELECT s.name, a.key, o.revision FROM newsloom.article a"
                              " JOIN newsloom.source s USING (source_id)"
                              " JOIN newsloom.article o ON o.article_id = a.duplicate_of ORDER BY 1")
    assert marked == [(f"paper{n}", "a", 1) for n in range(3)]
    assert database.value("SELECT count(*) FROM newsloom.article_copies WHERE source = 'agency'") == 3
    subscriber = Subscriber(broker.endpoint("subscribe"))
    subscriber.subscribe()
    subscriber.read_until(lambda: len(subscriber.entries) == 6)
    said = {(found.source, found.key, found.revision): found.duplicate_of.source
            for found in (extraction.Extraction.FromString(payload) for _, payload in subscriber.entries)}
    assert said == {("agency", "a", 1): "", ("agency", "b", 1): "", ("agency", "a", 2): "",
                    **{(f"paper{n}", "a", 1): "agency" for n in range(3)}}
    choosy = Subscriber(broker.endpoint("subscribe"), filter_=wire.Filter(originals=True))
    choosy.subscribe()
    choosy.read_until(lambda: choosy.position == 6)
    assert len(choosy.entries) == 3
    lines = run("newsloom", "--set", f"broker.subscribe={broker.endpoint('subscribe')}", "subscribe", "--from",
                "earliest", "--filter", "copies=no", "--count", "3", check=True).stdout.splitlines()
    assert [line.split()[3] for line in lines] == ["agency"] * 3
    for one in (choosy, subscriber, feeder):
        one.close()


def test_copies_of_one_batch_find_each_other(broker, database, new_worker, ledger, seed):
    chance = random.Random(seed)
    report = originals()[2]
    feeder = Feeder(broker.endpoint("feed"), ledger)
    feeder.submit([piece("a", "x", report), piece("b", "x", add_agency(report, chance)),
                   piece("c", "x", add_tail(report, chance))])
    new_worker(broker, database, **{"batch.delay": "500ms"})  # they wait until it is there
    wait_for(lambda: database.value("SELECT count(*) FROM newsloom.article") == 3, 30, "all are stored")
    first = database.execute("SELECT article_id FROM newsloom.article WHERE duplicate_of IS NULL")
    assert len(first) == 1
    assert database.value("SELECT count(*) FROM newsloom.article WHERE duplicate_of = %s", first[0][0]) == 2
    feeder.close()


def marks(database) -> dict:
    """Source of each article, and of the one that it is a copy of."""
    return dict(database.execute(
        "SELECT s.name, n.name FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
        " LEFT JOIN newsloom.article o ON o.article_id = a.duplicate_of LEFT JOIN newsloom.source n ON"
        " n.source_id = o.source_id"))


def store_at_once(database, feeder, pieces, stored: int) -> None:
    """Each by a worker of its own, which has looked for an original before the other one may write; so many are stored then."""
    waiting = ("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'RowExclusiveLock' AND relation = 'newsloom.article'::regclass"
               " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
    with database.server.lock_table(database, "newsloom.article"):
        feeder.submit(pieces)
        wait_for(lambda: database.value(waiting) == len(pieces), 30, "each waits to write its own")
    wait_for(lambda: database.value("SELECT count(*) FROM newsloom.article") == stored, 30, "all are stored")


def test_copies_that_two_workers_store_at_once_are_marked_afterwards(broker, database, new_worker, ledger, seed, directory):
    chance = random.Random(seed)
    feeder = Feeder(broker.endpoint("feed"), ledger)
    for number in (1, 2):
        new_worker(broker, database, name=f"alone{number}", worker_slots=1)
    for stored, report in enumerate(originals()[3:9], 1):  # now and then one of them begins anew and sees the other
        pair = [f"one-{stored}", f"two-{stored}"]
        store_at_once(database, feeder, [piece(pair[0], "x", report), piece(pair[1], "x", add_agency(report, chance))], 2 * stored)
        if not any(marks(database)[name] for name in pair):
            break
    assert [marks(database)[name] for name in pair] == [None, None], "neither saw the other"
    first, second = (name for name, in database.execute(
        "SELECT s.name FROM newsloom.article JOIN newsloom.source s USING (source_id) WHERE s.name = ANY(%s)"
        " ORDER BY article_id", pair))
    cli = CommandLine(broker, directory, **{"database.url": database.url})
    assert cli.json("reextract", "--unmarked-copies", "--dry-run")[-1]["submitted"] == 1
    assert cli.json("reextract", "--unmarked-copies")[-1]["submitted"] == 1
    wait_settled(broker)
    assert [marks(database)[name] for name in (first, second)] == [None, first]
    subscriber = Subscriber(broker.endpoint("subscribe"))
    subscriber.subscribe()
    subscriber.read_until(lambda: len(subscriber.entries) == 2 * stored + 1)
    entry, payload = subscriber.entries[-1]
    assert (entry.source, entry.kind) == (second, wire.ENTRY_REPLACED)
    assert extraction.Extraction.FromString(payload).duplicate_of.source == first
    assert cli.json("reextract", "--unmarked-copies")[-1]["submitted"] == 0
    assert cli.json("reextract", "--all")[-1]["submitted"] == 2 * stored  # whoever comes first, they do not change places
    wait_settled(broker)
    assert [marks(database)[name] for name in (first, second)] == [None, first]
    assert cli.json("verify")[-1]["clean"]
    for one in (subscriber, feeder):
        one.close()
