"""Rules find what a word gives away, in English and Chinese, and no more."""

from __future__ import annotations

import pytest

from rightsizer.evaluation.run import majority_agreement
from rightsizer.testing.label_calls import label_examples, labelled
from rightsizer.training.rules import find_rules
from rightsizer.types import TaskPolicy

POLICY = TaskPolicy()


@pytest.mark.parametrize("chinese", [False, True])
def test_words_that_give_an_answer_away(chinese: bool) -> None:
    train = label_examples(240, chinese=chinese)
    fresh = label_examples(120, seed=3, chinese=chinese)
    rules = find_rules(train, POLICY)
    assert rules is not None
    assert rules.agreement(fresh, POLICY) > majority_agreement(train, fresh, POLICY) + 0.4


def test_where_no_word_tells_the_commonest_answer_is_given() -> None:
    train = [labelled("the same words", "a" if i % 3 else "b", name=f"x-{i}") for i in range(30)]
    rules = find_rules(train, POLICY)
    assert rules is not None
    assert rules.agreement(train, POLICY) == pytest.approx(2 / 3)
    assert rules.agreement([], POLICY) == 0.0
    assert find_rules([], POLICY) is None


def test_a_sure_word_comes_before_a_frequent_one() -> None:
    rows = [("order parcel", "track")] * 20 + [("order refund", "return")] * 8
    rules = find_rules([labelled(t, k, name=f"y-{i}") for i, (t, k) in enumerate(rows)], POLICY)
    assert rules is not None
    fresh = [labelled("order refund please", "return", name="z-1")]
    assert rules.agreement(fresh, POLICY) == 1.0
