# SPDX-License-Identifier: Apache-2.0
"""The alerts say what they mean: promtool takes them, each has its test, its runbook, and figures that are exposed."""
import json
import re
import subprocess
from pathlib import Path

import pytest

from policy.project import ROOT, text
from policy.test_documented import DAEMONS, printed

FOLDER = ROOT / "deploy" / "prometheus"
RULES, CASES = (text(Path("deploy/prometheus") / name) for name in ("newsloom.rules.yml", "newsloom.test.yml"))
ALERTS = re.findall(r"- alert: (\w+)", RULES)


@pytest.mark.parametrize("command", [["check", "rules", "newsloom.rules.yml"], ["check", "config", "prometheus.yml"],
                                     ["test", "rules", "newsloom.test.yml"]], ids=" ".join)
def test_promtool_is_content(command):
    done = subprocess.run(["promtool", *command], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_tested_where_it_fires_and_where_it_does_not(alert):
    case = next((part for part in CASES.split("  - name: ") if part.split("\n")[0] == alert), None)
    assert case, f"newsloom.test.yml has no case named {alert}"
    hosts = set(re.findall(r'instance="(\w+)"', case.split("promql_expr_test")[0]))
    assert {"ill", "well"} <= hosts and f'alertname="{alert}", alertstate="firing", severity=' in case


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_its_runbook(alert):
    rule = next(part for part in RULES.split("      - alert: ") if part.startswith(alert + "\n"))
    assert re.search(r"severity: (critical|warning)\}", rule) and "summary: " in rule
    assert re.findall(r"runbook: (\S+)", rule) == [f"docs/runbooks.md#{alert.lower()}"]
    paragraph = re.search(rf"^### {alert}\n\n(.+?)(?=\n#|\Z)", text(Path("docs/runbooks.md")), flags=re.M | re.S)
    assert paragraph and len(paragraph[1].split()) > 20, f"docs/runbooks.md says nothing under ### {alert}"


def test_runbooks_are_of_alerts_that_exist():
    assert sorted(re.findall(r"^### (Newsloom\w+)", text(Path("docs/runbooks.md")), flags=re.M)) == sorted(ALERTS)


def test_figures_in_alerts_and_dashboard_are_those_that_are_exposed():
    exposed = {name for daemon in DAEMONS for name in re.findall(r"^\| `(newsloom_\w+)`", printed(daemon, "--metrics"), re.M)}
    dashboard = json.dumps(json.loads(text(Path("deploy/grafana/newsloom.json"))))
    used = set(re.findall(r"\bnewsloom_\w+", RULES + CASES + dashboard))
    assert used and not used - exposed, f"nobody exposes {sorted(used - exposed)}"
