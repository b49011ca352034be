# SPDX-License-Identifier: Apache-2.0
"""`newsloom forget` with the real worker and PostgreSQL: no text is left, however late a worker is and whoever dies."""
import itertools

import pytest

from support.articles import Piece
from support.auditor import wait_settled
from support.cli import CommandLine
from support.contract import extraction, wire
from support.subscriber import Subscriber
from support.waiting import wait_for

NAME = "Quách Văn Mịch"          # stands in no other article
SHARED = "Trần Quốc Bảo Lâm"     # stands in others as well
SLUG = "bat-quach-van-mich"
WORDS = (NAME, "QUÁCH VĂN MỊCH", "quach van mich", SLUG, "bí danh Mịch chột", "quán nước đầu ngõ Cây Me")


def secret(extra: str = "") -> Piece:
    body = (f"Ngày 12/3/2025, Công an tỉnh Nghệ An đã bắt giữ {NAME} về hành vi trộm cắp tài sản.\n\n"
            f"Theo cơ quan điều tra, {NAME}, bí danh Mịch chột, bị bắt tại quán nước đầu ngõ Cây Me. "
            f"Đại tá {SHARED}, Giám đốc Công an tỉnh Nghệ An, cho biết {NAME} đã khai nhận. {extra}\n\n"
            + "\n\n".join(f"Lần thứ {i}, {NAME} khai với Đại tá {SHARED} tại Công an tỉnh Nghệ An." for i in range(40)))
    return Piece("bao-kin", f"https://tin.example/{SLUG}", f"Bắt {NAME}", body.encode(),
                 url=f"https://tin.example/{SLUG}")


def other(number: int) -> Piece:
    body = (f"Ngày {number}/4/2025, Đại tá {SHARED}, Giám đốc Công an tỉnh Nghệ An, đã tiếp đoàn công tác của Bộ Công an "
            f"tại Hà Nội.\n\nĐại tá {SHARED} cho biết hai bên sẽ phối hợp với Công an tỉnh Nghệ An lần {number}.")
    return Piece("bao-mo", f"bai-{number}", f"Tiếp đoàn lần {number}", body.encode())


def forms(word: str) -> set:
    """As it stands in a file, in a text dump, and in a dump of bytes."""
    return {word.encode(), word.encode().hex().encode()}


def traces_in_store(broker) -> list:
    return [(path.name, word) for path in broker.store.iterdir() for word in WORDS
            if word.encode() in path.read_bytes()]


def traces_in_tables(database) -> list:
    tables = [name for name, in database.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'newsloom' AND table_type = 'BASE TABLE'")]
    assert len(tables) >= 10
    found = []
    for table in tables:
        text = "\n".join(row for row, in database.execute(f"SELECT t::text FROM newsloom.{table} t")).encode()
        found += [(table, word) for word in WORDS if any(form in text for form in forms(word))]
    return found


def traces_in_log(broker) -> list:
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe()
    reader.read_to_end()
    reader.close()
    assert reader.sequences == list(range(1, reader.last + 1))
    return [(entry.sequence, word) for entry, payload in reader.entries for word in WORDS
            if word.encode() in payload + entry.SerializeToString()]


@pytest.fixture
def cli(broker, database, directory):
    return CommandLine(broker, directory, **{"database.url": database.url})


def assert_nothing_left(broker, database) -> None:
    assert not traces_in_store(broker)
    assert not traces_in_tables(database)
    assert not traces_in_log(broker)


def entities_named(database, name: str) -> int:
    return database.value("SELECT count(*) FROM newsloom.entity WHERE name LIKE %s", f"%{name}%")


def test_forget_leaves_no_text_anywhere(broker, database, new_worker, feeder, cli):
    new_worker(broker, database)
    feeder.submit([other(1), secret(), other(2)])
    wait_settled(broker)
    feeder.submit([secret("Đính chính.")])
    wait_settled(broker)
    piece = secret()
    assert traces_in_store(broker) and traces_in_log(broker)
    assert entities_named(database, NAME) > 0 and entities_named(database, SHARED) > 0
    assert {table for table, _ in traces_in_tables(database)} >= {"article", "mention", "entity", "entity_alias"}
    judged = database.value("SELECT entity_id::text FROM newsloom.entity WHERE name LIKE %s", f"%{NAME}%")
    into = database.value("SELECT entity_id::text FROM newsloom.entity WHERE name LIKE %s", f"%{SHARED}%")
    database.execute("INSERT INTO newsloom.entity_redirect (from_entity_id, to_entity_id, reason) VALUES (%s, %s, %s)",
                     judged, into, f"{NAME} là một người khác")
    before = database.value("SELECT count(*) FROM newsloom.mention WHERE entity_id = %s", into)

    said, = cli.json("forget", f"{piece.source}/{piece.key}")
    assert (said["revisions"], said["articles"], said["entries"]) == (2, 2, 2)
    assert said["entities"] >= 1
    assert_nothing_left(broker, database)
    assert feeder.outcome(piece.source, piece.key).state == wire.FORGOTTEN
    assert feeder.submit([piece])[0].refusal == wire.WAS_FORGOTTEN

    # what others named is still there, and whole
    assert entities_named(database, SHARED) > 0 and before > 0
    assert database.value("SELECT count(*) FROM newsloom.article") == 2
    assert database.value("SELECT count(*) FROM newsloom.entity_redirect") == 0
    for table in ("mention", "role", "event_argument"):
        assert database.value(f"SELECT count(*) FROM newsloom.{table} x LEFT JOIN newsloom.entity e USING (entity_id)"
                              " WHERE x.entity_id IS NOT NULL AND e.entity_id IS NULL") == 0
    again, = cli.json("forget", f"{piece.source}/{piece.key}")
    assert (again["revisions"], again["articles"], again["sequence"]) == (0, 0, said["sequence"])

    # it is taken again only when that is lifted
    assert cli.json("forget", "--lift", f"{piece.source}/{piece.key}") == [{"lifted": True}]
    assert feeder.submit([piece])[0].code == wire.ACCEPTED
    wait_settled(broker)
    assert feeder.outcome(piece.source, piece.key).state == wire.STORED
    assert entities_named(database, NAME) > 0


def test_a_worker_that_comes_late_stores_nothing(broker, database, new_worker, feeder, cli):
    """Its transaction is under way and waits; it goes on, and meets the tombstone, when all is forgotten."""
    worker = new_worker(broker, database)
    feeder.submit([other(1)])
    wait_settled(broker)
    with database.server.lock_table(database, "newsloom.source"):
        receipt, = feeder.submit([secret()])
        wait_for(lambda: database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
            20, "the worker waits in PostgreSQL")
        assert cli.json("forget", receipt.article_id)[0]["revisions"] == 1
        assert_nothing_left(broker, database)
    worker.wait_log("was forgotten")
    feeder.submit([other(2)])
    wait_settled(broker)
    assert_nothing_left(broker, database)
    assert database.value("SELECT count(*) FROM newsloom.article") == 2


def test_a_worker_frozen_with_a_result_brings_nothing_back(broker, database, new_worker, feeder, cli):
    """Its rows stand, its done was not sent; thawed when all is forgotten it sends it."""
    worker = new_worker(broker, database)
    feeder.submit([other(1)])
    wait_settled(broker)
    with database.server.lock_table(database, "newsloom.source"):
        feeder.submit([secret()])
        wait_for(lambda: database.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
            20, "the worker waits in PostgreSQL")
        worker.freeze()
    wait_for(lambda: database.value("SELECT count(*) FROM newsloom.article") == 2, 20, "its rows stand")
    cli("forget", f"{secret().source}/{secret().key}")
    assert_nothing_left(broker, database)
    worker.thaw()
    feeder.submit([other(2)])
    wait_settled(broker)
    assert_nothing_left(broker, database)
    assert database.value("SELECT count(*) FROM newsloom.article") == 2


BROKER_POINTS = ("BROKER_OPERATOR_READ:1", "BROKER_OPERATOR_COMMITTED:1", "BROKER_SCRUB:2")


def test_killed_anywhere_it_is_finished_by_running_it_again(broker, database, new_worker, feeder, cli):
    new_worker(broker, database)
    feeder.submit([other(1)])
    wait_settled(broker)
    piece = secret()
    name = f"{piece.source}/{piece.key}"
    for point in itertools.chain(("CLIENT_ROWS_FORGOTTEN",), BROKER_POINTS):
        feeder.submit([piece])
        wait_settled(broker)
        assert traces_in_tables(database) and traces_in_store(broker)
        if point.startswith("CLIENT"):
            cli.run("forget", name, crash_at=point, code=-9)
            assert traces_in_store(broker)
        else:
            broker.terminate()
            broker.start(crash_at=point)
            asking = cli.start("forget", name)
            broker.wait_crash(60)
            broker.start()
            assert asking.end(120) == 0  # it asks again by itself
            assert_nothing_left(broker, database)
        cli("forget", name)
        assert_nothing_left(broker, database)
        cli("forget", "--lift", name)


def test_who_may(broker, database, cli):
    """Neither those who write nor those who read; and not without saying so, when rows would stay."""
    for role, verdict in (("newsloom_worker", False), ("newsloom_reader", False), ("newsloom_operator", True)):
        assert database.value("SELECT has_function_privilege(%s, 'newsloom.forget(text, text)', 'EXECUTE')", role) is verdict
    cli.settings["database.url"] = ""
    assert "--broker-only" in cli.run("forget", "a/b", code=64).stderr
    assert "neither SOURCE/KEY" in cli.run("forget", "abc", "--broker-only", code=64).stderr
    assert "no article 4711" in cli.run("forget", "4711", "--broker-only", code=66).stderr
    cli("forget", "--broker-only", "--beforehand", "a/b")


@pytest.mark.parametrize("options", [(), ("--broker-only",)])
def test_a_slip_of_the_pen_forbids_nothing(broker, database, feeder, operator, cli, options):
    """What nobody knows is told and left alone; said beforehand it is refused when it comes."""
    piece = other(1)
    name = f"{piece.source}/{piece.key}"
    before = operator.status().last_sequence
    said = cli.run("forget", *options, name, code=66).stderr
    assert "there is no article" in said and "--beforehand" in said
    assert operator.forget(piece.source, piece.key, wire.FORGET_LOOK).state == wire.STATE_UNKNOWN
    assert database.value("SELECT count(*) FROM newsloom.forgotten") == 0
    assert operator.status().last_sequence == before
    assert "opposites" in cli.run("forget", "--lift", "--beforehand", name, code=64).stderr
    cli("forget", *options, "--beforehand", name)
    cli("forget", *options, name)  # its tombstone is known
    receipt, = feeder.submit([piece])
    assert (receipt.code, receipt.refusal) == (wire.REFUSED, wire.WAS_FORGOTTEN)
    assert database.value("SELECT count(*) FROM newsloom.forgotten") == (not options)
    cli("forget", *options, "--lift", name)
    assert feeder.submit([piece])[0].code == wire.ACCEPTED
    cli("forget", *options, name)  # now there is something
