# SPDX-License-Identifier: Apache-2.0
"""What a subscriber wants: "type=PERSON,event=SIGN,source=vov.vn,entity=<uuid>,kind=STORED,copies=no".

All named fields must match; within a field, given several times, one is enough. The same words as
`newsloom subscribe --filter`. FORGOTTEN passes every filter but one on sources: whoever may have kept the
article is to hear that it must go.
"""
from __future__ import annotations

import re
import uuid
from typing import Any

from google.protobuf.message import DecodeError

from newsloom.entry import Entry, EntryKind
from newsloom.v1 import extraction_pb2, wire_pb2

_ENVELOPE_SHARE = 2048
_SOURCE = re.compile(r"[a-z0-9._-]{1,64}")
_ENUMS: dict[str, Any] = {"type": extraction_pb2.EntityType, "event": extraction_pb2.EventType,
                          "kind": wire_pb2.EntryKind}


def _number(field: str, name: str) -> int:
    """Case does not matter, and the wire's ENTRY_ is not asked for."""
    known = {word.removeprefix("ENTRY_"): value for word, value in _ENUMS[field].items() if value}
    number: int | None = known.get(name.upper().removeprefix("ENTRY_"))
    if number is None:
        raise ValueError(f'the filter\'s "{name[:40]}" is none of {", ".join(known)}')
    return number


class Filter:
    def __init__(self, text: str = ""):
        """Raises ValueError with what would be right."""
        self._numbers: dict[str, set[int]] = {"type": set(), "event": set(), "kind": set()}
        self._sources: set[str] = set()
        self._entities: set[bytes] = set()
        self._originals = False
        for pair in text.replace(",", " ").split():
            field, equals, value = pair.partition("=")
            if not equals:
                raise ValueError(f'the filter\'s "{pair[:60]}" is no field=value: an example is type=PERSON,event=SIGN')
            self._add(field, value)
        if self.wire().ByteSize() > _ENVELOPE_SHARE:
            raise ValueError(f"the filter takes {self.wire().ByteSize()} bytes, the limit is {_ENVELOPE_SHARE}")

    def _add(self, field: str, value: str) -> None:
        if field in self._numbers:
            self._numbers[field].add(_number(field, value))
        elif field == "source":
            if not _SOURCE.fullmatch(value):
                raise ValueError(f'the filter\'s source "{value[:80]}" is none: 1 to 64 characters of a-z 0-9 . _ -')
            self._sources.add(value)
        elif field == "entity":
            try:
                self._entities.add(uuid.UUID(value).bytes)
            except ValueError:
                raise ValueError(f'the filter\'s entity "{value[:60]}" is no UUID: `newsloom search` shows them') from None
        elif field == "copies":
            if value.lower() not in ("yes", "no"):
                raise ValueError(f"the filter's copies={value[:40]} is neither yes nor no")
            self._originals = value.lower() == "no"
        else:
            raise ValueError(f'the filter names "{field[:40]}": it may name type, event, source, entity, kind, copies')

    def wire(self) -> wire_pb2.Filter:
        return wire_pb2.Filter(
            entity_types=sorted(self._numbers["type"]), event_types=sorted(self._numbers["event"]),  # type: ignore[arg-type]
            kinds=sorted(self._numbers["kind"]), sources=sorted(self._sources),  # type: ignore[arg-type]
            entities=sorted(int.from_bytes(one[:8], "big") for one in self._entities), originals=self._originals)

    def passes(self, entry: Entry) -> bool:
        """What the broker over-delivers, because it only knows a part of each id, ends here."""
        if self._sources and entry.source not in self._sources:
            return False
        if entry.kind == EntryKind.FORGOTTEN:
            return True
        if self._numbers["kind"] and _ENUMS["kind"].Value(f"ENTRY_{entry.kind}") not in self._numbers["kind"]:
            return False
        if not (self._numbers["type"] or self._numbers["event"] or self._entities or self._originals):
            return True
        try:
            return self._passes_facts(entry.extraction)
        except DecodeError:
            return False

    def _passes_facts(self, found: extraction_pb2.Extraction) -> bool:
        types, events = self._numbers["type"], self._numbers["event"]
        return ((not types or any(one.type in types for one in found.mentions))
                and (not events or any(one.type in events for one in found.events))
                and (not self._entities or any(one.id in self._entities for one in found.entities))
                and not (self._originals and found.HasField("duplicate_of")))
