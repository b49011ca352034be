# SPDX-License-Identifier: Apache-2.0
"""An article on its way to the broker: what a crawler gives, and what goes out."""
from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass, field
from typing import Mapping

from newsloom.errors import ArticleRefused
from newsloom.v1 import article_pb2, wire_pb2

PAYLOAD_LIMIT = 2 * 1024 * 1024
KEY_LIMIT = 512
URL_LIMIT = 2048
LIVE: int = wire_pb2.LIVE
BACKFILL: int = wire_pb2.BACKFILL

_SOURCE = re.compile(r"[a-z0-9._-]{1,64}")
_URL = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)


@dataclass(frozen=True)
class Article:
    """One page as a crawler saw it.

    source and (key or url) name it; the same again with the same title and content is a duplicate, with
    other content its next revision. Content as bytes goes out exactly as it was fetched: charset names its
    encoding, empty for HTML means that the page says it itself. Content as str is sent in UTF-8.
    """

    source: str  # 1 to 64 bytes of a-z 0-9 . _ -
    content: bytes | str
    url: str = ""  # at most 2,048 bytes
    key: str = ""  # at most 512 bytes; empty: the canonical form of url
    title: str = ""  # when it is known apart from the content
    author: str = ""
    published: str | datetime.date = ""  # RFC 3339 date or date-time; a datetime needs a time zone
    fetched: str | datetime.datetime = ""
    language: str = ""  # BCP 47, such as "vi"
    content_type: str = "text/plain"  # or "text/html"
    charset: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    trace_id: str = ""
    backfill: bool = False  # it may wait until what is new is done


@dataclass(frozen=True)
class Packed:
    """What is kept and sent: the same bytes as often as it takes."""

    source: str
    key: str
    url: str
    class_: int
    digest: bytes
    payload: bytes


def _moment(name: str, value: str | datetime.date) -> str:
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        raise ArticleRefused("INVALID_PAYLOAD", f"{name} is a datetime without a time zone")
    return value.isoformat() if isinstance(value, datetime.date) else value


def _clean(name: str, text: str, code: str = "INVALID_PAYLOAD") -> bytes:
    """UTF-8 without U+0000, as every string of the contract."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ArticleRefused(code, f'the field "{name}" is not UTF-8') from None
    if b"\0" in encoded:
        raise ArticleRefused(code, f'the field "{name}" has a zero byte')
    return encoded


def check_identity(source: str, key: str, url: str) -> None:
    """Raises what the broker would answer; canonical forms of URLs are its own affair."""
    if not _SOURCE.fullmatch(source):
        raise ArticleRefused("BAD_SOURCE", f'the source "{source[:80]}" is none: 1 to 64 characters of a-z 0-9 . _ -')
    size = len(_clean("key", key, "BAD_KEY"))
    if size > KEY_LIMIT:
        raise ArticleRefused("BAD_KEY", f"the key is {size} bytes long, the limit is {KEY_LIMIT}")
    if not key and not url:
        raise ArticleRefused("BAD_KEY", "the article has neither a key nor a URL")
    size = len(_clean("url", url, "BAD_KEY"))
    if size > URL_LIMIT:
        raise ArticleRefused("BAD_KEY", f"the URL is {size} bytes long, the limit is {URL_LIMIT}")
    if not key and not _URL.match(url):
        raise ArticleRefused("BAD_KEY", f'"{url[:80]}" is no absolute http(s) URL')


def pack(article: Article, payload_limit: int = PAYLOAD_LIMIT) -> Packed:
    """Checks it as the broker and the worker would; raises ArticleRefused."""
    check_identity(article.source, article.key, article.url)
    content, charset = article.content, article.charset
    if isinstance(content, str):
        content, charset = _clean("content", content), "utf-8"
    if not content:
        raise ArticleRefused("EMPTY", "the article has no content")
    texts = {"url": article.url, "title": article.title, "author": article.author,
             "published": _moment("published", article.published), "fetched": _moment("fetched", article.fetched),
             "language": article.language, "content_type": article.content_type, "charset": charset,
             "trace_id": article.trace_id}
    for name, text in [*texts.items(), *(("labels", text) for pair in article.labels.items() for text in pair)]:
        _clean(name, text)
    labels = [article_pb2.Label(name=name, value=value) for name, value in article.labels.items()]
    payload = article_pb2.Article(content=content, labels=labels, **texts).SerializeToString()
    if len(payload) > payload_limit:
        raise ArticleRefused("TOO_LARGE", f"the article takes {len(payload)} bytes, the limit is {payload_limit} "
                                          "(payload_limit here, article.limit of the broker)")
    digest = hashlib.blake2b(article.title.encode() + b"\0" + content, digest_size=32).digest()
    return Packed(article.source, article.key, "" if article.key else article.url,
                  BACKFILL if article.backfill else LIVE, digest, payload)
