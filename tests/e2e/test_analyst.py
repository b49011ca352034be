# SPDX-License-Identifier: Apache-2.0
"""What analysts ask with the command line: show, graph, timeline. The samples stand in a real database."""
import json
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

import pytest

from support.archive import Archive
from support.contract import extraction
from support.html_page import Page

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\\N \u202eabc\u202c"


@pytest.fixture(scope="module")
def archive(postgres):
    directory = Path(tempfile.mkdtemp(prefix="nl-"))
    yield Archive(postgres, directory)
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def cli(archive):
    return archive.cli


def found_in(database, article_id) -> extraction.Extraction:
    return extraction.Extraction.FromString(
        bytes(database.value("SELECT extraction FROM newsloom.article WHERE article_id = %s", article_id)))


@pytest.fixture
def changed(archive):
    """Changes the row of one article, and puts it back."""
    put_back = []

    def change(article_id, **columns):
        names = ", ".join(columns)
        old = archive.database.execute(f"SELECT {names} FROM newsloom.article WHERE article_id = %s", article_id)[0]
        put_back.append((article_id, dict(zip(columns, old))))
        _write(archive.database, article_id, columns)
    yield change
    for article_id, columns in reversed(put_back):
        _write(archive.database, article_id, columns)


def _write(database, article_id, columns) -> None:
    database.execute(f"UPDATE newsloom.article SET {', '.join(f'{name} = %s' for name in columns)} WHERE article_id = %s",
                     *columns.values(), article_id)


def poison(message) -> None:
    """Every text of a message, however deep, becomes hostile."""
    for field, value in message.ListFields():
        repeated = field.label == field.LABEL_REPEATED
        if field.type == field.TYPE_MESSAGE:
            for inner in value if repeated else [value]:
                poison(inner)
        elif field.type == field.TYPE_STRING:
            setattr(message, field.name, HOSTILE) if not repeated else value.__setitem__(slice(None), [HOSTILE])


# ---- show ---------------------------------------------------------------------------------------

def test_show_tells_text_and_facts_by_name_address_and_number(archive, cli, changed):
    changed(1, url="https://www.example.org/a?utm_source=x")
    key = archive.database.value("SELECT key FROM newsloom.article WHERE article_id = 1")
    by_name = cli("show", f"samples/{key}").stdout
    assert by_name == cli("show", "1").stdout == cli("show", "https://www.example.org/a?utm_source=x").stdout
    assert "[LOCATION Hungary]" in by_name and "roles (" in by_name
    found = found_in(archive.database, 1)
    assert found.events and all(f"«{event.sentence}»" in by_name for event in found.events)
    assert all(str(uuid.UUID(bytes=entity.id)) in by_name for entity in found.entities)


def test_show_json_is_the_extraction_and_its_text(archive, cli):
    for article_id, in archive.database.execute("SELECT article_id FROM newsloom.article"):
        shown, = cli.json("show", article_id)
        found = found_in(archive.database, article_id)
        assert len(shown["extraction"]["mentions"]) == len(found.mentions)
        for mention in shown["extraction"]["mentions"]:
            assert shown["text"][mention["start"]:mention["end"]] == mention["text"]
        for part in shown["extraction"]["roles"] + shown["extraction"]["events"]:
            assert part["sentence"] == shown["text"][part["sentence_start"]:part["sentence_end"]] != ""


def test_show_html_links_every_fact_to_its_sentence(archive, cli):
    for article_id, in archive.database.execute("SELECT article_id FROM newsloom.article"):
        page = Page(cli("show", "--html", article_id).stdout)
        found = found_in(archive.database, article_id)
        page.check_anchors()
        marks = [mark for mark in page.of("mark") if mark.get("id", "").startswith("mention-")]
        assert len(marks) == len(found.mentions)
        assert {mark["class"] for mark in marks} == {extraction.EntityType.Name(m.type) for m in found.mentions}
        for number in range(1, len(found.events) + 1):
            assert f"event-{number}" in page.ids
        sentences = [link for link in page.links if link.startswith("#sentence-")]
        assert len(sentences) == len(found.events) + len(found.roles)
        assert "https:" not in "".join(page.links) and not page.of("script") and not page.of("link")


def test_hostile_article_does_not_become_markup(archive, cli, changed):
    found = found_in(archive.database, 1)
    poison(found)
    text = f"{HOSTILE} " * 100
    changed(1, extraction=found.SerializeToString(), text=text, title=HOSTILE, author=HOSTILE, url=f"javascript:{HOSTILE}",
            publisher=HOSTILE, published=HOSTILE)
    shown = cli("show", "--html", "1").stdout
    page = Page(shown)
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "style", "title", "body", "header", "h1", "h2", "dl", "dt", "dd", "nav", "a", "ul", "ol", "li",
        "main", "article", "section", "p", "span", "mark", "sup", "table", "thead", "tbody", "tr", "th", "td", "code", "strong",
        "blockquote", "br"}
    assert not any(name.startswith("on") or name == "src" for _, attributes in page.elements for name in attributes)
    assert all(link.startswith("#") for link in page.links)
    assert "<script" not in shown and page.text.count("<script>alert(1)</script>") > len(found.events)
    assert HOSTILE in page.text
    assert "default-src 'none'" in shown


def test_control_characters_reach_neither_terminal_nor_page(cli, changed):
    changed(1, text="\x1b[31mđỏ\x07\x85 \x0bchữ" + "." * 3000, title="\x1b]0;x\x07t")
    for arguments in (["show", "1"], ["show", "--html", "1"]):
        shown = cli(*arguments).stdout
        assert "đỏ" in shown
        assert not [c for c in shown if (ord(c) < 32 and c not in "\n\t") or 0x7f <= ord(c) < 0xa0]


def test_marks_that_overlap_or_lie_outside_still_make_a_page(archive, cli, changed):
    found = found_in(archive.database, 1)
    while len(found.mentions) > 5:
        del found.mentions[-1]
    for mention, (start, end) in zip(found.mentions, ((0, 10), (5, 15), (8, 9), (12, 4_000_000_000), (20, 18))):
        mention.start, mention.end = start, end
    changed(1, extraction=found.SerializeToString())
    page = Page(cli("show", "--html", "1").stdout)
    assert {"mention-1", "mention-2", "mention-3", "mention-4"} <= set(page.ids)
    title = found.title
    assert "".join(page.texts).count(title[:8]) >= 1
    marked = cli("show", "1").stdout
    assert marked.count("[LOCATION ") >= 1
    changed(1, text="")  # a row that was written again from the log
    assert "no text is stored" in cli("show", "1").stdout
    Page(cli("show", "--html", "1").stdout)


def test_output_that_does_not_arrive_is_said(cli):
    with open("/dev/full", "w") as full:
        done = subprocess.run(cli.command("show", "--html", "1"), stdout=full, stderr=subprocess.PIPE, text=True, env=cli.env)
    assert done.returncode == 74 and "standard output: No space left" in done.stderr


def test_show_says_what_is_not_there_and_what_is_meant(archive, cli, changed):
    assert "nothing is stored under" in cli("show", "samples/none", code=66).stderr
    assert "no article with article_id 999" in cli("show", "999", code=66).stderr
    assert "is no SOURCE/KEY" in cli("show", "Bad Name", code=65).stderr
    assert "is no SOURCE/KEY" in cli("show", "'; DROP TABLE x; --", code=65).stderr
    assert "name one article" in cli("show", code=64).stderr
    changed(1, url="https://example.org/same")
    changed(2, url="https://example.org/same")
    several = cli("show", "https://example.org/same", code=65).stderr
    assert "several articles" in several and several.count("samples/") == 2
    changed(1, extraction=b"\xff\xff\xff")
    assert "newsloom verify" in cli("show", "1", code=65).stderr
