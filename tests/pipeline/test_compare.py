"""Two students on the same calls."""

from __future__ import annotations

import pytest

from rightsizer.errors import InputError
from rightsizer.pipeline.compare import compare_scores
from rightsizer.types import Score


def scores(wrong: set[int], n: int = 200) -> list[Score]:
    return [
        Score(call_id=str(i), group=str(i // 2), confidence=0.9, answered=True, loss=float(i in wrong))
        for i in range(n)
    ]


def test_equal_students_are_equivalent() -> None:
    found = compare_scores("a", "b", scores({1, 2}), scores({1, 2}), 0.02)
    assert (found.only_first, found.only_second, found.p_equal) == (0, 0, 1.0)
    assert found.equivalence.p_value <= 0.05


def test_a_clearly_better_student_is_told() -> None:
    found = compare_scores("a", "b", scores({0}), scores(set(range(0, 60, 2))), 0.02)
    assert found.only_first == 29
    assert found.p_equal < 1e-6
    assert found.difference.low > 0.05
    assert found.equivalence.p_value > 0.05


def test_other_calls_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="same calls"):
        compare_scores("a", "b", scores(set(), 10), scores(set(), 12), 0.02)
