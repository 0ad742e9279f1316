"""Paired comparisons of two systems on dependent calls."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats as reference

from rightsizer.errors import InputError
from rightsizer.stats import cluster_bootstrap, mcnemar_exact, tost


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 5), (12, 3), (40, 41)])
def test_mcnemar_is_the_two_sided_sign_test(b, c):
    expected = reference.binomtest(b, b + c).pvalue if b + c else 1.0
    assert mcnemar_exact(b, c) == pytest.approx(expected)
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


def clustered(rng: np.random.Generator, mean: float, n_groups: int = 60) -> tuple[np.ndarray, list[str]]:
    """Differences with a strong shared effect per group of 1..6."""
    sizes = rng.integers(1, 7, n_groups)
    effects = np.repeat(rng.normal(0, 0.3, n_groups), sizes)
    values = mean + effects + rng.normal(0, 0.1, sizes.sum())
    return values, np.repeat([f"g{i}" for i in range(n_groups)], sizes).tolist()


def test_cluster_bootstrap_covers_where_the_plain_one_does_not():
    rng, runs = np.random.default_rng(6), 150
    covered = naive = 0
    for _ in range(runs):
        values, groups = clustered(rng, 0.0)
        by_group = cluster_bootstrap(values, groups, resamples=200)
        by_call = cluster_bootstrap(values, [str(i) for i in range(len(values))], resamples=200)
        covered += by_group.low <= 0 <= by_group.high
        naive += by_call.low <= 0 <= by_call.high
    assert covered / runs >= 0.87
    assert naive / runs < 0.80


def test_bootstrap_is_reproducible_and_counts_groups():
    values, groups = clustered(np.random.default_rng(7), 0.1)
    assert cluster_bootstrap(values, groups) == cluster_bootstrap(values, groups)
    estimate = cluster_bootstrap(values, groups)
    assert estimate.n_groups == 60
    assert estimate.mean == pytest.approx(values.mean())


def test_tost_type_one_error_at_the_margin_and_power_inside():
    rng, runs, margin = np.random.default_rng(8), 1000, 0.1
    wrong = found = 0
    for _ in range(runs):
        wrong += tost(*clustered(rng, -margin), margin).p_lower <= 0.05
        found += tost(*clustered(rng, 0.0, 300), margin).p_value <= 0.05
    assert wrong / runs <= 0.05 + 0.01 + 3 * math.sqrt(0.05 * 0.95 / runs)
    assert found / runs > 0.9


def test_no_spread_at_all_is_decided_by_the_sign():
    groups = ["a", "b", "c"]
    assert tost([0.0, 0.0, 0.0], groups, 0.1).p_value == 0.0
    assert tost([0.2, 0.2, 0.2], groups, 0.1).p_value == 1.0


@pytest.mark.parametrize(
    ("values", "groups"),
    [([0.1], ["a"]), ([0.1, 0.2], ["a", "a"]), ([0.1], ["a", "b"]), ([math.nan, 0], ["a", "b"])],
)
def test_what_cannot_be_computed_is_refused(values, groups):
    with pytest.raises(InputError):
        cluster_bootstrap(values, groups)
    with pytest.raises(InputError):
        tost(values, groups, 0.1)
