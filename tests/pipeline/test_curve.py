"""The learning curve tells whether more calls help, and does not draw itself out without end."""

from __future__ import annotations

import pytest

from rightsizer.pipeline.curve import Point, advise, calls_to_reach, part_of
from rightsizer.testing.label_calls import label_examples


def points(*errors: float) -> list[Point]:
    return [Point(100 * 2**i, 500, 1 - e, 0.0, 1.0) for i, e in enumerate(errors)]


def test_an_error_that_falls_as_a_power_gives_the_calls_that_are_missing() -> None:
    # e = 2 / √n: at 400 calls .1; .05 is reached at 1,600, so 1,200 more
    assert calls_to_reach(points(0.2, 2 / 200**0.5, 0.1), 0.05) == pytest.approx(1200, abs=1)
    assert calls_to_reach(points(0.2, 2 / 200**0.5, 0.1), 0.05, per_call=2.0) == pytest.approx(2400, abs=2)


def test_nothing_is_missing_where_the_error_is_small_already() -> None:
    assert calls_to_reach(points(0.2, 0.1, 0.04), 0.05) == 0


@pytest.mark.parametrize("errors", [(0.3, 0.3, 0.3), (0.2, 0.25, 0.3), (0.3, 0.295, 0.29)])
def test_a_flat_curve_leads_nowhere(errors: tuple[float, ...]) -> None:
    assert calls_to_reach(points(*errors), 0.02) is None


@pytest.mark.parametrize(
    ("low", "high", "advice"),
    [(0.01, 0.05, "more calls help"), (-0.01, 0.005, "more calls do not help"), (-0.01, 0.05, "cannot tell")],
)
def test_the_advice_follows_from_the_interval(low: float, high: float, advice: str) -> None:
    assert advise(low, high) == advice


def test_a_smaller_part_lies_within_a_larger_one_and_splits_no_session() -> None:
    examples = label_examples(200)
    small, large = part_of(examples, 0.25, 0), part_of(examples, 0.5, 0)
    assert {e.call_id for e in small} < {e.call_id for e in large}
    rest = [e for e in examples if e not in large]
    assert not {e.group for e in large} & {e.group for e in rest}
