# SPDX-License-Identifier: Apache-2.0
"""gateway/openapi.json says what is served, and what is served is what it says: every path, method and status, and
every answer by its schema."""
import hashlib
import json
import re
import signal

import jsonschema
import pytest

from support import paths
from support.auditor import wait_settled
from support.operating import Operator
from support.waiting import wait_for

TEXT = "Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội."
DOCUMENT = json.loads((paths.SOURCE / "gateway" / "openapi.json").read_text(encoding="utf-8"))
LINES = "application/x-ndjson"


def documented() -> set:
    return {(method.upper(), path, status) for path, methods in DOCUMENT["paths"].items()
            for method, operation in methods.items() for status in operation["responses"] if status != "default"}


class Book:
    """What was asked and answered; each answer is held against the document when it is written down."""

    def __init__(self):
        self.seen = set()

    def check(self, method, path, reply, status):
        assert reply.status == status, (method, path, reply)
        operation = DOCUMENT["paths"][path][method.lower()]
        answer = operation["responses"].get(str(status), operation["responses"]["default"])
        assert reply.type in answer["content"], (reply.type, list(answer["content"]))
        schema = answer["content"][reply.type]["schema"]
        for header in answer.get("headers", {}):
            assert header == "Idempotency-Replayed" or reply.headers[header], header
        for value in self.values(reply, schema):
            fits(value, schema)
        self.seen.add((method, path, str(status)))
        return reply

    @staticmethod
    def values(reply, schema):
        if schema.get("type") == "string":
            return [reply.body.decode()]
        values = reply.lines if reply.type == LINES else [reply.json]
        assert values
        return values


def fits(value, schema):
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"], **schema}
    jsonschema.Draft202012Validator(whole).validate(value)


def article(number=1, **more) -> dict:
    return {"source": "proof", "key": f"bai/{number}", "title": f"Bài {number}", "text": f"{TEXT} Số {number}.", **more}


def test_the_document_is_openapi():
    assert DOCUMENT["openapi"].startswith("3.1.")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert f"#/components/schemas/{name}" in json.dumps(DOCUMENT), f"nothing uses {name}"
    for target in re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT)):
        assert target in DOCUMENT["components"]["schemas"]
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids)) and all(operation["summary"] for m in DOCUMENT["paths"].values() for operation in m.values())


def test_every_route_is_documented():
    routes = set(re.findall(r'\{"(GET|POST)", "([^"]+)"', (paths.SOURCE / "gateway" / "routes.c").read_text(encoding="utf-8")))
    said = {(method.upper(), "/v1/articles/" if path == "/v1/articles/{source}/{key}" else path)
            for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routes == said


def test_every_kind_of_problem_is_documented():
    slugs = re.findall(r'X\(\w+, "([a-z-]+)", (\d+)', (paths.SOURCE / "gateway" / "answer.h").read_text(encoding="utf-8"))
    kinds = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert [f"urn:newsloom:problem:{slug}" for slug, _ in slugs] == kinds


@pytest.fixture
def tokens(directory):
    path = directory / "tokens"
    path.write_text("".join(f"{role} {role} {hashlib.sha256(role.encode()).hexdigest()}\n" for role in ("feeder", "reader")))
    return str(path)


def test_every_answer_is_served_as_it_is_documented(new_broker, new_gateway, new_worker, database, tokens):
    broker = new_broker(**{"retention.log-size": "1MiB", "queue.limit": "100"})
    worker = new_worker(broker, database)
    gateway = new_gateway(broker, database, article_limit="256KiB", limit_streams="1")
    book = Book()
    whole_articles(book, gateway, broker)
    whole_reads(book, gateway)
    whole_events(book, gateway, broker)
    whole_doors(book, new_gateway(broker, database, security_tokens=tokens))
    worker.kill9()
    whole_full(book, gateway)
    broker.signal(signal.SIGKILL)
    whole_away(book, new_gateway(broker, receipt_timeout="300ms", answer_timeout="300ms"))
    assert documented() == book.seen, (documented() - book.seen, book.seen - documented())


def whole_articles(book, gateway, broker):
    def post(status, body, target="/v1/articles", **headers):
        return book.check("POST", "/v1/articles", gateway.post(body, target, **headers), status)
    post(202, article(1), Idempotency_Key="1")
    assert post(202, article(1), Idempotency_Key="1").headers["Idempotency-Replayed"] == "true"
    post(200, article(1))
    post(202, [article(1), article(2), article(3, labels={"chuyên mục": "an ninh"})])
    post(207, [article(4), {"source": "proof"}, article(5, source="A B"), article(6, text="x" * (300 << 10))])
    post(400, article(1), "/v1/articles?clas=live")
    post(400, b"{", Content_Type="application/json")
    post(413, article(7, text="x" * (300 << 10)))
    post(415, b"<p>", Content_Type="text/html")
    post(422, article(8, source="A B"))
    operator = Operator(broker.endpoint("operator"))
    post(202, article(9))
    operator.forget("proof", "bai/9", timeout=30)
    operator.close()
    post(409, article(9))
    wait_settled(broker)


def whole_reads(book, gateway):
    def get(status, path, target=None):
        return book.check("GET", path, gateway.get(target or path), status)
    one = "/v1/articles/{source}/{key}"
    assert get(200, one, "/v1/articles/proof/bai/1").json["stored"]
    get(400, one, "/v1/articles/proof/bai/1?x=1")
    get(404, one, "/v1/articles/proof/bai/99")
    assert get(200, "/v1/entities", "/v1/entities?q=giang&limit=1").json["entities"]
    get(400, "/v1/entities")
    wait_for(lambda: gateway.get("/v1/status").json["latest"] and gateway.get("/v1/status").json["broker"]["workers"], 20, "it was asked")
    for path in ("/", "/healthz", "/readyz", "/metrics", "/v1/openapi.json", "/v1/status"):
        get(200, path)
        get(400, path, path + "?x=1")
    assert gateway.get("/v1/openapi.json").json == DOCUMENT


def whole_events(book, gateway, broker):
    def get(status, target="/v1/events", **headers):
        return book.check("GET", "/v1/events", gateway.get(target, **headers), status)
    get(200)
    get(200, "/v1/events?form=cloudevents")
    get(200, "/v1/events?follow=no&limit=2", Accept="text/event-stream")
    kinds = {line["kind"] for line in get(200).lines}
    assert {"STORED", "FORGOTTEN", "END"} <= kinds, kinds
    get(400, "/v1/events?after=x")
    get(406, Accept="image/png")
    foreign = get(410, f"/v1/events?after={'00' * 16}:1")
    assert foreign.json["other_log"]
    held = gateway.connect()
    held.request("GET", "/v1/events?follow=yes")
    assert held.getresponse().status == 200
    get(503)
    held.close()


def whole_doors(book, gateway):
    def ask(status, method, path, target=None, token=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        book.check(method, path, gateway.ask(method, target or path, b"{}" if method == "POST" else None, **headers), status)
    for path in ("/", "/metrics", "/v1/status", "/v1/events"):
        ask(401, "GET", path)
        ask(403, "GET", path, token="feeder")
    ask(401, "GET", "/v1/entities", "/v1/entities?q=a")
    ask(403, "GET", "/v1/entities", "/v1/entities?q=a", token="feeder")
    ask(401, "GET", "/v1/articles/{source}/{key}", "/v1/articles/a/b")
    ask(200, "GET", "/v1/articles/{source}/{key}", "/v1/articles/proof/bai/1", token="feeder")
    ask(401, "POST", "/v1/articles", Content_Type="application/json")
    ask(403, "POST", "/v1/articles", token="reader", Content_Type="application/json")


def whole_full(book, gateway):
    lines = [article(number) for number in range(1000, 1150)]
    reply = book.check("POST", "/v1/articles", gateway.post(lines), 207)
    assert {line["receipt"] for line in reply.lines} == {"ACCEPTED", "RETRY_LATER"}
    book.check("POST", "/v1/articles", gateway.post(article(2000)), 429)


def whole_away(book, gateway):
    book.check("POST", "/v1/articles", gateway.post(article(1)), 503)
    book.check("GET", "/v1/articles/{source}/{key}", gateway.get("/v1/articles/proof/bai/1"), 503)
    book.check("GET", "/v1/entities", gateway.get("/v1/entities?q=a"), 503)
    book.check("GET", "/readyz", gateway.get("/readyz"), 503)
    book.check("GET", "/v1/status", gateway.get("/v1/status"), 200)
    book.check("GET", "/", gateway.get("/"), 200)
