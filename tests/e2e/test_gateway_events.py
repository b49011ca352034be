# SPDX-License-Identifier: Apache-2.0
"""The event log by HTTP: in order, from a cursor, resumed over restarts, and never cut off without a word."""
import json
import re
import socket
import subprocess
import sys

import pytest

from support import paths
from support.auditor import wait_settled
from support.gateway import Reply
from support.programs import die_with_parent
from support.waiting import wait_for

TEXT = "Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội."
LONG = " ".join(f"{TEXT} Câu thứ {number} của bài." for number in range(200))


def feed(gateway, numbers, source="proof", text=TEXT) -> None:
    reply = gateway.post([{"source": source, "key": f"bai/{number}", "title": f"Bài {number}", "text": f"{text} Số {number}."}
                          for number in numbers])
    assert reply.status == 202, reply


@pytest.fixture
def gateway(broker, new_gateway, new_worker, database):
    new_worker(broker, database)
    return new_gateway(broker)


class Stream:
    """Server-sent events as a browser reads them: fields, an empty line, the last id."""

    def __init__(self, gateway, target="/v1/events", last_id=None):
        self.connection = gateway.connect(20)
        headers = {"Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection.request("GET", target, headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, Reply(self.answer)
        assert self.answer.headers.get_content_type() == "text/event-stream"
        self.last_id, self.comments = last_id, 0

    def next(self):
        """(event, data), or None at the end."""
        event, data = "message", []
        while True:
            line = self.answer.readline()
            if not line:
                return None
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if not line.strip():
                if data:
                    return event, json.loads("\n".join(data))
                event = "message"
            elif line.startswith(b":"):
                self.comments += 1
            elif name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)

    def take(self, count: int) -> list:
        return [self.next()[1] for _ in range(count)]

    def close(self) -> None:
        self.connection.close()


def events(gateway, query="", **headers) -> list:
    reply = gateway.get(f"/v1/events{query}", **headers)
    assert (reply.status, reply.type) == (200, "application/x-ndjson"), reply
    return reply.lines


def test_lines_come_in_order_and_say_that_this_is_all(broker, gateway):
    assert [line["kind"] for line in events(gateway)] == ["END"]
    feed(gateway, range(300))
    wait_settled(broker)
    lines = events(gateway)
    assert [line["sequence"] for line in lines[:-1]] == list(range(1, 301))
    assert {line["extraction"]["language"] for line in lines[:-1]} == {"vi"}
    assert lines[-1] == {"kind": "END", "reason": "caught-up", "cursor": lines[-2]["cursor"]}
    assert lines[41]["cursor"].endswith(":42")


def test_a_cursor_is_a_sequence(broker, gateway):
    feed(gateway, range(20))
    wait_settled(broker)
    first = events(gateway, "?limit=5")
    assert [line.get("sequence") for line in first] == [1, 2, 3, 4, 5, None] and first[-1]["reason"] == "limit"
    for after in ("5", first[-1]["cursor"], first[4]["cursor"]):
        assert [line.get("sequence") for line in events(gateway, f"?after={after}&limit=2")][:2] == [6, 7]
    assert events(gateway, "?after=latest")[0]["kind"] == "END"
    assert [line["sequence"] for line in events(gateway, "?after=17", Last_Event_ID=first[4]["cursor"])[:-1]] == list(range(6, 21))


def test_filters(broker, gateway):
    feed(gateway, range(3))
    feed(gateway, range(3), source="khac", text="Xin chào các bạn.")
    wait_settled(broker)
    assert [line["source"] for line in events(gateway, "?source=khac")[:-1]] == ["khac"] * 3
    found = events(gateway, "?type=PERSON&type=LOCATION&source=proof")
    assert len(found) == 4 and found[-1]["cursor"].endswith(":6")
    assert len(events(gateway, "?type=LAW")) == 1
    assert len(events(gateway, "?kind=STORED&copies=yes")) == 7
    for wrong in ("?type=CAT", "?source=a,b", "?types=PERSON", "?after=soon", "?limit=0", "?follow=maybe", "?entity=1", "?type="):
        reply = gateway.get(f"/v1/events{wrong}")
        assert reply.status == 400 and reply.json["type"].endswith("bad-address") and reply.json["detail"], (wrong, reply)
    assert gateway.get("/v1/events", Accept="text/html").status == 406


def test_a_stream_goes_on_after_the_gateway_was_killed(broker, gateway):
    feed(gateway, range(5))
    stream = Stream(gateway)
    seen = stream.take(3)
    gateway.kill9()
    seen += iter_rest(stream)
    stream.close()
    gateway.start()
    feed(gateway, range(5, 12))
    stream = Stream(gateway, last_id=stream.last_id)
    while seen[-1]["sequence"] < 12:
        seen.append(stream.next()[1])
    assert [entry["sequence"] for entry in seen] == list(range(1, 13))
    broker.kill9()
    broker.start()
    feed(gateway, range(12, 15))
    assert [entry["sequence"] for entry in stream.take(3)] == [13, 14, 15]
    stream.close()


def iter_rest(stream) -> list:
    """What was on its way when the other side died."""
    rest = []
    try:
        while (found := stream.next()) is not None:
            rest.append(found[1])
    except (OSError, json.JSONDecodeError, ValueError):
        pass
    except Exception as error:  # http.client's own for a chunk that is cut
        assert "IncompleteRead" in type(error).__name__, error
    return rest


def test_a_quiet_stream_says_that_it_lives_and_how_far_it_is(broker, new_gateway, new_worker, database):
    new_worker(broker, database)
    gateway = new_gateway(broker, heartbeat_interval="100ms")
    feed(gateway, range(3), text="Xin chào.")
    wait_settled(broker)
    stream = Stream(gateway, "/v1/events?type=CRIME")
    reader = gateway.raw()
    reader.sendall(b"GET /v1/events?follow=yes&type=CRIME HTTP/1.1\r\nHost: localhost\r\n\r\n")
    stream.connection.sock.settimeout(20)
    while stream.comments < 3 or not (stream.last_id or "").endswith(":3"):
        line = stream.answer.readline().decode()
        stream.comments += line.startswith(":")
        if line.startswith("id: "):
            stream.last_id = line[4:].strip()
    heard = b""
    while heard.count(b'"HEARTBEAT"') < 2:
        heard += reader.recv(65536)
    assert b'"END"' not in heard and b'"streaming":true' in heard
    broker.kill9()
    while b'"streaming":false' not in heard:
        heard += reader.recv(65536)
    broker.start()
    while b'"streaming":true' not in heard[heard.index(b'"streaming":false'):]:
        heard += reader.recv(65536)
    gateway.signal(15)
    assert stream.next()[0] == "end" and stream.next() is None
    wait_for(lambda: not gateway.is_alive, 20, "it ends")
    assert gateway.exit_code == 0
    reader.close()


def test_a_cursor_older_than_what_is_kept(new_broker, new_gateway, new_worker, database):
    broker = new_broker(**{"retention.log-size": "1MiB"})
    new_worker(broker, database)
    gateway = new_gateway(broker)
    feed(gateway, range(5), text=LONG)
    wait_settled(broker)
    cursor = events(gateway, "?after=latest")[-1]["cursor"].split(":")[0] + ":1"

    def answer():
        feed(gateway, range(answer.fed, answer.fed + 5), text=LONG)
        answer.fed += 5
        wait_settled(broker)
        reply = gateway.get(f"/v1/events?after={cursor}&limit=1")
        return reply.status == 410 and reply
    answer.fed = 5
    reply = wait_for(answer, 60, "entries are dropped")
    told = reply.json
    assert told["type"] == "urn:newsloom:problem:cursor-gone" and "PostgreSQL" in told["detail"] and not told["other_log"]
    assert gateway.get("/v1/events?after=1", Accept="text/event-stream").status == 410
    first = events(gateway, f"?after={told['first']}&limit=1")[0]["sequence"]
    assert first > 2 and events(gateway, "?limit=1")[0]["sequence"] >= first
    slow = Stream(gateway)
    while (said := slow.next())[0] != "warning":
        assert said[0] == "message" and said[1]["sequence"] >= first
    assert said[1]["kind"] == "WARNING" and said[1]["reason"] == "nearly-overtaken"
    slow.close()
    foreign = gateway.get(f"/v1/events?after={'ab' * 16}:1")
    assert foreign.status == 410 and foreign.json["other_log"]
    assert gateway.get("/v1/events?after=100000").status == 410


def test_a_log_that_was_replaced_is_said_in_the_stream(broker, gateway, directory):
    feed(gateway, range(3))
    wait_settled(broker)
    stream = Stream(gateway)
    assert len(stream.take(3)) == 3
    broker.kill9()
    broker.store.rename(directory / "lost")
    broker.start()
    event, told = stream.next()
    assert event == "gap" and told["kind"] == "GAP" and told["other_log"] and told["cursor"].endswith(":0")
    assert stream.next() is None
    stream.close()


def test_cloudevents(broker, gateway):
    feed(gateway, range(2))
    wait_settled(broker)
    first, second, end = events(gateway, "?form=cloudevents")
    assert {"specversion", "type", "source", "id", "time", "subject", "datacontenttype", "data", "cursor"} == set(first)
    assert (first["specversion"], first["type"], first["id"]) == ("1.0", "newsloom.article.stored", "1")
    assert first["source"] == second["source"] == "urn:newsloom:log:" + first["cursor"].split(":")[0]
    assert first["subject"] == "proof/" + first["data"]["key"] and first["data"]["sequence"] == 1
    assert end["type"] == "newsloom.stream.end" and end["data"]["kind"] == "END"
    stream = Stream(gateway, "/v1/events?form=cloudevents&follow=no")
    assert [stream.next()[1]["id"] for _ in range(2)] == ["1", "2"]
    assert stream.next()[0] == "end" and stream.next() is None


def test_streams_are_bounded_and_freed(broker, new_gateway):
    gateway = new_gateway(broker, limit_streams="2", heartbeat_interval="100ms")
    held = [Stream(gateway) for _ in range(2)]
    reply = gateway.get("/v1/events")
    assert reply.status == 503 and reply.headers["Retry-After"] and "limit.streams" in reply.json["detail"]
    held.pop().close()
    wait_for(lambda: gateway.get("/v1/events").status == 200, 20, "a place is free when a client has gone")
    held.pop().close()


def test_without_a_broker_events_are_unavailable(broker, new_gateway):
    gateway = new_gateway(broker, answer_timeout="300ms")
    broker.kill9()
    for target in ("/v1/events", "/v1/events?after=1"):
        reply = gateway.get(target)
        assert reply.status == 503 and reply.headers["Retry-After"], reply


def test_who_does_not_read_is_not_waited_for(broker, gateway):
    """A stream that nobody takes holds its own thread and nothing else."""
    feed(gateway, range(8), text=LONG)
    wait_settled(broker)
    lazy = gateway.raw()
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lazy.sendall(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert lazy.recv(100).startswith(b"HTTP/1.1 200")
    assert len(events(gateway)) == 9
    lazy.close()


def test_the_subscriber_of_the_manual_misses_nothing(broker, gateway, directory):
    """docs/operations.md, word for word but for the address."""
    manual = (paths.SOURCE / "docs" / "operations.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(import json, pathlib, urllib.request\n.*?)```", manual, re.S).group(1)
    assert len(program.splitlines()) <= 20 and "127.0.0.1:5817" in program
    output = directory / "seen"

    def run_until(sequence):
        with output.open("ab") as out:
            reader = subprocess.Popen([sys.executable, "-u", "-c", program.replace("127.0.0.1:5817", gateway.http_address)],
                                      stdout=out, cwd=directory, preexec_fn=die_with_parent)
        wait_for(lambda: (directory / "cursor").exists() and (directory / "cursor").read_text().endswith(f":{sequence}"), 30, "it has read so far")
        reader.kill()
        reader.wait(20)
    feed(gateway, range(4))
    run_until(4)
    feed(gateway, range(4, 9))
    run_until(9)
    assert [int(line.split()[0]) for line in output.read_text().splitlines()] == list(range(1, 10))
