"""Alike texts score high, in English and in Chinese; the order of the scores is the order of likeness."""

from __future__ import annotations

import pytest

from rightsizer.scoring.similarity import chrf


@pytest.mark.parametrize(
    ("wanted", "close", "far"),
    [
        ("the parcel was sent on monday", "the parcel was sent on tuesday", "we are open until six"),
        ("包裹已于周一寄出", "包裹已于周二寄出", "本店营业到六点"),
    ],
)
def test_the_closer_text_scores_higher(wanted: str, close: str, far: str) -> None:
    assert chrf(wanted, wanted) == pytest.approx(1.0)
    assert 1 > chrf(wanted, close) > chrf(wanted, far) >= 0


def test_the_published_formula_on_a_case_done_by_hand() -> None:
    # unigrams 2 of 3 and 2 of 2, bigrams 1 of 2 and 1 of 1, trigrams 0 of 1 and none given
    precision, recall = (1 + 1 + 0) / 3, (2 / 3 + 1 / 2 + 0) / 3
    assert chrf("abc", "ab") == pytest.approx(5 * precision * recall / (4 * precision + recall))


def test_nothing_is_alike_to_nothing_only() -> None:
    assert chrf("", " ") == 1.0
    assert chrf("a", "") == chrf("", "a") == 0.0
