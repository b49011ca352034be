# SPDX-License-Identifier: Apache-2.0
"""What deploy/sbom says newsloom is made of is what dpkg and the loader say."""
import hashlib
import json
import os
import re
import subprocess

import pytest

from policy.project import BUILD, ROOT, text

PROGRAMS = [name for name in ("newsloom", "newsloom-broker", "newsloom-worker") if (BUILD / "bin" / name).exists()]


def run(*arguments, **environment):
    return subprocess.run([ROOT / "deploy" / "sbom", *arguments], capture_output=True, text=True, check=False, timeout=120,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000", **environment})


@pytest.fixture(scope="module")
def bill():
    if not PROGRAMS:
        pytest.skip(f"no program is built in {BUILD / 'bin'}")
    done = run("--build", str(BUILD))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_is_an_spdx_document(bill):
    assert (bill["spdxVersion"], bill["dataLicense"], bill["SPDXID"]) == ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
    assert bill["creationInfo"]["created"] == "2023-11-14T22:13:20Z" and bill["documentNamespace"].startswith("https://")
    entries = bill["packages"] + bill["files"]
    ids = [entry["SPDXID"] for entry in entries]
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids)
    known = {*ids, "SPDXRef-DOCUMENT"}
    loose = [one for one in bill["relationships"] if not {one["spdxElementId"], one["relatedSpdxElement"]} <= known]
    assert not loose and {"DESCRIBES", "CONTAINS", "DYNAMIC_LINK"} <= {one["relationshipType"] for one in bill["relationships"]}
    for package in bill["packages"]:
        assert {"name", "versionInfo", "downloadLocation", "licenseConcluded", "copyrightText"} <= set(package)


def test_every_declared_package_stands_in_it_with_its_version(bill):
    versions = {package["name"]: package["versionInfo"] for package in bill["packages"]}
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\\n"], capture_output=True,
                          text=True, check=True).stdout
    installed = {line.split()[0]: line.split()[1] for line in said.splitlines() if line.split()[2].startswith("ii")}
    declared = [line.split()[:2] for line in text(ROOT / "deploy" / "dependencies").splitlines() if line and line[0] != "#"]
    assert len(declared) > 20
    for purpose, name in declared:
        assert versions.get(name) == installed.get(name), f"{name} ({purpose})"


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_library_that_a_program_needs_has_its_package(bill, program):
    entry, = [one for one in bill["files"] if one["fileName"].endswith(f"/{program}")]
    linked = {one["relatedSpdxElement"] for one in bill["relationships"]
              if one["spdxElementId"] == entry["SPDXID"] and one["relationshipType"] == "DYNAMIC_LINK"}
    needed = re.findall(r"Shared library: \[(lib[\w+-]+)\.so", subprocess.run(
        ["readelf", "--dynamic", BUILD / "bin" / program], capture_output=True, text=True, check=True).stdout)
    for library in needed:
        stem = re.sub("^lib", "", library)
        assert any(stem in one for one in linked) or stem in ("m", "c", "dl"), f"{library} of {program}: {sorted(linked)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_checksums_are_of_the_programs(bill, program):
    entry, = [one for one in bill["files"] if one["fileName"].endswith(f"/{program}")]
    sums = {one["algorithm"]: one["checksumValue"] for one in entry["checksums"]}
    assert sums["SHA256"] == hashlib.sha256((BUILD / "bin" / program).read_bytes()).hexdigest()


def test_the_same_build_gives_the_same_bytes(bill):
    assert run("--build", str(BUILD)).stdout == run("--build", str(BUILD)).stdout


def test_what_is_not_built_is_said(tmp_path):
    done = run("--build", str(tmp_path))
    assert done.returncode == 1 and "build it first" in done.stderr
