#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the place lists that Debian's packages hold, as TSV for worker/model/knowledge/.

    gather_places.py KNOWLEDGE_FOLDER

Needs the packages unicode-cldr-core (names of territories, subdivisions and time-zone cities in
Vietnamese; Unicode License), iso-codes (further country names as they stand in its Vietnamese
translation) and tzdata (the country of each time zone). A country that countries.tsv names is called
as there, so that it has one name. Writes territories.tsv, subdivisions.tsv and zone_cities.tsv: phrase, name, kind,
country, code, valid from, valid to. The build never runs this; run it by hand when the packages change.
"""
import gettext
import json
import re
import sys
import xml.etree.ElementTree as tree

CLDR = "/usr/share/unicode/cldr/common"
ZONES = "/usr/share/zoneinfo/zone.tab"
LINKS = "/usr/share/zoneinfo/tzdata.zi"  # "L NEW OLD": what zones were called
ISO = "/usr/share/iso-codes/json/iso_3166-1.json"
# Names that are everyday words, given names or family names, or too wide to be a place.
NOT_A_PLACE = {"Thế giới", "Không xác định", "Thành phố không xác định", "Trung tâm", "Nam", "Bắc",
               "Đông", "Tây", "Miền Nam", "Miền Bắc", "Man", "Male", "Center", "Central", "Nord",
               "Trung", "Liên", "Hòa Bình", "Công", "Mary", "Victoria", "Saint", "Chu", "Nhân"}
PREFIX = re.compile(r"^(Tỉnh|Vùng|Quận|Huyện|Bang|Tiểu bang|Thành phố|Quần đảo) (?=[A-ZĐÀ-Ỹ])")


def clean(name):
    name = re.sub(r"\s*[\(\[].*$", "", name).strip()
    return name


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def rows_of_territories(folder):
    chosen = {row[4]: row[1] for row in rows(f"{folder}/countries.tsv")}
    names = {}
    for node in tree.parse(f"{CLDR}/main/vi.xml").iter("territory"):
        code, name = node.get("type"), clean(node.text or "")
        if name and name not in NOT_A_PLACE:
            names.setdefault(code, []).append(name)
    iso = gettext.translation("iso_3166-1", "/usr/share/locale", ["vi"], fallback=True)
    for item in json.load(open(ISO, encoding="utf-8"))["3166-1"]:
        for key in ("name", "common_name", "official_name"):
            if key in item:
                names.setdefault(item["alpha_2"], []).append(clean(item[key]))
                names[item["alpha_2"]].append(clean(iso.gettext(item[key])))
    for code, all_names in names.items():
        if code in ("ZZ", "XA", "XB", "UN", "EU", "EZ"):
            continue
        kind = "country" if re.fullmatch("[A-Z]{2}", code) else "region"
        country = code if kind == "country" else ""
        for name in dict.fromkeys(all_names):
            if name[:1].isupper() and "," not in name and len(name) > 1:
                yield name, chosen.get(code, all_names[0]), kind, country, country, "", ""


def rows_of_subdivisions():
    for node in tree.parse(f"{CLDR}/subdivisions/vi.xml").iter("subdivision"):
        code, name = node.get("type"), clean(node.text or "")
        name = PREFIX.sub("", name)
        country = code[:2].upper()
        if country == "VN" or name in NOT_A_PLACE or not name[:1].isupper():
            continue
        if len(name) < 4 or not re.fullmatch(r"[\w' -]+", name):
            continue
        if " " not in name and name.isascii() and len(name) < 5:
            continue
        yield name, name, "province", country, f"{country}-{code[2:].upper()}", "", ""


def rows_of_cities():
    countries = {row[2]: row[0] for row in rows(ZONES)}
    for line in open(LINKS, encoding="utf-8"):
        if line.startswith("L "):
            countries.setdefault(line.split()[2], countries.get(line.split()[1], ""))
    zones = {}
    for zone in tree.parse(f"{CLDR}/main/vi.xml").iter("zone"):
        city = zone.find("exemplarCity")
        if city is not None and city.text:
            zones[zone.get("type")] = clean(city.text)
    for zone, name in zones.items():
        country = countries.get(zone, "")
        if country != "VN" and name not in NOT_A_PLACE and len(name) > 3 and name[:1].isupper():
            yield name, name, "city", country, "", "", ""


def write(path, source, rows):
    lines = sorted({"\t".join(row) for row in rows})
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"# {source}\n")
        out.writelines(line + "\n" for line in lines)
    print(f"{path}: {len(lines)} rows")


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    folder = sys.argv[1]
    write(f"{folder}/territories.tsv",
          "territories: Unicode CLDR 41 (Unicode License) and iso-codes, by gather_places.py",
          rows_of_territories(folder))
    write(f"{folder}/subdivisions.tsv",
          "first-level subdivisions abroad: Unicode CLDR 41 (Unicode License), by gather_places.py",
          rows_of_subdivisions())
    write(f"{folder}/zone_cities.tsv",
          "cities of time zones: Unicode CLDR 41 (Unicode License) and tzdata (public domain), by gather_places.py",
          rows_of_cities())


if __name__ == "__main__":
    main()
