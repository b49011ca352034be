# SPDX-License-Identifier: Apache-2.0
"""The questions analysts ask of a hundred thousand articles: none reads a large table from end to end."""
import hashlib
import json
import uuid

import psycopg
import pytest

ARTICLES = 100_000
ENTITIES = 100_000
LARGE = {"article", "mention", "role", "event", "event_argument", "entity", "entity_alias"}

# Entity 1 is in every tenth article, as a ministry would be; the others are spread evenly.
FILL = f"""
SET session_replication_role = replica;
INSERT INTO newsloom.source (name) SELECT 'source-' || i FROM generate_series(1, 20) i;
INSERT INTO newsloom.article (article_id, sketch, source_id, revision, generation, reported_on,
    text_length, published_origin, page_kind, key, url, title, author, published, language,
    content_type, charset, extractor, extractor_version, trace_id, model_digest, content_digest,
    extraction_digest, text, extraction, content, duplicate_of, bands)
SELECT i, i, 1 + i % 20, 1, 1, DATE '2024-01-01' + (i / 150)::integer, 100, 'FEEDER', 'ARTICLE',
    'key-' || i, 'https://tin.example/' || i, 'Tin số ' || i, '', '', 'vi', 'text/plain', '', 'test',
    '1', '', '', sha256(i::text::bytea), sha256(i::text::bytea),
    'Bài viết về chủ đề ' || i % 1000 || ' tại địa phương ' || i % 777, '', '',
    CASE WHEN i % 5 = 0 THEN i - 1 END,
    CASE WHEN i % 5 <> 0 THEN ARRAY(SELECT i * 8 + b FROM generate_series(1, 8) b) ELSE '{{}}' END
FROM generate_series(1, {ARTICLES}) i;
INSERT INTO newsloom.entity (entity_id, type, resolution, key_version, name, canonical_key)
SELECT md5(i::text)::uuid, (ARRAY['PERSON', 'ORGANIZATION', 'LOCATION'])[1 + i % 3]::newsloom.entity_type,
    'RULE', 1, CASE WHEN i = 1999 THEN 'Nguyễn Đình Chiểu' ELSE left(md5(i::text), 5) || ' ' || right(md5(i::text), 6) END,
    i::text FROM generate_series(1, {ENTITIES}) i;
INSERT INTO newsloom.entity_alias (alias, entity_id)
SELECT newsloom.fold(name), entity_id FROM newsloom.entity;
INSERT INTO newsloom.mention (article_id, ordinal, start, "end", reported_on, type, section, confidence,
    entity_id, text)
SELECT a, o, o * 10, o * 10 + 5, DATE '2024-01-01' + (a / 150)::integer, 'PERSON', 'BODY', 900,
    md5((CASE WHEN o = 0 AND a % 10 = 0 THEN 1 ELSE 1 + (a * 7 + o * 131) % {ENTITIES} END)::text)::uuid, 'x'
FROM generate_series(1, {ARTICLES}) a, generate_series(0, 3) o;
INSERT INTO newsloom.mention (article_id, ordinal, start, "end", reported_on, type, section, confidence,
    date_from, date_to, text, value)
SELECT a, 4, 90, 95, DATE '2024-01-01' + (a / 150)::integer, 'DATE', 'BODY', 900,
    DATE '2024-01-01' + (a / 151)::integer, DATE '2024-01-01' + (a / 151)::integer, 'x', 'x'
FROM generate_series(1, {ARTICLES}) a;
INSERT INTO newsloom.role (article_id, ordinal, sentence_start, sentence_end, reported_on, entity_id,
    rank, positions)
SELECT a, 0, 0, 50, DATE '2024-01-01' + (a / 150)::integer, md5((1 + a * 7 % {ENTITIES})::text)::uuid,
    'Đại tá', '{{Giám đốc}}' FROM generate_series(1, {ARTICLES}) a;
INSERT INTO newsloom.event (article_id, ordinal, trigger_start, trigger_end, sentence_start, sentence_end,
    reported_on, type, modality, confidence, sentence)
SELECT a, 0, 0, 5, 0, 50, DATE '2024-01-01' + (a / 150)::integer,
    (ARRAY['MEET', 'VISIT', 'SIGN', 'ARREST', 'HANDOVER', 'APPOINT'])[1 + a % 6]::newsloom.event_type,
    'HAPPENED', 900, 'Một câu.' FROM generate_series(1, {ARTICLES}) a;
INSERT INTO newsloom.event_argument (article_id, event, ordinal, start, "end", reported_on, role,
    entity_id, date_from, date_to, text)
SELECT a, 0, o, 0, 5, DATE '2024-01-01' + (a / 150)::integer,
    (ARRAY['ACTOR', 'RECIPIENT', 'AT_DATE'])[1 + o]::newsloom.argument_role,
    CASE WHEN o < 2 THEN md5((1 + (a * 7 + o) % {ENTITIES})::text)::uuid END,
    CASE WHEN o = 2 THEN DATE '2024-01-01' + (a / 151)::integer END,
    CASE WHEN o = 2 THEN DATE '2024-01-01' + (a / 151)::integer END, 'x'
FROM generate_series(1, {ARTICLES}) a, generate_series(0, 2) o;
INSERT INTO newsloom.entity_redirect (from_entity_id, to_entity_id, reason)
SELECT md5(i::text)::uuid, md5((i + 1)::text)::uuid, 'test' FROM generate_series(1001, 1201, 2) i;
SET session_replication_role = origin;
ANALYZE newsloom.source, newsloom.article, newsloom.entity, newsloom.entity_alias, newsloom.mention,
    newsloom.role, newsloom.event, newsloom.event_argument, newsloom.entity_redirect;
"""

RARE = f"'{uuid.UUID(hashlib.md5(b'77').hexdigest())}'"
COMMON = f"'{uuid.UUID(hashlib.md5(b'1').hexdigest())}'"
JOINED = f"'{uuid.UUID(hashlib.md5(b'1002').hexdigest())}'"

QUESTIONS = {
    "where is it named, newest first":
        f"SELECT * FROM newsloom.entity_timeline WHERE entity_id = {RARE} ORDER BY reported_on DESC",
    "where is a judged one named":
        f"SELECT * FROM newsloom.entity_timeline WHERE entity_id = {JOINED} ORDER BY reported_on DESC",
    "where is it named in a week":
        f"SELECT * FROM newsloom.entity_timeline WHERE entity_id = {COMMON} "
        "AND reported_on BETWEEN '2025-03-01' AND '2025-03-07'",
    "who is named with it":
        f"SELECT * FROM newsloom.entity_cooccurrence WHERE entity_id = {RARE} ORDER BY articles DESC LIMIT 20",
    "what happened lately":
        "SELECT * FROM newsloom.latest_events LIMIT 20",
    "which signings lately":
        "SELECT * FROM newsloom.latest_events WHERE type = 'SIGN' LIMIT 20",
    "what was reported that day":
        "SELECT * FROM newsloom.latest_events WHERE reported_on = '2025-03-01'",
    "what happened on that day":
        "SELECT * FROM newsloom.events_on_day WHERE date_from = '2025-03-01'",
    "what did it take part in":
        f"SELECT * FROM newsloom.entity_events WHERE entity_id = {RARE} ORDER BY reported_on DESC",
    "which posts does the person hold":
        f"SELECT * FROM newsloom.person_roles WHERE entity_id = {RARE} ORDER BY reported_on DESC",
    "which articles of that day":
        "SELECT * FROM newsloom.article_overview WHERE reported_on = '2025-03-01'",
    "one article":
        "SELECT * FROM newsloom.article_overview WHERE article_id = 4711",
    "who copied it":
        "SELECT * FROM newsloom.article_copies WHERE article_id = 4714",
    "is there something like it":
        "SELECT article_id FROM newsloom.article WHERE bands && ARRAY[7, 4711 * 8 + 3]::bigint[] "
        "AND bit_count((sketch # 4711)::bit(64)) <= 18",
    "that page":
        "SELECT * FROM newsloom.current_article WHERE url = 'https://tin.example/4711'",
    "which mentions of that day":
        "SELECT * FROM newsloom.mention WHERE date_from = '2025-03-01'",
    "who stands for it":
        f"SELECT * FROM newsloom.entity_member WHERE entity_id = {JOINED}",
    "which ids lead where":
        f"SELECT * FROM newsloom.entity_member WHERE member_id = {RARE}",
    "which articles say so":
        "SELECT article_id FROM newsloom.current_article "
        "WHERE newsloom.search_vector(title, text) @@ newsloom.search_query('\"tin so 4711\"')",
    "who is called something like this":
        "SELECT entity_id FROM newsloom.entity_alias WHERE alias LIKE '%dinh chi%'",
}


@pytest.fixture(scope="module")
def filled(postgres):
    database = postgres.new_database()
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(FILL)
        yield connection


def nodes(plan: dict):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_reads_no_large_table_from_end_to_end(filled, question):
    plan, = filled.execute("EXPLAIN (FORMAT JSON) " + QUESTIONS[question]).fetchone()[0]
    scanned = {node["Relation Name"] for node in nodes(plan["Plan"]) if node["Node Type"] == "Seq Scan"}
    assert not scanned & LARGE, json.dumps(plan, indent=1)[:4000]


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_is_answered_within_seconds(filled, question):
    filled.execute("SET statement_timeout = '5s'")
    assert filled.execute(QUESTIONS[question]).fetchall()


def test_entities_are_found_without_diacritics_and_with_a_typing_error(filled):
    for words in ("nguyen dinh chieu", "Nguyễn Đình Chiểu", "nguyễn đinh chieu", "nguyen dinh chiu"):
        assert filled.execute("SELECT name FROM newsloom.search_entities(%s)",
                              (words,)).fetchone() == ("Nguyễn Đình Chiểu",)


def test_articles_are_found_without_diacritics(filled):
    found = filled.execute("SELECT title, excerpt FROM newsloom.search_articles('dia phuong tin so 4711')"
                           ).fetchall()
    assert [title for title, _ in found] == ["Tin số 4711"]
    assert "«địa» «phương»" in found[0][1]


def test_judgement_joins_and_can_be_undone(filled):
    def members():
        return filled.execute(f"SELECT count(*) FROM newsloom.entity_member WHERE entity_id = {JOINED}"
                              ).fetchone()[0]
    assert members() == 2
    with pytest.raises(psycopg.errors.CheckViolation):
        filled.execute("INSERT INTO newsloom.entity_redirect (from_entity_id, to_entity_id, reason) "
                       f"VALUES ({JOINED}, {RARE}, 'a chain')")
    filled.execute("UPDATE newsloom.entity_redirect SET undone_at = now(), undone_by = 'test' "
                   f"WHERE to_entity_id = {JOINED}")
    assert members() == 1


def test_articles_without_a_url_lengthen_no_index_of_urls(filled):
    """They would all be equal there: in a hash index each would walk through all others."""
    def size():
        return filled.execute("SELECT pg_relation_size('newsloom.article_url')").fetchone()[0]
    before = size()
    with filled.transaction(force_rollback=True):
        filled.execute("SET LOCAL session_replication_role = replica")
        columns = "sketch, source_id, revision, generation, reported_on, text_length, published_origin, page_kind, title, " \
            "author, published, language, content_type, charset, extractor, extractor_version, trace_id, model_digest, " \
            "content_digest, extraction_digest, text, extraction, content, bands"
        filled.execute(f"INSERT INTO newsloom.article (article_id, key, url, {columns}) "
                       f"SELECT 1000000 + i, 'no-url-' || i, '', {columns} "
                       "FROM newsloom.article, generate_series(1, 5000) i WHERE article_id = 1")
        assert size() == before


def test_everything_has_a_comment(filled):
    silent = filled.execute("""
        SELECT c.relname || coalesce('.' || a.attname, '')
        FROM pg_class c
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             AND c.relkind = 'r'
        WHERE c.relnamespace = 'newsloom'::regnamespace AND c.relkind IN ('r', 'v')
          AND (col_description(c.oid, a.attnum) IS NULL AND a.attnum IS NOT NULL
               OR obj_description(c.oid) IS NULL)""").fetchall()
    assert not silent


def test_reader_reads_and_does_not_write(filled):
    filled.execute("SET ROLE newsloom_reader")
    try:
        assert filled.execute("SELECT * FROM newsloom.latest_events LIMIT 1").fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.execute("DELETE FROM newsloom.mention")
    finally:
        filled.execute("RESET ROLE")
