# SPDX-License-Identifier: Apache-2.0
"""No SQL is built from strings: every statement is a constant, every value a parameter."""
import re
from pathlib import Path

import pytest

from policy.project import ROOT, text, tracked

SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|ALTER|CREATE|DROP|TRUNCATE|GRANT|REVOKE|COPY|LOCK|'
                 r'WITH \w+ AS|SET|SHOW|EXECUTE|CALL|PREPARE|LISTEN|NOTIFY)\s')
# What puts strings together, and what sends SQL: the number of the argument that is SQL.
COMPOSES = re.compile(r"\b(v?a?sn?printf|v?dprintf|text_(?:format|copy|append)\w*|arena_format|str(?:n?cat|n?cpy|pcpy)|"
                      r"memc?py|memmove|buffer_\w+|json_pack|error_set)\s*\(")
SENDS = {"PQexec": 1, "PQexecParams": 1, "PQsendQuery": 1, "PQsendQueryParams": 1, "PQprepare": 2,
         "PQsendPrepare": 2, "pg_run": 1, "pg_run_until": 1, "database_ask": 1, "database_do": 1, "PQexecPrepared": None,
         "PQsendQueryPrepared": None}
CALL = re.compile(r"\b(" + "|".join(SENDS) + r")\s*\(")
# A constant table of statements, a constant file of migrations.
CONSTANT = re.compile(r"(row|migration)->sql")
WRAPPERS = {"pg_run", "pg_run_until", "database_ask", "database_do"}


def sources() -> list[Path]:
    return [path for path in tracked() if path.parts[0] in ("worker", "client", "recovery") and path.suffix in (".c", ".h")]


def arguments(code: str, start: int) -> list[str]:
    """Of the call whose opening bracket stands before start."""
    depth, quote, found, begin, at = 1, "", [], start, start
    while at < len(code):
        letter = code[at]
        if quote:
            at += letter == "\\"
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                return found + [code[begin:at].strip()]
        elif letter == "," and depth == 1:
            found.append(code[begin:at].strip())
            begin = at + 1
        at += 1
    return found


def is_constant(argument: str, code: str) -> bool:
    """String literals and macros only, or the name of a constant array of this file."""
    parts = [part.strip() for part in re.split(r"\?|:(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", argument)]
    if len(parts) == 3:  # one constant or another
        return is_constant(parts[1], code) and is_constant(parts[2], code)
    if re.fullmatch(r'(("([^"\\]|\\.)*"|[A-Z][A-Z0-9_]+)\s*)+', argument):
        return True
    if argument == "sql" and re.search(r"const char \*sql[,)]", code):
        return True  # a wrapper's own parameter: its callers are looked at
    return bool(re.fullmatch(r"[a-z_0-9]+", argument) and
                re.search(rf"static const char {argument}\[\] =", code))


def faults(code: str) -> list[str]:
    found = []
    for call in COMPOSES.finditer(code):
        if call[1] != "error_set":
            found += [f"{call[1]}() puts SQL together: {argument[:60]}"
                      for argument in arguments(code, call.end()) if SQL.search(argument)]
    wrapper = re.compile(r"^[a-z][\w \*]*\b(" + "|".join(WRAPPERS) + r")\(", re.M)
    declared = {match.end() for match in wrapper.finditer(code)}
    for call in CALL.finditer(code):
        place = SENDS[call[1]]
        if place is None or call.end() in declared:
            continue
        given = arguments(code, call.end())
        if len(given) <= place or not (is_constant(given[place], code) or CONSTANT.fullmatch(given[place])):
            found.append(f"{call[1]}() sends what is no constant: {(given + ['?'] * 3)[place][:60]}")
    return found


def test_no_statement_is_put_together_in_c():
    assert len(sources()) > 50, "there is something to look at"
    found = [f"{path}: {fault}" for path in sources() for fault in faults(text(path))]
    assert not found, "\n".join(found)


def test_migrations_quote_what_they_compose():
    """Names may differ between databases: format() with %I, never %s, never ||."""
    migrations = [path for path in tracked() if path.suffix == ".sql" and path.parts[0] == "worker"]
    assert migrations
    for path in migrations:
        sql = (ROOT / path).read_text()
        for statement in re.findall(r"\bEXECUTE\b(?! (?:FUNCTION|ON)).*?(?:;|\$\w*\$)", sql, re.S):
            assert "||" not in statement, f"{path}: {statement}"
            assert not re.search(r"%(\d+\$)?s", statement), f"{path}: {statement}"


@pytest.mark.parametrize("code", [
    'snprintf(sql, sizeof sql, "SELECT * FROM a WHERE b = \'%s\'", name);',
    'char *sql = text_format("DELETE FROM newsloom.article WHERE key = %s", key);',
    'strcat(sql, " "); PQexec(c, sql_of(name));',
    'pg_run(session, built, NULL, err);',
    'char *sql = text_format(form, name); PQexec(c, sql);',
    'PQexecParams(c, text_format("%s", x), 0, NULL, NULL, NULL, NULL, 0);',
    'PQprepare(c, "x", buffer, 0, NULL);',
])
def test_composed_sql_is_found(code):
    assert faults(code)


@pytest.mark.parametrize("code", [
    'static const char ask[] = "SELECT $1"; PQexecParams(c, ask, 1, NULL, v, NULL, NULL, 0);',
    'pg_run(session, "SELECT a," " b", &row, err);',
    'pg_run(session, has ? "SELECT 1" : "SELECT 2", &row, err);',
    'PQprepare(session, row->name, row->sql, row->parameter_count, row->types);',
])
def test_constants_are_let_pass(code):
    assert not faults(code)
