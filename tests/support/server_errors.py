# SPDX-License-Identifier: Apache-2.0
"""SQL that makes a healthy PostgreSQL give errors."""

# Raised with every n-th article, at its insert or at COMMIT: what sqlstate.h calls AGAIN.
ERRORS = """
CREATE TABLE newsloom.bad_luck (often double precision, code text);
GRANT SELECT ON newsloom.bad_luck TO PUBLIC;
CREATE SEQUENCE newsloom.bad_lucks;
GRANT USAGE ON newsloom.bad_lucks TO PUBLIC;
CREATE FUNCTION newsloom.bad_luck() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE luck record;
BEGIN
    SELECT * INTO luck FROM newsloom.bad_luck WHERE random() < often ORDER BY random() LIMIT 1;
    IF FOUND THEN
        PERFORM nextval('newsloom.bad_lucks');
        RAISE EXCEPTION 'bad luck' USING ERRCODE = luck.code;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER bad_luck AFTER INSERT ON newsloom.article
    FOR EACH ROW EXECUTE FUNCTION newsloom.bad_luck();
CREATE CONSTRAINT TRIGGER bad_luck_at_commit AFTER INSERT ON newsloom.mention
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.ordinal = 0)
    EXECUTE FUNCTION newsloom.bad_luck();
"""
AGAIN = ("40001", "40P01", "55P03", "53100", "53200", "53400", "57P03", "58030", "25006", "08006")

# Transactions of workers get limits that a test can wait for.
LIMITS = """
CREATE FUNCTION newsloom.limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('{name}', '{limit}ms', true);
    RETURN NULL;
END $$;
CREATE TRIGGER limits BEFORE INSERT ON newsloom.article EXECUTE FUNCTION newsloom.limits();
"""
# The articles of newsloom.slow take a minute, which is beyond any limit.
SLOW = """
CREATE TABLE newsloom.slow (source text, key text);
GRANT SELECT ON newsloom.slow TO PUBLIC;
CREATE FUNCTION newsloom.slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(60) FROM newsloom.article a JOIN newsloom.source s USING (source_id)
    JOIN newsloom.slow ON slow.source = s.name AND slow.key = a.key WHERE a.article_id = NEW.article_id;
    RETURN NULL;
END $$;
CREATE TRIGGER slow AFTER INSERT ON newsloom.mention
    FOR EACH ROW WHEN (NEW.ordinal = 0) EXECUTE FUNCTION newsloom.slow();
"""
