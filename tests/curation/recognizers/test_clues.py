"""A form over bytes lets through whatever its expression finds in code points."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.pii import PATTERNS, PERSONAL
from rightsizer.curation.recognizers.clues import form_of

EVERY = [(p.regex, form_of(p.regex)) for p in (*PATTERNS, *PERSONAL)]
# What stands before and after is left to the engine to ignore: here it is taken out by hand.
AROUND = re.compile(r"\(\?<?[=!](?:[^()\[\]]|\[(?:\\.|[^\]])*\]|\((?:[^()\[\]]|\[(?:\\.|[^\]])*\])*\))*\)")


@pytest.mark.parametrize(
    ("expression", "form"),
    [
        (r"a{2,500}[0-9]{1,19}", r"a{2,}[0-9]{1,19}"),
        (r"[(（]0", r"(?:[(]|\xef\xbc\x88)0"),
        (r"卡?号$", r"(?:\xe5\x8d\xa1)?(?:\xe5\x8f\xb7)"),
        (r"\[a\].", None),
        (r"[^a]b", None),
        (r"\d\d", None),
        (r"[\s,]a", None),
        (r"a$|b", None),
        (r"a\.b[.^]", r"a\.b[.^]"),
    ],
)
def test_a_form_is_over_bytes_or_none(expression: str, form: str | None) -> None:
    found = form_of(re.compile(expression))
    assert (found.text if found else None) == form


def test_most_patterns_have_a_form() -> None:
    assert sum(form is None for _, form in EVERY) < len(EVERY) / 8


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*map(canary, KINDS), "卡号", "，", " ", "é", "€", "42岁"]), max_size=6))
def test_a_form_finds_at_least_as_much(pieces: list[str]) -> None:
    text = "".join(pieces)
    for regex, form in EVERY:
        if form is not None and regex.search(text) is not None:
            flags = re.IGNORECASE if form.caseless else 0
            over_bytes = re.compile(AROUND.sub("", form.text).encode(), flags)
            assert over_bytes.search(text.encode()) is not None, regex.pattern
