# SPDX-License-Identifier: Apache-2.0
"""One entry of the event log, as a subscriber reads it."""
from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from newsloom.receipt import moment_of
from newsloom.v1 import extraction_pb2, wire_pb2


class EntryKind(StrEnum):
    STORED = "STORED"
    REPLACED = "REPLACED"    # a newer revision or generation took the place of an older
    WITHDRAWN = "WITHDRAWN"
    DEAD = "DEAD"
    FORGOTTEN = "FORGOTTEN"  # delete every revision; comes whatever the filter, but sources
    UNKNOWN = "UNKNOWN"      # of a later broker


@dataclass(frozen=True)
class Entry:
    sequence: int
    kind: EntryKind
    stored_at: datetime.datetime | None
    article_id: int
    source: str
    key: str
    revision: int
    reason: str      # DEAD and WITHDRAWN
    identity: bytes  # FORGOTTEN, which has no key: BLAKE2b-128 of source, zero byte, key, zero byte
    payload: bytes = field(repr=False)  # the packed Extraction; empty for entries without one

    @cached_property
    def extraction(self) -> extraction_pb2.Extraction:
        """What was found in the article (proto/extraction.proto); empty for entries without one."""
        extraction = extraction_pb2.Extraction()
        extraction.ParseFromString(self.payload)
        return extraction

    @classmethod
    def of(cls, wire: wire_pb2.Entry, payload: bytes) -> "Entry":
        try:
            kind = EntryKind(wire_pb2.EntryKind.Name(wire.kind).removeprefix("ENTRY_"))
        except ValueError:
            kind = EntryKind.UNKNOWN
        return cls(wire.sequence, kind, moment_of(wire.stored_at_ms), wire.article_id, wire.source, wire.key,
                   wire.revision, wire.reason, wire.identity, payload)
