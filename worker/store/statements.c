// SPDX-License-Identifier: Apache-2.0
#include "worker/store/statements.h"

#include "common/status.h"

/* Parameters of an article, the same for insert and update; row_parameters() fills them. */
#define ARTICLE_TYPES                                                                             \
    {                                                                                             \
        PG_INT8, PG_INT8, PG_TEXT, PG_TEXT, PG_INT4, PG_INT4, PG_INT8, PG_TEXT, PG_TEXT, PG_TEXT, \
            PG_TEXT, PG_TEXT, PG_INT4, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT, PG_TEXT,      \
            PG_TEXT, PG_TEXT, PG_TEXT, PG_BYTEA, PG_TEXT, PG_TEXT, PG_BYTEA, PG_BYTEA, PG_TEXT,   \
            PG_BYTEA, PG_BYTEA, PG_INT8_ARRAY, PG_TEXT, PG_TEXT, PG_INT4, PG_TEXT,                \
    }

#define REPORTED_ON(otherwise)                                                      \
    "coalesce($10::date, ($12::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date," \
    " " otherwise ")"
#define TODAY "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"

/* The article that $32, $33, $34 name: it may be an earlier one of the same transaction. */
#define FIRST_ARTICLE                                                     \
    "(SELECT o.article_id FROM newsloom.article o JOIN newsloom.source n" \
    " USING (source_id) WHERE n.name = $32 AND o.key = $33 AND o.revision = $34)"

/* A row that is written from the log knows nothing of the page: what stands there stays. */
#define OF_THE_PAGE(column, value) \
    " " column " = CASE WHEN octet_length($30) = 0 THEN article." column " ELSE " value " END,"
#define PAGE_COLUMNS                   \
    OF_THE_PAGE("content_type", "$19") \
    OF_THE_PAGE("charset", "$20")      \
    OF_THE_PAGE("trace_id", "$24")     \
    OF_THE_PAGE("labels", "$25::jsonb") OF_THE_PAGE("text", "$28") OF_THE_PAGE("content", "$30")

/* Children are written only below articles that this transaction wrote: the ids in $1 came from
 * the sequence for this batch alone, so a row with one of them is ours. */
#define OURS                                                           \
    "JOIN (SELECT w.article_id, w.reported_on FROM newsloom.article w" \
    " WHERE w.article_id = ANY ($1)) a ON a.article_id = x.article_id"

static const struct statement_row rows[SQL_STATEMENT_COUNT] = {
    [SQL_BEGIN] = {"begin", "BEGIN ISOLATION LEVEL READ COMMITTED", 0, {0}},
    [SQL_COMMIT] = {"commit", "COMMIT", 0, {0}},
    [SQL_ROLLBACK] = {"rollback", "ROLLBACK", 0, {0}},
    [SQL_RESERVE_IDS] =
        {"reserve_ids",
         "SELECT nextval('newsloom.article_article_id_seq') FROM generate_series(1, $1)",
         1,
         {PG_INT4}},
    /* an insert that conflicts still takes a number from the sequence, hence the look before */
    [SQL_INSERT_SOURCES] =
        {"insert_sources",
         "INSERT INTO newsloom.source (name)"
         " SELECT x.name FROM unnest($1) x (name)"
         " WHERE NOT EXISTS (SELECT FROM newsloom.source s WHERE s.name = x.name)"
         " ON CONFLICT DO NOTHING",
         1,
         {PG_TEXT_ARRAY}},
    [SQL_INSERT_ARTICLE] =
        {"insert_article",
         "INSERT INTO newsloom.article (article_id, broker_article_id, source_id, key, revision,"
         " generation, sketch, published, published_at, published_on, published_origin, fetched_at,"
         " reported_on, text_length, page_kind, url, title, author, language, content_type,"
         " charset, extractor, extractor_version, model_digest, trace_id, labels, content_digest,"
         " extraction_digest, text, extraction, content, bands, publisher, duplicate_of)"
         " SELECT $1, $2, s.source_id, $4, $5, $6, $7, $8, $9::timestamptz, $10::date,"
         " $11::newsloom.published_origin, $12::timestamptz, " REPORTED_ON(
             TODAY) ", $13,"
                    " $14::newsloom.page_kind, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, "
                    "$25::jsonb,"
                    " $26, $27, $28, $29, $30, $31, $35, " FIRST_ARTICLE
                    " FROM newsloom.source s WHERE s.name = $3"
                    " ON CONFLICT (source_id, key, revision) DO NOTHING RETURNING article_id",
         ARTICLE_PARAMETERS, ARTICLE_TYPES},
    [SQL_UPDATE_ARTICLE] =
        {"update_article",
         "UPDATE newsloom.article SET broker_article_id = $2, revision = $5, generation = $6,"
         " sketch = $7, published = $8, published_at = $9::timestamptz, published_on = $10::date,"
         " published_origin = $11::newsloom.published_origin, fetched_at = $12::timestamptz,"
         " reported_on = " REPORTED_ON(
             "article.reported_on") ", text_length = $13, page_kind = $14::newsloom.page_kind,"
                                    " url = $15, title = $16, author = $17, language = $18, "
                                    "extractor = $21,"
                                    " extractor_version = $22, model_digest = $23, content_digest "
                                    "= $26,"
                                    " extraction_digest = $27, extraction = $29, bands = $31, "
                                    "publisher = $35," PAGE_COLUMNS " duplicate_of = " FIRST_ARTICLE
                                    ", stored_at = now()"
                                    " WHERE article_id = $1 AND key = $4 AND generation < $6"
                                    " AND source_id = (SELECT s.source_id FROM newsloom.source s "
                                    "WHERE s.name = $3)"
                                    " RETURNING article_id",
         ARTICLE_PARAMETERS, ARTICLE_TYPES},
    [SQL_LOCK_ARTICLE] = {"lock_article",
                          "SELECT a.article_id FROM newsloom.article a WHERE a.article_id = $1"
                          " AND a.extraction_digest = $2 FOR UPDATE",
                          2,
                          {PG_INT8, PG_BYTEA}},
    [SQL_DELETE_CHILDREN] = {"delete_children",
                             "WITH m AS (DELETE FROM newsloom.mention WHERE article_id = $1),"
                             " r AS (DELETE FROM newsloom.role WHERE article_id = $1)"
                             " DELETE FROM newsloom.event WHERE article_id = $1",
                             1,
                             {PG_INT8}},
    [SQL_INSERT_MENTIONS] =
        {"insert_mentions",
         "INSERT INTO newsloom.mention (article_id, ordinal, start, \"end\", reported_on, type,"
         " section, confidence, entity_id, date_from, date_to, text, value)"
         " SELECT x.article_id, x.ordinal, x.first, x.past, a.reported_on,"
         " x.type::newsloom.entity_type, x.section::newsloom.section_kind, x.confidence,"
         " x.entity_id, x.date_from::date, x.date_to::date, x.words, x.value"
         " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
         " x (article_id, ordinal, first, past, type, section, confidence, entity_id, date_from,"
         " date_to, words, value) " OURS,
         13,
         {PG_INT8_ARRAY, PG_INT8_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_TEXT_ARRAY,
          PG_TEXT_ARRAY, PG_INT4_ARRAY, PG_UUID_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY,
          PG_TEXT_ARRAY}},
    [SQL_INSERT_ROLES] =
        {"insert_roles",
         "INSERT INTO newsloom.role (article_id, ordinal, sentence_start, sentence_end,"
         " reported_on, entity_id, rank, positions)"
         " SELECT x.article_id, x.ordinal, x.first, x.past, a.reported_on, x.entity_id, x.rank,"
         " CASE WHEN x.positions = '' THEN '{}' ELSE string_to_array(x.positions, E'\\x1f') END"
         " FROM unnest($2, $3, $4, $5, $6, $7, $8)"
         " x (article_id, ordinal, first, past, entity_id, rank, positions) " OURS,
         8,
         {PG_INT8_ARRAY, PG_INT8_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_UUID_ARRAY,
          PG_TEXT_ARRAY, PG_TEXT_ARRAY}},
    [SQL_INSERT_EVENTS] =
        {"insert_events",
         "INSERT INTO newsloom.event (article_id, ordinal, trigger_start, trigger_end,"
         " sentence_start, sentence_end, reported_on, type, mode, modality, confidence, sentence)"
         " SELECT x.article_id, x.ordinal, x.trigger_start, x.trigger_end, x.sentence_start,"
         " x.sentence_end, a.reported_on, x.type::newsloom.event_type, x.mode::newsloom.event_mode,"
         " x.modality::newsloom.modality, x.confidence, x.sentence"
         " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
         " x (article_id, ordinal, trigger_start, trigger_end, sentence_start, sentence_end, type,"
         " mode, modality, confidence, sentence) " OURS,
         12,
         {PG_INT8_ARRAY, PG_INT8_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY,
          PG_INT4_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_INT4_ARRAY,
          PG_TEXT_ARRAY}},
    [SQL_INSERT_ARGUMENTS] =
        {"insert_arguments",
         "INSERT INTO newsloom.event_argument (article_id, event, ordinal, start, \"end\","
         " reported_on, mention, role, entity_id, date_from, date_to, text, value)"
         " SELECT x.article_id, x.event, x.ordinal, x.first, x.past, a.reported_on, x.mention,"
         " x.role::newsloom.argument_role, x.entity_id, x.date_from::date, x.date_to::date,"
         " x.words, x.value"
         " FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
         " x (article_id, event, ordinal, first, past, mention, role, entity_id, date_from,"
         " date_to, words, value) " OURS,
         13,
         {PG_INT8_ARRAY, PG_INT8_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY, PG_INT4_ARRAY,
          PG_INT4_ARRAY, PG_TEXT_ARRAY, PG_UUID_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY,
          PG_TEXT_ARRAY}},
    [SQL_INSERT_ENTITIES] =
        {"insert_entities",
         "INSERT INTO newsloom.entity (entity_id, type, resolution, key_version, name,"
         " canonical_key, country, code)"
         " SELECT x.entity_id, x.type::newsloom.entity_type, x.resolution::newsloom.resolution,"
         " x.key_version, x.name, x.canonical_key, x.country, x.code"
         " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)"
         " x (entity_id, type, resolution, key_version, name, canonical_key, country, code)"
         " ON CONFLICT DO NOTHING",
         8,
         {PG_UUID_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY, PG_INT4_ARRAY, PG_TEXT_ARRAY, PG_TEXT_ARRAY,
          PG_TEXT_ARRAY, PG_TEXT_ARRAY}},
    /* 200 code points: a longer one is no name that anybody types, and must not break an index */
    [SQL_INSERT_ALIASES] =
        {"insert_aliases",
         "INSERT INTO newsloom.entity_alias (alias, entity_id)"
         " SELECT DISTINCT left(newsloom.fold(x.name), 200) COLLATE \"C\", x.entity_id"
         " FROM unnest($1, $2) x (entity_id, name) ORDER BY 1, 2"
         " ON CONFLICT DO NOTHING",
         2,
         {PG_UUID_ARRAY, PG_TEXT_ARRAY}},
    /* the row of this identity with this content, else with this revision */
    [SQL_FIND_ARTICLE] =
        {"find_article",
         "SELECT a.article_id, a.revision, a.generation, a.content_digest = $4, a.extraction,"
         " (SELECT max(n.revision) FROM newsloom.article n"
         "  WHERE n.source_id = a.source_id AND n.key = a.key), a.duplicate_of IS NOT NULL"
         " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
         " WHERE s.name = $1 AND a.key = $2 AND (a.revision = $3 OR a.content_digest = $4)"
         " ORDER BY a.content_digest = $4 DESC, a.revision = $3 DESC, a.revision DESC LIMIT 1",
         4,
         {PG_TEXT, PG_TEXT, PG_INT4, PG_BYTEA}},
    /* AS MATERIALIZED: by the index on bands, whatever LIMIT promises. A revision is no copy. */
    [SQL_FIND_ORIGINAL] =
        {"find_original",
         "WITH near AS MATERIALIZED (SELECT s.name, a.key, a.revision, a.stored_at, a.article_id"
         " FROM newsloom.article a JOIN newsloom.source s USING (source_id)"
         " WHERE a.bands && $1 AND bit_count((a.sketch # $2)::bit(64)) <= $3"
         " AND NOT (s.name = $4 AND a.key = $5) AND a.article_id < $6)"
         " SELECT name, key, revision FROM near ORDER BY stored_at, article_id LIMIT 1",
         6,
         {PG_INT8_ARRAY, PG_INT8, PG_INT4, PG_TEXT, PG_TEXT, PG_INT8}},
};

const struct statement_row *statement_row(enum statement statement)
{
    ENSURE(statement < SQL_STATEMENT_COUNT && rows[statement].sql);
    return &rows[statement];
}
