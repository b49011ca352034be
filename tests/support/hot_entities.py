# SPDX-License-Identifier: Apache-2.0
"""Articles that all speak of the same ten entities, a database in which every article takes its time, and
workers that store them there: does any of them wait for another?"""
from support.articles import Newsroom
from support.contract import wire
from support.feeder import Feeder
from support.operating import Operator
from support.waiting import wait_for

PLACES = ("Hà Nội", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Quảng Ninh", "Nghệ An", "Lâm Đồng", "Đồng Tháp",
          "Bắc Ninh", "Thừa Thiên Huế")

# Every article lingers at COMMIT, when all its rows and locks are there, as for a disk or a replica far away;
# a lock that others need would be held as long.
LINGER = """
CREATE FUNCTION newsloom.linger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {how};
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON newsloom.article
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION newsloom.linger();
"""


class HotNewsroom(Newsroom):
    """Every article names all ten places, each time in another order, and nothing else that is an entity: whoever
    inserts one first is waited for by whoever meets it too, once."""

    WORDS = "người dân đường phố mưa lớn chợ trường học cây xanh nước sạch nhà văn hóa thư viện sân bóng".split()

    def piece(self, **how):
        piece = super().piece(**how)
        places = self.random.sample(PLACES, len(PLACES))
        lines = [f"Ở {place} có {' '.join(self.random.choices(self.WORDS, k=12))}." for place in places]
        piece.title, piece.content = f"tin số {self.count}", " ".join(lines).encode()
        return piece


class HotPress:
    """Workers on a database whose articles linger as `how` says, in PL/pgSQL."""

    def __init__(self, broker, new_worker, database, workers: int, how: str, seed: int, ledger=None):
        self.operator = Operator(broker.endpoint("operator"))
        self.feeder = Feeder(broker.endpoint("feed"), ledger)
        self.newsroom = HotNewsroom(seed)
        database.execute(LINGER.format(how=how))
        for _ in range(workers):
            new_worker(broker, database)
        wait_for(lambda: len(self.operator.status().workers) == workers, 60, "all workers are there")
        self.print(1)  # the ten entities are there
        self.wait()

    def print(self, articles: int) -> None:
        """Feeds them while nothing is dispatched, then lets them go."""
        self.operator.control(wire.PAUSE)
        self.feeder.submit(self.newsroom.pieces(articles), deadline=60)
        self.operator.control(wire.RESUME)

    def wait(self, deadline: float = 120.0) -> None:
        wait_for(lambda: self.operator.backlog() == 0, deadline, "all are stored")

    def close(self) -> None:
        self.operator.close()
        self.feeder.close()


def shared_entities(database) -> int:
    """How many entities every article has."""
    return database.value("""
        SELECT count(*) FROM (
            SELECT entity_id FROM newsloom.mention GROUP BY entity_id
            HAVING count(DISTINCT article_id) = (SELECT count(*) FROM newsloom.article)) AS shared""")
