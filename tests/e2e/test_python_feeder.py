# SPDX-License-Identifier: Apache-2.0
"""Feeder and AsyncFeeder of the Python package against a real broker."""
import asyncio
import signal
import threading
import warnings

import pytest
import zmq

from newsloom import (Article, ArticleRefused, AsyncFeeder, BrokerAway, Feeder, KeyFileError, NotFound, ReceiptCode, Refused,
                      State)
from support.contract import wire
from support.fake_worker import MemoryStorage, WorkingThread
from support.keys import Keyring
from support.proxy import Proxy
from support.waiting import wait_for


def articles(count, first=0, source="proof", **more):
    return [Article(source, f"Bài số {first + i} của Nguyễn Văn An.", key=f"k{first + i:05d}", **more)
            for i in range(count)]


# ---- feeding ----

def test_article_is_fed_and_followed_to_its_end(new_client_feeder, automatic_worker):
    feeder = new_client_feeder()
    receipt = feeder.feed(Article("proof", "Một bài.", url="https://www.Tin.example/a?utm_source=x", title="Tin"))
    assert (receipt.code, receipt.revision, receipt.is_kept) == (ReceiptCode.ACCEPTED, 1, True)
    outcome = feeder.follow(receipt)
    assert (outcome.state, outcome.key) == (State.STORED, "tin.example/a")
    assert outcome.sequence == 1 and outcome.ended_at >= outcome.accepted_at
    assert feeder.pending == 0


def test_same_again_is_a_duplicate_and_other_content_a_revision(new_client_feeder, automatic_worker):
    feeder = new_client_feeder()
    first = feeder.feed(Article("proof", "một", key="k"))
    assert feeder.feed(Article("proof", "một", key="k")).code == ReceiptCode.DUPLICATE
    second = feeder.feed(Article("proof", "hai", key="k"))
    assert (second.code, second.revision) == (ReceiptCode.ACCEPTED, 2)
    assert feeder.follow(first).newest_revision == 2


def test_thousand_articles_of_both_classes_have_their_receipts(new_client_feeder, operator):
    feeder = new_client_feeder()
    feeder.submit_all(articles(700))
    feeder.submit_all(articles(300, 700, backfill=True))
    feeder.flush()
    assert feeder.counts == {"ACCEPTED": 1000} and feeder.pending == 0
    queued = {getattr(one, "class"): one.queued for one in operator.status().classes}
    assert (queued[wire.LIVE], queued[wire.BACKFILL]) == (700, 300)


@pytest.mark.parametrize("code, how", [
    ("BAD_SOURCE", {"source": "Not A Source"}), ("BAD_KEY", {"key": ""}), ("BAD_KEY", {"key": "k" * 513}),
    ("BAD_KEY", {"key": "", "url": "ftp://example.org/"}), ("EMPTY", {"content": b""}),
    ("TOO_LARGE", {"content": b"x" * (3 << 20)}), ("INVALID_PAYLOAD", {"title": "a\0b"}),
    ("INVALID_PAYLOAD", {"author": "\ud800"})])
def test_what_can_never_be_taken_is_refused_at_once(new_client_feeder, code, how):
    feeder = new_client_feeder()
    with pytest.raises(ArticleRefused) as refused:
        feeder.submit(Article(**{"source": "proof", "key": "k", "content": b"x", **how}))
    assert refused.value.code == code and feeder.pending == 0


def test_broker_limit_below_ours_refuses_and_the_outbox_keeps_it_with_the_reason(new_broker, new_client_feeder, directory):
    broker = new_broker("small", article_limit="4KiB")
    feeder = new_client_feeder(broker.endpoint("feed"), outbox=directory / "box")
    with pytest.raises(ArticleRefused) as refused:
        feeder.feed(Article("proof", b"x" * 5000, key="large"))
    assert refused.value.code == "TOO_LARGE"
    kept, = feeder.outbox.refusals()
    assert (kept.source, kept.key, kept.code) == ("proof", "large", "TOO_LARGE") and kept.text
    assert b"x" * 5000 in kept.payload and feeder.pending == 0


def test_unknown_article_is_not_found(new_client_feeder):
    with pytest.raises(NotFound):
        new_client_feeder().outcome("proof", "nobody-sent-this")


def test_broker_that_is_away_is_said_in_time_and_nothing_is_lost(directory, new_broker, new_client_feeder):
    broker = new_broker("later", start=False)
    feeder = new_client_feeder(f"ipc://{broker.directory}/feed")
    submissions = feeder.submit_all(articles(3))
    with pytest.raises(BrokerAway, match="is newsloom-broker running"):
        feeder.flush(0.2)
    broker.start()
    assert [feeder.receipt(one).code for one in submissions] == [ReceiptCode.ACCEPTED] * 3


def test_draining_broker_is_waited_for(new_client_feeder, operator):
    operator.control(wire.DRAIN)
    feeder = new_client_feeder()
    feeder.submit(*articles(1))
    with pytest.raises(BrokerAway, match="asks to wait"):
        feeder.flush(1.0)
    operator.control(wire.RESUME)
    feeder.flush()
    assert feeder.counts == {"ACCEPTED": 1}


def test_closing_with_articles_only_in_memory_is_warned_of(directory):
    feeder = Feeder(f"ipc://{directory}/nobody")
    feeder.submit_all(articles(2))
    with pytest.warns(RuntimeWarning, match="2 articles had no receipt yet"):
        feeder.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        feeder.close()
        with Feeder(f"ipc://{directory}/nobody", outbox=directory / "box") as kept:
            kept.submit(*articles(1))


def test_silent_endpoint_is_passed_by_for_the_next(broker, new_client_feeder, directory):
    feeder = new_client_feeder([f"ipc://{directory}/nobody", broker.endpoint("feed")])
    assert feeder.feed(*articles(1)).code == ReceiptCode.ACCEPTED


def test_lost_receipt_is_asked_for_again_after_a_restart(new_broker, directory, new_client_feeder):
    broker = new_broker("dying", crash_at="BROKER_AFTER_COMMIT")
    feeder = new_client_feeder(broker.endpoint("feed"), outbox=directory / "box")
    submission = feeder.submit(*articles(1))
    with pytest.raises(BrokerAway):
        feeder.receipt(submission, 1.0)
    broker.wait_crash()
    broker.start()
    receipt = feeder.receipt(submission)
    assert (receipt.code, receipt.resent) == (ReceiptCode.DUPLICATE, True)


def test_cut_connections_lose_no_article(new_broker, new_client_feeder):
    broker = new_broker("tcp", listen_feed="tcp://127.0.0.1:*")
    proxy = Proxy(broker.endpoint("feed"))
    feeder = new_client_feeder(proxy.endpoint, answer_timeout=1.0)
    for first in range(0, 1000, 200):
        feeder.submit_all(articles(200, first))
        feeder.run(0.2)
        proxy.reset()
    feeder.flush()
    assert sum(feeder.counts.values()) == 1000 and feeder.counts["REFUSED"] == 0
    assert feeder.outcome("proof", "k00999").revision == 1
    proxy.close()


def test_broker_that_talks_nonsense_harms_no_feeder(directory, new_client_feeder):
    router = zmq.Context.instance().socket(zmq.ROUTER)
    router.bind(f"ipc://{directory}/nonsense")

    def answer():
        peer, frame = router.recv_multipart()[:2]
        request = wire.Envelope.FromString(frame).request
        accepted = wire.Receipt(code=wire.ACCEPTED, article_id=5, revision=1, state=wire.QUEUED)

        def said(number=request, protocol=1, **body):
            return wire.Envelope(protocol=protocol, request=number, **body).SerializeToString()
        for noise in (b"", b"\xff" * 50, said(), b"\0" * 5000, said(request + 9, receipts=wire.Receipts(receipts=[accepted])),
                      said(protocol=7, receipts=wire.Receipts(receipts=[accepted])), said(gap=wire.Gap()),
                      said(receipts=wire.Receipts(first=2**32 - 1, receipts=[accepted] * 3)),
                      said(receipts=wire.Receipts(receipts=[wire.Receipt(code=77)]))):  # no receipt: it goes out again
            router.send_multipart([peer, noise])
        request = wire.Envelope.FromString(router.recv_multipart()[1]).request
        router.send_multipart([peer, said(request, receipts=wire.Receipts(receipts=[accepted, accepted]))])
    answering = threading.Thread(target=answer, daemon=True)
    answering.start()
    feeder = new_client_feeder(f"ipc://{directory}/nonsense")
    assert feeder.feed(*articles(1), timeout=30).article_id == 5 and feeder.counts == {"ACCEPTED": 1}
    answering.join(10)
    router.close(0)


# ---- keys ----

@pytest.mark.filterwarnings("ignore:.*in memory only")
def test_keys_open_the_door_and_others_are_told_why_not(new_broker, new_client_feeder, directory):
    keys = Keyring(directory / "keys")
    crawler, reader = keys.add("crawler", "feeder"), keys.add("reader", "subscriber")
    broker = new_broker("locked", **keys.settings())
    endpoint, server = broker.endpoint("feed"), keys.server.text
    assert new_client_feeder(endpoint, server_key=server, key_file=str(crawler.path)).feed(*articles(1)).is_kept
    with pytest.raises(BrokerAway, match="give server_key and key_file"):
        new_client_feeder(endpoint).feed(*articles(1, 1), timeout=2)
    with pytest.raises(BrokerAway, match="lacks the role"):
        new_client_feeder(endpoint, server_key=server, key_file=str(reader.path)).feed(*articles(1, 1), timeout=1)
    with pytest.raises(KeyFileError, match="both server_key and key_file"):
        new_client_feeder(endpoint, server_key=server)
    crawler.path.chmod(0o644)
    with pytest.raises(KeyFileError, match="open to others"):
        new_client_feeder(endpoint, server_key=server, key_file=str(crawler.path))


@pytest.mark.filterwarnings("ignore:.*in memory only")
def test_revoked_key_judges_no_article(new_broker, new_client_feeder, directory):
    keys = Keyring(directory / "keys")
    crawler = keys.add("crawler", "feeder")
    broker = new_broker("locked", **keys.settings())
    feeder = new_client_feeder(broker.endpoint("feed"), server_key=keys.server.text, key_file=str(crawler.path))
    assert feeder.feed(*articles(1)).is_kept
    keys.change("crawler", "revoked")
    broker.signal(signal.SIGHUP)
    wait_for(lambda: broker.log().count("keys-read") == 2, what="the keys were read again")
    feeder.submit_all(articles(3, 1))
    with pytest.raises(Refused) as refused:
        feeder.flush(20)
    assert refused.value.code == "NOT_ALLOWED"
    feeder.submit(*articles(1, 4))  # is kept, whatever the broker says
    assert feeder.pending == 4 and feeder.outbox.refused == 0


# ---- asyncio ----

def test_tasks_share_one_feeder(broker, automatic_worker):
    async def crawl():
        async with AsyncFeeder(broker.endpoint("feed")) as feeder:
            async def one(article):
                return await feeder.follow(await feeder.feed(article))
            return await asyncio.gather(*(one(article) for article in articles(50)))
    outcomes = asyncio.run(crawl())
    assert {one.state for one in outcomes} == {State.STORED}
    assert sorted(one.sequence for one in outcomes) == list(range(1, 51))


def test_article_is_followed_through_a_restart_of_the_broker(broker):
    worker = WorkingThread(broker.endpoint("work"), storage=MemoryStorage())

    def restart():
        broker.restart()
        worker.start()

    async def crawl():
        async with AsyncFeeder(broker.endpoint("feed"), answer_timeout=0.5) as feeder:
            receipt = await feeder.feed(*articles(1))
            return (await asyncio.gather(feeder.follow(receipt), asyncio.to_thread(restart)))[0]
    assert asyncio.run(crawl()).state == State.STORED
    worker.finish()


def test_event_loop_goes_on_while_the_broker_is_away(new_broker, directory):
    broker = new_broker("later", start=False)

    async def crawl():
        async with AsyncFeeder(f"ipc://{broker.directory}/feed", outbox=directory / "box") as feeder:
            return await asyncio.gather(feeder.feed(*articles(1)), asyncio.to_thread(broker.start))
    receipt, _ = asyncio.run(crawl())
    assert receipt.code == ReceiptCode.ACCEPTED
