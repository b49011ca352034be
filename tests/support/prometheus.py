# SPDX-License-Identifier: Apache-2.0
"""A Prometheus of the test's own, configured as deploy/prometheus says, looking more often and at other ports."""
import json
import re
import shutil
import urllib.parse
from pathlib import Path

from support import paths
from support.programs import Program
from support.waiting import wait_for

DEPLOYED = paths.SOURCE / "deploy" / "prometheus"


def adapted(text: str, targets: dict) -> str:
    """The configuration with the targets of this test, and a second for a quarter of a minute."""
    text = re.sub(r"_interval: 15s", "_interval: 1s", text)
    for job, addresses in targets.items():
        text, count = re.subn(rf"(job_name: {job}\n.*?targets: )\[[^\]]*\]", rf"\g<1>{json.dumps(addresses)}", text, flags=re.S)
        assert count == 1, f"deploy/prometheus/prometheus.yml has no job {job}"
    return text


class Prometheus(Program):
    name = "prometheus"

    def __init__(self, directory: Path, **targets):
        """targets: newsloom_broker=[HOST:PORT, …]"""
        super().__init__(directory, {})
        jobs = {name.replace("_", "-"): addresses for name, addresses in targets.items()}
        configuration = self.directory / "prometheus.yml"
        configuration.write_text(adapted((DEPLOYED / "prometheus.yml").read_text(), jobs))
        shutil.copy(DEPLOYED / "newsloom.rules.yml", self.directory)
        program = shutil.which("prometheus")
        assert program, "the package prometheus is not installed: tests/run installs it"
        self.path = program
        self.arguments = [f"--config.file={configuration}", f"--storage.tsdb.path={self.directory / 'data'}",
                          "--web.listen-address=127.0.0.1:0"]

    def command(self, settings: dict) -> list:
        return [self.path, *self.arguments]

    def wait_ready(self) -> None:
        self.wait_log('msg="Listening on"')
        self.http_address = re.search(r'msg="Listening on" address=(\S+)', self.log())[1]
        wait_for(lambda: self.http("/-/ready")[0] == 200, 30, "Prometheus is ready")

    def ask(self, what: str, **parameters):
        """The data of one answer of its API; an error of the query is an AssertionError."""
        status, text = self.http(f"/api/v1/{what}?{urllib.parse.urlencode(parameters)}")
        assert status == 200, f"{parameters}: {text}"
        return json.loads(text)["data"]

    def query(self, expression: str) -> list:
        return self.ask("query", query=expression)["result"]
