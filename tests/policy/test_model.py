# SPDX-License-Identifier: Apache-2.0
"""The model that was built is the one that this state of the project is known for: training gives the same bytes everywhere."""
import hashlib

import pytest

from policy.project import BUILD, ROOT

MODEL = BUILD / "share" / "newsloom" / "tagger.model"
EXPECTED = ROOT / "worker" / "model" / "tagger.digest"
DIGEST = slice(24, 56)  # in the header, worker/extract/tagger_model.h
BEHIND = 56


@pytest.fixture(scope="module")
def model():
    assert MODEL.is_file(), f"ninja newsloom_model makes {MODEL.name}"
    return MODEL.read_bytes()


def test_model_carries_the_digest_of_its_bytes(model):
    assert model.startswith(b"newsloom")
    assert hashlib.blake2b(model[BEHIND:], digest_size=32).digest() == model[DIGEST]


def test_model_is_the_expected_one(model):
    assert model[DIGEST].hex() == EXPECTED.read_text(encoding="ascii").strip(), (
        "corpus, knowledge, rules or trainer have changed, and with them the model. When that is meant, put "
        f"{model[DIGEST].hex()} into {EXPECTED.relative_to(ROOT)}; when not, training is not deterministic.")
