"""User names made of a known name are found in prose; words that only contain one are not."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.derived import handles_of

NAMES = ["Fatima Moore", "Jo Kim", "Grace Brown", "Zoë Łukaszewicz", "王小明"]


@pytest.mark.parametrize(
    "handle",
    [
        "fatimamoore4630", "moore_4630", "f.moore77", "kim_5993", "brown_8691", "fatima.moore", "MooreFatima",
        "zoelukaszewicz9", "lukaszewicz-2",
    ],
)  # fmt: skip
def test_found(handle: str) -> None:
    assert [v for _, v in handles_of(NAMES, [f"sent to ({handle}), thanks"])] == [handle]


@pytest.mark.parametrize(
    "text",
    ["Moore", "brown paper", "kimono2", "brownie 5", "gracefully", "12 moore", "mooring_3", "jo", "error404"],
)
def test_not_found(text: str) -> None:
    assert not list(handles_of(NAMES, [text]))


def test_without_names_there_are_none() -> None:
    assert not list(handles_of([], ["fatimamoore4630"]))


def test_a_surname_that_is_a_word_counts_beside_its_first_name() -> None:
    assert [v for _, v in handles_of(["Otto Hill"], ["see u/otto-hill and the green hill"])] == ["otto-hill"]
