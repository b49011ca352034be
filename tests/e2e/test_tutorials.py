# SPDX-License-Identifier: Apache-2.0
"""docs/tutorials, word for word, against what deploy/quickstart starts: broker, worker, tables, fourteen samples."""
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest

from support import paths, python_client, tutorial
from support.cli import CommandLine
from support.html_page import Page
from support.site import Site, written_pages

TUTORIALS = paths.SOURCE / "docs" / "tutorials"


@pytest.fixture
def quickstart(broker, database, new_worker, directory):
    """Its environment, and the file that says it."""
    new_worker(broker, database)
    cli = CommandLine(broker, directory, **{"database.url": database.url})
    fed = cli.json("feed", "--source", "quickstart", "--wait", *sorted((paths.SOURCE / "deploy" / "samples").glob("*.txt")))
    assert len(fed) == 14
    home = directory / "home"
    home.mkdir()
    lines = [f"export {name}='{value}'\n" for name, value in cli.env.items() if name.startswith("NEWSLOOM_")]
    (home / "environment").write_text("".join(lines) + f"export PATH={paths.BIN}:/usr/bin:/bin PYTHONPATH={paths.PYTHON}\n")
    return home


@pytest.fixture
def site():
    site = Site(dict(list(written_pages().items())[:6]))
    yield site
    site.close()


def plain_environment(**more) -> dict:
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
            **{name: value for name, value in python_client.environment().items() if name.endswith("SAN_OPTIONS")}, **more}


def test_crawler(quickstart, site, directory, tmp_path):
    tutorial.run(TUTORIALS / "crawler.md", quickstart, tmp_path, plain_environment(SITE=site.url, HOME=str(directory)))


def test_subscriber(quickstart, directory, tmp_path):
    tutorial.run(TUTORIALS / "subscriber.md", quickstart, tmp_path, plain_environment(HOME=str(directory)))


def test_analyst(quickstart, directory, tmp_path):
    tutorial.run(TUTORIALS / "analyst.md", quickstart, tmp_path, plain_environment(HOME=str(directory)))
    Page((tmp_path / "article.html").read_text()).check_anchors()
    assert ElementTree.parse(tmp_path / "graph.svg").getroot().tag.endswith("svg")
    assert json.loads((tmp_path / "people.json").read_text())["edges"]


def test_operator(quickstart, directory, tmp_path):
    tutorial.run(TUTORIALS / "operator.md", quickstart, tmp_path, plain_environment(HOME=str(directory)))


def test_programs_are_as_short_as_they_are_said_to_be():
    programs = {name: body for kind, name, body in tutorial.blocks(TUTORIALS / "subscriber.md") if name}
    assert programs["alerts.py"].strip().count("\n") < 10
    assert all(body.count("\n") <= 25 for body in programs.values())


def test_quickstart_writes_the_environment_that_they_begin_with():
    script = (paths.SOURCE / "deploy" / "quickstart").read_text()
    written = script[script.index("write_environment() {"):script.index('>"$directory/environment"')]
    assert {"PATH", "PYTHONPATH", "NEWSLOOM_DATABASE_URL"} <= set(re.findall(r"export (\w+)=", written))


def test_other_output_fails(tmp_path):
    document = tmp_path / "wrong.md"
    for body in ("```sh\necho yes\n```\n\n```text\nno\n```\n", "```sh\nfalse\n```\n", "nothing to run\n"):
        document.write_text(body)
        with pytest.raises(AssertionError):
            tutorial.run(document, tmp_path, tmp_path, plain_environment())
