# SPDX-License-Identifier: Apache-2.0
"""The disk is full under PostgreSQL: under its tables alone (statements fail with 53100), or under all it
has (it may end at its write-ahead log, and cannot start). Work resumes once there is room again."""
import pytest

from support.postgres import TEMPLATE, Database, Postgres
from support.small_disk import CannotMount, SmallDisk
from support.waiting import wait_for


@pytest.fixture
def small_disk(roomy_directory, time_given):
    try:
        disk = SmallDisk(roomy_directory / "small", 3000 if time_given.is_long else 300)
    except CannotMount as error:
        pytest.skip(f"a small file system cannot be mounted here, which takes root: {error}")
    yield disk
    disk.close()


def test_full_under_the_tables(weather, postgres, small_disk, time_given):
    postgres.own(small_disk.directory)
    postgres.execute(f"CREATE TABLESPACE small LOCATION '{small_disk.directory}'")
    postgres.execute(f"CREATE DATABASE on_small TEMPLATE {TEMPLATE} TABLESPACE small")
    try:
        weather.begin(Database(postgres, "on_small"))
        for _ in time_given.rounds(2):
            small_disk.fill()
            wait_for(weather.is_blocked, 60, "both workers are stopped by it")
            assert "53100" in "".join(worker.log() for worker in weather.workers)
            small_disk.empty()
            weather.fault_is_over()
        weather.finish("postgres_tables_disk_full")
    finally:
        small_disk.empty()
        postgres.execute("DROP DATABASE on_small WITH (FORCE)")
        postgres.execute("DROP TABLESPACE small")


def test_full_under_everything(weather, small_disk, time_given):
    server = Postgres(small_disk.directory / "cluster", initdb=["--wal-segsize=1"])
    settings = {"max_wal_size": "8MB", "min_wal_size": "2MB", "shared_buffers": "16MB"}
    server.start(**settings)
    server.prepare_template()
    ends = 0
    try:
        weather.begin(server.new_database())
        for _ in time_given.rounds(2):
            small_disk.fill()
            wait_for(weather.is_blocked, 60, "both workers are stopped by it")
            small_disk.empty()
            wait_for(lambda: server.has_ended() or server.is_answering(), 60, "it is up or down")
            if server.has_ended():
                ends += 1
                server.start(**settings)
            weather.fault_is_over()
        weather.finish("postgres_disk_full", servers_that_ended=ends)
    finally:
        server.kill9()
