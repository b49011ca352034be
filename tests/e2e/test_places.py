# SPDX-License-Identifier: Apache-2.0
"""The provinces of Viet Nam by the day: what an entity's code stands for, then and now."""


def test_there_were_63_provinces_and_are_34(database):
    count = "SELECT count(*) FROM newsloom.place WHERE %s::date BETWEEN valid_from AND valid_to"
    assert database.value(count, "2025-06-30") == 63
    assert database.value(count, "2025-07-01") == 34
    assert database.value(count, "2024-12-31") == 63


def test_every_merged_province_leads_to_one_that_stands(database):
    assert database.value("SELECT count(*) FROM newsloom.place WHERE merged_into IS NOT NULL") == 30
    assert database.execute("""
        SELECT o.code FROM newsloom.place o
        WHERE o.valid_to < 'infinity' AND NOT EXISTS (
            SELECT FROM newsloom.place n WHERE n.code = o.merged_into AND n.valid_to = 'infinity')""") == []


def test_code_is_read_by_the_day(database):
    name = "SELECT name FROM newsloom.place_on(%s, %s)"
    assert database.value(name, "VN-54", "2025-06-30") == "Bắc Giang"
    assert database.value(name, "VN-54", "2025-07-01") == "Bắc Ninh"
    assert database.value(name, "VN-26", "2024-12-31") == "Thừa Thiên Huế"
    assert database.value(name, "VN-26", "2026-01-01") == "Huế"
    assert database.value(name, "VN-00", "2026-01-01") is None
