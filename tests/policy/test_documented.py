# SPDX-License-Identifier: Apache-2.0
"""What the programs print about themselves is what the documents say."""
import difflib
import re
import subprocess
from pathlib import Path

import pytest

from policy.project import ROOT, program, text, tracked

DAEMONS = ("newsloom-broker", "newsloom-worker", "newsloom-gateway")


def printed(name, *arguments):
    if not program(name).exists():
        pytest.skip(f"{name} is not built in {program(name).parent}")
    answer = subprocess.run([program(name), *arguments], capture_output=True, text=True, check=False, timeout=60,
                            env={"PATH": "/usr/bin:/bin"})
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("name", DAEMONS)
def test_the_sample_configuration_is_what_the_program_prints(name):
    samples = [path for path in tracked() if path.parts[0] == "deploy" and path.name == f"{name.split('-')[1]}.conf"]
    assert samples, f"there is no {name.split('-')[1]}.conf under deploy/: {name} --print-config makes it"
    for sample in samples:
        difference = list(difflib.unified_diff(text(sample).splitlines(), printed(name, "--print-config").splitlines(),
                                               str(sample), f"{name} --print-config", lineterm=""))
        assert not difference, "\n".join(difference)


@pytest.mark.parametrize("name", DAEMONS)
def test_the_sample_configuration_is_accepted(name, tmp_path):
    sample = tmp_path / "all.conf"
    lines = re.sub(r"^#(?=[a-z][a-z.-]* = )", "", printed(name, "--print-config"), flags=re.MULTILINE)
    sample.write_text(lines)
    printed(name, "--config", str(sample), "--check")


@pytest.mark.parametrize("name", DAEMONS)
def test_every_figure_is_explained_to_operators(name):
    figures = set(re.findall(r"^\| `(newsloom_\w+)`", printed(name, "--metrics"), re.MULTILINE))
    document = ROOT / "docs" / "operations.md"
    if not document.exists():
        pytest.skip("docs/operations.md is not there")
    missing = sorted(figure for figure in figures if figure not in text(Path("docs/operations.md")))
    assert not missing, f"docs/operations.md does not name {missing}"


@pytest.mark.parametrize("name", DAEMONS)
def test_help_has_an_example(name):
    assert "examples:" in printed(name, "--help")


def test_links_between_documents_lead_somewhere():
    wrong = []
    for path in tracked():
        if path.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(path)):
            if "://" not in target and not (ROOT / path.parent / target).exists():
                wrong.append(f"{path} links to {target}")
    assert not wrong, "\n".join(wrong)
