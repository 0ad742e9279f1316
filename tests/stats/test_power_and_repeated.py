"""Calls needed, and pass^k."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binom

from rightsizer.errors import InputError
from rightsizer.stats import binomial_upper, calls_needed, pass_hat_k


@pytest.mark.parametrize(("losses", "n", "alpha"), [(0, 20, 0.05), (3, 300, 0.02), (30, 2000, 0.02)])
def test_a_sample_of_that_size_proves_about_as_often_as_promised(losses, n, alpha):
    delta, power = 0.05, 0.8
    size = calls_needed(losses, n, alpha, delta, power=power)
    assert size is not None
    rate = losses / n
    k = binom.rvs(size, rate, size=2000, random_state=np.random.default_rng(9))
    proved = np.mean([binomial_upper(int(x), size, delta) <= alpha for x in k])
    assert proved >= power - 0.05
    too_small = int(size * 0.7)
    k = binom.rvs(too_small, rate, size=2000, random_state=np.random.default_rng(10))
    assert np.mean([binomial_upper(int(x), too_small, delta) <= alpha for x in k]) < power


def test_no_number_of_calls_helps_a_student_that_is_not_good_enough():
    assert calls_needed(10, 100, 0.05, 0.1) is None
    assert calls_needed(0, 0, 0.05, 0.1) is None


def test_closer_to_the_tolerance_needs_more():
    sizes = [calls_needed(k, 1000, 0.02, 0.05) for k in (1, 5, 10, 15)]
    assert sizes == sorted(sizes, key=lambda s: s or 0)


def test_pass_hat_k_is_the_share_of_k_subsets_that_all_succeed():
    trials = [[1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 1, 0]]
    for k in (1, 2, 3, 4):
        expected = np.mean([np.mean([all(c) for c in combinations(t, k)]) for t in trials])
        assert pass_hat_k([sum(t) for t in trials], [4, 4, 4], k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("c", "n", "k"), [([1], [1], 2), ([], [], 1), ([1], [2], 0), ([3], [2], 1), ([1, 1], [2], 1)]
)
def test_pass_hat_k_refuses_what_it_cannot_compute(c, n, k):
    with pytest.raises(InputError):
        pass_hat_k(c, n, k)
