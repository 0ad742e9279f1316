"""Exact binomial tests and intervals."""

from __future__ import annotations

import math

from rightsizer.stats.require import require_counts, require_open_unit


def p_at_most(k: int, n: int, p0: float) -> float:
    """P(Bin(n, p0) ≤ k): the exact p-value of "the rate is at least p0" against "it is lower".

    With k losses among n independent calls this is the p-value of Learn-then-Test for a 0/1 loss
    (Angelopoulos, Bates, Candès, Jordan & Lei 2021); n = 0 gives 1.
    """
    require_counts(k, n)
    require_open_unit("p0", p0)
    if k == n:
        return 1.0
    from scipy.special import betainc

    return float(betainc(n - k, k + 1, 1.0 - p0))


def p_at_least(k: int, n: int, p0: float) -> float:
    """P(Bin(n, p0) ≥ k): the exact p-value of "the rate is at most p0" against "it is higher"."""
    require_counts(k, n)
    require_open_unit("p0", p0)
    if k == 0:
        return 1.0
    from scipy.special import betainc

    return float(betainc(k, n - k + 1, p0))


def binomial_upper(k: int, n: int, delta: float) -> float:
    """One-sided upper bound: the true rate is below it with probability ≥ 1 − delta.

    Clopper & Pearson (1934): the largest rate that k or fewer of n do not reject at level delta.
    """
    require_counts(k, n)
    require_open_unit("delta", delta)
    if k == n:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(k + 1, n - k, 1.0 - delta))


def binomial_lower(k: int, n: int, delta: float) -> float:
    """One-sided lower bound: the true rate is above it with probability ≥ 1 − delta (Clopper–Pearson)."""
    return 1.0 - binomial_upper(n - k, n, delta)


def clopper_pearson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval of a rate, k of n, that covers it with probability ≥ level.

    Clopper & Pearson (1934). n = 0 gives (0, 1).
    """
    require_open_unit("level", level)
    half = (1.0 - level) / 2.0
    return binomial_lower(k, n, half), binomial_upper(k, n, half)


def wilson(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's (1927) score interval of a rate: right on average, for display only, never for a decision."""
    require_counts(k, n)
    require_open_unit("level", level)
    if n == 0:
        return 0.0, 1.0
    from scipy.special import ndtri

    z = float(ndtri((1.0 + level) / 2.0))
    rate, z2 = k / n, z * z / n
    centre = (rate + z2 / 2.0) / (1.0 + z2)
    half = z / (1.0 + z2) * math.sqrt(rate * (1.0 - rate) / n + z2 / (4.0 * n))
    low = 0.0 if k == 0 else max(0.0, centre - half)
    return low, 1.0 if k == n else min(1.0, centre + half)
