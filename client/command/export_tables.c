// SPDX-License-Identifier: Apache-2.0
#include "client/command/database_article.h"
#include "client/command/export.h"
#include "common/compiler.h"

/* The articles that are asked for, in their newest revision. */
#define CHOSEN                                                                           \
    "WITH chosen AS (SELECT a.article_id, s.name AS source"                              \
    " FROM newsloom.current_article a JOIN newsloom.source s USING (source_id)"          \
    " WHERE ($1::text IS NULL OR s.name = $1)"                                           \
    " AND a.reported_on BETWEEN coalesce($2::date, '-infinity') AND coalesce($3::date, " \
    "'infinity')"                                                                        \
    " AND ($4::newsloom.entity_type IS NULL OR EXISTS (SELECT FROM newsloom.mention x"   \
    "      WHERE x.article_id = a.article_id AND x.type = $4))"                          \
    " AND ($5::newsloom.event_type IS NULL OR EXISTS (SELECT FROM newsloom.event x"      \
    "      WHERE x.article_id = a.article_id AND x.type = $5)))"
#define JUDGED(table)                       \
    " LEFT JOIN newsloom.entity_redirect r" \
    " ON r.from_entity_id = " table ".entity_id AND r.undone_at IS NULL"
#define OF_TYPE(column)  " ($4::newsloom.entity_type IS NULL OR " column " = $4)"
#define OF_EVENT(column) " ($5::newsloom.event_type IS NULL OR " column " = $5)"

const char export_articles_sql[] =
    CHOSEN " SELECT " DATABASE_ARTICLE_COLUMNS " FROM chosen c"
           " JOIN newsloom.article a USING (article_id) JOIN newsloom.source s USING (source_id)"
           " ORDER BY a.article_id";

/* ---- tables -------------------------------------------------------------------------------- */

/* As columns, and as JSON lines that say their kind. */
#define TABLE(name, kind, sql)                                                               \
    {                                                                                        \
        name, sql,                                                                           \
            "SELECT row_to_json(j) FROM (SELECT '" kind "' AS kind, t.* FROM (" sql ") t) j" \
    }

static const struct export_table plain_tables[] = {
    TABLE("articles", "article",
          CHOSEN " SELECT a.article_id, c.source, a.key, a.revision, a.generation, a.url, a.title,"
                 " a.author, a.publisher, a.published, a.published_at, a.reported_on, a.fetched_at,"
                 " a.page_kind, a.language, a.duplicate_of, a.labels, a.trace_id, a.stored_at,"
                 " a.text_length, a.text"
                 " FROM chosen c JOIN newsloom.article a USING (article_id) ORDER BY a.article_id"),
    TABLE("entities", "entity",
          CHOSEN
          " SELECT e.entity_id, e.type, e.name, e.resolution, e.country, e.code, e.canonical_key,"
          " n.articles, n.mentions, n.first_on, n.last_on, n.names"
          " FROM (SELECT coalesce(r.to_entity_id, m.entity_id) AS entity_id,"
          "       count(DISTINCT m.article_id) AS articles, count(*) AS mentions,"
          "       min(m.reported_on) AS first_on, max(m.reported_on) AS last_on,"
          "       json_agg(DISTINCT m.text) AS names"
          "       FROM chosen c JOIN newsloom.mention m USING (article_id)" JUDGED(
              "m") "       WHERE m.entity_id IS NOT NULL GROUP BY 1) n"
                   " JOIN newsloom.entity e USING (entity_id) WHERE" OF_TYPE(
                       "e.type") " ORDER BY e.entity_id"),
    TABLE("mentions", "mention",
          CHOSEN
          " SELECT m.article_id, m.ordinal, m.start, m.\"end\", m.type, m.section, m.confidence,"
          " coalesce(r.to_entity_id, m.entity_id) AS entity_id, m.text, m.value, m.date_from,"
          " m.date_to, m.reported_on"
          " FROM chosen c JOIN newsloom.mention m USING (article_id)" JUDGED("m") " WHERE" OF_TYPE(
              "m.type") " ORDER BY m.article_id, m.ordinal"),
    TABLE(
        "roles", "role",
        CHOSEN
        " SELECT o.article_id, o.ordinal, coalesce(r.to_entity_id, o.entity_id) AS entity_id,"
        " o.rank, array_to_json(o.positions) AS positions, o.sentence_start, o.sentence_end,"
        " substr(a.text, o.sentence_start + 1, o.sentence_end - o.sentence_start) AS sentence,"
        " o.reported_on"
        " FROM chosen c JOIN newsloom.article a USING (article_id)"
        " JOIN newsloom.role o USING (article_id)" JUDGED("o") " ORDER BY o.article_id, o.ordinal"),
    TABLE("events", "event",
          CHOSEN " SELECT e.article_id, e.ordinal, e.type, e.mode, e.modality, e.confidence,"
                 " e.trigger_start, e.trigger_end, e.sentence_start, e.sentence_end, e.sentence,"
                 " e.reported_on FROM chosen c JOIN newsloom.event e USING (article_id)"
                 " WHERE" OF_EVENT("e.type") " ORDER BY e.article_id, e.ordinal"),
    TABLE("arguments", "argument",
          CHOSEN
          " SELECT g.article_id, g.event, g.ordinal, g.role,"
          " coalesce(r.to_entity_id, g.entity_id) AS entity_id, g.mention, g.start, g.\"end\","
          " g.text, g.value, g.date_from, g.date_to FROM chosen c"
          " JOIN newsloom.event e USING (article_id)"
          " JOIN newsloom.event_argument g ON g.article_id = e.article_id AND g.event = "
          "e.ordinal" JUDGED("g") " WHERE" OF_EVENT(
              "e.type") " ORDER BY g.article_id, g.event, g.ordinal"),
};

/* ---- spans --------------------------------------------------------------------------------- */

static const struct export_table span_tables[] = {
    {"articles", NULL,
     CHOSEN
     " SELECT json_build_object('id', a.article_id, 'source', c.source, 'key', a.key,"
     " 'revision', a.revision, 'title', a.title, 'text', a.text, 'spans',"
     " (SELECT coalesce(json_agg(json_build_object('id', m.ordinal, 'start', m.start, 'end',"
     "  m.\"end\", 'label', m.type, 'text', m.text, 'entity_id',"
     "  coalesce(r.to_entity_id, m.entity_id), 'value', m.value) ORDER BY m.ordinal), '[]')"
     "  FROM newsloom.mention m" JUDGED("m") "  WHERE m.article_id = a.article_id AND" OF_TYPE(
         "m.type") "), 'events',"
                   " (SELECT coalesce(json_agg(json_build_object('id', e.ordinal, 'label', e.type, "
                   "'mode',"
                   "  e.mode, 'modality', e.modality, 'start', e.trigger_start, 'end', "
                   "e.trigger_end,"
                   "  'sentence_start', e.sentence_start, 'sentence_end', e.sentence_end, "
                   "'arguments',"
                   "  (SELECT coalesce(json_agg(json_build_object('role', g.role, 'start', "
                   "g.start, 'end',"
                   "   g.\"end\", 'span', g.mention) ORDER BY g.ordinal), '[]')"
                   "   FROM newsloom.event_argument g"
                   "   WHERE g.article_id = e.article_id AND g.event = e.ordinal)) ORDER BY "
                   "e.ordinal), '[]')"
                   "  FROM newsloom.event e WHERE e.article_id = a.article_id AND" OF_EVENT(
                       "e.type") "))"
                                 " FROM chosen c JOIN newsloom.article a USING (article_id)"
                                 " WHERE a.text <> '' ORDER BY a.article_id"},
};

/* ---- FollowTheMoney ------------------------------------------------------------------------ */

/* https://followthemoney.tech/explorer/schemata/ : values are texts, each property a list of them,
 * none of them empty. Countries are ISO 3166-1 in small letters. */
#define PROPERTIES(list)                                                            \
    " (SELECT coalesce(jsonb_object_agg(p.name, p.fit), '{}') FROM (SELECT v.name," \
    "   array_remove(array_remove(v.list, NULL), '') AS fit FROM (VALUES " list     \
    ") v (name, list)) p WHERE cardinality(p.fit) > 0)"
#define ENTITY(id, schema, list) \
    "jsonb_build_object('id', " id ", 'schema', " schema ", 'properties'," PROPERTIES(list) ")"
#define ARTICLE_ID(of) "encode(newsloom.identity_of(" of ".source, " of ".key), 'hex')"
/* The articles themselves, when their facts are asked for. */
#define NAMED                                                                              \
    CHOSEN ", named AS (SELECT c.source, a.key, a.url, a.title, a.publisher, a.article_id" \
           " FROM chosen c JOIN newsloom.article a USING (article_id))"

static const struct export_table ftm_tables[] = {
    {"articles", NULL,
     CHOSEN " SELECT " ENTITY(
         "encode(newsloom.identity_of(c.source, a.key), 'hex')", "'Article'",
         "('name', ARRAY[coalesce(nullif(a.title, ''), a.key)]), ('title', ARRAY[a.title]),"
         " ('fileName', ARRAY[a.key]), ('author', ARRAY[a.author]),"
         " ('publisher', ARRAY[a.publisher]), ('crawler', ARRAY[c.source]),"
         " ('sourceUrl', ARRAY[CASE WHEN a.url ~ '^https?://' THEN a.url END]),"
         " ('publishedAt', ARRAY[a.published_on::text]), ('date', ARRAY[a.reported_on::text]),"
         " ('retrievedAt', ARRAY[(a.fetched_at AT TIME ZONE 'UTC')::date::text]),"
         " ('language', ARRAY[CASE WHEN a.language = 'vi' THEN 'vie' END]),"
         " ('indexText', ARRAY[a.text]),"
         " ('keywords', (SELECT array_agg(DISTINCT e.name) FROM newsloom.mention m"
         "   JOIN newsloom.entity e USING (entity_id)"
         "   WHERE m.article_id = a.article_id AND e.type IN ('LAW', 'CRIME'))),"
         " ('peopleMentioned', (SELECT array_agg(DISTINCT m.text) FROM newsloom.mention m"
         "   WHERE m.article_id = a.article_id AND m.type = 'PERSON')),"
         " ('companiesMentioned', (SELECT array_agg(DISTINCT m.text) FROM newsloom.mention m"
         "   WHERE m.article_id = a.article_id AND m.type = 'ORGANIZATION')),"
         " ('locationMentioned', (SELECT array_agg(DISTINCT m.text) FROM newsloom.mention m"
         "   WHERE m.article_id = a.article_id AND m.type = 'LOCATION'))") " FROM chosen c JOIN "
                                                                           "newsloom.article a "
                                                                           "USING (article_id) "
                                                                           "ORDER BY a.article_id"},
    {"entities", NULL,
     CHOSEN " SELECT " ENTITY(
         "e.entity_id",
         "CASE e.type WHEN 'PERSON' THEN 'Person' WHEN 'ORGANIZATION' THEN 'Organization'"
         " WHEN 'LOCATION' THEN 'Address' ELSE 'Event' END",
         "('name', ARRAY[e.name]), ('alias', array_remove(n.names, e.name)),"
         " ('full', ARRAY[CASE WHEN e.type = 'LOCATION' THEN e.name END]),"
         " ('country', ARRAY[lower(e.country)]),"
         " ('position', (SELECT array_agg(DISTINCT p.position) FROM newsloom.entity_member em"
         "   JOIN newsloom.role o ON o.entity_id = em.member_id JOIN chosen c USING (article_id)"
         "   CROSS JOIN LATERAL unnest(o.positions) p (position)"
         "   WHERE e.type = 'PERSON' AND em.entity_id = e.entity_id)),"
         " ('title', (SELECT array_agg(DISTINCT o.rank) FROM newsloom.entity_member em"
         "   JOIN newsloom.role o ON o.entity_id = em.member_id JOIN chosen c USING (article_id)"
         "   WHERE e.type = 'PERSON' AND em.entity_id = e.entity_id))") " FROM (SELECT "
                                                                        "coalesce(r.to_entity_id, "
                                                                        "m.entity_id) AS entity_id,"
                                                                        "       array_agg(DISTINCT "
                                                                        "m.text) AS names"
                                                                        "       FROM chosen c JOIN "
                                                                        "newsloom.mention m USING "
                                                                        "(article_id)" JUDGED(
                                                                            "m") "       WHERE "
                                                                                 "m.type IN "
                                                                                 "('PERSON', "
                                                                                 "'ORGANIZATION', "
                                                                                 "'LOCATION', "
                                                                                 "'EVENT')"
                                                                                 "       "
                                                                                 "AND" OF_TYPE(
                                                                                     "m.type") " GR"
                                                                                               "OUP"
                                                                                               " BY"
                                                                                               " 1)"
                                                                                               " n"
                                                                                               " JO"
                                                                                               "IN "
                                                                                               "new"
                                                                                               "slo"
                                                                                               "om."
                                                                                               "ent"
                                                                                               "ity"
                                                                                               " e "
                                                                                               "USI"
                                                                                               "NG "
                                                                                               "(en"
                                                                                               "tit"
                                                                                               "y_"
                                                                                               "id)"
                                                                                               " OR"
                                                                                               "DER"
                                                                                               " BY"
                                                                                               " e."
                                                                                               "ent"
                                                                                               "ity"
                                                                                               "_i"
                                                                                               "d"},
    {"events", NULL,
     NAMED " SELECT " ENTITY(
         ARTICLE_ID("n") " || '-event-' || e.ordinal", "'Event'",
         "('name', ARRAY[concat_ws(': ', e.type::text, nullif(g.who, ''))]),"
         " ('summary', ARRAY[e.sentence]), ('date', ARRAY[coalesce(g.day, "
         "e.reported_on)::text]),"
         " ('startDate', ARRAY[g.day::text]), ('endDate', ARRAY[g.last_day::text]),"
         " ('location', g.places), ('involved', g.involved), ('proof', "
         "ARRAY[" ARTICLE_ID("n") "]),"
                                  " ('sourceUrl', ARRAY[CASE WHEN n.url ~ "
                                  "'^https?://' THEN n.url END]),"
                                  " ('publisher', ARRAY[n.publisher]),"
                                  " ('keywords', ARRAY[e.type::text, e.mode::text, "
                                  "e.modality::text]),"
                                  " ('recordId', ARRAY[e.article_id || '/' || "
                                  "e.ordinal])") " FROM named n JOIN newsloom.event "
                                                 "e USING (article_id) CROSS JOIN "
                                                 "LATERAL ("
                                                 "  SELECT string_agg(g.text, ', ' "
                                                 "ORDER BY g.ordinal)"
                                                 "           FILTER (WHERE g.role IN "
                                                 "('ACTOR', 'RECIPIENT')) AS who,"
                                                 "         array_agg(DISTINCT "
                                                 "g.text) FILTER (WHERE g.role = "
                                                 "'PLACE') AS places,"
                                                 "         min(g.date_from) FILTER "
                                                 "(WHERE g.role = 'AT_DATE') AS day,"
                                                 "         max(g.date_to) FILTER "
                                                 "(WHERE g.role = 'AT_DATE') AS "
                                                 "last_day,"
                                                 "         array_agg(DISTINCT "
                                                 "coalesce(r.to_entity_id, "
                                                 "g.entity_id)::text)"
                                                 "           FILTER (WHERE m.type IN "
                                                 "('PERSON', 'ORGANIZATION')) AS "
                                                 "involved"
                                                 "  FROM newsloom.event_argument g "
                                                 "LEFT JOIN newsloom.mention m"
                                                 "  ON m.article_id = g.article_id "
                                                 "AND m.ordinal = g.mention" JUDGED(
                                                     "g") "  WHERE g.article_id = "
                                                          "e.article_id AND g.event "
                                                          "= e.ordinal) g"
                                                          " WHERE" OF_EVENT("e.type") " ORDER BY "
                                                                                      "e.article_"
                                                                                      "id, "
                                                                                      "e.ordinal"},
    {"mentions", NULL,
     NAMED " SELECT " ENTITY(
         ARTICLE_ID("m") " || '-mention-' || m.entity_id", "'Mention'",
         "('document', ARRAY[" ARTICLE_ID(
             "m") "]), ('resolved', ARRAY[m.entity_id::text]),"
                  " ('name', m.names), ('detectedSchema', ARRAY[CASE m.type WHEN 'PERSON' THEN "
                  "'Person'"
                  " ELSE 'Organization' END])") " FROM (SELECT n.source, n.key, n.article_id, "
                                                "m.type,"
                                                "       coalesce(r.to_entity_id, m.entity_id) AS "
                                                "entity_id,"
                                                "       array_agg(DISTINCT m.text) AS names"
                                                "       FROM named n JOIN newsloom.mention m USING "
                                                "(article_id)" JUDGED("m") "       WHERE m.type IN "
                                                                           "('PERSON', "
                                                                           "'ORGANIZATION') "
                                                                           "AND" OF_TYPE(
                                                                               "m.type") "       "
                                                                                         "GROUP BY "
                                                                                         "1, 2, 3, "
                                                                                         "4, 5) m "
                                                                                         "ORDER BY "
                                                                                         "m."
                                                                                         "article_"
                                                                                         "id, "
                                                                                         "m.entity_"
                                                                                         "id"},
    {"places", NULL,
     NAMED " SELECT " ENTITY(
         ARTICLE_ID("m") " || '-place-' || m.entity_id", "'Documentation'",
         "('document', ARRAY[" ARTICLE_ID(
             "m") "]), ('entity', ARRAY[m.entity_id::text]),"
                  " ('role', ARRAY[m.type::text])") " FROM (SELECT DISTINCT n.source, n.key, "
                                                    "n.article_id, m.type,"
                                                    "       coalesce(r.to_entity_id, m.entity_id) "
                                                    "AS entity_id"
                                                    "       FROM named n JOIN newsloom.mention m "
                                                    "USING (article_id)" JUDGED(
                                                        "m") "       WHERE m.type IN ('LOCATION', "
                                                             "'EVENT') AND" OF_TYPE("m.type") ") m"
                                                                                              " ORD"
                                                                                              "ER "
                                                                                              "BY "
                                                                                              "m."
                                                                                              "arti"
                                                                                              "cle_"
                                                                                              "id, "
                                                                                              "m."
                                                                                              "enti"
                                                                                              "ty_"
                                                                                              "id"},
    {"roles", NULL,
     NAMED " SELECT " ENTITY(
         ARTICLE_ID("n") " || '-role-' || o.ordinal", "'Documentation'",
         "('document', ARRAY[" ARTICLE_ID(
             "n") "]),"
                  " ('entity', ARRAY[coalesce(r.to_entity_id, o.entity_id)::text]),"
                  " ('role', array_prepend(o.rank, o.positions)), ('date', "
                  "ARRAY[o.reported_on::text]),"
                  " ('summary', ARRAY[substr(a.text, o.sentence_start + 1, o.sentence_end -"
                  " o.sentence_start)])") " FROM named n JOIN newsloom.article a USING (article_id)"
                                          " JOIN newsloom.role o USING (article_id)" JUDGED(
                                              "o") " WHERE $4::newsloom.entity_type IS NULL OR $4 "
                                                   "= 'PERSON' ORDER BY o.article_id, o.ordinal"},
};

const struct export_format export_formats[] = {
    {"csv", NULL, ".csv", plain_tables, COUNT_OF(plain_tables), true},
    {"jsonl", NULL, ".jsonl", plain_tables, COUNT_OF(plain_tables), false},
    {"ftm", "entities", ".ftm.json", ftm_tables, COUNT_OF(ftm_tables), false},
    {"spans", "articles", ".jsonl", span_tables, COUNT_OF(span_tables), false},
    {"brat", NULL, ".ann", NULL, 0, false},
};
const size_t export_format_count = COUNT_OF(export_formats);
