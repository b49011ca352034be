# SPDX-License-Identifier: Apache-2.0
"""One article of each kind that does harm, hidden among ordinary ones: exactly these die, each with its own
code, and nobody pays for them but as promised: what had started in a worker that was taken along pays one
attempt and is alone from then on."""
import re
from dataclasses import dataclass

from support.articles import Piece
from support.auditor import Auditor, report
from support.contract import wire
from support.feeder import Feeder
from support.operating import Operator
from support.programs import is_sanitized, preload
from support.server_errors import LIMITS, SLOW
from support.waiting import wait_for

ATTEMPTS = 2
MEMORY = "prlimit", "--data=268435456"  # so much a worker may have, where a bug eats all it can get


@dataclass
class Poison:
    """An end as a dead letter, and what it takes until then."""
    code: str
    says: str
    charged: int | tuple  # of several numbers each is right


KINDS = {
    "kills": Poison("WORKER_LOST", "no worker came back", ATTEMPTS),
    "eats": Poison("WORKER_LOST", "no worker came back", ATTEMPTS),
    "hangs": Poison("TIMED_OUT", "does not react", ATTEMPTS),
    "needs-too-much": Poison("RESOURCE_LIMIT", "memory", 1),
    "is-no-article": Poison("INVALID_PAYLOAD", "no Article message", 1),
    "has-no-date": Poison("INVALID_PAYLOAD", "published", 1),
    "is-another": Poison("INVALID_PAYLOAD", "digest", 1),
    "is-refused": Poison("STORAGE_REJECTED", "23514", 1),
    # One while others go through; when nothing else is left to store, it might be the server, and another worker tries.
    "takes-for-ever": Poison("STORAGE_REJECTED", "57014", (1, ATTEMPTS)),
}
# Once poison elsewhere, digested here.
HARMLESS = "has-nul", "has-broken-letters", "has-a-name-without-end"


def article(newsroom, kind: str) -> Piece:
    """Its key begins with its kind."""
    piece = newsroom.piece(html=False)
    piece.content_type = "text/plain"
    piece.key = f"{kind}-{newsroom.count}"
    text = piece.content
    if kind in ("kills", "eats", "hangs"):
        piece.content += f"thuoc-doc:{kind[:-1]}\n".encode()
    elif kind == "needs-too-much":
        piece.content = (text * (1 + 1_900_000 // len(text)))[:1_900_000]
    elif kind == "is-no-article":
        piece.raw = b"\xff" * 2000
    elif kind == "has-no-date":
        piece.published = "hôm qua"
    elif kind == "is-another":
        piece.raw = newsroom.piece().payload()
    elif kind == "has-nul":
        piece.content = text[:500] + b"\0" * 20 + text[500:]
    elif kind == "has-broken-letters":
        piece.content = text[:501] + b"\xc3\xff\xed\xa0\x80" + text[501:]
    elif kind == "has-a-name-without-end":
        piece.content = "Ông Nguyễn Văn ".encode() + b"A" * 20_000 + b". " + text
    return piece


class Stage:
    """Four workers, each with the bugs of poison.c, and whoever starts them again as systemd would."""

    def __init__(self, new_broker, new_worker, database, ledger):
        self.broker = new_broker(**{"lease.duration": "2s", "attempt.limit": str(ATTEMPTS)})
        self.database, self.ledger = database, ledger
        self.feeder = Feeder(self.broker.endpoint("feed"), ledger)
        self.operator = Operator(self.broker.endpoint("operator"))
        database.execute(LIMITS.format(name="statement_timeout", limit=2500) + SLOW)
        database.execute("ALTER TABLE newsloom.article ADD CONSTRAINT no_poison CHECK (key NOT LIKE 'is-refused-%')")
        self.workers = []
        for number in range(4):
            worker = new_worker(self.broker, database, name=f"tho-{number}", start=False,
                                env={"LD_PRELOAD": preload("libpoison.so")},
                                **{"extract.budget": "3s", "extract.memory": "24MiB"})
            worker.prefix = [] if is_sanitized() else MEMORY
            self.workers.append(worker.start())

    def is_over(self) -> bool:
        for worker in self.workers:
            if not worker.is_alive:
                worker.start()
        return self.operator.backlog() == 0

    def started_in_lost_workers(self) -> int:
        """Attempts that the broker laid to workers that were taken along."""
        return sum(map(int, re.findall(r"worker-lost .*?started=(\d+)", self.broker.log())))

    def close(self) -> None:
        self.feeder.close()
        self.operator.close()


def test_poison_costs_itself(new_broker, new_worker, database, ledger, newsroom, time_given):
    newsroom.real_size = True
    kinds = [kind for kind in KINDS if kind != "eats" or not is_sanitized()]
    stage = Stage(new_broker, new_worker, database, ledger)
    poisons = {}
    for _ in time_given.rounds(1):
        pieces = newsroom.pieces(1000 if time_given.is_long else 100)
        for kind in (*kinds, *HARMLESS):
            piece = article(newsroom, kind)
            pieces.insert(newsroom.random.randrange(len(pieces)), piece)
            if kind in KINDS:
                poisons[piece.key] = KINDS[kind]
            if kind == "takes-for-ever":
                database.execute("INSERT INTO newsloom.slow VALUES (%s, %s)", piece.source, piece.key)
        stage.feeder.submit(pieces, deadline=120)
        wait_for(stage.is_over, 300, "every article has its end", every=0.1)
    audit = Auditor(stage.broker, ledger, database).run()
    check_ends(stage, poisons)
    starts = sum(worker.starts for worker in stage.workers)
    charged = check_others(stage, poisons)
    report("poison", audit, len(poisons), worker_starts=starts, neighbours_charged=charged)
    stage.close()


def lost(outcome) -> int:
    """Attempts that were charged because the worker was taken along."""
    return sum(attempt.charged and attempt.code == "WORKER_LOST" for attempt in outcome.attempts)


def check_ends(stage, poisons) -> None:
    letters = {letter.outcome.key: letter for letter in stage.operator.all_dead()}
    assert set(letters) == set(poisons), set(letters) ^ set(poisons)
    for key, poison in poisons.items():
        outcome = stage.feeder.outcome(letters[key].outcome.source, key)
        charged = poison.charged if isinstance(poison.charged, tuple) else (poison.charged,)
        as_neighbour = lost(outcome) if poison.code != "WORKER_LOST" else 0  # another poison took its worker along
        assert as_neighbour <= 1, f"{key} paid more than once for others: {outcome}"
        assert letters[key].code == poison.code and outcome.attempts_charged - as_neighbour in charged, f"{key}: {outcome}"
        assert poison.says in outcome.reason, f"{key}: {outcome.reason}"


def check_others(stage, poisons) -> int:
    """How many attempts neighbours were charged: one at most each, and only for a worker that was lost."""
    charged, own = 0, 0
    for promise in stage.ledger.promises.values():
        outcome = stage.feeder.outcome(promise.source, promise.key, promise.revision)
        if promise.key in poisons:
            own += outcome.attempts_charged if poisons[promise.key].code == "WORKER_LOST" else lost(outcome)
            continue
        assert outcome.state == wire.STORED, outcome
        assert outcome.attempts_charged <= 1, f"{promise.key} paid more than once: {outcome}"
        assert {a.code for a in outcome.attempts if a.charged} <= {"WORKER_LOST"}, outcome
        charged += outcome.attempts_charged
    assert charged + own == stage.started_in_lost_workers()
    return charged
