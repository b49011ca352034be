# SPDX-License-Identifier: Apache-2.0
"""An item pipeline for Scrapy: what a spider yields is fed to a broker, through an outbox on disk.

    def parse(self, response):
        yield article_of(response)

    custom_settings = {
        "ITEM_PIPELINES": {"newsloom.scrapy.NewsloomPipeline": 900},
        "NEWSLOOM_OUTBOX": "news.outbox",   # the file; newsloom.outbox when it is not given
        "NEWSLOOM_SOURCE": "example.org",   # of items that name none; else the spider's name
        "NEWSLOOM_FEED": "tcp://…:5811",    # else $NEWSLOOM_BROKER_FEED, else loopback
        "NEWSLOOM_SERVER_KEY": "…",         # for a broker with keys, with NEWSLOOM_KEY_FILE
        "NEWSLOOM_OUTBOX_LIMIT": 4 << 30,   # bytes; beyond it the crawl waits
        "NEWSLOOM_FLUSH_TIMEOUT": 30,       # seconds for the last receipts when the spider closes
    }

An item is a newsloom.Article, or has fields with the names of one's; items without content are somebody
else's and pass untouched. An item is on disk before the next pipeline sees it. A thread of its own sends what
stands in the outbox, so that neither a broker that is away nor a killed crawl loses a page: what has no receipt is
sent by the next crawl with the same outbox, or by `python3 -m newsloom flush`. An item that can never be taken is
dropped with the reason. After a kill crawl again without JOBDIR: with it Scrapy takes for done what it had fetched and
not yet given to the pipeline. Counted in the stats as newsloom/submitted, newsloom/accepted, newsloom/duplicate and
newsloom/refused.
"""
from __future__ import annotations

import dataclasses
import datetime
import logging
import re
import threading
from typing import Any

from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from newsloom.article import PAYLOAD_LIMIT, Article, pack
from newsloom.errors import ArticleRefused, NewsloomError
from newsloom.feeder import FILE_LIMIT, Feeder
from newsloom.outbox import Outbox
from newsloom.receipt import Receipt

TURN = 0.5           # how long the sender stays in one call
AGAIN = 5.0          # after the broker refused to talk at all
ROOM_EVERY = 0.5
_FIELDS = {one.name for one in dataclasses.fields(Article)}
_log = logging.getLogger(__name__)


def article_of(response: Any, **fields: Any) -> dict[str, Any]:
    """An item of a page exactly as it was fetched; fields say what the spider knows besides.

    The charset is what the server's header said: what the page says of itself, or does not, is the
    worker's to find out, which knows TCVN3 and VNI besides the encodings of the web."""
    header = response.headers.get("Content-Type", b"").decode("latin-1")
    charset = re.search(r'charset="?([\w-]+)', header, re.IGNORECASE)
    return {"url": response.url, "content": response.body,
            "content_type": "text/plain" if header.startswith("text/plain") else "text/html",
            "charset": charset[1] if charset else "",
            "fetched": datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0), **fields}


class NewsloomPipeline:
    def __init__(self, crawler: Any):
        settings = crawler.settings
        self._crawler = crawler
        self._path = settings.get("NEWSLOOM_OUTBOX", "newsloom.outbox")
        self._source = settings.get("NEWSLOOM_SOURCE")
        self._payload_limit = settings.getint("NEWSLOOM_PAYLOAD_LIMIT", PAYLOAD_LIMIT)
        self._limit = settings.getint("NEWSLOOM_OUTBOX_LIMIT", FILE_LIMIT)
        self._flush_timeout = settings.getfloat("NEWSLOOM_FLUSH_TIMEOUT", 30)
        self._how = {"server_key": settings.get("NEWSLOOM_SERVER_KEY"), "key_file": settings.get("NEWSLOOM_KEY_FILE"),
                     "payload_limit": self._payload_limit}
        self._endpoint = settings.get("NEWSLOOM_FEED")
        self._work = threading.Event()
        self._closing = threading.Event()
        self._began = threading.Event()
        self._failure: Exception | None = None

    @classmethod
    def from_crawler(cls, crawler: Any) -> "NewsloomPipeline":
        return cls(crawler)

    # ---- in the reactor's thread ----

    def open_spider(self, spider: Any) -> None:
        self._outbox = Outbox(self._path)
        self._sender = threading.Thread(target=self._send, name="newsloom", daemon=True)
        self._sender.start()
        self._began.wait()
        if self._failure:  # what is wrong in the settings ends the crawl here
            raise self._failure

    async def process_item(self, item: Any, spider: Any) -> Any:
        article = self._article(item, spider)
        if article is None:
            return item
        try:
            packed = pack(article, self._payload_limit)
        except ArticleRefused as refused:
            self._crawler.stats.inc_value("newsloom/refused")
            raise DropItem(f"{article.url or article.key}: {refused}") from None
        while self._outbox.is_over(self._limit):  # Scrapy fetches no more while so many items wait
            from twisted.internet import reactor  # only now: importing it installs one
            await maybe_deferred_to_future(deferLater(reactor, ROOM_EVERY))  # type: ignore[arg-type]
        self._outbox.put([packed])
        self._crawler.stats.inc_value("newsloom/submitted")
        self._work.set()
        return item

    def _article(self, item: Any, spider: Any) -> Article | None:
        if isinstance(item, Article):
            return item
        fields = {name: value for name, value in ItemAdapter(item).items() if name in _FIELDS}
        if "content" not in fields:
            return None
        fields.setdefault("source", self._source or spider.name)
        return Article(**fields)

    def close_spider(self, spider: Any) -> Any:
        self._closing.set()
        self._work.set()
        return deferToThread(self._sender.join).addCallback(self._closed)  # type: ignore[no-untyped-call]

    def _closed(self, _: None) -> None:
        waiting, refused = self._outbox.waiting, self._outbox.refused
        self._outbox.close()
        if waiting:
            _log.warning("%d articles have no receipt yet and stay in %s: the next crawl sends them, or "
                         "python3 -m newsloom flush %s", waiting, self._path, self._path)
        if refused:
            _log.warning("%d articles were refused: python3 -m newsloom show %s", refused, self._path)

    # ---- in the sender's thread ----

    def _send(self) -> None:
        try:
            feeder = Feeder(self._endpoint, outbox=self._path, on_receipt=self._count, **self._how)
        except Exception as error:  # raised by open_spider()
            self._failure = error
            return
        finally:
            self._began.set()
        with feeder:
            try:
                while not self._closing.is_set():
                    self._send_some(feeder)
                feeder.flush(self._flush_timeout)
            except NewsloomError as error:
                _log.warning("%s", error)
            except Exception:
                _log.exception("the sender ended; articles stay in %s", self._path)

    def _send_some(self, feeder: Feeder) -> None:
        try:
            feeder.run(TURN)
        except NewsloomError as error:
            _log.warning("%s; trying on", error)
            self._closing.wait(AGAIN)
        if not feeder.pending:
            self._work.wait(TURN)
            self._work.clear()

    def _count(self, receipt: Receipt) -> None:
        self._crawler.stats.inc_value(f"newsloom/{receipt.code.lower()}")
        if not receipt.is_kept:
            _log.warning("%s was refused (%s): %s", receipt.url or receipt.key, receipt.refusal, receipt.text)
