# SPDX-License-Identifier: Apache-2.0
"""What analysts ask with the command line: show, graph, timeline. The samples stand in a real database."""
import csv
import io
import json
import shutil
import subprocess
import tempfile
import uuid
import xml.etree.ElementTree as ElementTree
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


# ---- graph --------------------------------------------------------------------------------------

def ministry(archive) -> str:
    return str(archive.database.value("SELECT entity_id FROM newsloom.entity WHERE canonical_key = 'bộ công an'"))


def graph_of(cli, *arguments) -> dict:
    return json.loads(cli("graph", "--format", "json", *arguments).stdout)


def cooccurrence(archive, entity) -> dict:
    return {str(other): articles for other, articles in archive.database.execute(
        "SELECT other_id, articles FROM newsloom.entity_cooccurrence WHERE entity_id = %s", entity)}


@pytest.fixture
def renamed(archive):
    """Every entity has a hostile name for a while."""
    old = archive.database.execute("SELECT entity_id, name FROM newsloom.entity")
    archive.database.execute("UPDATE newsloom.entity SET name = %s || name", HOSTILE + "\n\\")
    yield {str(entity): name for entity, name in old}
    for entity, name in old:
        archive.database.execute("UPDATE newsloom.entity SET name = %s WHERE entity_id = %s", name, entity)


def test_graph_weighs_edges_as_the_view_does(archive, cli):
    entity = ministry(archive)
    graph = graph_of(cli, "--limit", "0", "--entity", "Bộ Công an")
    assert graph["left_out"] == 0 and graph["entities"][0]["entity_id"] == entity
    assert {e["other_id"]: e["articles"] for e in graph["edges"]} == cooccurrence(archive, entity)
    for edge in graph["edges"]:  # each edge leads to an article that names both
        assert archive.database.value(
            "SELECT count(DISTINCT entity_id) FROM newsloom.mention WHERE article_id = %s AND entity_id = ANY (%s::uuid[])",
            edge["newest_article"], [entity, edge["other_id"]]) == 2
    people = graph_of(cli, "--limit", "0", "--type", "person", "--entity", entity)
    assert {e["type"] for e in people["entities"][1:]} == {"PERSON"}
    early = graph_of(cli, "--limit", "0", "--until", "2023-12-31", "--entity", entity)
    assert 0 < len(early["edges"]) < len(graph["edges"]) and max(e["last_on"] for e in early["edges"]) <= "2023-12-31"


def test_what_a_graph_leaves_out_is_counted_and_said(archive, cli):
    entity = ministry(archive)
    all_of_it = graph_of(cli, "--limit", "0", "--depth", "2", "--entity", entity)
    edges = {frozenset((e["entity_id"], e["other_id"])) for e in all_of_it["edges"]}
    assert len(edges) == len(all_of_it["edges"]) > len(cooccurrence(archive, entity))
    done = cli("graph", "--format", "json", "--limit", "3", "--depth", "2", "--entity", entity)
    some = json.loads(done.stdout)
    looked_at = {e["entity_id"] for e in some["entities"] if e["distance"] < 2}
    there_are = {edge for edge in edges if edge & looked_at} | {
        frozenset((one, other)) for one in looked_at for other in cooccurrence(archive, one)}
    assert some["left_out"] == len(there_are) - len(some["edges"]) > 0
    assert f"{some['left_out']} edges" in done.stderr and "--limit" in done.stderr
    assert f"{some['left_out']} edges are left out" in cli("graph", "--limit", "3", "--depth", "2", "--entity", entity).stdout


def test_judged_entities_are_one_in_a_graph(archive, cli):
    entity = ministry(archive)
    other, = [o for o, in archive.database.execute("SELECT entity_id FROM newsloom.entity WHERE name = 'Cục Cảnh sát hình sự'")]
    archive.database.execute("INSERT INTO newsloom.entity_redirect (from_entity_id, to_entity_id, reason) VALUES (%s, %s, 'x')",
                             other, entity)
    try:
        graph = graph_of(cli, "--limit", "0", "--entity", other)
        assert graph["entities"][0]["entity_id"] == entity and str(other) not in json.dumps(graph)
        assert {e["other_id"]: e["articles"] for e in graph["edges"]} == cooccurrence(archive, entity)
        assert f"{other}" in cli("show", "1").stdout and '"judgements":[{' in cli("show", "--json", "1").stdout
    finally:
        archive.database.execute("UPDATE newsloom.entity_redirect SET undone_at = now(), undone_by = 'x'")


def test_every_format_is_read_by_its_own_tools_whatever_the_names(archive, cli, renamed):
    entity = ministry(archive)
    graph = graph_of(cli, "--entity", entity)
    assert all(node["name"].startswith(HOSTILE) for node in graph["entities"])
    dot = cli("graph", "--entity", entity).stdout
    plain = subprocess.run(["dot", "-Tplain"], input=dot, capture_output=True, text=True, timeout=60)
    assert plain.returncode == 0 and not plain.stderr
    kinds = [line.split()[0] for line in plain.stdout.splitlines()]
    assert (kinds.count("node"), kinds.count("edge")) == (len(graph["entities"]), len(graph["edges"]))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ElementTree.fromstring(cli("graph", "--format", "graphml", "--entity", entity).stdout.encode())
    labels = [data.text for data in root.iter(f"{space}data") if data.get("key") == "label"]
    assert sorted(labels) == sorted(node["name"] for node in graph["entities"])
    assert len(list(root.iter(f"{space}edge"))) == len(graph["edges"])
    drawn = ElementTree.fromstring(cli("graph", "--format", "svg", "--entity", entity).stdout.encode())
    svg = "{http://www.w3.org/2000/svg}"
    texts = "".join(text.text or "" for text in drawn.iter(f"{svg}text"))
    assert "<script>alert(1)</script>" in texts and "\\N" in texts and not list(drawn.iter(f"{svg}script"))
    assert len([g for g in drawn.iter(f"{svg}g") if g.get("class") == "node"]) == len(graph["entities"])


def test_svg_without_graphviz_says_what_to_do(archive, cli):
    done = cli.run("graph", "--format", "svg", "--entity", ministry(archive), code=66, PATH="/nowhere")
    assert "apt install graphviz" in done.stderr and not done.stdout


def test_a_name_of_several_is_not_chosen_from(archive, cli):
    assert 'nothing stored is called "Không Ai"' in cli("graph", "--entity", "Không Ai", code=66).stderr
    one, two = (entity for entity, in archive.database.execute(
        "SELECT entity_id FROM newsloom.entity WHERE type = 'PERSON' ORDER BY name LIMIT 2"))
    archive.database.execute("INSERT INTO newsloom.entity_alias (alias, entity_id) VALUES ('hai nguoi', %s), ('hai nguoi', %s)",
                             one, two)
    refused = cli("timeline", "--entity", "Hai Người", code=65)
    assert str(one) in refused.stderr and str(two) in refused.stderr and not refused.stdout
    both = graph_of(cli, "--entity", one, "--entity", two)
    assert [node["distance"] for node in both["entities"][:2]] == [0, 0]
    for wrong in (["--depth", "6"], ["--format", "png"], ["--from", "2024"], ["--type", "DATE"], ["--limit", "-1"]):
        assert cli("graph", "--entity", str(one), *wrong, code=64).stderr
    assert "name an entity" in cli("graph", code=64).stderr


# ---- timeline -----------------------------------------------------------------------------------

def test_timeline_has_every_event_of_the_view_with_its_sentence(archive, cli):
    entity = ministry(archive)
    rows = cli.json("timeline", "--entity", "bo cong an")
    expected = archive.database.execute(
        "SELECT DISTINCT article_id, ordinal FROM newsloom.entity_events WHERE entity_id = %s", entity)
    assert {(row["article_id"], row["ordinal"]) for row in rows} == set(expected) != set()
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)
    for row in rows:  # one join leads from the fact to its sentence
        text = archive.database.value("SELECT text FROM newsloom.article WHERE article_id = %s", row["article_id"])
        assert text[row["sentence_start"]:row["sentence_end"]] == row["sentence"]
        dates = [a["value"] for a in row["arguments"] if a["role"] == "AT_DATE"]
        assert row["date"] == (dates[0][:10] if row["is_dated"] else row["reported_on"])
        assert entity in row["entities"]
    text = cli("timeline", "--entity", entity).stdout
    assert all(f"«{row['sentence']}»" in text for row in rows)


def test_timeline_csv_is_what_json_says(archive, cli):
    entity = ministry(archive)
    archive.database.execute("UPDATE newsloom.article SET title = %s WHERE article_id = 1", 'a "b", c\r\nd')
    rows = cli.json("timeline", "--entity", entity)
    done = subprocess.run(cli.command("timeline", "--entity", entity, "--csv"), capture_output=True, env=cli.env, check=True)
    read = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert done.stdout.count(b"\r\n") >= len(rows) + 1
    assert [r["sentence"] for r in read] == [r["sentence"] for r in rows]
    assert 'a "b", c\r\nd' in [r["title"] for r in read]
    assert [json.loads(r["arguments"]) for r in read] == [r["arguments"] for r in rows]
    march = cli.json("timeline", "--entity", entity, "--from", "2024-03-14", "--until", "2024-03-14")
    assert march == [row for row in rows if row["date"] == "2024-03-14"] != []
    assert "no event is stored" in cli("timeline", "--entity", entity, "--from", "2090-01-01", code=66).stderr
