# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, each with one finished sentence.

    NewsloomError
      BrokerAway       no answer within the time given; the same call may work later
      Refused          the broker refused a message; code and text are its own
        NotFound       it knows no such article
      ArticleRefused   this article is not taken, and sending it again cannot help
      Gap              entries between cursor and log are gone
      OutboxError      the outbox cannot be written or read
        OutboxFull     it has no room, and the broker takes nothing now
      KeyFileError     a key, or the file that holds one, is none
      WebhookError     a webhook's secret, state or URL is none
"""
from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsloom.cursor import Cursor


class NewsloomError(Exception):
    """The root of all others."""


class BrokerAway(NewsloomError, TimeoutError):
    """The broker did not answer in time. Nothing is lost: what has no receipt is still kept."""


class Refused(NewsloomError):
    """The broker refused a message as a whole; no article of it was judged."""

    def __init__(self, code: str, text: str):
        super().__init__(f"the broker refused ({code}): {text}")
        self.code = code
        self.text = text


class NotFound(Refused, LookupError):
    """The broker knows no such article, or no longer."""


class ArticleRefused(NewsloomError, ValueError):
    """This article can never be taken as it is. code: one of proto/README.md's refusals."""

    def __init__(self, code: str, text: str):
        super().__init__(f"the article is refused ({code}): {text}")
        self.code = code
        self.text = text


class Gap(NewsloomError):
    """Entries that were not read are no longer retained, or the cursor is of another log.

    Take the present state from PostgreSQL, then subscribe again with start=gap.first, which
    reads all that is still there."""

    def __init__(self, text: str, first: "Cursor", last: int, other_log: bool):
        super().__init__(text)
        self.first = first
        self.last = last
        self.other_log = other_log


class OutboxError(NewsloomError, OSError):
    """The file cannot be written or read; what submit() had returned for is as safe as the disk."""


class OutboxFull(OutboxError):
    """No room for another article: the broker took none for as long as submit() waited."""


class WebhookError(NewsloomError):
    """The secret, the state or the URL of a webhook is none."""


class KeyFileError(NewsloomError, ValueError):
    """A key is none, or its file is open to others than its owner."""


class RetentionWarning(UserWarning):
    """A subscriber is so far behind that the log may drop entries before it has read them."""
