"""Verdicts of the gate on students with known truth, and the record that it gives."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.errors import InputError
from rightsizer.evaluation.evaluate import evaluate
from rightsizer.evaluation.gate import decide
from rightsizer.evaluation.plan import LEVELS
from rightsizer.types import Score

SETTINGS = {"alpha": 0.05, "delta": 0.1, "min_coverage": 0.05}


def good(confidence: float) -> float:
    return 0.5 if confidence < 0.2 else 0.01


def useless(confidence: float) -> float:
    return 0.5


@pytest.fixture
def passing(make_scores):
    return make_scores("cal", 800, good), make_scores("test", 400, good)


def test_pass_gives_threshold_coverage_and_what_was_proved(passing, student, make_dataset):
    calibration, test = passing
    e = evaluate(student, make_dataset(*passing), calibration, test, baselines={"majority": 0.4}, **SETTINGS)
    assert e.verdict == "pass"
    served = [s for s in test if s.confidence >= e.threshold]
    assert e.coverage == len(served) / len(test)
    assert e.agreement == pytest.approx(1 - sum(s.loss for s in served) / len(served))
    assert e.agreement_low == 1 - e.alpha
    assert (e.n_calibration, e.n_test, e.n_sessions_calibration, e.n_sessions_test) == (800, 400, 800, 400)
    assert (e.student_id, e.task_id, e.dataset_id) == (student.id, student.task_id, "dataset_1")
    assert e.baselines == {"majority": 0.4}
    assert e.calls_needed is None
    assert "proved" in e.reason


def test_grid_shows_every_threshold_and_is_finite(passing, student, make_dataset):
    e = evaluate(student, make_dataset(*passing), *passing, **SETTINGS)
    assert len(e.grid) >= 16
    assert all(np.isfinite(list(row.values())).all() for row in e.grid)
    coverage = [row["coverage"] for row in e.grid]
    assert coverage == sorted(coverage)
    certified = [row["threshold"] for row in e.grid if row["certified"]]
    assert min(certified) == e.threshold
    assert all(row["p_value"] <= row["level"] for row in e.grid if row["certified"])


def test_useless_student_fails_with_the_reason(make_scores):
    d = decide(make_scores("cal", 600, useless), make_scores("test", 300, useless), **SETTINGS)
    assert (d.verdict, d.threshold, d.calls_needed) == ("fail", None, None)
    assert "disagrees with the LLM more than 5.0%" in d.reason


def test_student_that_hardly_answers_is_not_worth_it(make_scores):
    calibration = make_scores("cal", 1000, lambda c: 0.0, answered=0.005)
    d = decide(calibration, make_scores("test", 500, lambda c: 0.0, answered=0.005), **SETTINGS)
    assert d.verdict == "fail"
    assert "too rarely" in d.reason


def test_too_few_calls_are_undecided_with_how_many_more(make_scores):
    few = decide(make_scores("cal", 60, good), make_scores("test", 30, good), n_calls=200, **SETTINGS)
    assert few.verdict == "undecided"
    assert few.calls_needed is not None
    assert f"at least {few.calls_needed:,} more calls" in few.reason
    factor = 1 + few.calls_needed / 200
    passed = 0
    for seed in range(20):
        cal = make_scores("cal", int(60 * factor), good, seed=seed)
        test = make_scores("test", int(30 * factor), good, seed=seed)
        passed += decide(cal, test, **SETTINGS).verdict == "pass"
    assert passed >= 10


def halved(times: float) -> float:
    """Half of up to 60 calibrates, then 60 do until a quarter is more: as `split.adapt` has it."""
    return max(1.0, times / 2)


def test_calls_needed_follow_how_the_calibration_split_grows(make_scores):
    scores = make_scores("cal", 60, good), make_scores("test", 30, good)
    plain = decide(*scores, n_calls=200, **SETTINGS)
    slow = decide(*scores, n_calls=200, growth=halved, **SETTINGS)
    assert slow.calls_needed + 200 == pytest.approx(2 * (plain.calls_needed + 200), rel=0.02)
    assert slow.verdict == plain.verdict == "undecided"
    never = decide(*scores, n_calls=200, growth=lambda times: 1.0, **SETTINGS)
    assert never.calls_needed is None


def test_calls_needed_are_enough_for_a_student_that_is_seldom_wrong(make_scores):
    """Taking none wrong of 130 for a rate of 0, the number was enough in less than half of the draws."""

    def seldom(confidence: float) -> float:
        return 0.5 if confidence < 0.2 else 0.003

    settings = {"alpha": 0.02, "min_coverage": 0.05}
    told = []
    for seed in range(6):
        few = make_scores("cal", 160, seldom, seed=seed), make_scores("test", 80, seldom, seed=seed)
        d = decide(*few, n_calls=400, delta=0.06, **settings)
        told += [d.calls_needed] if d.calls_needed else []
    assert len(told) >= 3
    factor = 1 + float(np.median(told)) / 400
    passed = 0
    for seed in range(40):
        more = (
            make_scores("cal", int(160 * factor), seldom, seed=seed),
            make_scores("test", int(80 * factor), seldom, seed=seed),
        )
        passed += decide(*more, delta=0.06 / 4, **settings).verdict == "pass"
    assert passed >= 24


@pytest.mark.parametrize("empty", ["calibration", "test", "both"])
def test_nothing_to_judge_from_is_undecided(make_scores, empty):
    calibration = make_scores("cal", 300, good) if empty == "test" else []
    test = make_scores("test", 300, good) if empty == "calibration" else []
    d = decide(calibration, test, **SETTINGS)
    assert d.verdict == "undecided"
    assert d.threshold is None


def test_test_split_takes_a_pass_back(make_scores):
    d = decide(make_scores("cal", 800, good), make_scores("test", 400, useless), **SETTINGS)
    assert (d.verdict, d.threshold) == ("fail", None)
    assert "contradicts" in d.reason


def test_plan_does_not_look_at_any_loss_nor_at_calibration_confidences(make_scores):
    calibration, test = make_scores("cal", 500, good), make_scores("test", 300, good)
    plan = decide(calibration, test, **SETTINGS).plan
    flipped = [s.model_copy(update={"loss": 1 - s.loss}) for s in test]
    other = make_scores("cal", 500, useless, seed=5)
    assert decide(other, flipped, **SETTINGS).plan == plan
    assert sum(plan.weights) == pytest.approx(1.0)
    assert 0 < len(plan.thresholds) <= len(LEVELS)
    assert list(plan.thresholds) == sorted(plan.thresholds, reverse=True)


def test_no_threshold_serves_less_than_is_worth_it(make_scores):
    calibration, test = make_scores("cal", 500, good), make_scores("test", 300, good)
    d = decide(calibration, test, alpha=0.05, delta=0.1, min_coverage=0.4)
    assert all(r.served / 300 >= 0.4 for r in d.test)


def test_sessions_are_what_counts(make_scores):
    """The same calls prove in sessions of one and do not in sessions of twenty."""

    def clean(confidence: float) -> float:
        return 0.0

    one = decide(make_scores("cal", 400, clean), make_scores("test", 200, clean), **SETTINGS)
    many = decide(
        make_scores("cal", 400, clean, per_session=20),
        make_scores("test", 200, clean, per_session=20),
        **SETTINGS,
    )
    assert (one.verdict, many.verdict) == ("pass", "undecided")
    assert (many.n_sessions_calibration, max(many.plan.caps)) == (20, 19)
    assert many.calls_needed is not None
    assert many.calls_needed > 400


def test_long_sessions_with_enough_of_them_pass(make_scores):
    d = decide(
        make_scores("cal", 3000, lambda c: 0.005, per_session=5),
        make_scores("test", 1000, lambda c: 0.005, per_session=5),
        **SETTINGS,
    )
    assert (d.verdict, d.plan.caps[d.chosen or 0], d.n_sessions_calibration) == ("pass", 5, 600)


def test_one_confidence_for_all_is_one_threshold():
    def same(prefix: str, n: int) -> list[Score]:
        return [
            Score(call_id=f"{prefix}{i}", group=f"{prefix}{i}", confidence=1.0, answered=True, loss=0.0)
            for i in range(n)
        ]

    d = decide(same("c", 200), same("t", 100), **SETTINGS)
    assert d.verdict == "pass"
    assert d.calibration[d.chosen].served == 200


@pytest.mark.parametrize(
    "change", [{"alpha": 0.0}, {"alpha": 1.0}, {"delta": 0.0}, {"delta": float("nan")}, {"min_coverage": 1.5}]
)
def test_parameters_out_of_range_are_refused(passing, change):
    with pytest.raises(InputError):
        decide(*passing, **{**SETTINGS, **change})


@pytest.mark.parametrize("change", [{"loss": 0.5}, {"confidence": 1.5}, {"confidence": float("nan")}])
def test_scores_out_of_range_are_refused(passing, change):
    calibration, test = passing
    with pytest.raises(InputError):
        decide([calibration[0].model_copy(update=change), *calibration[1:]], test, **SETTINGS)


def test_a_session_in_both_splits_is_refused(passing):
    calibration, _ = passing
    with pytest.raises(InputError, match="session is in the calibration and in the test"):
        decide(calibration, calibration, **SETTINGS)
