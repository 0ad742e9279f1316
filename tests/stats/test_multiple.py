"""The fallback chain: its arithmetic, and the family-wise error under dependence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rightsizer.errors import InputError
from rightsizer.stats import bonferroni, fallback


def test_level_is_carried_from_rejection_to_rejection_and_lost_at_a_gap():
    result = fallback([0.01, 0.03, 0.5, 0.024, 0.05], [0.5, 0, 0, 0.5, 0], 0.05)
    assert result.levels == pytest.approx((0.025, 0.025, 0.0, 0.025, 0.025))
    assert result.rejected == (True, False, False, True, False)


def test_all_weight_first_is_the_fixed_sequence():
    assert fallback([0.04, 0.04, 0.2, 0.0], [1, 0, 0, 0], 0.05).rejected == (True, True, False, False)


def test_zero_level_rejects_nothing_even_at_p_zero():
    assert fallback([0.9, 0.0], [1, 0], 0.05).rejected == (False, False)


def test_bonferroni_carries_nothing():
    assert bonferroni([0.0, 0.02, 0.009], 0.03).rejected == (True, False, True)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
def test_family_wise_error_is_held_where_all_hypotheses_are_true(correlation):
    from scipy.special import ndtr

    rng, delta, runs, m = np.random.default_rng(5), 0.1, 2000, 12
    weights = [0.4, 0, 0, 0, 0.2, 0, 0, 0, 0.2, 0, 0, 0.2]
    z = math.sqrt(correlation) * rng.normal(size=(runs, 1))
    z = z + math.sqrt(1 - correlation) * rng.normal(size=(runs, m))
    wrong = sum(any(fallback(p, weights, delta).rejected) for p in ndtr(z))
    assert wrong / runs <= delta + 3 * math.sqrt(delta * (1 - delta) / runs)


@pytest.mark.parametrize(
    ("p", "weights"),
    [([0.1], [0.5, 0.5]), ([0.1], [1.1]), ([0.1, 0.1], [-0.1, 1.0]), ([1.2], [1.0]), ([math.nan], [1.0])],
)
def test_what_breaks_the_promise_is_refused(p, weights):
    with pytest.raises(InputError):
        fallback(p, weights, 0.05)
