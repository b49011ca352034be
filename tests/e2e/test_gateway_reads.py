# SPDX-License-Identifier: Apache-2.0
"""What became of an article, and entities by name, by HTTP."""
import hashlib
import json
import signal
from urllib.parse import quote

import pytest

from support.auditor import wait_settled
from support.programs import run

TEXT = "Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội."


def feed(gateway, key="bai/1", text=TEXT, **more):
    reply = gateway.post({"source": "proof", "key": key, "title": "Bài", "text": text, **more})
    assert reply.status == 202, reply
    return reply.json


@pytest.fixture
def gateway(broker, new_gateway, database):
    return new_gateway(broker, database)


def test_the_whole_way_of_an_article(broker, gateway, database, new_worker):
    receipt = feed(gateway)
    waiting = gateway.get("/v1/articles/proof/bai/1")
    assert waiting.status == 200 and waiting.json["missing"] == []
    assert waiting.json["outcome"]["state"] in ("queued", "leased") and waiting.json["stored"] is None
    new_worker(broker, database)
    wait_settled(broker)
    told = gateway.get(f"/v1/articles/proof/{quote('bai/1', safe='')}").json
    assert told["outcome"]["state"] == "stored" and told["outcome"]["article_id"] == receipt["article_id"]
    stored = told["stored"]
    assert stored["text"].endswith(TEXT) and stored["extraction"]["mentions"] and stored["revision"] == 1
    shown = run("newsloom", "--set", f"database.url={database.url}", "show", "--json", "proof/bai/1", check=True)
    assert shown.stdout.strip() and json.loads(shown.stdout) == stored


def test_revisions(broker, gateway, database, new_worker):
    new_worker(broker, database)
    feed(gateway)
    feed(gateway, text=TEXT + " Đính chính.")
    wait_settled(broker)
    newest = gateway.get("/v1/articles/proof/bai/1").json
    first = gateway.get("/v1/articles/proof/bai/1?revision=1").json
    assert (newest["stored"]["revision"], first["stored"]["revision"], first["stored"]["newest_revision"]) == (2, 1, 2)
    assert first["outcome"]["newest_revision"] == 2
    assert gateway.get("/v1/articles/proof/bai/1?revision=9").status == 404
    assert gateway.get("/v1/articles/proof/bai/1?revision=x").status == 400


def test_keys_that_are_addresses(broker, gateway, database, new_worker):
    new_worker(broker, database)
    feed(gateway, key="https://vov.vn/a?b=1&c=đỏ#x")
    wait_settled(broker)
    reply = gateway.get(f"/v1/articles/proof/{quote('https://vov.vn/a?b=1&c=đỏ#x', safe='')}")
    assert reply.status == 200 and reply.json["key"] == "https://vov.vn/a?b=1&c=đỏ#x" and reply.json["stored"]


def test_what_is_not_there(gateway):
    unknown = gateway.get("/v1/articles/proof/khong-co")
    assert unknown.status == 404 and unknown.type == "application/problem+json"
    for wrong in ("/v1/articles/PROOF/x", "/v1/articles/proof/", "/v1/articles/proof", "/v1/articles/proof/" + "k" * 600,
                  "/v1/articles/proof/%00", "/v1/articles/proof/%ff"):
        assert gateway.get(wrong).status == 400, wrong


def test_who_is_away_is_named(broker, postgres, gateway, database, new_gateway, new_worker):
    new_worker(broker, database)
    feed(gateway)
    wait_settled(broker)
    without = new_gateway(broker)
    told = without.get("/v1/articles/proof/bai/1").json
    assert told["stored"] is None and "database.url" in told["missing"][0] and told["outcome"]["state"] == "stored"
    assert without.get("/v1/entities?q=giang").status == 503
    postgres.stop(signal.SIGQUIT)
    try:
        told = gateway.get("/v1/articles/proof/bai/1").json
        assert told["stored"] is None and "PostgreSQL" in told["missing"][0]
        away = gateway.get("/v1/entities?q=giang")
        assert away.status == 503 and away.headers["Retry-After"]
        assert gateway.get("/v1/articles/proof/khong-co").status == 503  # it may be there
    finally:
        postgres.start()
    broker.kill9()
    hurried = new_gateway(broker, database, answer_timeout="300ms")
    told = hurried.get("/v1/articles/proof/bai/1").json
    assert told["outcome"] is None and told["stored"]["revision"] == 1 and len(told["missing"]) == 1
    broker.start()


def test_a_feeder_sees_the_way_and_not_the_facts(broker, database, directory, new_gateway, new_worker):
    (directory / "tokens").write_text("a feeder %s\nb reader %s\n" % tuple(hashlib.sha256(t).hexdigest() for t in (b"fff", b"rrr")))
    gateway = new_gateway(broker, database, security_tokens=str(directory / "tokens"))
    new_worker(broker, database)
    feeder, reader = {"Authorization": "Bearer fff"}, {"Authorization": "Bearer rrr"}
    assert gateway.post({"source": "proof", "key": "k", "text": TEXT}, **feeder).status == 202
    wait_settled(broker)
    assert set(gateway.get("/v1/articles/proof/k", **feeder).json) == {"source", "key", "outcome", "missing"}
    assert gateway.get("/v1/articles/proof/k", **reader).json["stored"]["revision"] == 1
    assert gateway.get("/v1/entities?q=giang", **feeder).status == 403


NAMES = ["Nguyễn Văn An", "Nguyễn Văn Bình", "Nguyễn Văn Cường", "Nguyễn Văn Dũng", "Nguyễn Văn Giáp", "Nguyễn Văn Hùng", "Nguyễn Văn Khánh"]


def test_entities_page_by_page(broker, gateway, database, new_worker):
    new_worker(broker, database)
    for number, name in enumerate(NAMES):
        feed(gateway, key=f"k{number}", text=f"Ngày {number + 1}/3/2025, Trung tướng {name}, Thứ trưởng Bộ Công an, đã tiếp đoàn Hoa Kỳ tại Hà Nội.")
    wait_settled(broker)
    whole = gateway.get("/v1/entities?q=nguyen+van&limit=100").json
    assert whole["complete"] and whole["next"] is None
    people = {entity["name"] for entity in whole["entities"] if entity["type"] == "PERSON"}
    assert len(people & set(NAMES)) >= 5, people
    paged, after = [], 0
    while after is not None:
        page = gateway.get(f"/v1/entities?q=nguyen+van&limit=3&after={after}").json
        assert len(page["entities"]) <= 3 and page["complete"] == (page["next"] is None)
        paged, after = paged + page["entities"], page["next"]
    assert paged == whole["entities"]
    assert {e["type"] for e in gateway.get(f"/v1/entities?q={quote('hà nội')}&type=LOCATION").json["entities"]} == {"LOCATION"}
    assert gateway.get("/v1/entities?q=zzzzzz").json == {"entities": [], "next": None, "complete": True}
    for wrong in ("", "?q=", "?q=a&type=CAT", "?q=a&limit=0", "?q=a&limit=101", "?q=a&after=-1", "?q=" + "a" * 600, "?q=a&x=1"):
        assert gateway.get(f"/v1/entities{wrong}").status == 400, wrong
