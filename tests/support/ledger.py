# SPDX-License-Identifier: Apache-2.0
"""What feeders were promised: every receipt, by identity and digest."""
import threading
from dataclasses import dataclass, field

from support.contract import wire


@dataclass
class Promise:
    source: str
    key: str
    digest: bytes
    article_id: int
    revision: int
    receipts: int = 0
    again: bool = False  # accepted a second time, which only a dead identity may be
    ids: set = field(default_factory=set)  # every article id it ever had


@dataclass
class Ledger:
    promises: dict = field(default_factory=dict)  # (source, key, digest) -> Promise
    contradictions: list = field(default_factory=list)
    counts: dict = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, piece, receipt, key: str = None) -> None:
        name = wire.ReceiptCode.Name(receipt.code)
        identity = (piece.source, key or piece.key, piece.digest)
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1
            if receipt.code not in (wire.ACCEPTED, wire.DUPLICATE):
                return
            known = self.promises.get(identity)
            if known is None:
                known = Promise(*identity, receipt.article_id, receipt.revision)
                self.promises[identity] = known
            elif known.article_id != receipt.article_id:
                if receipt.code == wire.ACCEPTED:
                    known.again = True
                    known.article_id, known.revision = receipt.article_id, receipt.revision
                else:
                    self.contradictions.append(
                        f"{identity[:2]} was article {known.article_id}, then {receipt.article_id}")
            known.ids.add(receipt.article_id)
            known.receipts += 1

    def __len__(self) -> int:
        return len(self.promises)
