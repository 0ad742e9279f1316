"""Every kind of value that we know how to make is found: alone, in English, glued to Chinese."""

from __future__ import annotations

import re

import pytest

from rightsizer.curation.canaries import KINDS, SECRET_TEMPLATES, canary
from rightsizer.curation.pii import PATTERNS, scan
from rightsizer.curation.recognizers.gate import Gate

GATE = Gate(PATTERNS)

# Kinds whose value is a part of the canary, the rest being what says so.
PARTIAL = {
    "AZURE_STORAGE_KEY",
    "AZURE_SAS",
    "URL_CREDENTIALS",
    "AUTHORIZATION_HEADER",
    "GENERIC_SECRET",
    "PASSWORD",
}


def covered(text: str, value: str) -> bool:
    at = text.index(value)
    return any(s.start <= at and s.end >= at + len(value) for s in scan(text))


@pytest.mark.parametrize("kind", KINDS)
def test_found_whole_in_english_and_between_chinese(kind: str) -> None:
    for seed in range(5):
        value = canary(kind, seed)
        for text in (value, f"Here it is: {value} and more.", f"我给你的是{value}请收好。"):
            if kind in PARTIAL:
                assert any(s.type == kind for s in scan(text)), text
            else:
                assert covered(text, value), (text, scan(text))


@pytest.mark.parametrize("kind", KINDS)
def test_gate_only_skips_work(kind: str) -> None:
    for seed in range(3):
        text = f"编号{canary(kind, seed)}，see also {canary('EMAIL_ADDRESS', seed)} 2024-05-01 12.30"
        assert scan(text) == scan(text, patterns=PATTERNS)
        assert len(GATE.choose(text)) < len(PATTERNS)


def test_same_seed_same_value_other_seed_other_value() -> None:
    for kind in KINDS:
        assert canary(kind, 1) == canary(kind, 1)
        assert canary(kind, 1) != canary(kind, 2)


def test_more_than_forty_kinds_of_secrets() -> None:
    assert len(SECRET_TEMPLATES) >= 40
    assert set(SECRET_TEMPLATES) <= {p.type for p in PATTERNS}


@pytest.mark.parametrize("kind", ["CREDIT_CARD", "CN_ID_CARD", "CN_USCC", "PHONE_NUMBER", "EMAIL_ADDRESS"])
def test_full_width_characters_are_read(kind: str) -> None:
    value = canary(kind, 7)
    wide = re.sub(r"[!-~]", lambda m: chr(ord(m[0]) + 0xFEE0), value)
    assert covered(f"号码是{wide}对吧", wide)
