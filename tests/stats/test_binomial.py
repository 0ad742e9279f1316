"""Exact tests and intervals, against scipy.stats and by their definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as reference

from rightsizer.errors import InputError
from rightsizer.stats import binomial_lower, binomial_upper, clopper_pearson, p_at_least, p_at_most, wilson

CASES = [(0, 1), (1, 1), (0, 45), (3, 300), (33, 2790), (299, 300), (5000, 10000)]


@pytest.mark.parametrize(("k", "n"), CASES)
@pytest.mark.parametrize("p0", [0.01, 0.05, 0.5, 0.9])
def test_p_values_are_the_binomial_tails(k, n, p0):
    assert p_at_most(k, n, p0) == pytest.approx(reference.binom.cdf(k, n, p0), rel=1e-9, abs=1e-300)
    assert p_at_least(k, n, p0) == pytest.approx(reference.binom.sf(k - 1, n, p0), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(("k", "n"), CASES)
def test_clopper_pearson_equals_the_reference(k, n):
    expected = reference.binomtest(k, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(k, n) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_bound_is_where_the_test_stops_rejecting():
    upper = binomial_upper(7, 400, 0.06)
    assert p_at_most(7, 400, upper) == pytest.approx(0.06)
    assert binomial_lower(393, 400, 0.06) == pytest.approx(1 - upper)


def test_interval_covers_at_least_as_often_as_it_says():
    rate, n, level = 0.03, 120, 0.9
    weights = reference.binom.pmf(np.arange(n + 1), n, rate)
    covered = [low <= rate <= high for low, high in (clopper_pearson(k, n, level) for k in range(n + 1))]
    assert weights[covered].sum() >= level


def test_wilson_equals_the_reference_and_keeps_to_the_unit_interval():
    for k, n in CASES:
        expected = reference.binomtest(k, n).proportion_ci(0.95, method="wilson")
        assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_no_data_knows_nothing():
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert wilson(0, 0) == (0.0, 1.0)
    assert p_at_most(0, 0, 0.05) == p_at_least(0, 0, 0.05) == 1.0


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0.5, 3), (0, -1)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(InputError):
        p_at_most(k, n, 0.1)
    with pytest.raises(InputError):
        clopper_pearson(k, n)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, math.nan, math.inf])
def test_probabilities_outside_the_open_interval_are_refused(bad):
    with pytest.raises(InputError):
        p_at_most(1, 3, bad)
    with pytest.raises(InputError):
        binomial_upper(1, 3, bad)
