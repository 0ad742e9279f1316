"""Testing and estimating a bounded mean by betting: exact at any sample size, and at any time one looks.

A gambler bets against the null hypothesis with money that cannot go below zero. If the hypothesis is
true, the capital is a non-negative supermartingale, and by Ville's (1939) inequality it ever reaches
1/δ with probability ≤ δ. Waudby-Smith & Ramdas, "Estimating means of bounded random variables by
betting", JRSS-B 86 (2024).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rightsizer.errors import InputError
from rightsizer.stats.require import FloatArray, finite_array, require_open_unit

# Fractions of the largest stake that can never lose everything. A mixture over fixed stakes needs no
# order of the data and no tuning; the last one, just short of all-in, is what few clean data need.
STAKES = np.concatenate([np.geomspace(1 / 64, 0.98, 18), [1.0]])


def stakes_for(n: float, rate: float, delta: float) -> tuple[float, float]:
    """Stakes (of the largest) for a proof that a 0/1 rate is below `rate`, from about n observations.

    The first is the Chernoff-optimal one at the edge of what n observations can prove at level delta;
    the second, its double, gains where the observations spread less than 0/1 ones do. Deciding on few
    stakes beforehand spends less than mixing over many.
    """
    require_open_unit("rate", rate)
    require_open_unit("delta", delta)
    if not n > 0 or n * -math.log1p(-rate) <= math.log(1 / delta):
        return 1.0, 1.0
    low, high = 0.0, rate  # bisection for the rate whose divergence from `rate` is ln(1/δ) / n
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if n * _divergence(middle, rate) > math.log(1 / delta) else (low, middle)
    stake = 1.0 - high / rate
    return stake, min(1.0, 2 * stake)


def _divergence(q: float, p: float) -> float:
    """Kullback–Leibler divergence of Bernoulli(q) from Bernoulli(p), nats."""
    first = q * math.log(q / p) if q > 0 else 0.0
    return first + (1 - q) * math.log((1 - q) / (1 - p))


def e_process(
    x: Sequence[float] | FloatArray, bound: float, stakes: Sequence[float] | FloatArray = STAKES
) -> FloatArray:
    """Capital after each observation in a bet that E[x] < 0, of a gambler who starts with 1.

    Args:
        x: observations ≤ `bound`, independent or with E[x_i | past] ≥ 0 under the null hypothesis.
        bound: the largest value an observation can take, > 0; known before looking at x.
        stakes: fractions of the largest stake 1/bound, fixed before looking at x.

    Under "the mean of x is ≥ 0" each value is an e-value and 1 / max(value) is a p-value however
    often one looks. Mixture (equal weights) over the stakes of the products of 1 − λ·x.
    """
    values, fractions = finite_array("x", x), finite_array("stakes", stakes)
    if not len(fractions) or fractions.min() < 0 or fractions.max() > 1:
        raise InputError("stakes must be fractions between 0 and 1, at least one")
    if not bound > 0 or not np.isfinite(bound):
        raise InputError(f"bound is {bound}, not a positive number")
    if len(values) and values.max() > bound * (1 + 1e-12):
        raise InputError(f"an observation is above the bound {bound}")
    if not len(values):
        return np.empty(0)
    with np.errstate(divide="ignore"):
        logs = np.log(np.maximum(1.0 - np.outer(fractions / bound, values), 0.0))
    return _mix(np.cumsum(logs, axis=1))


def e_value(
    x: Sequence[float] | FloatArray, bound: float, stakes: Sequence[float] | FloatArray = STAKES
) -> float:
    """The last capital of `e_process`: an e-value against "E[x] ≥ 0"; 1/e is a p-value. No data: 1.

    The order of x does not matter.
    """
    values = finite_array("x", x)
    return float(e_process(np.sort(values), bound, stakes)[-1]) if len(values) else 1.0


def _mix(log_capital: FloatArray) -> FloatArray:
    """Mean capital over the stakes (rows), kept finite: anything above 1e300 is as good as proof."""
    top = log_capital.max(axis=0)
    safe = np.where(np.isfinite(top), top, 0.0)
    mixed = np.log(
        np.exp(log_capital - safe).mean(axis=0), where=np.isfinite(top), out=np.full(len(top), -np.inf)
    )
    capital: FloatArray = np.exp(np.minimum(mixed + safe, 690.0))
    return capital


def betting_interval(
    x: Sequence[float] | FloatArray, delta: float, *, resolution: int = 1000
) -> tuple[FloatArray, FloatArray]:
    """Confidence sequence of the mean of x in [0, 1]: (low, high) after each observation.

    The true mean is inside all of them at once with probability ≥ 1 − delta, however often one looks.
    Hedged capital with the predictable plug-in bets of Waudby-Smith & Ramdas (2024, §4.2), inverted on
    a grid of `resolution` + 1 means and widened by one step of it; the running intersection.
    """
    values = finite_array("x", x)
    require_open_unit("delta", delta)
    if len(values) and (values.min() < 0 or values.max() > 1):
        raise InputError("betting_interval needs observations in [0, 1]")
    grid = np.linspace(0.0, 1.0, resolution + 1)
    stakes = _plug_in_stakes(values, delta)
    up, down = np.zeros_like(grid), np.zeros_like(grid)
    alive = np.ones(len(grid), dtype=bool)
    lows, highs = np.empty(len(values)), np.empty(len(values))
    limit = np.log(2.0 / delta)
    with np.errstate(divide="ignore"):
        cap_up = np.where(grid > 0, 0.5 / np.maximum(grid, 1e-300), np.inf)
        cap_down = np.where(grid < 1, 0.5 / np.maximum(1 - grid, 1e-300), np.inf)
    for i, value in enumerate(values):
        up += np.log1p(np.minimum(stakes[i], cap_up) * (value - grid))
        down += np.log1p(-np.minimum(stakes[i], cap_down) * (value - grid))
        alive &= (up < limit) & (down < limit)
        inside = grid[alive]
        previous = (lows[i - 1], highs[i - 1]) if i else (0.0, 1.0)
        lows[i] = max(previous[0], inside[0] - 1 / resolution) if len(inside) else previous[0]
        highs[i] = min(previous[1], inside[-1] + 1 / resolution) if len(inside) else previous[1]
    return lows, highs


def _plug_in_stakes(values: FloatArray, delta: float) -> FloatArray:
    """λ_t = sqrt(2 ln(2/δ) / (σ²_{t−1} · t · ln(t+1))): known before observation t (their eq. 26)."""
    t = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (t + 1)
    variance = (0.25 + np.cumsum((values - mean) ** 2)) / (t + 1)
    before = np.concatenate([[0.25], variance[:-1]]) if len(values) else variance
    stakes: FloatArray = np.sqrt(2 * np.log(2 / delta) / (before * t * np.log(t + 1)))
    return stakes
