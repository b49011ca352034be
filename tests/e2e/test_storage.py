# SPDX-License-Identifier: Apache-2.0
"""Storage against a real PostgreSQL: the tests themselves are in storage_rows.c, which speaks the
worker's own C; this file gives it a migrated database."""
from support import programs


def test_rows(database):
    done = programs.run("test_storage_rows", timeout=200,
                        env=programs.environment(NEWSLOOM_TEST_DATABASE=database.url))
    assert done.returncode == 0, done.stderr[-6000:] + done.stdout[-2000:]
