# SPDX-License-Identifier: Apache-2.0
"""The gateway between two doors: the broker's keys on one side, tokens on the other."""
import hashlib

import pytest

from support.keys import Keyring
from support.programs import run
from support.waiting import wait_for

EX_CONFIG = 78
ARTICLE = {"source": "proof", "key": "k", "text": "Sáng 14/3, tại Hà Nội, hai bên đã ký biên bản ghi nhớ."}


@pytest.fixture
def ring(directory):
    return Keyring(directory / "keys.d")


def settings(ring, pair) -> dict:
    return {"broker.server-key": ring.server.text, "security.key-file": str(pair.path)}


def test_a_key_with_three_roles_does_everything(ring, new_broker, new_gateway):
    pair = ring.add("gateway", "feeder,subscriber,operator")
    broker = new_broker(**ring.settings())
    gateway = new_gateway(broker, **settings(ring, pair))
    assert gateway.post(ARTICLE).status == 202
    assert gateway.get("/v1/events").lines[-1]["reason"] == "caught-up"
    assert gateway.get("/v1/articles/proof/k").json["outcome"]["state"] == "queued"
    wait_for(lambda: gateway.get("/readyz").status == 200, 20, "the broker answers")


def test_a_key_does_what_its_roles_allow_and_the_rest_is_said(ring, new_broker, new_gateway):
    pair = ring.add("gateway", "feeder")
    broker = new_broker(**ring.settings())
    gateway = new_gateway(broker, answer_timeout="500ms", **settings(ring, pair))
    assert gateway.post(ARTICLE).status == 202
    assert gateway.get("/v1/events").status == 503
    assert wait_for(lambda: gateway.get("/v1/status").json["away"], 20, "it was asked")
    assert gateway.get("/readyz").status == 503


def test_without_a_key_nothing_is_accepted(ring, new_broker, new_gateway):
    broker = new_broker(**ring.settings())
    gateway = new_gateway(broker, receipt_timeout="500ms")
    assert gateway.post(ARTICLE).status == 503


DIGEST = hashlib.sha256(b"x").hexdigest()
TOKENS = [
    (b"", 0, "no token"), (b"# only this\n", 1, "no token"), (b"a feeder\n", 1, "name, roles"), (b"\n\na king " + DIGEST.encode(), 3, "roles are"),
    (b"a feeder, " + DIGEST.encode(), 1, "roles are"), (b"a feeder 1234", 1, "sha256sum"), (b"a feeder " + DIGEST.encode() + b" more", 1, "name, roles"),
    (b"a feeder " + b"z" * 64, 1, "sha256sum"), (b"a" * 65 + b" feeder " + DIGEST.encode(), 1, "64 bytes"), (b"a feeder \0", 0, "zero byte"),
]


@pytest.mark.parametrize("content, line, says", TOKENS)
def test_a_malformed_tokens_file_is_named_by_its_line(directory, content, line, says):
    path = directory / "tokens"
    path.write_bytes(content)
    done = run("newsloom-gateway", "--set", f"security.tokens={path}", "--set", "listen.api=127.0.0.1:0")
    assert done.returncode == EX_CONFIG, done.stderr
    assert f"{path}:{line}: " in done.stderr and says in done.stderr


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_tokens_file_that_others_can_write_is_refused(directory, mode):
    path = directory / "tokens"
    path.write_text(f"a feeder {DIGEST}\n")
    path.chmod(mode)
    done = run("newsloom-gateway", "--set", f"security.tokens={path}", "--set", "listen.api=127.0.0.1:0")
    assert done.returncode == EX_CONFIG and "chmod go-w" in done.stderr


def test_a_tokens_file_that_is_not_there(directory):
    done = run("newsloom-gateway", "--set", f"security.tokens={directory}/none", "--set", "listen.api=127.0.0.1:0")
    assert done.returncode == EX_CONFIG and "security.tokens" in done.stderr


def test_tokens_come_in_as_they_are_and_not_nearly(broker, directory, new_gateway):
    token = "t" * 40
    (directory / "tokens").write_text(f"a reader {hashlib.sha256(token.encode()).hexdigest().upper()} # upper case is fine\n")
    gateway = new_gateway(broker, security_tokens=str(directory / "tokens"))
    assert gateway.get("/metrics", Authorization=f"bearer {token}").status == 200
    for wrong in (f"Bearer  {token}", f"Bearer {token}x", f"Bearer {token[:-1]}", f"Token {token}", "Bearer ", "Bearer", "Basic", "Basic =",
                  "Basic " + "QQ" * 2000, f"Bearer {'t' * 5000}", hashlib.sha256(token.encode()).hexdigest()):
        assert gateway.get("/metrics", Authorization=wrong).status == 401, wrong
    assert gateway.get("/healthz", Authorization="nonsense").status == 200
