# SPDX-License-Identifier: Apache-2.0
"""What crawlers leave behind, fed as it is: WARC, CSV, the JSON of other tools, packed files."""
import gzip
import json
import lzma
import os
import signal
import subprocess
import zlib

import pytest

from support.cli import CommandLine
from support.contract import article
from support.fake_worker import FakeWorker, MemoryStorage, WorkingThread

PAGE = "<html><head><title>Tin</title></head><body><p>Bộ Công an họp tại Hà Nội. {}</p></body></html>"


@pytest.fixture
def cli(broker, directory):
    return CommandLine(broker, directory)


@pytest.fixture
def taken(broker):
    """Takes so many articles as a worker does: {key: (Article, source)}."""
    workers = []

    def take(count) -> dict:
        worker = FakeWorker(broker.endpoint("work"), slots=max(count, 1))
        workers.append(worker)
        worker.take(count)
        return {h.job.key: (article.Article.FromString(h.payload), h.job.source) for h in worker.held.values()}
    yield take
    for worker in workers:
        worker.close()


def http(body: bytes, *headers, status="200 OK", kind="text/html; charset=utf-8") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def record(kind, url, block, version="1.0", **more) -> bytes:
    head = [f"WARC/{version}", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", "WARC-Date: 2024-03-14T09:30:00Z",
            "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>",
            f"Content-Type: {more.get('type', 'application/http; msgtype=response')}", f"Content-Length: {len(block)}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def chunked(body: bytes) -> bytes:
    parts = [body[i:i + 40] for i in range(0, len(body), 40)]
    return b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"


def page(number) -> bytes:
    return PAGE.format(number).encode()


RECORDS = [
    record("warcinfo", "", b"software: test\r\n", type="application/warc-fields"),
    record("response", "https://example.org/1", http(page(1))),
    record("request", "https://example.org/1", b"GET /1 HTTP/1.1\r\n\r\n", type="application/http; msgtype=request"),
    record("response", "<https://example.org/2>", http(chunked(page(2)), "Transfer-Encoding: chunked"), version="1.1"),
    record("response", "https://example.org/3", http(gzip.compress(page(3)), "content-encoding: gzip")),
    record("response", "https://example.org/4", http(zlib.compress(page(4)), "Content-Encoding: deflate")),
    record("response", "https://example.org/5", http(page(5), "Content-Encoding: gzip", "Transfer-Encoding: chunked")),
    record("response", "https://example.org/gone", http(page(0), status="404 Not Found")),
    record("response", "https://example.org/image", http(b"GIF89a" * 50, kind="image/gif")),
    record("response", "https://example.org/br", http(b"\x0b\x02\x80", "Content-Encoding: br")),
    record("response", "https://example.org/huge", http(b"x" * 3_000_000)),
    record("response", "https://example.org/6", http("Tiếng Việt".encode("utf-16"), kind="text/html;charset=UTF-16")),
]


@pytest.mark.parametrize("packing", ["plain", "members", "whole"])
def test_pages_of_a_warc_are_fed_as_they_were_fetched(cli, taken, directory, packing):
    data = {"plain": b"".join(RECORDS), "members": b"".join(gzip.compress(one) for one in RECORDS),
            "whole": gzip.compress(b"".join(RECORDS))}[packing]
    path = directory / ("crawl.warc" if packing == "plain" else "crawl.warc.gz")
    path.write_bytes(data)
    done = cli("feed", "--source", "crawl", path, "--failures", directory / "bad.jsonl", code=65)
    assert "6 accepted" in done.stdout and "2 responses passed by" in done.stdout
    got = taken(6)
    for number in range(1, 6):
        one, source = got[f"example.org/{number}"]
        assert one.content == page(number) and source == "crawl"
        assert (one.content_type, one.charset, one.fetched) == ("text/html", "utf-8", "2024-03-14T09:30:00Z")
    assert got["example.org/6"][0].charset == "UTF-16"
    bad = [json.loads(line) for line in (directory / "bad.jsonl").read_text().splitlines()]
    assert [(b["url"], b["line"], b["code"]) for b in bad] == [
        ("https://example.org/br", 10, "INVALID_PAYLOAD"), ("https://example.org/huge", 11, "INVALID_PAYLOAD")]
    assert '"br"' in bad[0]["text"] and "larger than an article may be" in bad[1]["text"]


@pytest.mark.parametrize("damage, says", [
    (lambda data: data[:-40], "breaks off"), (lambda data: data + b"\x1f\x8b\x08garbage", "damaged"),
    (lambda data: gzip.compress(gzip.decompress(data)[:-500]), "breaks off within a record"),
    (lambda data: gzip.compress(b"GET / HTTP/1.0\r\n\r\n"), "no WARC record"),
    (lambda data: gzip.compress(RECORDS[1].replace(b"Content-Length", b"Content-Longth")), "how long it is")])
def test_damaged_warc_is_said_with_the_record(cli, directory, damage, says):
    path = directory / "crawl.warc.gz"
    path.write_bytes(damage(gzip.compress(b"".join(RECORDS[:2] + RECORDS[-1:]))))
    done = cli("feed", "--source", "crawl", path, code=65)
    assert says in done.stderr and f"{path}:" in done.stderr, done.stderr


def test_a_warc_is_taken_up_again_where_it_stopped(cli, taken, directory):
    path = directory / "crawl.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record("response", f"https://example.org/{i}", http(page(i)))) for i in range(300)))
    state = directory / "my.state"
    killed = cli.run("feed", "--source", "crawl", "--state", state, path, NEWSLOOM_CRASH_AT="CLIENT_AFTER_RECEIPT:120")
    assert killed.returncode == -signal.SIGKILL
    state.write_text(json.dumps({"newsloom_feed": 1, "inputs": [str(path)], "source": "crawl", "file": str(path), "line": 100,
                                 "fed": 100, "complete": False}))
    done = cli("feed", "--resume", "--state", state)
    assert done.stdout.startswith("200 articles"), done.stdout
    assert "0 accepted, 300 known" in cli("feed", "--source", "crawl", path).stdout


def test_csv_is_read_as_spreadsheets_write_it(cli, taken, directory):
    (directory / "a.csv").write_bytes(
        "\ufeffkey,title,text,published,extra\r\n1,\"Tin, \"\"một\"\"\",\"Dòng một\r\nDòng hai\",2024-03-01,x\r\n\r\n"
        "2,,Hai,,\r\n3,ba,Ba,2024-03-02,y,too many\r\n4,bốn,\"Bốn".encode() + "\n5,…,Năm".encode())
    (directory / "b.csv").write_text("url;text\nhttps://example.org/b;\"một; hai\"\n")
    done = cli("feed", "--source", "bang", directory / "a.csv", directory / "b.csv", code=65)
    assert "a.csv:6: refused" in done.stderr and "has 6 fields, the header line has 5" in done.stderr
    assert "a.csv:7: refused" in done.stderr and "never closed" in done.stderr
    got = taken(3)
    one = got["1"][0]
    assert (one.title, one.content.decode(), one.published) == ('Tin, "một"', "Dòng một\r\nDòng hai", "2024-03-01")
    assert got["2"][0].title == "" and got["example.org/b"][0].content.decode() == "một; hai"
    latin = directory / "latin.csv"
    latin.write_bytes("key,text\n1,é\n".encode("latin-1"))
    assert "is not UTF-8" in cli("feed", "--source", "bang", latin, code=65).stderr


TRAFILATURA = {"title": "Tiêu đề", "author": "An; Bình", "hostname": "www.Example.org", "date": "2024-03-14", "fingerprint": "ab",
               "id": None, "license": None, "comments": "", "raw_text": "x", "text": "Nội dung.", "language": "vi",
               "source": "https://www.example.org/t", "source-hostname": "Báo Ví Dụ", "excerpt": "…", "categories": "", "tags": ""}
NEWS_PLEASE = {"authors": ["An", "Bình"], "date_download": "2024-03-15 01:02:03", "date_modify": "None",
               "date_publish": "2024-03-14 10:00:00", "description": None, "filename": "x.json", "image_url": None,
               "language": "vi", "localpath": None, "maintext": "Nội dung.", "source_domain": "example.org", "text": None,
               "title": None, "title_page": "Tiêu đề", "title_rss": None, "url": "https://example.org/n"}
FUNDUS = {"title": "Tiêu đề", "authors": ["An", "Bình"], "publishing_date": "2024-03-14 10:00:00+07:00", "topics": ["x"],
          "lang": "vi", "body": {"summary": ["Tóm tắt."], "sections": [{"headline": ["Mục"], "paragraphs": ["Một.", "Hai."]}]},
          "html": {"requested_url": "https://example.org/f?x=1", "responded_url": "https://example.org/f",
                   "content": "<p>Nội dung.</p>", "crawl_date": "2024-03-15 01:02:03"}}
SCHEMA_ORG = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Tiêu đề", "articleBody": "Nội dung.",
              "author": [{"@type": "Person", "name": "An"}, {"@type": "Person", "name": "Bình"}], "inLanguage": "vi",
              "datePublished": "2024-03-14T10:00:00+07:00", "mainEntityOfPage": {"@id": "https://example.org/s"}}


def test_json_of_other_tools_is_read_by_their_names(cli, taken, directory):
    plain = {**FUNDUS, "html": {**FUNDUS["html"], "content": None, "responded_url": "https://example.org/p"}}
    own = {"text": "Của mình.", "url": "https://example.org/own", "source": "minh", "date": "2001-01-01", "authors": ["x"]}
    (directory / "tools.jsonl").write_text("".join(
        json.dumps(one, ensure_ascii=False) + "\n" for one in (TRAFILATURA, NEWS_PLEASE, FUNDUS, SCHEMA_ORG, plain, own)))
    cli("feed", "tools.jsonl", code=65)  # of three nobody says the source
    cli("feed", "--source", "chung", "tools.jsonl")
    got = taken(8)
    for key in ("example.org/t", "example.org/n", "example.org/s"):
        assert got[key][0].content.decode() == "Nội dung.", key
    for key in ("example.org/t", "example.org/n", "example.org/f", "example.org/s"):
        one = got[key][0]
        assert (one.title, one.language, one.published[:10]) == ("Tiêu đề", "vi", "2024-03-14"), key
        assert one.author.replace(";", ",") == "An, Bình"
    page_, _ = got["example.org/f"]
    assert (page_.content_type, page_.content.decode(), page_.fetched) == ("text/html", "<p>Nội dung.</p>", "2024-03-15 01:02:03")
    assert got["example.org/p"][0].content.decode() == "Tóm tắt.\n\nMục\n\nMột.\n\nHai."
    assert (got["example.org/own"][0].published, got["example.org/own"][0].author) == ("", ""), "notes of one's own stay notes"


def test_sources_of_other_tools_are_their_hosts(cli, taken, directory):
    (directory / "tools.jsonl").write_text(json.dumps(TRAFILATURA) + "\n" + json.dumps(NEWS_PLEASE) + "\n")
    cli("feed", "tools.jsonl")
    assert {source for _, source in taken(2).values()} == {"example.org"}


def packed(data: bytes, how: str) -> bytes:
    if how == "zst":
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    return gzip.compress(data) if how == "gz" else lzma.compress(data)


@pytest.mark.parametrize("how", ["gz", "xz", "zst"])
def test_packed_files_are_what_they_hold(cli, taken, directory, how):
    folder = directory / "crawl"
    folder.mkdir()
    many = "".join(json.dumps({"text": f"Bài {i} " + "chữ " * 100, "key": f"k{i}"}) + "\n" for i in range(60)).encode()
    half = len(many) // 2
    (folder / f"many.jsonl.{how}").write_bytes(packed(many[:half], how) + packed(many[half:], how))
    (folder / f"one.txt.{how}").write_bytes(packed("Một".encode(), how))
    (folder / f"two.html.{how}").write_bytes(packed(b"<p>Hai</p>", how))
    (folder / f"notes.bin.{how}").write_bytes(b"is left alone")
    done = cli("feed", "--source", "goi", folder)
    assert "62 accepted" in done.stdout
    again = cli("feed", "--source", "goi", "-", stdin=packed(many, how))
    assert "60 known already" in again.stdout
    got = taken(62)
    assert got["one.txt"][0].content.decode() == "Một" and got["two.html"][0].content_type == "text/html"
    cut = directory / f"cut.jsonl.{how}"
    cut.write_bytes(packed(os.urandom(100_000).hex().encode() + b"\n" + many, how)[:-2000])
    assert "cut.jsonl" in cli("feed", "--source", "goi", cut, code=65).stderr


def test_what_died_is_kept_as_a_failure_too(cli, broker, directory):
    path = directory / "x.jsonl"
    path.write_text('{"text":"a","key":"1"}\n')
    thread = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())
    thread.worker.done = lambda lease: thread.worker.fail(lease, "INVALID_PAYLOAD", "no date", True)
    thread.start()
    cli("feed", "--source", "test", "--wait", "--failures", directory / "bad.jsonl", path, code=65)
    thread.finish()
    bad = json.loads((directory / "bad.jsonl").read_text())
    assert (bad["key"], bad["line"], bad["code"]) == ("1", 1, "dead") and "no date" in bad["text"]


def test_failures_are_kept_for_a_program(cli, directory):
    path = directory / "x.jsonl"
    path.write_text('{"text":"a","key":"1"}\nno json\n{"text":"b","key":"2","source":"A B"}\n')
    file = directory / "bad.jsonl"
    cli("feed", "--source", "test", "--failures", file, path, code=65)
    cli("feed", "--source", "test", "--failures", file, path, code=65)
    bad = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(b["line"], b["code"]) for b in bad] == [(2, "INVALID_PAYLOAD"), (3, "BAD_SOURCE")] * 2
    assert all(b["file"] == str(path) and b["text"] for b in bad)
    full = cli("feed", "--source", "test", "--failures", "/dev/full", path, code=75)
    assert "could not write the file of --failures" in full.stderr
    assert "could not open" in cli("feed", "--source", "test", "--failures", "no/such/folder", path, code=65).stderr
