"""Two systems on the same calls, where calls of one session are dependent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rightsizer.errors import InputError
from rightsizer.stats.binomial import p_at_most
from rightsizer.stats.require import FloatArray, finite_array, require_open_unit


@dataclass(frozen=True)
class Estimate:
    """A mean with its two-sided interval; `n_groups` independent groups."""

    mean: float
    low: float
    high: float
    n_groups: int


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of |mean| < margin: `p_value` is the larger; `p_lower` that of non-inferiority."""

    mean: float
    p_lower: float
    p_upper: float
    p_value: float


def mcnemar_exact(only_first: int, only_second: int) -> float:
    """Two-sided exact p-value that two systems are right equally often (McNemar 1947, exact form).

    Args:
        only_first: pairs where only the first is right; only_second: where only the second is.
    """
    k, n = min(only_first, only_second), only_first + only_second
    if k < 0:
        raise InputError("counts of discordant pairs cannot be negative")
    return 1.0 if n == 0 else min(1.0, 2.0 * p_at_most(k, n, 0.5))


def cluster_bootstrap(
    differences: Sequence[float] | FloatArray,
    groups: Sequence[str],
    *,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Percentile interval of the mean of paired differences, drawing whole groups with replacement.

    Field & Welsh (2007), the cluster bootstrap; the mean is over calls (ratio of sums). It is an
    approximation that needs some tens of groups: never for the gate.

    Raises:
        InputError: fewer than two groups, or lengths differ.
    """
    require_open_unit("level", level)
    sums, sizes = _group_sums(differences, groups)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=resamples)
    means = (counts @ sums) / (counts @ sizes)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(sums.sum() / sizes.sum()), float(low), float(high), len(sums))


def tost(differences: Sequence[float] | FloatArray, groups: Sequence[str], margin: float) -> Equivalence:
    """Two one-sided tests (Schuirmann 1987) that the mean difference lies within ± margin.

    The variance is that of group totals around the mean (linearised ratio), on n_groups − 1 degrees
    of freedom. `p_lower` alone tests non-inferiority: mean > −margin.

    Raises:
        InputError: fewer than two groups, a margin ≤ 0, or lengths differ.
    """
    if not margin > 0:
        raise InputError(
            f"margin is {margin}, not positive", hint="fix the margin before looking at the data"
        )
    sums, sizes = _group_sums(differences, groups)
    n, mean = len(sums), float(sums.sum() / sizes.sum())
    residual = sums - mean * sizes
    error = math.sqrt(n / (n - 1) * float(residual @ residual)) / float(sizes.sum())
    p_lower, p_upper = _t_tail(mean + margin, error, n - 1), _t_tail(margin - mean, error, n - 1)
    return Equivalence(mean, p_lower, p_upper, max(p_lower, p_upper))


def _t_tail(distance: float, error: float, freedom: int) -> float:
    """P(T ≥ distance / error); with no variance at all, the sign of the distance decides."""
    if error == 0.0:
        return 0.0 if distance > 0 else 1.0
    from scipy.special import stdtr

    return float(stdtr(freedom, -distance / error))


def _group_sums(values: Sequence[float] | FloatArray, groups: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    array = finite_array("differences", values)
    if len(array) != len(groups):
        raise InputError(f"{len(array)} differences but {len(groups)} groups")
    names, index = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(names) < 2:
        raise InputError("fewer than two groups: nothing to tell their spread from")
    sums = np.bincount(index, weights=array, minlength=len(names)).astype(np.float64)
    return sums, np.bincount(index, minlength=len(names)).astype(np.float64)
