# SPDX-License-Identifier: Apache-2.0
"""The same article and the same model give the same bytes, and the same corpus the same model, whoever compiled the
extractor, with whatever flags, for whichever processor.

Short: against one build that differs in as much as one can, and this build on another heap. Long (--minutes): against
each of the builds below with the whole corpus, and for arm64 where NEWSLOOM_ARM64_ROOT names what
tests/support/arm64_root made."""
import json
import os
import re
import shutil

import pytest

from support import paths
from support.builds import WITHOUT_AVX2, Build, ThisBuild

CORPUS = paths.SOURCE / "worker" / "model" / "corpus"
PAGES = paths.SOURCE / "tests" / "pages"
GOLD = paths.SOURCE.parent / "shared" / "gold" / "dev"
MODEL = paths.BUILD / "share" / "newsloom" / "tagger.model"
MARK = re.compile(r"\[[A-Z]+(?:=\S+)? ([^\[\]]+)\]")
SHORT_SHARE = 12  # every so-manieth file

UNLIKE = ("gcc -O0, plain char unsigned, locals filled with a pattern, no AVX2", ["gcc"],
          ["-O0", "-funsigned-char", "-ftrivial-auto-var-init=pattern", WITHOUT_AVX2])
BUILDS = [
    UNLIKE,
    ("gcc -O0", ["gcc"], ["-O0"]),
    ("gcc -O3 for this processor", ["gcc"], ["-O3", "-march=native", "-ffp-contract=fast"]),
    ("gcc -O2 without AVX2 and FMA", ["gcc"], ["-O2", "-mno-avx2", "-mno-fma", "-ffp-contract=off", WITHOUT_AVX2]),
    ("gcc -O2 without AVX2, contracting", ["gcc"], ["-O2", "-mno-avx2", "-ffp-contract=fast", WITHOUT_AVX2]),
    ("clang -O2", ["clang"], ["-O2"]),
    ("clang -O3 for this processor", ["clang"], ["-O3", "-march=native", "-ffp-contract=fast"]),
]


def _unmarked(path) -> list:
    """The articles of a file of the corpus as people would read them."""
    articles = []
    for part in path.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in part.splitlines() if not line.startswith("#")]
        if lines and lines[0].startswith("= "):
            day, source = lines[0].split()[1:3]
            text = "\n".join(MARK.sub(r"\1", line[2:]) for line in lines[1:])
            articles.append({"file": f"{path.stem}-{len(articles)}", "source": source, "text": text,
                             "published": "" if day == "?" else f"{day}T08:00:00+07:00"})
    return articles


@pytest.fixture
def corpus(time_given):
    """The files that are read and learned from."""
    return sorted(CORPUS.glob("*.ann"))[::1 if time_given.is_long else SHORT_SHARE]


@pytest.fixture
def articles(directory, corpus):
    """What is extracted: files."""
    unmarked = directory / "corpus.jsonl"
    unmarked.write_text("".join(json.dumps(article, ensure_ascii=False) + "\n"
                                for path in corpus for article in _unmarked(path)), encoding="utf-8")
    return [unmarked, PAGES, *([GOLD] if len(corpus) > 20 and GOLD.is_dir() else [])]


@pytest.fixture
def lessons(directory, corpus):
    """A folder to train from."""
    folder = directory / "lessons"
    folder.mkdir()
    for path in corpus[:16]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def results(directory, articles, lessons):
    """What a build makes of them, by name."""
    def read(build, **env) -> dict:
        model = directory / "trained"
        said = build.run("newsloom-train", "--set", "rounds=2", "--set", "rows=4000", "--output", model, lessons, **env)
        return {"json": build.run("newsloom-extract", "--format", "json", "--model", MODEL, *articles, **env),
                "packed": build.run("packed_extractions", MODEL, *articles, **env),
                "trainer": said, "model": model.read_bytes()}
    return read


def _assert_same(name, found, expected):
    assert found.keys() == expected.keys()
    for what, bytes_expected in expected.items():
        if found[what] == bytes_expected:
            continue
        pairs = zip(found[what].splitlines(), bytes_expected.splitlines())
        line, (one, other) = next(((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1]), (0, (b"", b"")))
        at = len(os.path.commonprefix([one, other]))
        pytest.fail(f"{name} gives another {what}: line {line}, byte {at}: "
                    f"{one[max(0, at - 80):at + 80]!r} instead of {other[max(0, at - 80):at + 80]!r}")


def _report(name, results):
    print(f"\n{name}: {len(results['json'].splitlines())} articles, {len(results['json']):,} bytes of JSON, "
          f"{len(results['packed']):,} packed, a model of {len(results['model']):,}: the same", flush=True)


def test_another_build_gives_the_same_bytes(results, directory, time_given):
    expected = results(ThisBuild())
    assert len(expected["json"].splitlines()) > 40 and len(expected["model"]) > 4000
    for name, compiler, flags in BUILDS if time_given.is_long else [UNLIKE]:
        if shutil.which(compiler[0]):
            found = results(Build(name, directory / "build", compiler, flags).make())
            _assert_same(name, found, expected)
            _report(name, found)


def test_another_heap_gives_the_same_bytes(results):
    """libc without what it has for AVX2 and FMA, and fresh memory that is full of something."""
    expected = results(ThisBuild())
    tunables = "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-ERMS:glibc.malloc.perturb=165"
    _assert_same("this build without AVX2 in libc", results(
        ThisBuild(), GLIBC_TUNABLES=tunables, ASAN_OPTIONS="max_malloc_fill_size=65536:malloc_fill_byte=165"), expected)


def test_arm64_gives_the_same_bytes(results, directory, time_given):
    root = os.environ.get("NEWSLOOM_ARM64_ROOT")
    if not time_given.is_long or not root:
        pytest.skip("long form only, with NEWSLOOM_ARM64_ROOT: a folder that tests/support/arm64_root made")
    expected = results(ThisBuild())
    libraries = ["-lutf8proc", "-lxml2", "-ljansson", "-lprotobuf-c", "-lsodium"]
    arm64 = Build("arm64", directory / "build", ["aarch64-linux-gnu-gcc", f"--sysroot={root}"], ["-O2"],
                  link=libraries, runner=["qemu-aarch64-static", "-L", root], archiver="aarch64-linux-gnu-ar")
    found = results(arm64.make())
    _assert_same("arm64", found, expected)
    _report("arm64", found)
