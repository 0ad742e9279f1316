"""An encoder is tuned only where the frozen one leaves something to gain."""

from __future__ import annotations

import pytest

from rightsizer.candidates.worth import why_not_tuned


@pytest.mark.parametrize(
    ("accuracy", "alpha", "steady", "spared"),
    [
        (0.967, 0.02, None, False),  # it errs more often than the gate tolerates on all calls
        (0.98, 0.02, None, True),
        (0.995, 0.02, None, True),
        (0.9, 0.02, 0.99, False),
        (0.9, 0.02, 0.89, True),  # as often as the LLM agrees with itself: there is no more to learn
        (None, 0.02, None, False),  # no frozen student was trained
    ],
)
def test_when_tuning_is_spared(
    accuracy: float | None, alpha: float, steady: float | None, spared: bool
) -> None:
    why = why_not_tuned(accuracy, alpha, steady)
    assert bool(why) == spared
    if accuracy is not None and spared:
        assert f"{accuracy:.1%}" in why
