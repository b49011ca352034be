-- SPDX-License-Identifier: Apache-2.0
--
-- The tables that analysts read and workers write. Everything stands in schema "newsloom".
--
-- Rows are written by one function of the worker, in one table order, in one transaction an article
-- or batch. Children of an article have natural keys (article_id, ordinal). Foreign keys stand where
-- the referenced row was written by the same transaction; there is none towards source and entity,
-- because checking one would lock rows that every article of every worker names.

-- Roles: who writes and who reads. They cannot log in; grant them to login roles.
DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['newsloom_worker', 'newsloom_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this cluster is being migrated at the same moment
        END;
    END LOOP;
END
$roles$;

-- Both extensions come with PostgreSQL and are trusted: the owner of the database may create them.
CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA newsloom;
CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA newsloom;

-- ---- words of the contract -----------------------------------------------------------------------
-- Native enum types: four bytes a row, readable in every query, refused when misspelt. The values are
-- those of proto/extraction.proto; a new one is one ALTER TYPE … ADD VALUE.

CREATE TYPE newsloom.entity_type AS ENUM ('PERSON', 'ORGANIZATION', 'LOCATION', 'DATE', 'LAW', 'EVENT', 'CRIME');
COMMENT ON TYPE newsloom.entity_type IS 'What a mention or an entity is; DATE only for mentions.';
CREATE TYPE newsloom.section_kind AS ENUM ('UNSPECIFIED', 'TITLE', 'LEAD', 'METADATA', 'BODY', 'CAPTION', 'JUNK');
COMMENT ON TYPE newsloom.section_kind IS 'The part of a page that a mention stands in; nothing is extracted from JUNK.';
CREATE TYPE newsloom.published_origin AS ENUM ('NONE', 'FEEDER', 'METADATA', 'TEXT');
COMMENT ON TYPE newsloom.published_origin IS 'Who told when an article was published: nobody, its feeder, the page''s metadata, a date line in the text.';
CREATE TYPE newsloom.page_kind AS ENUM ('UNKNOWN', 'ARTICLE', 'LISTING', 'OTHER');
COMMENT ON TYPE newsloom.page_kind IS 'ARTICLE is prose; LISTING mostly teasers and OTHER not Vietnamese: nothing is extracted from these.';
CREATE TYPE newsloom.resolution AS ENUM ('NONE', 'RULE', 'TABLE', 'HUMAN');
COMMENT ON TYPE newsloom.resolution IS 'How an entity came by its id: known from its article only, joined by a rule, found in a gazetteer, by a recorded judgement.';
CREATE TYPE newsloom.event_type AS ENUM ('MEET', 'VISIT', 'SIGN', 'ARREST', 'HANDOVER', 'APPOINT');
COMMENT ON TYPE newsloom.event_type IS 'What happened; HANDOVER is of a person or of evidence, extradition included; APPOINT has a mode.';
CREATE TYPE newsloom.event_mode AS ENUM ('APPOINTED', 'ELECTED', 'DISMISSED');
COMMENT ON TYPE newsloom.event_mode IS 'Tells the kinds of APPOINT apart.';
CREATE TYPE newsloom.modality AS ENUM ('UNSPECIFIED', 'HAPPENED', 'PLANNED', 'ALLEGED', 'DENIED');
COMMENT ON TYPE newsloom.modality IS 'Whether the article says that it happened, will happen, is said to have happened, or did not.';
CREATE TYPE newsloom.argument_role AS ENUM ('ACTOR', 'RECIPIENT', 'PLACE', 'AT_DATE', 'OBJECT', 'NUMBER');
COMMENT ON TYPE newsloom.argument_role IS 'The part that somebody or something has in an event.';

-- ---- folding ---------------------------------------------------------------------------------------
-- One spelling for search: NFC first, then without diacritics, đ as d, lower case. With the tone marks
-- gone it no longer matters on which vowel a writer puts them (hoà, hòa). unaccent() itself is only
-- STABLE, because its rules could be edited; an index needs IMMUTABLE, hence this wrapper.
DO $fold$
DECLARE
    home text; -- the schema in which this database keeps unaccent
BEGIN
    SELECT n.nspname INTO STRICT home
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'unaccent';
    EXECUTE format($body$
        CREATE FUNCTION newsloom.fold(words text) RETURNS text
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN lower(translate(%1$I.unaccent('%1$I.unaccent'::regdictionary, normalize(words, NFC)),
                               U&'\0111\0110', 'dd') COLLATE "C")
    $body$, home);
    EXECUTE 'CREATE TEXT SEARCH CONFIGURATION newsloom.folded (COPY = pg_catalog.simple)';
    EXECUTE format('ALTER TEXT SEARCH CONFIGURATION newsloom.folded ALTER MAPPING'
                   ' FOR word, hword, hword_part WITH %I.unaccent, simple', home);
END
$fold$;
COMMENT ON FUNCTION newsloom.fold(text) IS 'The one spelling that names are searched by: NFC, no diacritics, đ as d, lower case.';
COMMENT ON TEXT SEARCH CONFIGURATION newsloom.folded IS 'Words without diacritics, none left out: what article texts are searched by.';

-- ---- tables ----------------------------------------------------------------------------------------

CREATE TABLE newsloom.source (
    source_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 64),
    first_seen  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE newsloom.source IS 'Where articles come from, as feeders name it. Insert-only.';
COMMENT ON COLUMN newsloom.source.source_id IS 'Short id for joins; means nothing outside this database.';
COMMENT ON COLUMN newsloom.source.name IS 'The feeder''s name for the source: a-z 0-9 . _ - , 1 to 64 bytes.';
COMMENT ON COLUMN newsloom.source.first_seen IS 'When its first article was stored.';

CREATE TABLE newsloom.article (
    article_id         bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    sketch             bigint NOT NULL,
    broker_article_id  bigint,
    duplicate_of       bigint,
    stored_at          timestamptz NOT NULL DEFAULT now(),
    published_at       timestamptz,
    fetched_at         timestamptz,
    source_id          integer NOT NULL,
    revision           integer NOT NULL CHECK (revision >= 1),
    generation         integer NOT NULL CHECK (generation >= 1),
    published_on       date,
    reported_on        date NOT NULL,
    text_length        integer NOT NULL CHECK (text_length >= 0),
    published_origin   newsloom.published_origin NOT NULL,
    page_kind          newsloom.page_kind NOT NULL,
    key                text NOT NULL CHECK (octet_length(key) BETWEEN 1 AND 512),
    url                text NOT NULL,
    title              text NOT NULL,
    author             text NOT NULL,
    publisher          text NOT NULL DEFAULT '',
    published          text NOT NULL,
    language           text NOT NULL,
    content_type       text NOT NULL,
    charset            text NOT NULL,
    extractor          text NOT NULL,
    extractor_version  text NOT NULL,
    trace_id           text NOT NULL,
    model_digest       bytea NOT NULL,
    content_digest     bytea NOT NULL CHECK (octet_length(content_digest) = 32),
    extraction_digest  bytea NOT NULL CHECK (octet_length(extraction_digest) = 32),
    bands              bigint[] NOT NULL DEFAULT '{}',
    labels             jsonb NOT NULL DEFAULT '{}',
    text               text COMPRESSION lz4 NOT NULL,
    extraction         bytea COMPRESSION lz4 NOT NULL,
    content            bytea COMPRESSION lz4 NOT NULL,
    UNIQUE (source_id, key, revision)
);
COMMENT ON TABLE newsloom.article IS 'One row for each revision of each article: what was fetched, its text, and the extraction as it went into the event log. View current_article shows newest revisions only.';
COMMENT ON COLUMN newsloom.article.article_id IS 'The article''s id in this database; all facts refer to it.';
COMMENT ON COLUMN newsloom.article.sketch IS '64-bit SimHash of the body; near copies differ in few bits: bit_count((x # y)::bit(64)).';
COMMENT ON COLUMN newsloom.article.broker_article_id IS 'The id under which the broker handed it out; another broker store counts anew.';
COMMENT ON COLUMN newsloom.article.duplicate_of IS 'The article_id of the first stored article that this one is a near copy of; null: none was known. It may outlive that row.';
COMMENT ON COLUMN newsloom.article.stored_at IS 'When this row was written, or last replaced by a newer generation.';
COMMENT ON COLUMN newsloom.article.published_at IS 'The moment of publication when the time of day is known; a time without zone is taken as Vietnam''s (UTC+7).';
COMMENT ON COLUMN newsloom.article.fetched_at IS 'When the crawler fetched it, if the crawler told.';
COMMENT ON COLUMN newsloom.article.source_id IS 'Where it comes from; see table source.';
COMMENT ON COLUMN newsloom.article.revision IS '1 for the first content seen under (source, key), then 2, 3, …: a corrected article.';
COMMENT ON COLUMN newsloom.article.generation IS '1 for the first extraction of this revision; a later one replaces all facts of an earlier.';
COMMENT ON COLUMN newsloom.article.published_on IS 'The day of publication as written, if known.';
COMMENT ON COLUMN newsloom.article.reported_on IS 'The day to sort and filter by: published_on, else the day it was fetched, else the day it was stored.';
COMMENT ON COLUMN newsloom.article.text_length IS 'Code points of text.';
COMMENT ON COLUMN newsloom.article.published_origin IS 'Who told the day of publication.';
COMMENT ON COLUMN newsloom.article.page_kind IS 'Whether the page is an article at all.';
COMMENT ON COLUMN newsloom.article.key IS 'The article''s identity within its source; the canonical URL when the feeder named none.';
COMMENT ON COLUMN newsloom.article.url IS 'Where it was fetched; may be empty.';
COMMENT ON COLUMN newsloom.article.title IS 'From the feeder or the page; may be empty.';
COMMENT ON COLUMN newsloom.article.author IS 'As the page gives it; may be empty.';
COMMENT ON COLUMN newsloom.article.publisher IS 'Paper or agency that the page names as its own or as the one it took the report from; may be empty.';
COMMENT ON COLUMN newsloom.article.published IS 'The publication date as extracted, ISO 8601; empty when not known.';
COMMENT ON COLUMN newsloom.article.language IS 'BCP 47: vi; else a guess, from which nothing else follows; und when it could not be told.';
COMMENT ON COLUMN newsloom.article.content_type IS 'Of content: text/plain or text/html.';
COMMENT ON COLUMN newsloom.article.charset IS 'Of content, as the feeder named it; empty: from the page itself, or UTF-8.';
COMMENT ON COLUMN newsloom.article.extractor IS 'The program that extracted the facts.';
COMMENT ON COLUMN newsloom.article.extractor_version IS 'Its version.';
COMMENT ON COLUMN newsloom.article.trace_id IS 'The crawler''s own correlation id; may be empty.';
COMMENT ON COLUMN newsloom.article.model_digest IS 'Digest of all that the extractor knew; the same digest extracts the same.';
COMMENT ON COLUMN newsloom.article.content_digest IS 'BLAKE2b-256 of title, a zero byte, content: what "the same content" means.';
COMMENT ON COLUMN newsloom.article.extraction_digest IS 'BLAKE2b-256 of extraction; the event log entry carries the same.';
COMMENT ON COLUMN newsloom.article.bands IS 'Of the body''s MinHash: near copies have one in common. Empty for a copy, and when the body is too short to tell.';
COMMENT ON COLUMN newsloom.article.labels IS 'The crawler''s own marks, never interpreted: {"name": "value"}.';
COMMENT ON COLUMN newsloom.article.text IS 'The text that all offsets count in, in code points from zero: substr(text, start + 1, end - start).';
COMMENT ON COLUMN newsloom.article.extraction IS 'The newsloom.v1.Extraction message, byte for byte as subscribers got it.';
COMMENT ON COLUMN newsloom.article.content IS 'What the crawler fetched, byte for byte.';

CREATE TABLE newsloom.mention (
    article_id   bigint NOT NULL REFERENCES newsloom.article ON DELETE CASCADE,
    ordinal      integer NOT NULL,
    start        integer NOT NULL CHECK (start >= 0),
    "end"        integer NOT NULL CHECK ("end" >= start),
    reported_on  date NOT NULL,
    type         newsloom.entity_type NOT NULL,
    section      newsloom.section_kind NOT NULL,
    confidence   smallint NOT NULL,
    entity_id    uuid,
    date_from    date,
    date_to      date,
    text         text NOT NULL,
    value        text,
    PRIMARY KEY (article_id, ordinal)
);
COMMENT ON TABLE newsloom.mention IS 'A place in an article that names somebody or something, or a date. In the order of the text.';
COMMENT ON COLUMN newsloom.mention.article_id IS 'The article.';
COMMENT ON COLUMN newsloom.mention.ordinal IS 'Its number in the article, from 0, as in the Extraction.';
COMMENT ON COLUMN newsloom.mention.start IS 'First code point in article.text, from zero.';
COMMENT ON COLUMN newsloom.mention."end" IS 'The code point after its last.';
COMMENT ON COLUMN newsloom.mention.reported_on IS 'The article''s reported_on, repeated here so that one index gives an entity''s mentions by day.';
COMMENT ON COLUMN newsloom.mention.type IS 'What is named.';
COMMENT ON COLUMN newsloom.mention.section IS 'The part of the page.';
COMMENT ON COLUMN newsloom.mention.confidence IS 'In thousandths.';
COMMENT ON COLUMN newsloom.mention.entity_id IS 'Who or what is named; null for a DATE. Views resolve judgements of entity_redirect.';
COMMENT ON COLUMN newsloom.mention.date_from IS 'DATE: its first day, when it could be told.';
COMMENT ON COLUMN newsloom.mention.date_to IS 'DATE: its last day.';
COMMENT ON COLUMN newsloom.mention.text IS 'As it stands in the article.';
COMMENT ON COLUMN newsloom.mention.value IS 'DATE: ISO 8601 date, date-time, month, year or interval.';

CREATE TABLE newsloom.role (
    article_id      bigint NOT NULL REFERENCES newsloom.article ON DELETE CASCADE,
    ordinal         integer NOT NULL,
    sentence_start  integer NOT NULL,
    sentence_end    integer NOT NULL,
    reported_on     date NOT NULL,
    entity_id       uuid NOT NULL,
    rank            text NOT NULL,
    positions       text[] NOT NULL,
    PRIMARY KEY (article_id, ordinal)
);
COMMENT ON TABLE newsloom.role IS 'Rank and positions that an article gives a person.';
COMMENT ON COLUMN newsloom.role.article_id IS 'The article.';
COMMENT ON COLUMN newsloom.role.ordinal IS 'Its number in the article, from 0, as in the Extraction.';
COMMENT ON COLUMN newsloom.role.sentence_start IS 'First code point of the sentence that says so.';
COMMENT ON COLUMN newsloom.role.sentence_end IS 'The code point after its last.';
COMMENT ON COLUMN newsloom.role.reported_on IS 'The article''s reported_on.';
COMMENT ON COLUMN newsloom.role.entity_id IS 'The person.';
COMMENT ON COLUMN newsloom.role.rank IS 'Such as "Thượng tướng"; empty when none is given.';
COMMENT ON COLUMN newsloom.role.positions IS 'Positions in the order of the text.';

CREATE TABLE newsloom.event (
    article_id      bigint NOT NULL REFERENCES newsloom.article ON DELETE CASCADE,
    ordinal         integer NOT NULL,
    trigger_start   integer NOT NULL,
    trigger_end     integer NOT NULL,
    sentence_start  integer NOT NULL,
    sentence_end    integer NOT NULL,
    reported_on     date NOT NULL,
    type            newsloom.event_type NOT NULL,
    mode            newsloom.event_mode,
    modality        newsloom.modality NOT NULL,
    confidence      smallint NOT NULL,
    sentence        text NOT NULL,
    PRIMARY KEY (article_id, ordinal)
);
COMMENT ON TABLE newsloom.event IS 'What an article reports to have happened. A report is not a happening: two articles about one meeting are two rows.';
COMMENT ON COLUMN newsloom.event.article_id IS 'The article.';
COMMENT ON COLUMN newsloom.event.ordinal IS 'Its number in the article, from 0, as in the Extraction.';
COMMENT ON COLUMN newsloom.event.trigger_start IS 'First code point of the word that says it.';
COMMENT ON COLUMN newsloom.event.trigger_end IS 'The code point after its last.';
COMMENT ON COLUMN newsloom.event.sentence_start IS 'First code point of the sentence.';
COMMENT ON COLUMN newsloom.event.sentence_end IS 'The code point after its last.';
COMMENT ON COLUMN newsloom.event.reported_on IS 'The article''s reported_on; when it happened is an argument in role AT_DATE.';
COMMENT ON COLUMN newsloom.event.type IS 'What happened.';
COMMENT ON COLUMN newsloom.event.mode IS 'APPOINT only: appointed, elected or dismissed.';
COMMENT ON COLUMN newsloom.event.modality IS 'Happened, planned, alleged or denied.';
COMMENT ON COLUMN newsloom.event.confidence IS 'In thousandths.';
COMMENT ON COLUMN newsloom.event.sentence IS 'The evidence, as it stands in the article.';

CREATE TABLE newsloom.event_argument (
    article_id   bigint NOT NULL,
    event        integer NOT NULL,
    ordinal      integer NOT NULL,
    start        integer NOT NULL,
    "end"        integer NOT NULL,
    reported_on  date NOT NULL,
    mention      integer,
    role         newsloom.argument_role NOT NULL,
    entity_id    uuid,
    date_from    date,
    date_to      date,
    text         text NOT NULL,
    value        text,
    PRIMARY KEY (article_id, event, ordinal),
    FOREIGN KEY (article_id, event) REFERENCES newsloom.event (article_id, ordinal) ON DELETE CASCADE
);
COMMENT ON TABLE newsloom.event_argument IS 'Who, whom, where, when and what of an event.';
COMMENT ON COLUMN newsloom.event_argument.article_id IS 'The article.';
COMMENT ON COLUMN newsloom.event_argument.event IS 'The event''s ordinal in the article.';
COMMENT ON COLUMN newsloom.event_argument.ordinal IS 'Its number in the event, from 0.';
COMMENT ON COLUMN newsloom.event_argument.start IS 'First code point in article.text.';
COMMENT ON COLUMN newsloom.event_argument."end" IS 'The code point after its last.';
COMMENT ON COLUMN newsloom.event_argument.reported_on IS 'The article''s reported_on.';
COMMENT ON COLUMN newsloom.event_argument.mention IS 'The mention''s ordinal in the article; null when the argument is none.';
COMMENT ON COLUMN newsloom.event_argument.role IS 'Its part in the event.';
COMMENT ON COLUMN newsloom.event_argument.entity_id IS 'Whom or what it names, through its mention.';
COMMENT ON COLUMN newsloom.event_argument.date_from IS 'AT_DATE: first day, when it could be told.';
COMMENT ON COLUMN newsloom.event_argument.date_to IS 'AT_DATE: last day.';
COMMENT ON COLUMN newsloom.event_argument.text IS 'As it stands in the article.';
COMMENT ON COLUMN newsloom.event_argument.value IS 'AT_DATE: ISO 8601; NUMBER: decimal digits.';

CREATE TABLE newsloom.entity (
    entity_id      uuid PRIMARY KEY,
    first_seen     timestamptz NOT NULL DEFAULT now(),
    type           newsloom.entity_type NOT NULL,
    resolution     newsloom.resolution NOT NULL,
    key_version    integer NOT NULL,
    name           text NOT NULL,
    canonical_key  text NOT NULL,
    country        text,
    code           text
);
COMMENT ON TABLE newsloom.entity IS 'Somebody or something that articles name. Insert-only: the first article to name it gives the row; how often it is named is a view''s business.';
COMMENT ON COLUMN newsloom.entity.entity_id IS 'Computed from type, canonical_key and key_version, so every worker gives the same.';
COMMENT ON COLUMN newsloom.entity.first_seen IS 'When the first article that names it was stored.';
COMMENT ON COLUMN newsloom.entity.type IS 'What it is.';
COMMENT ON COLUMN newsloom.entity.resolution IS 'How it came by its id.';
COMMENT ON COLUMN newsloom.entity.key_version IS 'The version of the rules that canonical_key was made by.';
COMMENT ON COLUMN newsloom.entity.name IS 'The fullest name its first article uses, or the gazetteer''s.';
COMMENT ON COLUMN newsloom.entity.canonical_key IS 'What the id was computed from; for a person name and context, because two people of one name are not one person.';
COMMENT ON COLUMN newsloom.entity.country IS 'LOCATION: ISO 3166-1 alpha-2, when known.';
COMMENT ON COLUMN newsloom.entity.code IS 'LOCATION: ISO 3166-2 or the unit''s code, when known.';

CREATE TABLE newsloom.entity_alias (
    alias       text NOT NULL CHECK (octet_length(alias) <= 1024),
    entity_id   uuid NOT NULL,
    PRIMARY KEY (alias, entity_id)
);
COMMENT ON TABLE newsloom.entity_alias IS 'Every name by which an article named an entity, in the form that search uses. Insert-only.';
COMMENT ON COLUMN newsloom.entity_alias.alias IS 'fold() of the name.';
COMMENT ON COLUMN newsloom.entity_alias.entity_id IS 'The entity.';

CREATE TABLE newsloom.entity_redirect (
    redirect_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_entity_id  uuid NOT NULL,
    to_entity_id    uuid NOT NULL CHECK (to_entity_id <> from_entity_id),
    decided_at      timestamptz NOT NULL DEFAULT now(),
    decided_by      text NOT NULL DEFAULT session_user,
    reason          text NOT NULL CHECK (reason <> ''),
    undone_at       timestamptz,
    undone_by       text
);
COMMENT ON TABLE newsloom.entity_redirect IS 'Recorded judgements that two entities are one. Undo one by setting undone_at and undone_by; rows are never deleted. Mentions keep their own entity_id; views resolve.';
COMMENT ON COLUMN newsloom.entity_redirect.redirect_id IS 'The judgement.';
COMMENT ON COLUMN newsloom.entity_redirect.from_entity_id IS 'The entity that is another.';
COMMENT ON COLUMN newsloom.entity_redirect.to_entity_id IS 'The one that stands for both.';
COMMENT ON COLUMN newsloom.entity_redirect.decided_at IS 'When it was decided.';
COMMENT ON COLUMN newsloom.entity_redirect.decided_by IS 'By whom.';
COMMENT ON COLUMN newsloom.entity_redirect.reason IS 'Why: one sentence.';
COMMENT ON COLUMN newsloom.entity_redirect.undone_at IS 'Since when it no longer holds; null while it does.';
COMMENT ON COLUMN newsloom.entity_redirect.undone_by IS 'Who undid it.';

-- A judgement leads to an entity that stands for itself, so that views need one step and no recursion.
CREATE FUNCTION newsloom.entity_redirect_is_one_step() RETURNS trigger
LANGUAGE plpgsql AS $check$
BEGIN
    IF NEW.undone_at IS NOT NULL THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('newsloom.entity_redirect'));
    IF EXISTS (SELECT FROM newsloom.entity_redirect r
               WHERE r.from_entity_id = NEW.to_entity_id AND r.undone_at IS NULL) THEN
        RAISE EXCEPTION 'entity % is itself redirected: name the entity it leads to', NEW.to_entity_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM newsloom.entity_redirect r
               WHERE r.to_entity_id = NEW.from_entity_id AND r.undone_at IS NULL) THEN
        RAISE EXCEPTION 'others lead to entity %: redirect those to % first', NEW.from_entity_id, NEW.to_entity_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$check$;
COMMENT ON FUNCTION newsloom.entity_redirect_is_one_step() IS 'Trigger: refuses chains of judgements.';
CREATE TRIGGER entity_redirect_is_one_step BEFORE INSERT OR UPDATE ON newsloom.entity_redirect
    FOR EACH ROW EXECUTE FUNCTION newsloom.entity_redirect_is_one_step();

-- ---- indexes: one line each says the question it answers ------------------------------------------

CREATE INDEX article_reported_on ON newsloom.article (reported_on DESC, article_id DESC);        -- what was reported on that day?
CREATE INDEX article_stored_at ON newsloom.article USING brin (stored_at);                       -- what came in since?
-- fastupdate: a list of pending keys would have to be read by every look for an original
CREATE INDEX article_bands ON newsloom.article USING gin (bands) WITH (fastupdate = off);        -- is this a copy of something?
CREATE INDEX article_duplicate_of ON newsloom.article (duplicate_of)
    WHERE duplicate_of IS NOT NULL;                                                              -- who copied this?
CREATE INDEX article_url ON newsloom.article USING hash (url);                                   -- do we have this page?
CREATE INDEX mention_entity ON newsloom.mention (entity_id, reported_on DESC, article_id DESC)
    WHERE entity_id IS NOT NULL;                                                                 -- where is it named, newest first?
CREATE INDEX mention_date ON newsloom.mention (date_from, date_to) WHERE date_from IS NOT NULL;  -- who speaks of that day?
CREATE INDEX role_entity ON newsloom.role (entity_id, reported_on DESC);                         -- which posts does this person hold?
CREATE INDEX event_reported_on ON newsloom.event (reported_on DESC, article_id DESC, ordinal);   -- what happened lately?
CREATE INDEX event_type ON newsloom.event (type, reported_on DESC, article_id DESC, ordinal);    -- which signings lately?
CREATE INDEX event_argument_entity ON newsloom.event_argument (entity_id, reported_on DESC)
    WHERE entity_id IS NOT NULL;                                                                 -- what did this body take part in?
CREATE INDEX event_argument_date ON newsloom.event_argument (date_from, date_to)
    WHERE date_from IS NOT NULL;                                                                 -- what happened on that day?
CREATE INDEX entity_key ON newsloom.entity USING hash (canonical_key);                           -- what is behind this key?
CREATE INDEX entity_code ON newsloom.entity (code) WHERE code IS NOT NULL;                       -- which entity is VN-HN?
CREATE INDEX entity_alias_entity ON newsloom.entity_alias (entity_id);                           -- under which names is it known?
CREATE UNIQUE INDEX entity_redirect_from ON newsloom.entity_redirect (from_entity_id)
    WHERE undone_at IS NULL;                                                                     -- what does it lead to?
CREATE INDEX entity_redirect_to ON newsloom.entity_redirect (to_entity_id) WHERE undone_at IS NULL; -- what leads to it?
DO $trigrams$
DECLARE
    home text; -- the schema in which this database keeps pg_trgm
BEGIN
    SELECT n.nspname INTO STRICT home
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
    EXECUTE format('CREATE INDEX entity_alias_trigrams ON newsloom.entity_alias'
                   ' USING gin (alias %I.gin_trgm_ops)', home);                                  -- who is called something like this?
END
$trigrams$;
