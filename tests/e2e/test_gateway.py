# SPDX-License-Identifier: Apache-2.0
"""Articles in by HTTP: the broker's receipts, its limits, and what is answered to whoever sends something else."""
import gzip
import hashlib
import json
import signal
import socket
import subprocess

import pytest

from support import paths
from support.auditor import wait_settled
from support.feeder import Feeder
from support.programs import run
from support.waiting import wait_for

TEXT = "Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội."


def article(number: int = 1, **more) -> dict:
    return {"source": "proof", "key": f"bai/{number}", "title": f"Bài {number}", "text": f"{TEXT} Số {number}.", **more}


@pytest.fixture
def gateway(broker, new_gateway):
    return new_gateway(broker)


def problem(reply, status: int, slug: str) -> dict:
    assert (reply.status, reply.type) == (status, "application/problem+json"), reply
    told = reply.json
    assert told["type"] == f"urn:newsloom:problem:{slug}" and told["status"] == status and told["title"] and told["detail"]
    return told


# ---- receipts

def test_accepted_is_on_disk(broker, gateway, new_worker, database):
    reply = gateway.post(article())
    assert reply.status == 202, reply
    broker.kill9()
    broker.start()
    assert (reply.json["receipt"], reply.json["state"], reply.json["revision"]) == ("ACCEPTED", "queued", 1)
    feeder = Feeder(broker.endpoint("feed"))
    outcome = feeder.outcome("proof", "bai/1")
    assert outcome.article_id == reply.json["article_id"]
    new_worker(broker, database)
    wait_settled(broker)
    assert database.value("SELECT text FROM newsloom.article WHERE key = 'bai/1'").startswith(TEXT)
    feeder.close()


def test_the_same_again_has_the_same_receipt(gateway):
    first = gateway.post(article(), Idempotency_Key="lan-1")
    again = gateway.post(article(), Idempotency_Key="lan-1")
    without = gateway.post(article())
    assert (first.status, again.status, without.status) == (202, 202, 200)
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers and again.headers["Idempotency-Replayed"] == "true"
    assert without.json == {**first.json, "receipt": "DUPLICATE"}
    problem(gateway.post(article(title="Khác"), Idempotency_Key="lan-1"), 422, "other-body")
    correction = gateway.post(article(title="Đính chính"), Idempotency_Key="lan-2")
    assert correction.status == 202 and correction.json["revision"] == 2


def test_the_url_is_the_key_when_there_is_none(gateway):
    reply = gateway.post({"source": "vov.vn", "url": "http://www.vov.vn/bai-1?utm_source=x", "html": "<p>Xin chào</p>"})
    assert reply.status == 202 and reply.json["key"] == "vov.vn/bai-1"


def test_lines_are_answered_one_by_one(gateway):
    good = [article(number) for number in range(600)]
    reply = gateway.post(good)
    assert reply.status == 202 and reply.type == "application/x-ndjson"
    assert [line["line"] for line in reply.lines] == list(range(1, 601))
    assert {line["status"] for line in reply.lines} == {202} and len({line["article_id"] for line in reply.lines}) == 600
    body = b"\r\n".join([json.dumps(article(1)).encode(), b"", b"{broken", json.dumps({"source": "proof", "text": "x"}).encode(),
                         json.dumps(article(700)).encode()])
    mixed = gateway.post(body, Content_Type="application/x-ndjson")
    assert mixed.status == 207
    assert [(line["line"], line["status"], line["receipt"]) for line in mixed.lines] == [
        (1, 200, "DUPLICATE"), (3, 400, "REFUSED"), (4, 422, "REFUSED"), (5, 202, "ACCEPTED")]
    assert mixed.lines[2]["refusal"] == "BAD_KEY" and mixed.lines[1]["refusal"] == "INVALID_PAYLOAD"


def test_packed_bodies(gateway):
    assert gateway.post(article(1), packed=True).status == 202
    assert gateway.post([article(2), article(3)], packed=True).status == 202
    two_members = gzip.compress(json.dumps(article(4)).encode() + b"\n") + gzip.compress(json.dumps(article(5)).encode())
    assert gateway.post(two_members, Content_Type="application/x-ndjson", Content_Encoding="gzip").status == 202
    cut = gzip.compress(json.dumps(article(6)).encode())[:-6]
    problem(gateway.post(cut, Content_Type="application/json", Content_Encoding="gzip"), 400, "bad-body")
    problem(gateway.post(b"no gzip at all", Content_Type="application/json", Content_Encoding="gzip"), 400, "bad-body")
    problem(gateway.post(b"x", Content_Type="application/json", Content_Encoding="br"), 415, "wrong-type")


def test_defaults_stand_in_the_address(gateway):
    reply = gateway.post({"key": "k", "text": TEXT}, "/v1/articles?source=mac-dinh&class=backfill")
    assert reply.status == 202 and reply.json["source"] == "mac-dinh"
    problem(gateway.post(article(), "/v1/articles?class=sometimes"), 400, "bad-address")
    problem(gateway.post(article(), "/v1/articles?sorce=x"), 400, "bad-address")


# ---- refusals

WRONG = {
    "nothing": (b"", 400, "bad-body"),
    "no JSON": (b"{", 400, "bad-body"),
    "a list": (b"[]", 400, "bad-body"),
    "blanks": (b"  \n ", 400, "bad-body"),
    "bytes": (b"\xff\xfe\x00", 400, "bad-body"),
    "no text": (b'{"source": "a", "key": "k"}', 400, "bad-body"),
    "two texts": (b'{"source": "a", "key": "k", "text": "a", "html": "b"}', 400, "bad-body"),
    "no source": (b'{"key": "k", "text": "a"}', 422, "refused"),
    "a wrong source": (b'{"source": "A B", "key": "k", "text": "a"}', 422, "refused"),
    "a long key": (b'{"source": "a", "key": "' + b"k" * 600 + b'", "text": "a"}', 422, "refused"),
    "an empty text": (b'{"source": "a", "key": "k", "text": ""}', 422, "refused"),
    "many values": (b'{"source": "a", "key": "k", "text": "a", "x": [' + b"1," * 5000 + b"1]}", 400, "bad-body"),
    "depth": (b"[" * 4000, 400, "bad-body"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(gateway, what):
    body, status, slug = WRONG[what]
    problem(gateway.post(body, Content_Type="application/json"), status, slug)


def test_types_and_methods(gateway):
    problem(gateway.post(b"{}", Content_Type="text/plain"), 415, "wrong-type")
    problem(gateway.ask("POST", "/v1/articles", b"{}"), 415, "wrong-type")
    reply = gateway.ask("PUT", "/v1/articles", b"{}")
    problem(reply, 405, "wrong-method")
    assert reply.headers["Allow"] == "POST"
    problem(gateway.get("/v1/nothing"), 404, "not-found")
    problem(gateway.get("/v1/articles%zz"), 400, "bad-address")
    problem(gateway.get("/healthz?x=%00"), 400, "bad-address")
    head = gateway.ask("HEAD", "/healthz")
    assert head.status == 200 and head.body == b""


def test_too_large(broker, new_gateway):
    gateway = new_gateway(broker, limit_body="64KiB", article_limit="8KiB")
    told = problem(gateway.post(article(text="x" * 9000)), 413, "too-large")
    assert told["refusal"] == "TOO_LARGE"
    problem(gateway.post(article(text="x" * 70000)), 413, "too-large")
    lines = gateway.post([article(1), article(2, text="x" * 9000)])
    assert lines.status == 207 and [line["status"] for line in lines.lines] == [202, 413]
    problem(gateway.post(b"\n" * 20000, Content_Type="application/x-ndjson"), 413, "too-large")
    connection = gateway.connect()  # without a length, piece by piece
    connection.request("POST", "/v1/articles", body=(b"x" * 1000 for _ in range(80)), encode_chunked=True,
                       headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
    assert connection.getresponse().status == 413
    connection.close()


def test_a_bomb_goes_off_in_nobodys_hands(broker, new_gateway):
    gateway = new_gateway(broker, limit_body="1MiB", limit_memory="2MiB")
    bomb = gzip.compress(b" " * (256 << 20), 9)
    assert len(bomb) < 1 << 20
    gateway.post(article())
    before = gateway.memory_bytes()
    told = problem(gateway.post(bomb, Content_Type="application/json", Content_Encoding="gzip"), 413, "too-large")
    assert "1048576" in told["detail"]
    assert gateway.memory_bytes() - before < 64 << 20
    assert gateway.post(article(2)).status == 202


def test_memory_of_all_bodies_is_bounded(broker, new_gateway):
    gateway = new_gateway(broker, limit_body="1MiB", limit_memory="1MiB")
    holder = gateway.raw()
    holder.sendall(b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                   b"Content-Length: 900000\r\n\r\n" + b" " * 800000)
    wait_for(lambda: "gateway_body_bytes 1048576" in gateway.get("/metrics").body.decode(), 20, "it holds all the memory")
    big = article(text="x" * 600000)
    reply = gateway.post(big)
    assert problem(reply, 503, "unavailable") and reply.headers["Retry-After"]
    holder.close()
    wait_for(lambda: gateway.post(big).status in (200, 202), 20, "there is again")


# ---- the broker says later, or nothing

def test_a_full_broker_is_429(new_broker, new_gateway):
    broker = new_broker(queue_limit="100")
    gateway = new_gateway(broker)
    lines = gateway.post([article(number) for number in range(150)])
    statuses = [line["status"] for line in lines.lines]
    assert lines.status == 207 and statuses == sorted(statuses) and set(statuses) == {202, 429}
    assert int(lines.headers["Retry-After"]) >= 1
    later = gateway.post(article(1000))
    told = problem(later, 429, "slow-down")
    assert told["receipt"] == "RETRY_LATER" and int(later.headers["Retry-After"]) >= 1
    problem(gateway.post([article(1001), article(1002)]), 429, "slow-down")
    feeder = Feeder(broker.endpoint("feed"))
    kept = statuses.count(202)
    assert feeder.outcome("proof", f"bai/{kept - 1}").article_id == lines.lines[kept - 1]["article_id"]
    feeder.close()


def test_without_a_broker_nothing_is_accepted(broker, new_gateway):
    gateway = new_gateway(broker, receipt_timeout="500ms")
    broker.kill9()
    reply = gateway.post(article())
    assert problem(reply, 503, "unavailable")["receipt"] == "UNKNOWN" and reply.headers["Retry-After"]
    broker.start()
    wait_for(lambda: gateway.post(article()).status in (200, 202), 30, "the broker is found again")


def test_a_broker_that_comes_back_in_time_is_waited_for(broker, new_gateway):
    gateway = new_gateway(broker, receipt_timeout="60s", answer_timeout="300ms")
    assert gateway.post(article(1)).status == 202
    broker.kill9()
    broker.start(wait=False)
    assert gateway.post(article(2)).status == 202


# ---- who may

TOKENS = {"crawler": ("feeder", "bi-mat-1"), "desk": ("reader", "bi-mat-2"), "all": ("reader,feeder", "bi-mat-3")}


@pytest.fixture
def tokens(directory):
    path = directory / "tokens"

    def write(names=TOKENS) -> str:
        path.write_text("# name roles digest\n" + "".join(
            f"{name} {TOKENS[name][0]} {hashlib.sha256(TOKENS[name][1].encode()).hexdigest()}\n" for name in names))
        return str(path)
    return write


def bearer(name: str) -> dict:
    return {"Authorization": f"Bearer {TOKENS[name][1]}"}


def test_tokens_and_their_roles(broker, new_gateway, tokens):
    gateway = new_gateway(broker, security_tokens=tokens())
    without = gateway.post(article())
    problem(without, 401, "no-token")
    assert "Bearer" in without.headers["WWW-Authenticate"]
    problem(gateway.post(article(), Authorization="Bearer wrong"), 401, "no-token")
    problem(gateway.post(article(), Authorization="bi-mat-1"), 401, "no-token")
    problem(gateway.post(article(), **bearer("desk")), 403, "wrong-role")
    problem(gateway.get("/metrics", **bearer("crawler")), 403, "wrong-role")
    assert gateway.post(article(), **bearer("crawler")).status == 202
    assert gateway.post(article(2), **bearer("all")).status == 202
    assert gateway.get("/healthz").status == 200
    assert gateway.get("/metrics", Authorization="Basic eDpiaS1tYXQtMg==").status == 200  # x:bi-mat-2
    metrics = gateway.get("/metrics", **bearer("desk")).body.decode()
    assert "newsloom_gateway_turned_away_total 5" in metrics


def test_tokens_are_read_again(broker, new_gateway, tokens):
    gateway = new_gateway(broker, security_tokens=tokens(["desk"]))
    problem(gateway.post(article(), **bearer("crawler")), 401, "no-token")
    path = tokens(["crawler"])
    gateway.signal(signal.SIGHUP)
    gateway.wait_log("tokens-read")
    assert gateway.post(article(), **bearer("crawler")).status == 202
    problem(gateway.get("/metrics", **bearer("desk")), 401, "no-token")
    with open(path, "a", encoding="utf-8") as file:
        file.write("somebody feeder 1234\n")
    gateway.signal(signal.SIGHUP)
    gateway.wait_log("tokens-wrong")
    assert ":3:" in gateway.log() and gateway.post(article(2), **bearer("crawler")).status == 202


def test_beyond_loopback_only_with_tokens(broker, directory, new_gateway, tokens):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:5817", "example.org:1"):
        done = run("newsloom-gateway", "--set", f"listen.api={address}", "--check")
        assert done.returncode == 78 and "security.tokens" in done.stderr, (address, done.stderr)
    gateway = new_gateway(broker, listen_api="0.0.0.0:0", security_tokens=tokens())
    port = int(gateway.http_address.rsplit(":", 1)[1])
    gateway.settings["listen.api"] = "0.0.0.0:0"
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: tin.example\r\nConnection: close\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 200")


def test_a_page_of_another_site_gets_nothing(gateway):
    problem(gateway.ask("GET", "/healthz", Host="evil.example:5817"), 403, "wrong-host")
    problem(gateway.post(article(), Host="127.0.0.1.evil.example"), 403, "wrong-host")
    for host in ("localhost", "127.0.0.1:1", "[::1]:99"):
        assert gateway.ask("GET", "/healthz", Host=host).status == 200


def test_unix_socket(broker, directory, new_gateway):
    path = directory / "api"
    gateway = new_gateway(broker, listen_api=f"unix:{path}")
    assert path.stat().st_mode & 0o777 == 0o660
    assert gateway.post(article()).status == 202
    second = run("newsloom-gateway", "--set", f"listen.api=unix:{path}", "--set", "broker.feed=ipc:///x")
    assert second.returncode == 78 and "in use" in second.stderr, second.stderr
    gateway.kill9()
    assert path.exists()
    gateway.start()
    assert gateway.post(article()).status == 200
    assert gateway.terminate() == 0 and not path.exists()


# ---- connections

def test_slow_senders_are_cut(broker, new_gateway):
    gateway = new_gateway(broker, header_timeout="500ms", body_timeout="1s")
    silent, dripping, late = gateway.raw(), gateway.raw(), gateway.raw()
    late.sendall(b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{")

    def is_cut():
        try:
            dripping.sendall(b"G")  # a byte now and then does not help
        except OSError:
            return True
        return False
    wait_for(is_cut, 20, "the dripping one is cut", every=0.1)
    assert silent.recv(100) == b"" and late.recv(100) == b""
    text = wait_for(lambda: (t := gateway.get("/metrics").body.decode()) and 'what="body"} 1' in t and t, 10, "it is counted")
    assert 'newsloom_gateway_cut_total{what="head"} 2' in text


def test_connections_are_bounded(broker, new_gateway):
    gateway = new_gateway(broker, limit_connections="4")
    held = [gateway.raw() for _ in range(4)]
    for connection in held:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b" 200 " in connection.recv(4096)
    beyond = gateway.raw(2)
    beyond.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    with pytest.raises((TimeoutError, ConnectionError, AssertionError)):
        assert beyond.recv(4096)
    beyond.close()
    held.pop().close()
    wait_for(lambda: _answers(gateway), 20, "there is room again")


def _answers(gateway) -> bool:
    try:
        return gateway.ask("GET", "/healthz", timeout=2).status == 200
    except OSError:
        return False


def test_requests_under_way_are_finished(broker, new_gateway):
    gateway = new_gateway(broker)
    connection = gateway.raw()
    body = json.dumps(article()).encode()
    connection.sendall(b"POST /v1/articles HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                       + str(len(body)).encode() + b"\r\n\r\n" + body[:20])
    wait_for(lambda: "gateway_connections 1" in gateway.get("/metrics").body.decode()
             or "gateway_connections 2" in gateway.get("/metrics").body.decode(), 10, "it is there")
    gateway.signal(signal.SIGTERM)
    connection.sendall(body[20:])
    assert connection.recv(4096).startswith(b"HTTP/1.1 202")
    assert gateway.wait_exit() == 0


# ---- the real client

def test_curl_feeds_a_file(gateway, directory):
    path = directory / "bai.jsonl"
    path.write_text("".join(json.dumps(article(number)) + "\n" for number in range(3)))
    done = subprocess.run(["curl", "-sS", "--fail-with-body", "-H", "Content-Type: application/x-ndjson", "--data-binary", f"@{path}",
                           f"http://{gateway.http_address}/v1/articles"], capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line)["receipt"] for line in done.stdout.splitlines()] == ["ACCEPTED"] * 3
    large = directory / "lon.json"  # curl asks first whether it may send so much (Expect: 100-continue)
    large.write_text(json.dumps(article(9, text=TEXT * 14000)))
    done = subprocess.run(["curl", "-sS", "--fail-with-body", "--json", f"@{large}", f"http://{gateway.http_address}/v1/articles"],
                          capture_output=True, text=True, timeout=60, check=True)
    assert large.stat().st_size > 1 << 20 and json.loads(done.stdout)["receipt"] == "ACCEPTED"


def test_help_and_configuration():
    assert "examples:" in run("newsloom-gateway", "--help").stdout
    assert paths.program("newsloom-gateway").exists()
