# SPDX-License-Identifier: Apache-2.0
"""Feed articles to a newsloom broker, and follow what was extracted from them.

    Feeder, AsyncFeeder          submit → receipt → end, with an outbox on disk
    Subscriber, AsyncSubscriber  the event log in order, from a cursor, without a hole
    newsloom.scrapy              an item pipeline for Scrapy
    python3 -m newsloom          sends, shows or empties an outbox

docs/tutorials/crawler.md and docs/tutorials/subscriber.md show both at work.
"""
from newsloom.article import Article
from newsloom.cursor import Cursor
from newsloom.entry import Entry, EntryKind
from newsloom.errors import (ArticleRefused, BrokerAway, Gap, KeyFileError, NewsloomError, NotFound, OutboxError,
                             OutboxFull, Refused, RetentionWarning)
from newsloom.feeder import AsyncFeeder, Feeder, Submission
from newsloom.filter import Filter
from newsloom.outbox import Outbox, Refusal
from newsloom.receipt import Attempt, Outcome, Receipt, ReceiptCode, State
from newsloom.subscriber import AsyncSubscriber, Subscriber

__all__ = [
    "Article", "ArticleRefused", "AsyncFeeder", "AsyncSubscriber", "Attempt", "BrokerAway", "Cursor", "Entry", "EntryKind",
    "Feeder", "Filter", "Gap", "KeyFileError", "NewsloomError", "NotFound", "Outbox", "OutboxError", "OutboxFull",
    "Outcome", "Receipt", "ReceiptCode", "Refusal", "Refused", "RetentionWarning", "State", "Submission", "Subscriber",
]
