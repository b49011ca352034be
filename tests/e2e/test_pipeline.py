# SPDX-License-Identifier: Apache-2.0
"""The whole way: feeder, broker, worker, PostgreSQL, subscriber."""
import signal

from support import paths
from support.articles import Piece
from support.auditor import Auditor, wait_settled
from support.contract import extraction, wire
from support.feeder import Feeder
from support.operating import Operator
from support.subscriber import Subscriber
from support.waiting import wait_for

SAMPLES = sorted(path for path in (paths.SOURCE / "deploy" / "samples").rglob("*")
                 if path.suffix in (".txt", ".html"))


def sample(path) -> Piece:
    kind = "text/html" if path.suffix == ".html" else "text/plain"
    return Piece("samples", path.stem, "", path.read_bytes(), content_type=kind)


def test_samples_are_stored_with_facts(broker, database, new_worker, feeder, ledger):
    assert len(SAMPLES) >= 12
    new_worker(broker, database)
    new_worker(broker, database)
    feeder.submit([sample(path) for path in SAMPLES])
    audit = Auditor(broker, ledger, database).run()
    assert (audit.stored, audit.dead) == (len(SAMPLES), 0)
    types = {row[0] for row in database.execute("SELECT DISTINCT type::text FROM newsloom.mention")}
    assert len(types) >= 4, types
    assert database.value("SELECT count(*) FROM newsloom.event") > 0
    assert database.value("SELECT count(*) FROM newsloom.role") > 0


def test_mentions_stand_where_they_say(broker, database, new_worker, feeder, ledger):
    new_worker(broker, database)
    feeder.submit([sample(path) for path in SAMPLES])
    Auditor(broker, ledger, database).run()
    wrong = database.value("""
        SELECT count(*) FROM newsloom.mention m JOIN newsloom.article a USING (article_id)
        WHERE substr(a.text, m.start + 1, m."end" - m.start) <> m.text""")
    assert wrong == 0


def test_html_and_plain_text_side_by_side(broker, database, new_worker, feeder, ledger, newsroom):
    new_worker(broker, database)
    feeder.submit(newsroom.pieces(10) + newsroom.pieces(10, html=True))
    assert Auditor(broker, ledger, database).run().stored == 20


def test_correction_takes_the_place_of_its_elder(broker, database, new_worker, feeder, ledger,
                                                 newsroom):
    new_worker(broker, database)
    piece = newsroom.piece()
    feeder.submit([piece])
    wait_settled(broker)
    correction = newsroom.correction(piece)
    receipt, = feeder.submit([correction])
    assert receipt.revision == 2
    Auditor(broker, ledger, database).run()
    reader = Subscriber(broker.endpoint("subscribe"))
    reader.subscribe(wire.FROM_EARLIEST)
    reader.read_to_end()
    assert [(e.kind, e.revision) for e, _ in reader.entries] == [
        (wire.ENTRY_STORED, 1), (wire.ENTRY_REPLACED, 2)]
    newest = database.value("SELECT content_digest FROM newsloom.article WHERE key = %s "
                            "ORDER BY revision DESC LIMIT 1", piece.key)
    assert bytes(newest) == correction.digest
    reader.close()


def test_subscriber_gets_the_extraction_of_the_real_worker(broker, database, new_worker, feeder,
                                                           newsroom):
    new_worker(broker, database)
    text = ("Ngày 5/3/2025, Đại tướng Phan Văn Giang đã tiếp Đại sứ Hoa Kỳ tại Hà Nội.\n\n"
            "Bộ Quốc phòng cho biết hai bên đã ký biên bản ghi nhớ hợp tác.")
    feeder.submit([Piece("proof", "gap-mat", "Đại tướng Phan Văn Giang tiếp Đại sứ", text.encode())])
    wait_settled(broker)
    reader = Subscriber(broker.endpoint("subscribe"),
                        filter_=wire.Filter(entity_types=[extraction.LOCATION]))
    reader.subscribe(wire.FROM_EARLIEST)
    (_, payload), = reader.read_to_end()
    found = extraction.Extraction.FromString(payload)
    names = {mention.text for mention in found.mentions}
    assert "Hà Nội" in names and "Phan Văn Giang" in names
    assert len(found.extractor.model_digest) == 32
    reader.close()


def test_postgres_away_burns_no_attempt(broker, postgres, database, new_worker, feeder, ledger,
                                        newsroom):
    new_worker(broker, database)
    feeder.submit(newsroom.pieces(3))
    wait_settled(broker)
    postgres.stop(signal.SIGQUIT)
    try:
        pieces = newsroom.pieces(20)
        feeder.submit(pieces)
        operator = Operator(broker.endpoint("operator"))
        wait_for(lambda: any(w.blocked for w in operator.status().workers), 30,
                 "the worker says that it is blocked")
        operator.close()
    finally:
        postgres.start()
    audit = Auditor(broker, ledger, database).run()
    assert audit.stored == 23
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}


def test_schema_lost_under_a_worker_stops_it_and_burns_no_attempt(broker, database, new_worker,
                                                                  feeder, newsroom):
    worker = new_worker(broker, database)
    feeder.submit(newsroom.pieces(2))
    wait_settled(broker)
    database.execute("ALTER TABLE newsloom.mention RENAME TO mention_away")
    piece = newsroom.piece()
    feeder.submit([piece])
    assert worker.wait_exit(60) > 0
    outcome = feeder.outcome(piece.source, piece.key)
    assert outcome.state in (wire.QUEUED, wire.WAITING, wire.LEASED)
    assert outcome.attempts_charged == 0
    database.execute("ALTER TABLE newsloom.mention_away RENAME TO mention")
    worker.start()
    wait_settled(broker)
    assert feeder.outcome(piece.source, piece.key).state == wire.STORED


def test_sigterm_of_a_worker_gives_back_what_it_did_not_start(broker, database, new_worker, feeder,
                                                              ledger, newsroom):
    worker = new_worker(broker, database, worker_slots=64)
    pieces = newsroom.pieces(60)
    feeder.submit(pieces)
    operator = Operator(broker.endpoint("operator"))
    wait_for(lambda: any(w.done for w in operator.status().workers), what="it works")
    assert worker.terminate() == 0
    assert not operator.status().workers, "it said goodbye"
    new_worker(broker, database)
    Auditor(broker, ledger, database).run()
    assert {feeder.outcome(p.source, p.key).attempts_charged for p in pieces} == {0}
    operator.close()


def test_same_article_from_two_brokers_is_stored_once(new_broker, database, new_worker, newsroom):
    """The broker's disk was lost: what comes again finds its rows."""
    pieces = newsroom.pieces(5)
    bytes_ = []
    for name in ("mot", "hai"):
        broker = new_broker(name)
        new_worker(broker, database, name=f"worker-{name}")
        feeder = Feeder(broker.endpoint("feed"))
        feeder.submit(pieces)
        wait_settled(broker)
        reader = Subscriber(broker.endpoint("subscribe"))
        reader.subscribe(wire.FROM_EARLIEST)
        bytes_.append({e.key: payload for e, payload in reader.read_to_end()})
        reader.close()
        feeder.close()
    assert database.value("SELECT count(*) FROM newsloom.article") == 5
    assert bytes_[0] == bytes_[1] and len(bytes_[0]) == 5


