-- SPDX-License-Identifier: Apache-2.0
--
-- What analysts ask, as views and functions, and who may ask it. Views show the newest revision of an
-- article only, and resolve the judgements of entity_redirect; tables show everything.

-- ---- searching -------------------------------------------------------------------------------------

-- A tsvector holds at most 1 MiB of lexemes; above it PostgreSQL raises an error and the article could
-- never be stored. The first 100,000 code points are searched, some forty pages.
-- COST: parsing a text takes some ten thousand times an operator's work.
CREATE FUNCTION newsloom.search_vector(title text, words text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 20000
RETURN to_tsvector('newsloom.folded'::regconfig,
                   normalize(left(title, 1000) || E'\n' || left(words, 100000), NFC));
COMMENT ON FUNCTION newsloom.search_vector(text, text) IS 'What an article is found by: the words of its title and of the first 100,000 code points of its text, folded.';

CREATE FUNCTION newsloom.search_query(words text) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN websearch_to_tsquery('newsloom.folded'::regconfig, normalize(words, NFC));
COMMENT ON FUNCTION newsloom.search_query(text) IS 'A question as people type it: words, "a phrase", or, -without; with or without diacritics.';

CREATE INDEX article_search ON newsloom.article USING gin (newsloom.search_vector(title, text)); -- which articles say this?

-- ---- views -----------------------------------------------------------------------------------------

CREATE VIEW newsloom.current_article AS
SELECT a.*
FROM newsloom.article a
WHERE NOT EXISTS (SELECT FROM newsloom.article n
                  WHERE n.source_id = a.source_id AND n.key = a.key AND n.revision > a.revision);
COMMENT ON VIEW newsloom.current_article IS 'Articles in their newest revision.';

CREATE VIEW newsloom.entity_member AS
SELECT e.entity_id, e.entity_id AS member_id
FROM newsloom.entity e
WHERE NOT EXISTS (SELECT FROM newsloom.entity_redirect r
                  WHERE r.from_entity_id = e.entity_id AND r.undone_at IS NULL)
UNION ALL
SELECT r.to_entity_id, r.from_entity_id
FROM newsloom.entity_redirect r
WHERE r.undone_at IS NULL;
COMMENT ON VIEW newsloom.entity_member IS 'Which ids stand for one entity after all judgements: each entity itself, and those that lead to it.';
COMMENT ON COLUMN newsloom.entity_member.entity_id IS 'The entity that stands for all its members.';
COMMENT ON COLUMN newsloom.entity_member.member_id IS 'An id that mentions may carry.';

CREATE VIEW newsloom.article_overview AS
SELECT a.article_id, s.name AS source, a.key, a.revision, a.generation, a.reported_on, a.published_at,
       a.published_origin, a.page_kind, a.language, a.title, a.author, a.url, a.text_length,
       (SELECT count(*) FROM newsloom.mention m WHERE m.article_id = a.article_id) AS mentions,
       (SELECT count(DISTINCT m.entity_id) FROM newsloom.mention m WHERE m.article_id = a.article_id) AS entities,
       (SELECT count(*) FROM newsloom.event e WHERE e.article_id = a.article_id) AS events,
       a.stored_at
FROM newsloom.current_article a
JOIN newsloom.source s USING (source_id);
COMMENT ON VIEW newsloom.article_overview IS 'One line an article: what it is and how much was found in it.';

CREATE VIEW newsloom.entity_timeline AS
SELECT g.entity_id, e.type, e.name, g.reported_on, g.article_id, s.name AS source, a.title, a.url,
       g.mentions, g.named_as, a.duplicate_of
FROM (SELECT em.entity_id, m.reported_on, m.article_id, count(*) AS mentions, min(m.text) AS named_as
      FROM newsloom.entity_member em
      JOIN newsloom.mention m ON m.entity_id = em.member_id
      GROUP BY em.entity_id, m.reported_on, m.article_id) g
JOIN newsloom.entity e ON e.entity_id = g.entity_id
JOIN newsloom.current_article a ON a.article_id = g.article_id
JOIN newsloom.source s ON s.source_id = a.source_id;
COMMENT ON VIEW newsloom.entity_timeline IS 'Every article that names an entity: filter by entity_id, order by reported_on.';

CREATE VIEW newsloom.entity_cooccurrence AS
SELECT p.entity_id, p.other_id, o.type AS other_type, o.name AS other_name, p.articles, p.first_on, p.last_on
FROM (SELECT g.entity_id, coalesce(r.to_entity_id, m.entity_id) AS other_id,
             count(DISTINCT g.article_id) AS articles,
             min(g.reported_on) AS first_on, max(g.reported_on) AS last_on
      FROM (SELECT DISTINCT em.entity_id, x.article_id, x.reported_on
            FROM newsloom.entity_member em
            JOIN newsloom.mention x ON x.entity_id = em.member_id) g
      JOIN newsloom.current_article a ON a.article_id = g.article_id
      JOIN newsloom.mention m ON m.article_id = g.article_id AND m.entity_id IS NOT NULL
      LEFT JOIN newsloom.entity_redirect r ON r.from_entity_id = m.entity_id AND r.undone_at IS NULL
      WHERE coalesce(r.to_entity_id, m.entity_id) <> g.entity_id
      GROUP BY g.entity_id, coalesce(r.to_entity_id, m.entity_id)) p
JOIN newsloom.entity o ON o.entity_id = p.other_id;
COMMENT ON VIEW newsloom.entity_cooccurrence IS 'Who is named together with an entity, and in how many articles: filter by entity_id, order by articles DESC.';

CREATE VIEW newsloom.latest_events AS
SELECT e.reported_on, e.article_id, e.ordinal, e.type, e.mode, e.modality,
       (SELECT array_agg(g.text ORDER BY g.ordinal) FROM newsloom.event_argument g
        WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'ACTOR') AS actors,
       (SELECT array_agg(g.text ORDER BY g.ordinal) FROM newsloom.event_argument g
        WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'RECIPIENT') AS recipients,
       (SELECT array_agg(g.text ORDER BY g.ordinal) FROM newsloom.event_argument g
        WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'OBJECT') AS objects,
       (SELECT array_agg(g.text ORDER BY g.ordinal) FROM newsloom.event_argument g
        WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'PLACE') AS places,
       (SELECT min(coalesce(g.value, g.text)) FROM newsloom.event_argument g
        WHERE g.article_id = e.article_id AND g.event = e.ordinal AND g.role = 'AT_DATE') AS at_date,
       e.sentence, e.confidence, s.name AS source, a.title, a.url, a.duplicate_of
FROM newsloom.event e
JOIN newsloom.current_article a ON a.article_id = e.article_id
JOIN newsloom.source s ON s.source_id = a.source_id
ORDER BY e.reported_on DESC, e.article_id DESC, e.ordinal;
COMMENT ON VIEW newsloom.latest_events IS 'Reported events, newest first, with who, whom, what, where and when: add LIMIT; filter by type or reported_on, leave out copies with duplicate_of IS NULL.';

CREATE VIEW newsloom.entity_events AS
SELECT em.entity_id, g.role, e.reported_on, e.article_id, e.ordinal, e.type, e.mode, e.modality,
       g.text AS named_as, e.sentence, e.confidence, s.name AS source, a.title, a.url, a.duplicate_of
FROM newsloom.entity_member em
JOIN newsloom.event_argument g ON g.entity_id = em.member_id
JOIN newsloom.event e ON e.article_id = g.article_id AND e.ordinal = g.event
JOIN newsloom.current_article a ON a.article_id = e.article_id
JOIN newsloom.source s ON s.source_id = a.source_id;
COMMENT ON VIEW newsloom.entity_events IS 'The reported events that an entity has a part in, and which part: filter by entity_id.';

CREATE VIEW newsloom.article_copies AS
SELECT o.article_id, os.name AS source, o.title, o.reported_on, c.article_id AS copy_id, cs.name AS copy_source,
       c.title AS copy_title, c.url AS copy_url, c.reported_on AS copy_reported_on
FROM newsloom.article c
JOIN newsloom.article o ON o.article_id = c.duplicate_of
JOIN newsloom.source os ON os.source_id = o.source_id
JOIN newsloom.source cs ON cs.source_id = c.source_id
WHERE c.duplicate_of IS NOT NULL;
COMMENT ON VIEW newsloom.article_copies IS 'The near copies of an article: filter by article_id.';

CREATE VIEW newsloom.events_on_day AS
SELECT g.date_from, g.date_to, g.value AS at_date, e.type, e.mode, e.modality, e.sentence, e.reported_on,
       e.article_id, e.ordinal, s.name AS source, a.title, a.url
FROM newsloom.event_argument g
JOIN newsloom.event e ON e.article_id = g.article_id AND e.ordinal = g.event
JOIN newsloom.current_article a ON a.article_id = e.article_id
JOIN newsloom.source s ON s.source_id = a.source_id
WHERE g.role = 'AT_DATE' AND g.date_from IS NOT NULL;
COMMENT ON VIEW newsloom.events_on_day IS 'Events by the day on which they happen, not on which they were reported: filter by date_from.';

CREATE VIEW newsloom.person_roles AS
SELECT em.entity_id, e.name, r.rank, r.positions, r.reported_on, r.article_id,
       r.sentence_start, r.sentence_end, a.title, a.url
FROM newsloom.entity_member em
JOIN newsloom.role r ON r.entity_id = em.member_id
JOIN newsloom.entity e ON e.entity_id = em.entity_id
JOIN newsloom.current_article a ON a.article_id = r.article_id;
COMMENT ON VIEW newsloom.person_roles IS 'Ranks and positions that articles gave a person: filter by entity_id, order by reported_on.';

-- ---- questions with a word in them -------------------------------------------------------------------

-- set search_path: the operators of pg_trgm stand in the schema that the extension was created in.
DO $search$
DECLARE
    home text;
BEGIN
    SELECT n.nspname INTO STRICT home
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
    EXECUTE format($body$
        CREATE FUNCTION newsloom.search_entities(words text, only_type newsloom.entity_type DEFAULT NULL,
                                                 most integer DEFAULT 20)
        RETURNS TABLE (entity_id uuid, type newsloom.entity_type, name text, alias text, closeness real,
                       articles bigint)
        LANGUAGE sql STABLE PARALLEL SAFE
        SET search_path = newsloom, %1$I, pg_catalog
        AS $query$
            WITH near AS (
                SELECT coalesce(r.to_entity_id, h.entity_id) AS entity_id,
                       (array_agg(h.alias ORDER BY h.close DESC, h.alias))[1] AS alias, max(h.close) AS close
                FROM (SELECT x.entity_id, x.alias,
                             CASE WHEN x.alias = fold(words) THEN 2
                                  WHEN x.alias LIKE replace(replace(fold(words), '%%', ''), '_', '') || '%%' THEN 1
                                  ELSE 0 END + similarity(x.alias, fold(words)) AS close
                      FROM entity_alias x
                      WHERE x.alias %% fold(words)
                         OR x.alias LIKE '%%' || replace(replace(fold(words), '%%', ''), '_', '') || '%%'
                      ORDER BY close DESC, x.alias
                      LIMIT least(greatest(most, 1), 1000) * 10) h
                LEFT JOIN entity_redirect r ON r.from_entity_id = h.entity_id AND r.undone_at IS NULL
                GROUP BY 1
            )
            SELECT c.entity_id, c.type, c.name, c.alias, least(c.close, 1)::real,
                   (SELECT count(DISTINCT m.article_id)
                    FROM entity_member em JOIN mention m ON m.entity_id = em.member_id
                    WHERE em.entity_id = c.entity_id)
            FROM (SELECT e.entity_id, e.type, e.name, n.alias, n.close
                  FROM near n JOIN entity e ON e.entity_id = n.entity_id
                  WHERE only_type IS NULL OR e.type = only_type
                  ORDER BY n.close DESC, e.name, e.entity_id
                  LIMIT least(greatest(most, 1), 1000)) c
            ORDER BY c.close DESC, 6 DESC, c.name, c.entity_id
        $query$
    $body$, home);
END
$search$;
COMMENT ON FUNCTION newsloom.search_entities(text, newsloom.entity_type, integer) IS 'Entities by name, with or without diacritics, typing errors forgiven; the closest first, then the most named.';

-- EXECUTE … USING lets the planner see the words: rare ones are looked up in the index, common ones are
-- met soon enough by reading the newest articles.
CREATE FUNCTION newsloom.search_articles(words text, most integer DEFAULT 20)
RETURNS TABLE (article_id bigint, source text, key text, title text, url text, reported_on date,
               excerpt text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = newsloom, pg_catalog
AS $function$
BEGIN
    RETURN QUERY EXECUTE $query$
        SELECT h.article_id, s.name, h.key, h.title, h.url, h.reported_on,
               ts_headline('newsloom.folded', left(h.text, 100000), search_query($1),
                           'StartSel=«, StopSel=», MaxFragments=1, MaxWords=30, MinWords=10')
        FROM (SELECT a.*
              FROM article a
              WHERE search_vector(a.title, a.text) @@ search_query($1)
                AND NOT EXISTS (SELECT FROM article n
                                WHERE n.source_id = a.source_id AND n.key = a.key AND n.revision > a.revision)
              ORDER BY a.reported_on DESC, a.article_id DESC
              LIMIT least(greatest($2, 1), 1000)) h
        JOIN source s USING (source_id)
        ORDER BY h.reported_on DESC, h.article_id DESC
    $query$ USING words, most;
END
$function$;
COMMENT ON FUNCTION newsloom.search_articles(text, integer) IS 'Articles by words of title and text, with or without diacritics; the newest first, with an excerpt.';

-- ---- versions and rights -----------------------------------------------------------------------------

CREATE FUNCTION newsloom.oldest_writer() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;
COMMENT ON FUNCTION newsloom.oldest_writer() IS 'The oldest schema version whose workers may still write here; a migration that breaks them raises it.';

GRANT USAGE ON SCHEMA newsloom TO newsloom_worker, newsloom_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA newsloom TO newsloom_worker, newsloom_reader;
GRANT INSERT ON newsloom.source, newsloom.article, newsloom.mention, newsloom.role, newsloom.event,
    newsloom.event_argument, newsloom.entity, newsloom.entity_alias TO newsloom_worker;
GRANT UPDATE ON newsloom.article TO newsloom_worker; -- a newer generation replaces
GRANT DELETE ON newsloom.mention, newsloom.role, newsloom.event, newsloom.event_argument TO newsloom_worker;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA newsloom TO newsloom_worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA newsloom TO newsloom_worker, newsloom_reader;
