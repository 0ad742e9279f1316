"""Whichever engine looks for the literals, the same values are found."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rightsizer.curation.canaries import KINDS, canary
from rightsizer.curation.pii import PATTERNS, PERSONAL, resolve
from rightsizer.curation.recognizers.gate import Gate

MODULES = {"hyperscan": "hyperscan", "re2": "re2", "python": "re"}
ENGINES = [
    pytest.param(
        name, marks=pytest.mark.skipif(importlib.util.find_spec(module) is None, reason=f"no {name}")
    )
    for name, module in MODULES.items()
]
EVERY = (*PATTERNS, *PERSONAL)
GATES = {name: Gate(EVERY, name) for name in MODULES}

pieces = st.one_of(
    st.sampled_from([canary(kind, seed) for kind in KINDS for seed in (0, 1)]),
    st.sampled_from(
        [
            *(
                "phone: ",
                "卡号",
                "，",
                " ",
                "\n",
                "order #",
                "SSN ",
                "536904399",
                "10.0.0.1",
                "密码：",
                "token=",
            ),
            *(
                "\u212aey: ",
                "PA\u017f\u017fWORD=",
                "ABA ",
                "diabetes",
                "高血压",
                "May 3rd",
                "German ",
                "Dr. ",
                "42岁",
            ),
            *(
                "MRN ",
                "ICD-10 ",
                "E11.9",
                "500mg",
                "passport ",
                "护照",
                "京A12345",
                "\ud800",
                "\u0130P host 1.2.3.4",
            ),
        ]
    ),
    st.text(alphabet="0123456789-. ()abcXYZ中文", max_size=12),
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=150, deadline=None)
@given(text=st.lists(pieces, max_size=8).map("".join))
def test_the_engine_lets_everything_through_that_matches(engine: str, text: str) -> None:
    chosen = GATES[engine].choose(text)
    with_gate = resolve(s for p in chosen for s in p.find(text))
    assert with_gate == resolve(s for p in EVERY for s in p.find(text))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_ordinary_sentence_wakes_few_patterns(engine: str) -> None:
    woken = [p for p in GATES[engine].choose("The weather is fine today, thank you.") if not p.digits]
    assert len(woken) < 10


def test_an_engine_that_is_missing_is_named() -> None:
    with pytest.raises(ImportError, match="abacus"):
        Gate(PATTERNS, "abacus").choose("text")


ADVERSARIAL = {
    "digits": "1" * 60_000,
    "grouped digits": "123-" * 15_000,
    "spaced digits": "1 2 " * 15_000,
    "letters": "a" * 60_000,
    "capitals": "A" * 60_000,
    "at signs": "a@" * 30_000,
    "dots": "a." * 30_000,
    "colons": "a:" * 30_000,
    "open brackets": "(0" * 30_000,
    "says token": "token=" * 10_000,
    "base64": "eyJ" * 20_000,
    "key begins": "-----BEGIN PRIVATE KEY-----" * 2_000,
    "Chinese": "卡号" * 20_000,
    "years": "2001年" * 10_000,
    "words": "year old aged " * 4_000,
    "spaces": " " * 60_000,
}


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_no_pattern_is_slow_on_text_made_to_slow_it(name: str) -> None:
    """Quadratic work on one of these would hit the suite's time limit: 60,000² steps are an hour."""
    text = ADVERSARIAL[name]
    for pattern in EVERY:
        assert sum(1 for _ in pattern.regex.finditer(text)) <= len(text)
