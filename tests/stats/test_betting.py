"""Betting: never more false proofs than promised, and enough power to be of use."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rightsizer.errors import InputError
from rightsizer.stats import betting_interval, e_process, e_value, stakes_for

RUNS = 1000


def noise(rate: float, runs: int) -> float:
    """Three standard errors of a simulated share."""
    return 3 * math.sqrt(rate * (1 - rate) / runs)


@pytest.mark.parametrize("tuned", [True, False])
def test_whoever_looks_after_every_observation_is_still_wrong_at_most_delta(tuned):
    rng, alpha, delta = np.random.default_rng(1), 0.05, 0.1
    wrong = 0
    for _ in range(RUNS):
        x = (rng.random(300) < alpha) - alpha  # at the boundary: the mean is exactly 0
        capital = e_process(x, 1 - alpha, stakes_for(300, alpha, delta)) if tuned else e_process(x, 1 - alpha)
        wrong += capital.max() >= 1 / delta
    assert wrong / RUNS <= delta + noise(delta, RUNS)


def test_expected_capital_is_one_under_the_null_hypothesis():
    p, bound = 0.2, 0.8
    outcomes = {0: 1 - p, 1: p}
    total = sum(
        outcomes[a] * outcomes[b] * outcomes[c] * e_value([a - p, b - p, c - p], bound)
        for a in (0, 1)
        for b in (0, 1)
        for c in (0, 1)
    )
    assert total == pytest.approx(1.0)


def test_clean_data_prove_and_order_does_not_matter():
    assert e_value([-0.05] * 200, 0.95) > 20
    x = [-0.05] * 50 + [0.95] + [-0.05] * 100
    assert e_value(x, 0.95) == e_value(x[::-1], 0.95)


def test_bad_data_never_prove_and_capital_stays_finite():
    assert e_value([0.95] * 2000, 0.95) < 1e-6
    assert math.isfinite(e_value([-1.0] * 100_000, 1.0))
    assert e_value([], 1.0) == 1.0
    assert len(e_process([], 1.0)) == 0


def test_few_data_stake_all_and_many_stake_less():
    assert stakes_for(20, 0.05, 0.05) == (1.0, 1.0)
    few, many = stakes_for(200, 0.05, 0.05)[0], stakes_for(5000, 0.05, 0.05)[0]
    assert 0 < many < few < 1


@pytest.mark.parametrize(
    ("x", "bound"), [([0.5, math.nan], 1), ([2.0], 1), ([0.1], 0), ([0.1], math.inf), ([[0.1]], 1)]
)
def test_what_breaks_the_promise_is_refused(x, bound):
    with pytest.raises(InputError):
        e_process(x, bound)


def test_stakes_must_be_fractions():
    with pytest.raises(InputError):
        e_process([0.1], 1, stakes=[1.5])
    with pytest.raises(InputError):
        e_process([0.1], 1, stakes=[])


def test_confidence_sequence_covers_at_all_times_at_once():
    rng, delta, mean, runs = np.random.default_rng(3), 0.1, 0.3, 300
    missed = 0
    for _ in range(runs):
        low, high = betting_interval(rng.random(150) < mean, delta, resolution=200)
        missed += bool(((low > mean) | (high < mean)).any())
    assert missed / runs <= delta + noise(delta, runs)


def test_confidence_sequence_narrows_around_the_mean():
    x = np.random.default_rng(4).random(1500) * 0.2 + 0.4  # spread far below that of 0/1 data
    low, high = betting_interval(x, 0.05)
    assert low[-1] <= x.mean() <= high[-1]
    assert high[-1] - low[-1] < 0.03
    assert (np.diff(low) >= 0).all()
    assert (np.diff(high) <= 0).all()


def test_confidence_sequence_refuses_what_is_outside_the_unit_interval():
    with pytest.raises(InputError):
        betting_interval([0.1, 1.2], 0.05)
    low, high = betting_interval([], 0.05)
    assert len(low) == len(high) == 0
