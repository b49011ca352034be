# SPDX-License-Identifier: Apache-2.0
"""The event log posted to a receiver: signed, in order, tried again, dead letters kept."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import signal
import stat
import threading

import pytest

from newsloom import Article, Feeder
from support import python_client
from support.waiting import wait_for

KNOWN = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Receiver(http.server.ThreadingHTTPServer):
    """Answers what `answers` says for an entry's key, the last one for ever, else 200; checks every signature."""
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.secret = bytes(range(32))
        self.answers, self.heard, self.taken, self.wrong = {}, [], [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        id_, when, given = (self.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        mac = hmac.new(self.server.secret, b".".join((id_.encode(), when.encode(), body)), hashlib.sha256).digest()
        if given != "v1," + base64.b64encode(mac).decode():
            self.server.wrong.append(given)
        said = json.loads(body)
        answers = self.server.answers.get(said["data"]["key"], [200])
        status = answers.pop(0) if len(answers) > 1 else answers[0]
        self.server.heard.append((id_, said["data"]["key"]))
        if status < 300:
            self.server.taken.append(id_)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
    assert not receiver.wrong


@pytest.fixture
def hook(broker, automatic_worker, directory, receiver):
    """Runs the program; ten articles are stored."""
    with Feeder(broker.endpoint("feed")) as feeder:
        feeder.submit_all([Article("proof", f"Tin của Nguyễn {i}", key=f"k{i}") for i in range(10)])
        feeder.flush()
        wait_for(lambda: all(feeder.outcome("proof", f"k{i}").state.is_end for i in range(10)))
    secret = directory / "hook.secret"
    secret.touch(mode=0o600)
    secret.write_text(KNOWN + "\n")
    env = python_client.settings(broker)

    def arguments(verb="send", *more):
        where = [receiver.url, "--secret", secret] if verb in ("send", "retry") else []
        return ["-m", "newsloom.webhook", verb, directory / "hook.state", *where, *more]

    class Hook:
        def run(self, *given, code=0):
            return python_client.run(arguments(*given), env, directory, code)

        def start(self, *given):
            return python_client.start(arguments(*given), env, directory)
    Hook.secret = secret
    return Hook()


def test_each_entry_is_posted_once_in_order_and_the_next_run_goes_on(hook, receiver):
    hook.run("send", "--until-idle")
    assert len({id_ for id_, _ in receiver.heard}) == len(receiver.heard) == 10
    assert [int(id_.split(".")[1]) for id_, _ in receiver.heard] == list(range(1, 11))
    hook.run("send", "--until-idle")
    assert len(receiver.heard) == 10


def test_trouble_of_the_receiver_is_waited_out_and_a_refusal_becomes_a_dead_letter(hook, receiver):
    receiver.answers = {"k3": [503, 429, 200], "k5": [400], "k7": [302]}
    done = hook.run("send", "--until-idle", "--attempts", "2", "--backoff", "0.1", code=os.EX_DATAERR)
    assert "8 delivered, 2 dead" in done.stderr and len(receiver.taken) == 8
    assert [key for _, key in receiver.heard].count("k3") == 3
    assert len({id_ for id_, key in receiver.heard if key == "k3"}) == 1
    dead = hook.run("dead").stdout.splitlines()
    assert len(dead) == 2 and any("400" in line for line in dead) and any("302" in line for line in dead)
    receiver.answers = {"k7": [422]}
    assert "1 dead letters are left" in hook.run("retry", "--attempts", "1", code=os.EX_DATAERR).stderr
    assert len(receiver.taken) == 9


def test_killed_sender_leaves_no_hole(hook, receiver):
    for least in (3, 6):
        sender = hook.start("send")
        wait_for(lambda: len(receiver.taken) >= least, what="some are delivered")
        sender.send_signal(signal.SIGKILL)
        sender.communicate()
    hook.run("send", "--until-idle")
    order = list(dict.fromkeys(receiver.taken))
    assert [int(id_.split(".")[1]) for id_ in order] == list(range(1, 11))


def test_receiver_that_is_away_is_waited_for(hook, receiver):
    port = receiver.server_port
    receiver.shutdown()
    receiver.server_close()
    sender = hook.start("send", "--until-idle", "--backoff", "0.2")
    assert "tried again" in sender.stderr.readline()
    back = Receiver(port)
    try:
        assert sender.wait(60) == os.EX_OK and len(back.taken) == 10 and not back.wrong
    finally:
        sender.communicate()
        back.shutdown()
        back.server_close()


def test_receiver_that_is_gone_ends_the_sending_and_keeps_the_place(hook, receiver):
    receiver.answers = {"k4": [410, 200]}
    gone = hook.run("send", "--until-idle", code=os.EX_UNAVAILABLE)
    assert "410" in gone.stderr
    hook.run("send", "--until-idle")
    assert len(set(receiver.taken)) == 10


def test_secret_is_made_for_its_owner_alone_and_a_loose_one_is_refused(hook, directory, receiver):
    made = directory / "new.secret"
    env = {**os.environ, **python_client.OURS}
    python_client.run(["-m", "newsloom.webhook", "secret", made], env, directory)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600 and made.read_text().startswith("whsec_")
    python_client.run(["-m", "newsloom.webhook", "secret", made], env, directory, os.EX_DATAERR)
    hook.secret.chmod(0o644)
    assert "0600" in hook.run("send", "--until-idle", code=os.EX_DATAERR).stderr
    hook.secret.chmod(0o600)
    hook.secret.write_text("whsec_short\n")
    assert "holds no secret" in hook.run("send", "--until-idle", code=os.EX_DATAERR).stderr
    assert receiver.heard == []
