# SPDX-License-Identifier: Apache-2.0
"""`newsloom extract`: articles from files to facts, without a broker and without a database."""
import json
import re
import subprocess
import unicodedata

import pytest

from support import paths

GOLD = paths.SOURCE.parent / "shared" / "gold"

ARTICLE = """Công an huyện Mẫu Sơn bắt nhóm trộm xe
Thứ Ba, 20/12/2016 08:07
Ngày 19/12, Đại tá Trần Văn Mẫu, Trưởng Công an huyện Mẫu Sơn, cho biết đơn vị vừa bắt giữ ba đối tượng.
Theo ông Mẫu, từ ngày 1 đến ngày 15/12, các đối tượng đã lấy trộm bảy chiếc xe máy tại thành phố Hà Nội.
Cơ quan điều tra đang tiếp tục làm rõ vụ việc theo quy định của pháp luật, sớm đưa các đối tượng ra xét xử.
Minh An
Tin liên quan
Bắt nhóm cướp giật tại Hải Phòng
"""


def extract(*arguments, code=0, stdin=b"", timeout=120):
    done = subprocess.run([str(paths.program("newsloom-extract")), *map(str, arguments)],
                          input=stdin, capture_output=True, timeout=timeout)
    assert done.returncode == code, done.stderr.decode()[-1500:]
    return done


def extract_json(*arguments, **how):
    return [json.loads(line)
            for line in extract("--format", "json", *arguments, **how).stdout.splitlines()]


def json_lines(path, *articles):
    path.write_text("".join(json.dumps(a, ensure_ascii=False) + "\n" for a in articles),
                    encoding="utf-8")
    return path


def test_explain_says_what_spoke_for_each_mention(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    found, = extract_json("--explain", path)
    named = [mention for mention in found["mentions"] if mention["type"] != "DATE"]
    assert named and not any("reasons" in m for m in found["mentions"] if m["type"] == "DATE")
    for mention in named:
        labels = [reason["label"] for reason in mention["reasons"]]
        assert labels == [f"B-{mention['type']}"] + [f"I-{mention['type']}"] * (len(labels) - 1)
        assert "".join(reason["token"] for reason in mention["reasons"]) == mention["text"].replace(" ", "")
        assert all(reason["rival"] != reason["label"] for reason in mention["reasons"])
    total = sum(sum(reason["weights"].values()) for m in named for reason in m["reasons"])
    assert total > 0, "what was chosen has more weight than its rivals"
    said = extract("--explain", path).stdout.decode()
    assert 'why| ORG "Công an huyện Mẫu Sơn"' in said and "over" in said
    plain, = extract_json(path)
    assert not any("reasons" in mention for mention in plain["mentions"])


def test_explain_says_why_each_line_was_judged_so(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    found, = extract_json("--explain", path)
    reasons = [section["reason"] for section in found["sections"]]
    assert [section["kind"] for section in found["sections"]] == [
        "title", "metadata", "lead", "body", "body", "metadata", "junk", "junk"]
    assert [reason["rule"] for reason in reasons] == [
        "TITLE_ONLY", "DATE_ABOVE", "LEAD", "PROSE", "LAST_SENTENCE", "CREDIT_BELOW", "BELOW", "BELOW"]
    assert [reason["side"] for reason in reasons] == ["above"] * 2 + ["inside"] * 3 + ["below"] * 3
    assert all(reason["weight"] > 0 for reason in reasons[2:5]) and reasons[6]["weight"] < -100
    assert "stop" in reasons[6]["looks"] and "prose" in reasons[2]["looks"]
    said = extract("--explain", path).stdout.decode()
    for reason in reasons:
        assert f"why| {reason['says']}; weighs {reason['weight']:+d}, {reason['side']} the prose" in said
    plain, = extract_json(path)
    assert not any("reason" in section for section in plain["sections"])


def test_dump_of_known_age_tells_the_year_of_its_dates(tmp_path):
    text = "Trại giống khánh thành sau hai năm\nNgày 27/4, bà con xã bên đã nhận những con giống đầu tiên của trại này.\n"
    path = json_lines(tmp_path / "dump.jsonl", {"text": text}, {"text": text, "fetched": ""},
                      {"text": text, "fetched": "2014-06-01T08:00:00+07:00"}, {"text": text, "published": "2012-04-28"})

    def values(*options):
        found = extract_json(*options, path)
        return [[m["value"] for m in article["mentions"] if m["type"] == "DATE"] for article in found]

    assert values() == [["?"], ["?"], ["2014-04-27"], ["2012-04-27"]], "nothing is guessed"
    assert values("--fetched", "2017-05-10") == [["2017-04-27"], ["2017-04-27"], ["2014-04-27"], ["2012-04-27"]]
    first = extract_json("--fetched", "2017-05-10", path)[0]
    assert first["fetched"] == "2017-05-10T12:00:00+07:00" and first["published"] is None
    assert values("--fetched", "2016-07-20T23:00:00Z")[0] == ["2016-04-27"]
    refused = extract("--fetched", "10/5/2017", path, code=64)
    assert b'--fetched "10/5/2017" is no day' in refused.stderr and not refused.stdout


def test_plain_text_becomes_one_line_of_json(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    (found,) = extract_json(path)
    assert found["file"] == str(path)
    assert found["title"] == "Công an huyện Mẫu Sơn bắt nhóm trộm xe"
    assert found["author"] == "Minh An"
    assert found["published"] == "2016-12-20T08:07:00+07:00"
    assert found["published_origin"] == "text"
    assert [s["kind"] for s in found["sections"]] == [
        "title", "metadata", "lead", "body", "body", "metadata", "junk", "junk"]
    for mention in found["mentions"]:
        assert ARTICLE[mention["start"]:mention["end"]] == mention["text"]
        assert mention["section"] != "junk"
    dates = {m["text"]: m["value"] for m in found["mentions"] if m["type"] == "DATE"}
    assert dates["Ngày 19/12"] == "2016-12-19"
    assert dates["từ ngày 1 đến ngày 15/12"] == "2016-12-01/2016-12-15"


def test_offsets_count_code_points_of_what_was_given(tmp_path):
    text = "😀 " + ARTICLE.replace("bảy chiếc", "b\x00y chiếc")
    path = json_lines(tmp_path / "a.jsonl", {"file": "x", "text": text})
    (found,) = extract_json(path)
    assert found["text_length"] == len(text)
    shown = text.replace("\x00", "\ufffd")
    for mention in found["mentions"]:
        assert shown[mention["start"]:mention["end"]] == mention["text"]


def test_lines_name_their_articles_and_errors_their_lines(tmp_path):
    path = json_lines(tmp_path / "a.jsonl", {"file": "one", "text": ARTICLE},
                      {"text": "a", "html": "b"}, {"title": "x"}, {"text": 5},
                      {"text": ARTICLE, "published": "hôm qua"},
                      {"file": "page", "html": f"<h1>Tin</h1><p>{ARTICLE.splitlines()[2]}</p>"})
    done = extract("--format", "json", path, code=65)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["one", "page"]
    errors = done.stderr.decode().splitlines()
    assert len(errors) == 4
    for line, part in ((2, 'both "text" and "html"'), (3, 'neither "text" nor "html"'),
                       (4, '"text" is no string'), (5, "published: ")):
        assert any(f"{path}:{line}: " in e and part in e for e in errors), (line, errors)


def test_threads_do_not_change_the_output(tmp_path):
    path = json_lines(tmp_path / "a.jsonl",
                      *({"file": str(n), "text": f"{ARTICLE}Số {n}\n"} for n in range(150)))
    alone = extract("--format", "json", path).stdout
    assert len(alone.splitlines()) == 150
    assert extract("--format", "json", "--jobs", "4", path).stdout == alone


def test_composed_and_decomposed_text_say_the_same():
    for_lines = [{"file": form, "text": unicodedata.normalize(form, ARTICLE)}
                 for form in ("NFC", "NFD")]
    stdin = "".join(json.dumps(a, ensure_ascii=False) + "\n" for a in for_lines).encode()
    composed, decomposed = extract_json("-", stdin=stdin)
    plain = lambda found: [(m["type"], unicodedata.normalize("NFC", m["text"]), m["value"])
                           for m in found["mentions"]]
    assert plain(composed) and plain(composed) == plain(decomposed)
    assert composed["sketch"] == decomposed["sketch"]


def test_text_form_marks_the_mentions(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(ARTICLE + "\x1b[31mđỏ\n", encoding="utf-8")
    shown = extract(path).stdout.decode()
    assert "[DATE=2016-12-19 Ngày 19/12]" in shown
    assert "\x1b" not in shown


def test_folder_is_read_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "a.txt", "b/x.html", "b/skip.pdf"):
        (tmp_path / name).write_text(ARTICLE, encoding="utf-8")
    files = [found["file"] for found in extract_json(tmp_path)]
    assert files == [f"{tmp_path}/a.txt", f"{tmp_path}/b/x.html", f"{tmp_path}/c.txt"]


def test_wrong_usage_and_missing_files_have_their_codes(tmp_path):
    assert b"--help" in extract(code=64).stderr
    extract("--format", "xml", "x", code=64)
    extract("--jobs", "0", "x", code=64)
    assert b"no-such" in extract(tmp_path / "no-such.txt", code=66).stderr
    (tmp_path / "empty.txt").write_bytes(b"")
    assert b"content: " in extract(tmp_path / "empty.txt", code=65).stderr
    assert b"examples:" in extract("--help").stdout


def test_folder_names_its_files_alike_with_and_without_a_slash(tmp_path):
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    for folder in (f"{tmp_path}", f"{tmp_path}/"):
        assert [found["file"] for found in extract_json(folder)] == [f"{tmp_path}/a.txt"]


def test_reader_that_has_seen_enough_is_no_error_message(tmp_path):
    path = json_lines(tmp_path / "many.jsonl", *({"text": ARTICLE} for _ in range(400)))
    line = f"trap '' PIPE; {paths.program('newsloom-extract')} -f json {path} | head -n 1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=120)
    assert json.loads(done.stdout)["title"] and not done.stderr


def test_output_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([str(paths.program("newsloom-extract")), str(tmp_path / "a.txt")],
                              stdout=full, stderr=subprocess.PIPE, timeout=120)
    assert done.returncode == 74 and b"No space left on device" in done.stderr


def test_threads_and_repetition_do_not_change_real_articles(tmp_path):
    if not (GOLD / "score.py").exists():
        pytest.skip(f"there is no annotated set at {GOLD}")
    subprocess.run(["/usr/bin/python3", str(GOLD / "score.py"), "texts", str(GOLD / "dev"), str(tmp_path)],
                   check=True)
    once = extract("--format", "json", tmp_path / "articles.jsonl").stdout
    assert len(once.splitlines()) == 30
    assert extract("--format", "json", tmp_path / "articles.jsonl").stdout == once
    assert extract("--format", "json", "--jobs", "4", tmp_path / "articles.jsonl").stdout == once


def test_model_that_cannot_be_used_is_said_before_anything_is_read(tmp_path):
    (tmp_path / "a.txt").write_text(ARTICLE, encoding="utf-8")
    missing = extract("--model", tmp_path / "none.model", tmp_path / "a.txt", code=66)
    assert b"none.model" in missing.stderr and not missing.stdout
    (tmp_path / "bad.model").write_bytes(b"newsloom" * 4000)
    bad = extract("--model", tmp_path / "bad.model", tmp_path / "a.txt", code=65)
    assert b"bad.model" in bad.stderr and b"install newsloom again" in bad.stderr and not bad.stdout
    assert bad.stderr.count(b"\n") == 1


@pytest.mark.parametrize("name", ["dev", "seeds"])
def test_gold_articles_are_read_well_enough(tmp_path, name):
    if not (GOLD / "score.py").exists():
        pytest.skip(f"there is no annotated set at {GOLD}")
    score = ["/usr/bin/python3", str(GOLD / "score.py")]
    subprocess.run([*score, "texts", str(GOLD / name), str(tmp_path)], check=True)
    (tmp_path / "found").write_bytes(
        extract("--format", "json", tmp_path / "articles.jsonl").stdout)
    table = subprocess.run([*score, "score", str(GOLD / name), str(tmp_path / "found")],
                           check=True, capture_output=True, text=True).stdout
    figure = lambda pattern: float(re.search(pattern, table)[1])
    assert figure(r"core F1 ([\d.]+)") >= (0.92 if name == "dev" else 0.86), table
    assert figure(r"(?m)^DATE +\S+ +\S+ +([\d.]+)") >= 0.9, table
    assert figure(r"leak into junk +([\d.]+)") <= 0.02, table
