# SPDX-License-Identifier: Apache-2.0
"""The gazetteer's provinces and the database's are the same, and every place has one name."""
import re

from policy.project import ROOT

KNOWLEDGE = ROOT / "worker" / "model" / "knowledge"
STORED = re.compile(r"\('(VN-\w+)', '([^']+)', '[^']+', '([^']+)', (NULL|'VN-\w+')\)")


def rows(name):
    lines = (KNOWLEDGE / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def stored():
    """Each code of newsloom.place, and the code of the unit that stands for it today."""
    found = STORED.findall((ROOT / "worker/store/migrations/0003_places.sql").read_text(encoding="utf-8"))
    standing = {code for code, _, valid_to, _ in found if valid_to == "infinity"}
    return {code: code if code in standing else merged.strip("'") for code, _, _, merged in found}, standing


def test_every_province_leads_to_a_unit_of_today():
    today, standing = stored()
    assert len(today) == 63 and len(standing) == 34
    for _, name, _, _, code, _, valid_to in rows("provinces.tsv"):
        if not code or valid_to and valid_to < "2025":
            continue  # gone before the table begins
        assert code in today, f"{name}: no row of newsloom.place has {code}"
        assert today[code] in standing, f"{name}: {today[code]} does not stand"


def test_every_district_lies_in_a_province():
    today, _ = stored()
    wrong = [row for row in rows("districts.tsv") if row[4] and row[4] not in today]
    assert not wrong, wrong


def test_a_country_has_one_name():
    names = {}
    for name in ("territories.tsv", "countries.tsv"):
        for row in rows(name):
            if "country" in row[2] and row[4]:
                names.setdefault(row[4], set()).add(row[1])
    wrong = {code: found for code, found in names.items() if len(found) > 1}
    assert not wrong, wrong


def test_tables_are_sorted_and_name_their_source():
    for path in sorted(KNOWLEDGE.glob("*.tsv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ") and len(lines[0]) > 20, path.name
        body = lines[1:]
        assert body == sorted(body), f"{path.name} is not sorted"
