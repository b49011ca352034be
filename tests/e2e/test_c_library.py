# SPDX-License-Identifier: Apache-2.0
"""libnewsloom as it is installed: programs that know nothing but pkg-config are built on it and run."""
import re
import signal
import subprocess

import pytest

from support import paths, programs
from support.cli import Running
from support.installed import install

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return install(tmp_path_factory.mktemp("install"), "library", "dev")


@pytest.fixture(scope="module")
def library(tree):
    found, = tree.glob("lib/**/libnewsloom.so.0")
    return found


@pytest.fixture(scope="module")
def flags(tree, library):
    """What pkg-config says, and the sanitizer's where the library has one."""
    told = subprocess.run(["pkg-config", "--cflags", "--libs", "newsloom"], capture_output=True, text=True, check=True,
                          env={"PKG_CONFIG_PATH": str(library.parent / "pkgconfig"), "PATH": "/usr/bin:/bin"}).stdout
    needed = subprocess.run(["readelf", "--dynamic", library], capture_output=True, text=True, check=True).stdout
    return told.split() + (["-fsanitize=address,undefined"] if "libasan" in needed else [])


@pytest.fixture(scope="module")
def build(tree, flags):
    def make(source, *options, compiler="gcc"):
        output = tree / source.stem
        done = subprocess.run([compiler, *STRICT, *options, str(source), "-o", str(output), *flags], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return output
    return make


@pytest.fixture
def env(library):
    return programs.environment(LD_LIBRARY_PATH=library.parent)


def test_examples_are_built_with_pkg_config_and_feed_and_subscribe(tree, build, env, broker, automatic_worker, directory):
    feed, subscribe = (build(tree / f"share/doc/newsloom/examples/{name}.c", "-std=c11", "-D_POSIX_C_SOURCE=200809L")
                       for name in ("feed", "subscribe"))
    page = directory / "page.html"

    def fed(number, text):
        page.write_text(text)
        done = subprocess.run([feed, broker.endpoint("feed"), "example.org", f"https://example.org/{number}", page],
                              env=env, capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert fed(1, "Một bài.") == "accepted: article 1, revision 1, queued\n"
    assert fed(1, "Một bài.").startswith("known already: article 1, revision 1")
    for number in (2, 3):
        fed(number, f"Bài {number}.")

    def follow(most):
        reader = Running([str(subscribe), broker.endpoint("subscribe"), "alerts", "type=PERSON,kind=STORED"], env, directory)
        reader.wait_lines(most)
        reader.process.send_signal(signal.SIGTERM)
        assert reader.end() == 0, reader.err
        return reader.out
    lines = follow(2)
    assert re.fullmatch(r"1 STORED example\.org example\.org/1 revision 1, \d+ bytes of facts", lines[0])
    fed(4, "Bài bốn.")
    again = follow(1)
    assert int(again[0].split()[0]) <= int(lines[-1].split()[0]) + 1, "the named cursor made a hole"


def test_wrong_use_is_said(tree, build, env, directory, broker):
    feed = build(tree / "share/doc/newsloom/examples/feed.c", "-std=c11")
    subscribe = build(tree / "share/doc/newsloom/examples/subscribe.c", "-std=c11")
    (directory / "page").write_text("x")

    def said(*command):
        done = subprocess.run(list(map(str, command)), env=env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr
    assert said(feed) == (64, "usage: feed ENDPOINT SOURCE URL FILE\n")
    assert said(feed, broker.endpoint("feed"), "Not One", "https://a.b/", directory / "page")[0] == 65
    assert "looks like" in said(feed, "nonsense", "a", "https://a.b/", directory / "page")[1]
    assert said(feed, broker.endpoint("feed"), "a", "https://a.b/", directory / "none")[0] == 66
    assert said(subscribe, broker.endpoint("subscribe"), "a", "colour=red")[0] == 65


@pytest.mark.parametrize("compiler, standard", [("gcc", "c99"), ("g++", "c++17")])
def test_header_stands_alone(build, tmp_path, env, compiler, standard):
    source = tmp_path / f"alone.{'cc' if compiler == 'g++' else 'c'}"
    source.write_text("#include <newsloom.h>\nint main(void) { return newsloom_version()[0] == '0' ? 0 : 1; }\n")
    program = build(source, f"-std={standard}", compiler=compiler)
    assert subprocess.run([program], env=env, timeout=30).returncode == 0
    header, = program.parent.glob("include/newsloom.h")
    assert not re.search(r'#include "|\bstruct error\b|\benum status\b|[^_]STATUS_', header.read_text())


def test_library_shows_its_own_functions_in_one_version(library):
    shown = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in shown.splitlines() if line.split()[1] != "A"}
    header = (paths.SOURCE / "client" / "newsloom.h").read_text()
    assert "newsloom_feeder_open@@NEWSLOOM_0" in symbols
    assert all(re.fullmatch(r"newsloom_\w+@@NEWSLOOM_0", one) and one.split("@")[0] + "(" in header for one in symbols), symbols
    dynamic = subprocess.run(["readelf", "--dynamic", library], capture_output=True, text=True, check=True).stdout
    assert "Library soname: [libnewsloom.so.0]" in dynamic
    needed = set(re.findall(r"Shared library: \[(lib[\w+-]+)\.so", dynamic))
    assert needed <= {"libzmq", "libprotobuf-c", "libsodium", "libutf8proc", "libc", "libasan", "libubsan"}, needed


# What callers allocate or read through: another size, other callers. Then the soname is another too (decision 18).
SIZES = {"error": 248, "options": 40, "label": 16, "article": 136, "receipt": 56, "attempt": 48, "outcome": 480,
         "cursor": 24, "subscription": 56, "entry": 88, "gap": 48}


def test_structs_are_those_of_this_soname(build, tree, env, tmp_path):
    header = (tree / "include/newsloom.h").read_text()
    structs = re.findall(r"^struct newsloom_(\w+) \{", header, re.MULTILINE)
    source = tmp_path / "sizes.c"
    source.write_text("#include <newsloom.h>\n#include <stdio.h>\nint main(void)\n{\n" + "".join(
        f'    printf("{name} %zu\\n", sizeof(struct newsloom_{name}));\n' for name in structs) + "    return 0;\n}\n")
    printed = subprocess.run([build(source, "-std=c11")], env=env, capture_output=True, text=True, check=True, timeout=30).stdout
    assert {name: int(size) for name, size in (line.split() for line in printed.splitlines())} == SIZES


def test_manual_is_installed_for_every_function_and_is_clean(tree):
    page = tree / "share/man/man3/newsloom.3"
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == "" and done.returncode == 0
    shown = subprocess.run(["mandoc", "-T", "utf8", page], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "enum newsloom_status newsloom_feeder_open(" in re.sub(r".\x08", "", shown)
    for function in re.findall(r"^    (\w+);", (paths.SOURCE / "client/library/newsloom.map").read_text(), re.MULTILINE):
        assert (tree / f"share/man/man3/{function}.3").read_text() == ".so man3/newsloom.3\n"


def test_messages_are_installed_for_other_languages(tree, tmp_path):
    protos = sorted((tree / "share/newsloom/proto").glob("*.proto"))
    assert [one.name for one in protos] == ["article.proto", "extraction.proto", "wire.proto"]
    subprocess.run(["protoc", f"--proto_path={protos[0].parent}", f"--c_out={tmp_path}", *protos], check=True, timeout=60)
    assert (tmp_path / "extraction.pb-c.h").exists()
