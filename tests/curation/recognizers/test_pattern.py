"""Every pattern is bounded, sees ASCII boundaries only, and names a gate that its matches pass."""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.pii import PATTERNS, PERSONAL
from rightsizer.curation.recognizers.gate import Gate
from rightsizer.curation.recognizers.pattern import Pattern, holds, words

GATE = Gate(PATTERNS)

EVERY = (*PATTERNS, *PERSONAL)
IDS = [f"{p.type}-{i}" for i, p in enumerate(EVERY)]


def repeats(parsed: Any) -> list[int]:
    """Upper bounds of all repeats in a parsed expression."""
    found: list[int] = []
    for op, value in parsed:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            found += [int(value[1]), *repeats(value[2])]
        elif op is sre.SUBPATTERN:
            found += repeats(value[-1])
        elif op is sre.BRANCH:
            found += [n for branch in value[1] for n in repeats(branch)]
        elif op in (sre.ASSERT, sre.ASSERT_NOT):
            found += repeats(value[1])
    return found


@pytest.mark.parametrize("pattern", EVERY, ids=IDS)
def test_no_repeat_is_unbounded(pattern: Pattern) -> None:
    for regex in (pattern.regex, pattern.context, pattern.after, pattern.never_after):
        if regex is not None:
            assert all(n <= 8000 for n in repeats(parser.parse(regex.pattern, regex.flags)))


@pytest.mark.parametrize("pattern", EVERY, ids=IDS)
def test_no_unicode_aware_boundary(pattern: Pattern) -> None:
    assert re.search(r"\\[bBwW]", pattern.regex.pattern) is None


HOSTILE = [
    "a", "1", "A1", "1 ", "1-", "a.", "a@", "a@a.", "+1 ", "(1)", "://a:", "eyA.", "=", "0", "::", "0:",
    "sk-",
    "-----BEGIN PRIVATE KEY-----A", "password: ", "token=", "身份证1", "1234 ", "AA11", "\n", "bearer a",
    "xapp-1-A", "AKIA", "1月", "十", "in ", "aged 1", "AB+", "mg", "June 1 ",
]  # fmt: skip


@pytest.mark.parametrize("pattern", EVERY, ids=IDS)
def test_hostile_text_ends(pattern: Pattern) -> None:
    """60 kB of what each expression likes best: work worse than linear would hit the suite's time limit."""
    for piece in HOSTILE:
        text = piece * (60_000 // len(piece))
        pattern.find(text)
        pattern.find(text[:-1] + "!")


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_pattern_finds_its_gate_lets_through(kind: str) -> None:
    for seed in range(5):
        text = f"phone 电话 {canary(kind, seed)} card 卡号"
        chosen = GATE.choose(text)
        assert [p.type for p in PATTERNS if p.find(text) and p not in chosen] == []


def test_words_are_whole_in_latin_and_anywhere_in_chinese() -> None:
    near = words("phone", "电话")
    assert near.search("my phone: ")
    assert near.search("phone_number")
    assert near.search("请打电话给")
    assert not near.search("smartphones")
    assert not near.search("headphone")


def test_context_is_near_after_is_right_before() -> None:
    digits = re.compile(r"[0-9]{4}")
    assert Pattern("X", digits, 1.0, context=words("pin")).find("pin is now 1234")
    assert Pattern("X", digits, 1.0, context=words("pin")).find("1234 is the pin")
    assert not Pattern("X", digits, 1.0, context=words("pin")).find("pin " + "." * 60 + "1234")
    assert not Pattern("X", digits, 1.0, after=re.compile("pin $")).find("pin is 1234")
    assert not Pattern("X", digits, 1.0, never_after=re.compile("no $")).find("no 1234")
    assert not Pattern("X", digits, 1.0, check=holds(lambda v: v == "1111")).find("1234")
