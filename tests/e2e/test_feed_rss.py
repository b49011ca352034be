# SPDX-License-Identifier: Apache-2.0
"""RSS and Atom: a feed that a server serves, and files, as crawlers meet them."""
import gzip
import json

import pytest

from support.cli import CommandLine
from support.contract import article
from support.fake_worker import FakeWorker
from support.site import Site

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>Báo</title><link>https://bao.example/</link><atom:link href="https://bao.example/rss" rel="self"/>
<item><title>Một &amp; hai</title><link> https://bao.example/1?utm_source=rss </link><guid isPermaLink="false">x1</guid>
 <media:title>Ảnh</media:title><dc:creator>An</dc:creator><pubDate>Thu, 14 Mar 2024 16:20:00 +0700</pubDate>
 <description>Ngắn.</description><content:encoded><![CDATA[<p>Bộ Công an <b>họp</b> tại Hà Nội.</p>]]></content:encoded></item>
<item><title>Hai</title><link>/2</link><pubDate>14 Mar 2024 09:20 GMT</pubDate><description>&lt;p&gt;Hai.&lt;/p&gt;</description></item>
<item><title>Ba</title><guid>https://bao.example/3</guid><description>Ba.</description><pubDate>hôm qua</pubDate></item>
<item><title>Bốn</title><guid isPermaLink="false">bao-4</guid><description>Bốn.</description></item>
<item><title>Chỉ có tựa</title><link>https://bao.example/5</link></item>
</channel></rss>""".encode()

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi"><title>Báo</title><id>urn:bao</id>
<entry><title>Một</title><id>urn:1</id><link rel="edit" href="https://bao.example/edit/1"/><link href="https://bao.example/a1"/>
 <updated>2024-03-14T16:20:00+07:00</updated><author><name>Bình</name></author>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Một &lt;đoạn&gt;.</p></div></content></entry>
<entry><title>Hai</title><id>urn:2</id><link rel="alternate" href="https://bao.example/a2"/><published>2024-03-15</published>
 <updated>2024-03-16T00:00:00Z</updated><content>a &lt; b</content></entry>
<entry><title>Ba</title><id>urn:3</id><updated>x</updated><summary type="html">&lt;p&gt;Ba&lt;/p&gt;</summary></entry>
</feed>""".encode()

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://bao.example/"><title>Báo</title></channel>
<item rdf:about="https://bao.example/r1"><title>Một</title><link>https://bao.example/r1</link><dc:date>2024-03-14T01:02:03Z</dc:date>
<description>Một.</description></item></rdf:RDF>""".encode()

BOMB = b"""<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>&f;</title><link>https://bao.example/x</link><description>&b;&f; end</description></item></channel></rss>"""


@pytest.fixture
def site():
    kind = "application/xml"
    site = Site({"/rss": (RSS, kind), "/packed": (gzip.compress(ATOM), kind), "/moved": "/rss", "/turn": "/turn",
                 "/to-file": "file:///etc/passwd", "/huge": (b"<rss>" + b" " * (17 << 20), kind)})
    yield site
    site.close()


@pytest.fixture
def cli(broker, directory):
    return CommandLine(broker, directory)


def lines(cli, *arguments, **how) -> list:
    return [json.loads(line) for line in cli("rss", *arguments, **how).stdout.splitlines()]


def test_rss_is_fed_from_its_address_again_and_again(cli, broker, site):
    fed = cli("feed", "--source", "bao", "--rss", f"{site.url}/moved")
    assert "4 accepted" in fed.stdout and "1 entries have a title and no text" in fed.stderr
    assert "0 accepted, 4 known" in cli("feed", "--source", "bao", "--rss", f"{site.url}/rss").stdout
    worker = FakeWorker(broker.endpoint("work"))
    worker.take(4)
    got = {h.job.key: article.Article.FromString(h.payload) for h in worker.held.values()}
    worker.close()
    one = got["bao.example/1"]
    assert (one.title, one.author, one.published) == ("Một & hai", "An", "2024-03-14T16:20:00+07:00")
    assert one.content.decode() == "<p>Bộ Công an <b>họp</b> tại Hà Nội.</p>" and one.content_type == "text/html"
    assert {(label.name, label.value) for label in one.labels} == {("feed", f"{site.url}/moved")}
    assert one.fetched.endswith("Z")
    host = site.url.removeprefix("http://")
    assert got[f"{host}/2"].published == "2024-03-14T09:20:00+00:00"
    assert got["bao.example/3"].published == "" and got["bao-4"].content.decode() == "Bốn."


def test_atom_and_rss_of_every_kind_are_read(cli, directory, site):
    atom = lines(cli, f"{site.url}/packed")
    assert [(e.get("url"), e.get("key"), e.get("published")) for e in atom] == [
        ("https://bao.example/a1", None, "2024-03-14T16:20:00+07:00"), ("https://bao.example/a2", None, "2024-03-15"),
        (None, "urn:3", None)]
    assert "<p>Một &lt;đoạn&gt;.</p>" in atom[0]["html"] and atom[1]["text"] == "a < b" and atom[2]["html"] == "<p>Ba</p>"
    assert atom[0]["author"] == "Bình"
    (directory / "x.xml.gz").write_bytes(gzip.compress(RDF))
    rdf, = lines(cli, directory / "x.xml.gz")
    assert (rdf["url"], rdf["html"], rdf["published"]) == ("https://bao.example/r1", "Một.", "2024-03-14T01:02:03Z")
    (directory / "y.atom").write_bytes(ATOM)
    assert "3 accepted" in cli("feed", "--source", "bao", directory / "y.atom").stdout


def test_hostile_feed_reads_no_file_and_takes_no_memory(cli):
    shown = cli.run("rss", "-", stdin=BOMB)
    assert "root:" not in shown.stdout and len(shown.stdout) < 2000
    deep = b"<rss><channel>" + b"<item>" * 100_000
    assert cli("rss", "-", stdin=deep, code=65).stderr


@pytest.mark.parametrize("path, says", [("/none", "404"), ("/turn", "redirect"), ("/to-file", "file"), ("/huge", "larger than 16 MiB")])
def test_what_is_not_had_is_said(cli, site, path, says):
    done = cli.run("rss", site.url + path)
    assert done.returncode == 75 and says in done.stderr.lower() + done.stderr, done.stderr
    fed = cli("feed", "--source", "bao", "--rss", site.url + path, code=65)
    assert "newsloom-rss says why" in fed.stderr


def test_broken_feed_is_refused_as_a_whole(cli):
    cut = cli("rss", "-", stdin=RSS[:-200], code=65)
    assert "no well-formed XML: line" in cut.stderr and not cut.stdout
    assert "neither RSS nor Atom" in cli("rss", "-", stdin=b"<html/>", code=65).stderr
    assert "could not read" in cli("rss", "no/such", code=66).stderr
    assert "name a feed" in cli("rss", code=64).stderr


def test_a_feed_is_taken_up_again_from_its_beginning(cli, site, directory):
    state = directory / "my.state"
    state.write_text(json.dumps({"newsloom_feed": 1, "inputs": [f"rss:{site.url}/rss"], "source": "bao",
                                 "file": f"rss:{site.url}/rss", "line": 2, "fed": 2, "complete": False}))
    assert "4 accepted" in cli("feed", "--resume", "--state", state).stdout
