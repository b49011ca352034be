# SPDX-License-Identifier: Apache-2.0
"""What the two roles of the schema may do in PostgreSQL, tried by logging in as them; and who may not be
misled: search paths of others, migrations by others."""
import psycopg
import pytest
from psycopg import errors

from support.auditor import Auditor
from support.feeder import Feeder
from support.postgres import READER, WORKER
from support.programs import run

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
FACTS = ("mention", "role", "event", "event_argument")
MAY_WRITE = {**{table: {"INSERT"} for table in ("source", "entity", "entity_alias")},
             **{table: {"INSERT", "DELETE"} for table in FACTS}, "article": {"INSERT", "UPDATE"}}


@pytest.fixture(scope="module")
def shared(postgres):
    database = postgres.new_database()
    database.execute("CREATE SCHEMA payroll")
    database.execute("CREATE TABLE payroll.salary AS SELECT 1 AS amount")
    database.execute("CREATE TABLE public.diary AS SELECT 'secret' AS words")
    connections = [psycopg.connect(database.url_of(user), autocommit=True) for user in (WORKER, READER)]
    yield database, connections
    for connection in connections:
        connection.close()


@pytest.fixture(params=[0, 1], ids=[WORKER, READER])
def login(request, shared):
    return shared[1][request.param]


def rights(login) -> dict:
    rows = login.execute("""
        SELECT c.relname, v.verb FROM pg_class c, unnest(%s::text[]) v (verb)
        WHERE c.relnamespace = 'newsloom'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
          AND has_table_privilege(c.oid, v.verb)""", [list(VERBS)]).fetchall()
    found = {}
    for table, verb in rows:
        found.setdefault(table, set()).add(verb)
    return found


def test_rights_are_those_and_no_others(login):
    """Every table and every verb."""
    tables = {name for name, in login.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'newsloom'::regnamespace"
        " AND relkind IN ('r', 'v', 'm', 'p', 'f')").fetchall()}
    writes = MAY_WRITE if login.info.user == WORKER else {}
    assert set(MAY_WRITE) < tables
    assert rights(login) == {table: {"SELECT"} | writes.get(table, set()) for table in tables}


FORBIDDEN = [
    "DROP TABLE newsloom.mention", "DROP SCHEMA newsloom CASCADE", "DROP VIEW newsloom.latest_events",
    "ALTER TABLE newsloom.article ADD COLUMN more text", "ALTER TABLE newsloom.article DISABLE TRIGGER ALL",
    "TRUNCATE newsloom.entity", "DELETE FROM newsloom.article", "DELETE FROM newsloom.entity",
    "UPDATE newsloom.schema_version SET version = 1000", "INSERT INTO newsloom.schema_version VALUES (9, '', '')",
    "UPDATE newsloom.entity_redirect SET undone_at = now()",
    "INSERT INTO newsloom.entity_redirect (from_entity_id, to_entity_id, reason)"
    " SELECT gen_random_uuid(), gen_random_uuid(), 'why not'",
    "CREATE TABLE newsloom.mine (a int)", "CREATE TABLE public.mine (a int)", "CREATE SCHEMA mine",
    "CREATE FUNCTION newsloom.fold(text, int) RETURNS text LANGUAGE sql RETURN $1",
    "CREATE OR REPLACE FUNCTION newsloom.oldest_writer() RETURNS int LANGUAGE sql RETURN 99",
    "CREATE TRIGGER t AFTER INSERT ON newsloom.article EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE INDEX ON newsloom.article (title)", "CREATE EXTENSION file_fdw",
    "SELECT * FROM payroll.salary", "SELECT * FROM public.diary", "INSERT INTO public.diary VALUES ('x')",
    "COPY newsloom.article TO '/tmp/stolen'", "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('.')", "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()",
    "CREATE ROLE mine", "ALTER ROLE newsloom PASSWORD 'x'", "SET ROLE newsloom",
    "SET SESSION AUTHORIZATION newsloom", "GRANT newsloom TO CURRENT_USER",
    "GRANT SELECT ON newsloom.article TO newsloom_reader", "SET fsync = off",
    "SELECT newsloom.forget('bao', 'bai')", "SELECT newsloom.unforget('bao', 'bai')",
    "SET session_replication_role = replica", "VACUUM FULL newsloom.article",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_what_neither_role_may_do(sql, shared):
    database, connections = shared
    for connection in connections:
        before = fingerprint(database)
        try:
            connection.execute(sql)
        except (errors.InsufficientPrivilege, errors.CantChangeRuntimeParam):
            continue
        assert fingerprint(database) == before, f"{connection.info.user} may {sql}"
        assert sql.startswith(("VACUUM", "GRANT SELECT")), f"{connection.info.user} may {sql}"


def fingerprint(database):
    """Whatever these statements could have changed."""
    return database.execute("""
        SELECT (SELECT array_agg(c::text ORDER BY c::text) FROM pg_class c WHERE relname !~ '^pg_' AND relkind = 'r'),
               (SELECT array_agg(relacl::text ORDER BY relname) FROM pg_class
                WHERE relnamespace = 'newsloom'::regnamespace)""")


@pytest.mark.parametrize("sql", [
    "INSERT INTO newsloom.source (name) VALUES ('bao-la')", "UPDATE newsloom.article SET title = ''",
    "DELETE FROM newsloom.mention", "SELECT nextval('newsloom.article_article_id_seq')",
])
def test_reader_only_reads(shared, sql):
    _, (_, reader) = shared
    with pytest.raises(errors.InsufficientPrivilege):
        reader.execute(sql)


def test_roles_of_the_schema_cannot_log_in_and_are_nobody(postgres):
    for row in postgres.execute("SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication,"
                                " rolbypassrls FROM pg_roles WHERE rolname LIKE 'newsloom\\_%'"):
        assert row[1:] == (False,) * 6, row[0]


@pytest.mark.parametrize("user", [WORKER, READER])
def test_only_the_owner_migrates(postgres, database, user):
    """Neither a database that has the schema, nor one that has not."""
    empty = postgres.new_database(migrated=False)
    for target in (database, empty):
        done = run("newsloom-migrate", "--database", target.url_of(user))
        assert done.returncode != 0 and "42501" in done.stderr, done.stderr
    assert not empty.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'newsloom'")
    assert run("newsloom-migrate", "--status", "--database", database.url_of(user)).returncode == 0


DECOY = """
CREATE SCHEMA decoy;
CREATE TABLE decoy.caught (what text);
CREATE FUNCTION decoy.catch(what text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS
    $$ BEGIN INSERT INTO decoy.caught VALUES (what); RETURN what; END $$;
CREATE FUNCTION decoy.now() RETURNS timestamptz LANGUAGE sql RETURN decoy.catch('now')::timestamptz;
CREATE FUNCTION decoy.lower(text) RETURNS text LANGUAGE sql RETURN decoy.catch('lower');
CREATE FUNCTION decoy.unnest(text[]) RETURNS SETOF text LANGUAGE sql BEGIN ATOMIC SELECT decoy.catch('unnest'); END;
CREATE FUNCTION decoy.nextval(text) RETURNS bigint LANGUAGE sql RETURN length(decoy.catch('nextval'));
CREATE FUNCTION decoy.equal(text, text) RETURNS boolean LANGUAGE sql RETURN decoy.catch('equal') = '';
CREATE OPERATOR decoy.= (LEFTARG = text, RIGHTARG = text, FUNCTION = decoy.equal);
CREATE TABLE decoy.article (LIKE newsloom.article);
CREATE TABLE decoy.schema_version (LIKE newsloom.schema_version);
GRANT USAGE ON SCHEMA decoy TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA decoy TO PUBLIC;
"""


def test_search_path_of_somebody_else_misleads_nobody(broker, new_worker, database, newsroom, ledger):
    """Functions, operators and tables of the same names stand first in the path of role and database."""
    database.server.execute(DECOY, database.name)
    database.execute(f"ALTER DATABASE {database.name} SET search_path = decoy, pg_catalog, public")
    with psycopg.connect(database.worker_url) as session:
        session.execute("SELECT now()")
    assert database.execute("DELETE FROM decoy.caught RETURNING what") == [("now",)], "the decoy works"
    new_worker(broker, database.worker_url + " options='-c search_path=decoy,pg_catalog'")
    feeder = Feeder(broker.endpoint("feed"), ledger)
    pieces = newsroom.pieces(5)
    feeder.submit(pieces)
    feeder.submit([newsroom.correction(pieces[0])])
    assert Auditor(broker, ledger, database).run().stored == 6
    feeder.close()
    found = run("newsloom", "search", "--set", f"database.url={database.url_of(READER)}", "Hà Nội")
    assert found.returncode == 0, found.stderr
    assert database.execute("SELECT DISTINCT what FROM decoy.caught") == []
