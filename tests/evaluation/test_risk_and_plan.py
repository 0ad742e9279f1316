"""Counting at a threshold, the session cap, and where the chain starts."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.evaluation.plan import make_plan
from rightsizer.evaluation.risk import arrange, make_split, p_above, p_below, risk_at
from rightsizer.stats import p_at_least, p_at_most
from rightsizer.types import Score

STAKES = (0.5, 1.0)


def scores(*rows: tuple[str, float | None, int]) -> list[Score]:
    return [
        Score(call_id=str(i), group=g, confidence=c or 0.0, answered=c is not None, loss=loss)
        for i, (g, c, loss) in enumerate(rows)
    ]


def test_counts_are_those_of_served_calls():
    split = make_split(scores(("a", 0.9, 1), ("b", 0.5, 0), ("a", 0.8, 0), ("c", None, 1), ("b", 0.2, 1)))
    risk = risk_at(split, 0.5, 9)
    assert (split.n_calls, split.n_sessions) == (5, 3)
    assert (risk.served, risk.losses, risk.sessions, risk.counted, risk.counted_losses) == (3, 1, 2, 3, 1)
    everything = risk_at(split, 0.0, 9)
    assert everything.served == 4  # an unanswered call is never served, whatever the threshold
    assert risk_at(split, 0.95, 9).served == 0


def test_cap_counts_at_most_so_many_calls_of_a_session_whatever_they_are():
    split = arrange(np.repeat([0, 1, 2], [10, 2, 1]), np.full(13, 0.5), np.r_[np.ones(10), np.zeros(3)])
    for cap, counted in ((1, 3), (2, 5), (20, 13)):
        risk = risk_at(split, 0.5, cap)
        assert (risk.counted, risk.served, risk.losses) == (counted, 13, 10)


def test_which_call_counts_is_random_within_the_session_and_the_same_each_time():
    n = 2000
    first_wrong = np.tile([1.0, 0.0], n)
    split = arrange(np.repeat(np.arange(n), 2), np.full(2 * n, 0.5), first_wrong)
    again = arrange(np.repeat(np.arange(n), 2), np.full(2 * n, 0.5), first_wrong)
    losses = risk_at(split, 0.0, 1).counted_losses
    assert losses == risk_at(again, 0.0, 1).counted_losses
    assert abs(losses / n - 0.5) < 0.05


def test_names_of_sessions_do_not_change_the_draw():
    rows = [(f"s{i % 7}", 0.5, int(i % 3 == 0)) for i in range(60)]
    renamed = [(f"x{(i * 5) % 7}", c, loss) for i, (_, c, loss) in enumerate(rows)]
    one, other = make_split(scores(*rows)), make_split(scores(*renamed))
    assert risk_at(one, 0.0, 2).counted_losses == risk_at(other, 0.0, 2).counted_losses


def test_one_call_a_session_is_the_exact_binomial_test():
    split = arrange(np.arange(100), np.full(100, 0.5), np.r_[np.ones(3), np.zeros(97)])
    risk = risk_at(split, 0.0, 1)
    assert p_below(risk, 0.1, 1, STAKES) == p_at_most(3, 100, 0.1)
    assert p_above(risk, 0.01, 1) == p_at_least(3, 100, 0.01)


def test_several_calls_a_session_prove_no_faster_than_sessions_do():
    clean = risk_at(arrange(np.repeat(np.arange(80), 5), np.ones(400), np.zeros(400)), 0.0, 5)
    assert p_at_most(0, 80, 0.05) * 0.999 <= p_below(clean, 0.05, 5, STAKES) < 0.1
    bad = risk_at(arrange(np.repeat(np.arange(80), 5), np.ones(400), np.ones(400)), 0.0, 5)
    assert p_above(bad, 0.05, 5) < 1e-6
    assert p_below(bad, 0.05, 5, STAKES) == 1.0


def test_nothing_served_proves_nothing():
    none = risk_at(arrange(np.arange(5), np.full(5, 0.1), np.zeros(5)), 0.5, 1)
    assert p_below(none, 0.05, 1, STAKES) == p_above(none, 0.05, 1) == 1.0
    assert p_below(none, 0.05, 3, STAKES) == p_above(none, 0.05, 3) == 1.0


def test_cap_is_the_median_session_or_what_counts_nearly_all_that_is_served():
    sizes = [1, 1, 4, 4, 9]
    split = arrange(np.repeat(np.arange(5), sizes), np.linspace(0, 1, 19), np.zeros(19))
    assert make_plan(split, 50, alpha=0.05, delta=0.1, min_coverage=0.05).caps[-1] == 4
    first_only = np.concatenate([[0.9] + [0.1] * (k - 1) for k in sizes])
    plan = make_plan(
        arrange(np.repeat(np.arange(5), sizes), first_only, np.zeros(19)),
        50,
        alpha=0.05,
        delta=0.1,
        min_coverage=0.05,
    )
    assert dict(zip(plan.thresholds, plan.caps, strict=True)) == {0.9: 1, 0.1: 4, 0.0: 4}


def test_few_sessions_start_where_nearly_all_of_them_are_served():
    """Above .8 half of the sessions are served, from .5 on nearly all, below it only more of each."""
    session = np.repeat(np.arange(40), 3)
    first = np.where(np.arange(40) % 2, 0.9, 0.6)
    confidence = np.column_stack([first, np.full(40, 0.2), np.full(40, 0.1)]).ravel()
    plan = make_plan(arrange(session, confidence, np.zeros(120)), 70, alpha=0.05, delta=0.06, min_coverage=0)
    assert plan.thresholds[plan.weights.index(1.0)] == 0.6


def test_chain_starts_where_a_proof_is_possible_and_several_times_where_there_is_room():
    split = arrange(np.arange(1000), np.linspace(0, 1, 1000), np.zeros(1000))
    small = make_plan(split, 60, alpha=0.05, delta=0.1, min_coverage=0.05)
    start = small.weights.index(1.0)
    assert start < len(small.weights) - 1
    assert (split.confidence >= small.thresholds[start]).mean() > 0.9
    large = make_plan(split, 20_000, alpha=0.05, delta=0.1, min_coverage=0.05)
    assert large.weights[0] == pytest.approx(0.4)
    assert sum(w > 0 for w in large.weights) == 4
    assert sum(large.weights) == pytest.approx(1.0)


def test_no_answers_make_no_plan():
    silent = arrange(np.arange(10), np.full(10, -1.0), np.ones(10))
    assert make_plan(silent, 10, alpha=0.05, delta=0.1, min_coverage=0.05).thresholds == ()
    empty = make_split([])
    assert make_plan(empty, 10, alpha=0.05, delta=0.1, min_coverage=0.05).thresholds == ()
