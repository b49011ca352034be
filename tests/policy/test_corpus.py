# SPDX-License-Identifier: Apache-2.0
"""The training corpus keeps its own rules, and the checker that says so can say no."""
import subprocess
import sys

import pytest

from policy.project import ROOT

CHECKER = ROOT / "worker" / "model" / "check_corpus.py"
CORPUS = ROOT / "worker" / "model" / "corpus"
LICENCE = "# SPDX-License-Identifier: Apache-2.0\n"
GOOD = LICENCE + """= 2019-05-14 paper.example
T|Bắt nghi phạm tại [LOC Sơn La]
M|[DATE=2019-05-14 14/5/2019] | [PER Lò Văn Pá]
B|Ông [PER Hà Kiên] ở [LOC Sơn La] nói với [ORG Đài Tây Bắc] về [CRIME mua bán người].
R|Đọc thêm
"""


def check(*paths):
    return subprocess.run([sys.executable, CHECKER, *paths], capture_output=True, text=True, check=False)


def test_corpus_has_no_errors():
    if not list(CORPUS.glob("*.ann")):
        pytest.skip("there is no corpus yet")
    answer = check(CORPUS)
    assert answer.returncode == 0, "\n".join(line for line in answer.stdout.split("\n") if ": error:" in line)


def test_a_good_article_passes(tmp_path):
    (tmp_path / "good.ann").write_text(GOOD, encoding="utf-8")
    answer = check(tmp_path)
    assert answer.returncode == 0, answer.stdout
    assert "7 mentions" in answer.stdout


@pytest.mark.parametrize("good, bad, complaint", [
    ("= 2019-05-14", "= 2019-05-34", "no day"),
    ("M|", "X|", "a line begins with"),
    ("[LOC Sơn La] nói", "[LOC Sơn La ] nói", "begins or ends with"),
    ("[PER Lò Văn Pá]", "[PER Lò [LOC Văn Pá]]", "no flat mark"),
    ("[PER Lò Văn Pá]", "[MAN Lò Văn Pá]", "no flat mark"),
    ("DATE=2019-05-14", "DATE=2019-15-14", "no ISO date"),
    ("DATE=2019-05-14", "DATE=2018-05-14", "does not hold the year"),
    ("DATE=2019-05-14", "DATE=2019-05-15", "another day"),
    ("R|Đọc thêm", "R|Đọc thêm về [LOC Sơn La]", "junk carries no marks"),
    ("R|Đọc thêm", "B|Chiều qua, Hà Kiên về nhà.", "but bare here"),
    ("[PER Hà Kiên]", "[PER Hà Kiên 35]", "PER with a figure"),
    (LICENCE, "", "SPDX"),
])
def test_a_bad_one_does_not(tmp_path, good, bad, complaint):
    assert good in GOOD
    (tmp_path / "bad.ann").write_text(GOOD.replace(good, bad, 1), encoding="utf-8")
    answer = check(tmp_path)
    assert answer.returncode == 1
    assert complaint in answer.stdout


def test_a_sentence_stands_once(tmp_path):
    (tmp_path / "one.ann").write_text(GOOD, encoding="utf-8")
    (tmp_path / "two.ann").write_text(GOOD, encoding="utf-8")
    assert "stands at" in check(tmp_path).stdout
