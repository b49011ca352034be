# SPDX-License-Identifier: Apache-2.0
"""The images of deploy/container, built by buildah from a debootstrap root, and what runs in them. Run by tests/packages/run."""
import os

import pytest

from packages.debs import do
from support import paths


@pytest.fixture(scope="module")
def buildah(tmp_path_factory):
    """With a storage of its own, so that nothing is left on the host."""
    folder = tmp_path_factory.mktemp("images")
    (folder / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n')
    env = os.environ | {"CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}

    def run(*words) -> str:
        return do("buildah", *words, env=env)
    base = []
    if os.environ.get("NEWSLOOM_ROOT"):
        container = run("from", "scratch").strip()
        run("add", "--quiet", container, os.environ["NEWSLOOM_ROOT"], "/")
        run("commit", "--quiet", "--rm", container, "localhost/base:made-before")
        base = ["--base", "localhost/base:made-before"]
    do(paths.SOURCE / "deploy" / "container" / "build", *base, "broker", "worker", env=env)
    yield run
    run("rm", "--all")
    run("rmi", "--all", "--force")


@pytest.mark.parametrize("name", ["broker", "worker"])
def test_program_runs_as_a_user_of_its_own_with_its_configuration(buildah, name):
    container = buildah("from", next(word for word in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split() if name in word)).strip()
    config = buildah("inspect", "--format", "{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}} {{.OCIv1.Config.Cmd}}", container)
    assert config.split() == ["10001:10001", f"[/usr/bin/newsloom-{name}]", "[--config", f"/etc/newsloom/{name}.conf]"]
    inside = ["run", "--isolation", "chroot", "--user", "10001:10001", container, "--"]
    assert buildah(*inside, f"newsloom-{name}", "--config", f"/etc/newsloom/{name}.conf", "--check") == ""
    if name == "broker":
        said = buildah(*inside, "sh", "-c", "timeout --preserve-status 5 newsloom-broker --config /etc/newsloom/broker.conf --set store.budget=200MiB"
                       " --set listen.feed=ipc:///var/lib/newsloom/feed --set listen.work=ipc:///var/lib/newsloom/work"
                       " --set listen.subscribe=ipc:///var/lib/newsloom/subscribe --set listen.live=ipc:///var/lib/newsloom/live"
                       " --set listen.operator=ipc:///var/lib/newsloom/operator --set listen.http= 2>&1")
        assert "listening feed=" in said and "stopped code=0" in said
