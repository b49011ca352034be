-- SPDX-License-Identifier: Apache-2.0
--
-- Forgetting: an article leaves every table, and a tombstone that holds no text of it keeps it out.
--
-- forget() stops the writers of article for the moment that it takes: a worker whose transaction began before
-- has either committed, and its rows are seen and deleted, or has not written the article yet, and then meets
-- the tombstone. So no worker can bring it back, however late. newsloom_operator may do it, nobody else.

DO $roles$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'newsloom_operator') THEN
        CREATE ROLE newsloom_operator NOLOGIN;
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database of this cluster is being migrated at the same moment
END
$roles$;

CREATE TABLE newsloom.forgotten (
    identity      bytea PRIMARY KEY CHECK (octet_length(identity) = 32),
    forgotten_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE newsloom.forgotten IS 'Tombstones: articles that an operator had forgotten. Nothing is stored under these identities.';
COMMENT ON COLUMN newsloom.forgotten.identity IS 'identity_of(source, key): a key is often a URL with words of the title in it, so it is not kept.';
COMMENT ON COLUMN newsloom.forgotten.forgotten_at IS 'When it was forgotten first.';

COMMENT ON TABLE newsloom.entity_redirect IS 'Recorded judgements that two entities are one. Undo one by setting undone_at and undone_by; rows are deleted only with an entity that nothing names after its article was forgotten. Mentions keep their own entity_id; views resolve.';

CREATE FUNCTION newsloom.identity_of(source text, key text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256(convert_to(source || E'\n' || key, 'UTF8'));
COMMENT ON FUNCTION newsloom.identity_of(text, text) IS 'SHA-256 of source, line feed, key: what a tombstone is found by.';

-- Class 22, so that workers of every version take it for the article's own fault and do not try again.
CREATE FUNCTION newsloom.article_is_not_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path = newsloom, pg_catalog, pg_temp
AS $check$
BEGIN
    IF EXISTS (SELECT FROM newsloom.forgotten f
               JOIN newsloom.source s ON s.source_id = NEW.source_id
               WHERE f.identity = newsloom.identity_of(s.name, NEW.key)) THEN
        RAISE EXCEPTION 'the article was forgotten: it is not stored again' USING ERRCODE = '22F01';
    END IF;
    RETURN NEW;
END
$check$;
COMMENT ON FUNCTION newsloom.article_is_not_forgotten() IS 'Trigger: refuses what was forgotten.';
CREATE TRIGGER article_is_not_forgotten BEFORE INSERT ON newsloom.article
    FOR EACH ROW EXECUTE FUNCTION newsloom.article_is_not_forgotten();

-- Names that only forgotten articles used. An alias or a name that stands in an article that is kept stays; for
-- an entity that is named very often the newest 100,000 mentions are asked.
CREATE FUNCTION newsloom.forget(of_source text, of_key text)
RETURNS TABLE (articles bigint, entities bigint, aliases bigint, copies bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = newsloom, pg_catalog, pg_temp
SET lock_timeout = '20s'
AS $function$
DECLARE
    gone          bigint[];
    named         uuid[];
    orphans       uuid[];
    mention_ids   uuid[];
    mention_texts text[];
BEGIN
    LOCK TABLE newsloom.article IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO newsloom.forgotten (identity) VALUES (newsloom.identity_of(of_source, of_key))
        ON CONFLICT DO NOTHING;
    SELECT coalesce(array_agg(a.article_id), '{}') INTO gone
    FROM newsloom.article a JOIN newsloom.source s USING (source_id)
    WHERE s.name = of_source AND a.key = of_key;
    SELECT coalesce(array_agg(n.entity_id), '{}') INTO named
    FROM (SELECT m.entity_id FROM newsloom.mention m WHERE m.article_id = ANY (gone)
          UNION SELECT r.entity_id FROM newsloom.role r WHERE r.article_id = ANY (gone)
          UNION SELECT g.entity_id FROM newsloom.event_argument g WHERE g.article_id = ANY (gone)) n
    WHERE n.entity_id IS NOT NULL;
    SELECT array_agg(t.entity_id), array_agg(t.text) INTO mention_ids, mention_texts
    FROM (SELECT DISTINCT m.entity_id, m.text FROM newsloom.mention m
          WHERE m.article_id = ANY (gone) AND m.entity_id IS NOT NULL) t;
    SELECT count(*) INTO copies FROM newsloom.article c
    WHERE c.duplicate_of = ANY (gone) AND NOT c.article_id = ANY (gone);
    DELETE FROM newsloom.article a WHERE a.article_id = ANY (gone); -- and its facts by cascade

    SELECT coalesce(array_agg(n.entity_id), '{}') INTO orphans
    FROM unnest(named) n (entity_id)
    WHERE NOT EXISTS (SELECT FROM newsloom.mention m WHERE m.entity_id = n.entity_id)
      AND NOT EXISTS (SELECT FROM newsloom.role r WHERE r.entity_id = n.entity_id)
      AND NOT EXISTS (SELECT FROM newsloom.event_argument g WHERE g.entity_id = n.entity_id);
    DELETE FROM newsloom.entity_redirect d
    WHERE d.from_entity_id = ANY (orphans) OR d.to_entity_id = ANY (orphans);
    DELETE FROM newsloom.entity_alias x WHERE x.entity_id = ANY (orphans);
    GET DIAGNOSTICS aliases = ROW_COUNT;
    DELETE FROM newsloom.entity e WHERE e.entity_id = ANY (orphans);
    GET DIAGNOSTICS entities = ROW_COUNT;

    -- of those that others name as well: the spellings that none of the others uses
    WITH lost AS (
        SELECT t.entity_id, t.text FROM unnest(mention_ids, mention_texts) t (entity_id, text)
        WHERE NOT t.entity_id = ANY (orphans)
          AND NOT EXISTS (SELECT FROM (SELECT m.text FROM newsloom.mention m WHERE m.entity_id = t.entity_id
                                       ORDER BY m.reported_on DESC, m.article_id DESC LIMIT 100000) k
                          WHERE left(newsloom.fold(k.text), 200) = left(newsloom.fold(t.text), 200))
    ), unused AS (
        DELETE FROM newsloom.entity_alias x USING lost
        WHERE x.entity_id = lost.entity_id AND x.alias = left(newsloom.fold(lost.text), 200)
        RETURNING x.alias
    )
    SELECT aliases + count(*) INTO aliases FROM unused;
    UPDATE newsloom.entity e
    SET name = (SELECT k.text FROM (SELECT m.text FROM newsloom.mention m WHERE m.entity_id = e.entity_id
                                    ORDER BY m.reported_on DESC, m.article_id DESC LIMIT 100000) k
                ORDER BY length(k.text) DESC, k.text LIMIT 1)
    FROM unnest(mention_ids, mention_texts) t (entity_id, text)
    WHERE e.entity_id = t.entity_id AND e.name = t.text AND e.resolution <> 'TABLE'
      AND NOT EXISTS (SELECT FROM (SELECT m.text FROM newsloom.mention m WHERE m.entity_id = e.entity_id
                                   ORDER BY m.reported_on DESC, m.article_id DESC LIMIT 100000) k
                      WHERE k.text = t.text)
      AND EXISTS (SELECT FROM newsloom.mention m WHERE m.entity_id = e.entity_id);
    articles := cardinality(gone);
    RETURN NEXT;
END
$function$;
COMMENT ON FUNCTION newsloom.forget(text, text) IS 'Takes every revision of an article out of all tables, with the entities, names and judgements that nothing else needs, and leaves a tombstone. Says how many it took, and how many near copies by others stay. Running it again finishes what was cut short.';

CREATE FUNCTION newsloom.unforget(of_source text, of_key text) RETURNS boolean
LANGUAGE sql SECURITY DEFINER
SET search_path = newsloom, pg_catalog, pg_temp
AS $function$
    WITH lifted AS (DELETE FROM newsloom.forgotten f
                    WHERE f.identity = newsloom.identity_of(of_source, of_key) RETURNING f.identity)
    SELECT EXISTS (SELECT FROM lifted)
$function$;
COMMENT ON FUNCTION newsloom.unforget(text, text) IS 'Lifts a tombstone: the article may be stored again when it is fed again. Says whether there was one.';

REVOKE ALL ON FUNCTION newsloom.forget(text, text), newsloom.unforget(text, text) FROM PUBLIC;
GRANT USAGE ON SCHEMA newsloom TO newsloom_operator;
GRANT EXECUTE ON FUNCTION newsloom.forget(text, text), newsloom.unforget(text, text) TO newsloom_operator;
GRANT SELECT ON newsloom.forgotten TO newsloom_worker, newsloom_reader, newsloom_operator;
GRANT EXECUTE ON FUNCTION newsloom.identity_of(text, text), newsloom.article_is_not_forgotten()
    TO newsloom_worker, newsloom_reader, newsloom_operator;
