# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves: a tree that is whole, and that works wherever it stands."""
import subprocess

import pytest

from support import paths
from support.installed import install

FILES = [
    "bin/newsloom", "bin/newsloom-broker", "bin/newsloom-worker", "bin/newsloom-gateway",
    "libexec/newsloom/newsloom-extract", "libexec/newsloom/newsloom-migrate",
    "libexec/newsloom/newsloom-verify", "libexec/newsloom/newsloom-repair", "libexec/newsloom/newsloom-reextract", "libexec/newsloom/newsloom-rss",
    "share/man/man1/newsloom.1", "share/man/man5/newsloom.conf.5",
    "share/man/man8/newsloom-broker.8", "share/man/man8/newsloom-worker.8", "share/man/man8/newsloom-gateway.8",
    "share/bash-completion/completions/newsloom", "share/zsh/vendor-completions/_newsloom",
    "share/fish/vendor_completions.d/newsloom.fish",
    "share/newsloom/etc/broker.conf", "share/newsloom/etc/worker.conf",
    "share/newsloom/etc/newsloom.conf", "share/newsloom/etc/gateway.conf",
    "share/doc/newsloom/runbooks.md", "share/newsloom/prometheus/prometheus.yml", "share/newsloom/prometheus/newsloom.rules.yml",
    "share/newsloom/prometheus/newsloom.test.yml", "share/newsloom/grafana/newsloom.json",
    "share/newsloom/tagger.model",
    "lib/python3/dist-packages/newsloom/__init__.py", "lib/python3/dist-packages/newsloom/py.typed",
    "lib/python3/dist-packages/newsloom/v1/wire_pb2.py",
    "share/doc/newsloom/newsloom.spdx.json", "lib/systemd/system/newsloom-broker.service", "lib/systemd/system/newsloom-worker@.service",
    "lib/systemd/system/newsloom-gateway.service",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return install(tmp_path_factory.mktemp("install"))


@pytest.mark.parametrize("name", FILES)
def test_file_is_installed(tree, name):
    assert (tree / name).is_file()


@pytest.mark.parametrize("verb", ["extract", "migrate"])
def test_helpers_are_found_from_a_tree_that_was_moved(tree, verb):
    done = subprocess.run([str(tree / "bin/newsloom"), verb, "--version"], capture_output=True,
                          text=True, timeout=30, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert f"newsloom-{verb}" in done.stdout


def test_moved_tree_extracts_with_its_own_model(tree):
    sample = sorted((paths.SOURCE / "deploy" / "samples").glob("*.txt"))[0]
    done = subprocess.run([str(tree / "bin/newsloom"), "extract", "--format", "json", str(sample)],
                          capture_output=True, text=True, timeout=60, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert '"mentions":[{' in done.stdout


@pytest.mark.parametrize("name", ["broker", "worker", "gateway"])
def test_sample_configurations_are_what_the_program_prints(tree, name):
    printed = subprocess.run([str(tree / f"bin/newsloom-{name}"), "--print-config"],
                             capture_output=True, text=True, timeout=30, check=True).stdout
    assert (tree / f"share/newsloom/etc/{name}.conf").read_text() == printed
