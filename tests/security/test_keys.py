# SPDX-License-Identifier: Apache-2.0
"""Key files, the keys file, and the refusal to listen in the open without any."""
import os
import stat

import pytest
import zmq
from zmq.utils import z85

from support.cli import CommandLine
from support.contract import envelope, wire
from support.keys import Keyring, Pair
from support.programs import run
from support.waiting import wait_for

EX_USAGE, EX_DATA, EX_CONFIG = 64, 65, 78


def test_keygen_writes_a_file_that_only_its_owner_reads(directory):
    done = run("newsloom", "keygen", "crawler-1", "--role", "feeder,subscriber", "--output", directory / "k", check=True)
    pair = Pair(directory / "k")
    assert done.stdout == f"crawler-1 feeder,subscriber {pair.text}\n"
    assert stat.S_IMODE(os.stat(directory / "k").st_mode) == 0o600
    assert pair.secret.hex() not in done.stdout + done.stderr


def test_keygen_never_writes_over_a_file(directory):
    (directory / "k").write_text("mine")
    done = run("newsloom", "keygen", "x", "--output", directory / "k")
    assert done.returncode == EX_DATA and "exists" in done.stderr
    assert (directory / "k").read_text() == "mine"


@pytest.mark.parametrize("arguments", [("../x",), ("",), ("a b",), ("x", "--role", "king"), ("x", "--role", "feeder,"), ()])
def test_keygen_refuses_what_it_cannot_write_into_the_keys_file(directory, arguments):
    done = run("newsloom", "keygen", *arguments, "--output", directory / "k")
    assert done.returncode == EX_USAGE and not (directory / "k").exists()


def start_and_fail(broker) -> str:
    broker.start(wait=False)
    assert broker.wait_exit() == EX_CONFIG, broker.log()
    return broker.log()


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:*", "tcp://*:*", "tcp://[::]:*"])
def test_an_open_address_needs_keys(new_broker, address):
    log = start_and_fail(new_broker(start=False, **{"listen.feed": address}))
    assert "security.keys" in log and "security.allow-plaintext" in log


def test_an_open_address_without_keys_can_be_asked_for(new_broker):
    new_broker(**{"listen.feed": "tcp://0.0.0.0:*", "security.allow-plaintext": "on"})


def test_keys_need_the_brokers_own(new_broker, directory):
    ring = Keyring(directory / "keys.d")
    settings = ring.settings()
    del settings["security.key-file"]
    assert "security.key-file" in start_and_fail(new_broker(start=False, **settings))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_loose_key_file_is_refused(new_broker, directory, mode):
    ring = Keyring(directory / "keys.d")
    ring.server.path.chmod(mode)
    log = start_and_fail(new_broker(start=False, **ring.settings()))
    assert "open to others" in log and f"{mode:04o}" in log


def test_a_loose_key_file_is_refused_by_clients(directory, new_broker):
    ring = Keyring(directory / "keys.d")
    operator = ring.add("ops", "operator")
    broker = new_broker(**ring.settings())
    cli = CommandLine(broker, directory, **ring.client_settings(operator))
    operator.path.chmod(0o644)
    assert "open to others" in cli.run("status", code=EX_DATA).stderr
    worker = run("newsloom-worker", "--set", f"broker.server-key={ring.server.text}", "--set",
                 f"security.key-file={operator.path}", "--check")
    assert worker.returncode == EX_CONFIG and "open to others" in worker.stderr


@pytest.mark.parametrize("broken", ["", "public 00\nsecret 00\n", "public {p}\n", "public {p}\nsecret {p}\n"])
def test_a_key_file_must_hold_a_pair(new_broker, directory, broken):
    ring = Keyring(directory / "keys.d")
    ring.server.path.write_text(broken.format(p=ring.server.text))
    log = start_and_fail(new_broker(start=False, **ring.settings()))
    assert "keygen" in log and str(ring.server.path) in log


KEY = "{:064x}"


@pytest.mark.parametrize("lines, line, says", [
    (["a king " + KEY.format(1)], 1, "roles"),
    (["", "# fine", "a feeder"], 3, "public key"),
    (["a feeder 123"], 1, "public key"),
    (["a feeder " + KEY.format(1) + " messages=0"], 1, "messages=N"),
    (["a feeder " + KEY.format(1) + " anything"], 1, "revoked"),
    (["a/b feeder " + KEY.format(1)], 1, "a name is"),
    (["a feeder " + KEY.format(1), "a worker " + KEY.format(2)], 2, "this name stands on line 1"),
    (["a feeder " + KEY.format(1), "b worker " + KEY.format(1)], 2, "this key stands on line 1"),
])
def test_a_malformed_keys_file_is_named_by_its_line(new_broker, directory, lines, line, says):
    ring = Keyring(directory / "keys.d")
    ring.path.write_text("".join(text + "\n" for text in lines))
    log = start_and_fail(new_broker(start=False, **ring.settings()))
    assert f"{ring.path}:{line}: " in log and says in log


def test_keys_of_other_makers_are_read(new_broker, directory):
    """ZeroMQ's own text of a key, Z85, and a client that knows nothing of newsloom's files."""
    ring = Keyring(directory / "keys.d")
    public, secret = zmq.curve_keypair()
    ring.lines["foreign"] = f"foreign operator {public.decode()}"
    ring.write()
    broker = new_broker(**ring.settings())
    with zmq.Context.instance().socket(zmq.DEALER) as client:
        client.linger = 0
        client.curve_serverkey, client.curve_publickey, client.curve_secretkey = (
            z85.encode(ring.server.public), public, secret)
        client.connect(broker.endpoint("operator"))
        client.send(envelope("status_request", wire.StatusRequest(), 3))
        assert client.poll(10000)
        assert wire.Envelope.FromString(client.recv_multipart()[0]).WhichOneof("body") == "status_answer"


def test_the_command_line_works_with_keys(directory, new_broker):
    ring = Keyring(directory / "keys.d")
    everything = ring.add("desk", "feeder,subscriber,operator")
    broker = new_broker(**ring.settings())
    cli = CommandLine(broker, directory, **ring.client_settings(everything))
    (directory / "a.txt").write_text("Một bài")
    cli.run("feed", "--source", "test", "a.txt", code=0)
    assert sum(c["queued"] for c in cli.json("status")[0]["classes"]) == 1
    assert "running" in cli.run("reload", code=0).stdout
    ring.path.write_text("desk nothing\n")
    assert f"{ring.path}:1" in cli.run("reload", code=EX_DATA).stderr


def test_the_command_line_says_why_it_was_turned_away(directory, new_broker):
    ring = Keyring(directory / "keys.d")
    feeder = ring.add("crawler", "feeder")
    broker = new_broker(**ring.settings())
    short = {"answer.timeout": "1s"}
    wrong_role = CommandLine(broker, directory, **short, **ring.client_settings(feeder))
    assert "does not let this key in" in wrong_role.run("status", code=75).stderr
    no_key = CommandLine(broker, directory, **short)
    assert "security.key-file" in no_key.run("status", code=75).stderr
    half = CommandLine(broker, directory, **short, **{"broker.server-key": ring.server.text})
    assert "security.key-file is not" in half.run("status", code=EX_DATA).stderr


def test_a_worker_works_with_keys(directory, new_broker, new_worker, database):
    ring = Keyring(directory / "keys.d")
    desk, hanoi = ring.add("desk", "feeder,operator"), ring.add("hanoi", "worker")
    broker = new_broker(**ring.settings())
    new_worker(broker, database, **ring.client_settings(hanoi))
    cli = CommandLine(broker, directory, **ring.client_settings(desk))
    (directory / "a.txt").write_text("Ngày 3/2, ông Nguyễn Văn An đến Hà Nội.")
    cli.run("feed", "--source", "test", "a.txt", code=0)
    wait_for(lambda: cli.json("status")[0]["last_sequence"] == 1, 30, "it is stored")
