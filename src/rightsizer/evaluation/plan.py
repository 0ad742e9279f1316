"""The plan of a gate decision, fixed before anything of the calibration split is looked at.

Which thresholds are tested, in which order, with which share of δ, and how many calls of one session
count. It is made from the confidences of the *test* split (never its losses) and the size of the
calibration split, so it is independent of every calibration score: given the plan, the served
calls are exchangeable draws and the binomial test is exact. Quantiles of the calibration
confidences would be label-free too, but condition on the boundary call and break exactness with ties.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rightsizer.evaluation.risk import Split
from rightsizer.stats import stakes_for

# Shares of the answered calls that the family tries to serve; finer where it matters most.
# Their number costs no power: a chain shares δ between its starts, not between its thresholds.
LEVELS: tuple[float, ...] = (0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.37, 0.44, 0.5, 0.56, 0.62, 0.68)
LEVELS += (0.74, 0.79, 0.84, 0.88, 0.91, 0.94, 0.95, 0.96, 0.968, 0.975, 0.98, 0.985, 0.9875, 0.99)
LEVELS += (0.9925, 0.995, 1.0)
# Evidence states the family it was decided with; what states none was decided with the first.
FAMILY = 2.0
ADDED = frozenset((0.95, 0.968, 0.98, 0.9875, 0.9925, 0.995))
FAMILIES = {1.0: tuple(level for level in LEVELS if level not in ADDED), FAMILY: LEVELS}

# Where the chain starts anew, as positions in the testable part of the family, and with what share.
STARTS = ((0.0, 0.4), (1 / 3, 0.2), (2 / 3, 0.2), (1.0, 0.2))
SPARE_LOSSES = 4.0
SESSION_QUANTILE = 0.5


@dataclass(frozen=True)
class Plan:
    """Thresholds from high to low, each with its share of δ (sum 1) and its betting stakes."""

    thresholds: tuple[float, ...]
    weights: tuple[float, ...]
    stakes: tuple[tuple[float, float], ...]
    session_cap: int


def make_plan(
    test: Split,
    n_sessions: int,
    *,
    alpha: float,
    delta: float,
    min_coverage: float,
    levels: Sequence[float] = LEVELS,
) -> Plan:
    """The plan for a calibration split of `n_sessions` sessions. No thresholds = nothing worth testing."""
    confidence = np.sort(test.confidence[test.confidence >= 0])[::-1]
    sizes = np.bincount(test.session)
    cap = max(1, math.ceil(float(np.quantile(sizes, SESSION_QUANTILE)))) if len(sizes) else 1
    thresholds: list[float] = []
    coverages: list[float] = []
    for level in levels if len(confidence) else ():
        served = max(1, round(level * len(confidence)))
        value = 0.0 if level == 1.0 else float(confidence[served - 1])
        coverage = float((confidence >= value).sum()) / test.n_calls
        if coverage >= min_coverage and (not thresholds or value < thresholds[-1]):
            thresholds.append(value)
            coverages.append(coverage)
    effective = n_sessions * float(np.minimum(sizes, cap).mean()) / cap if len(sizes) else 0.0
    expected = [effective * c for c in coverages]
    stakes = tuple(stakes_for(n, alpha, delta / 2) for n in expected)
    return Plan(tuple(thresholds), _weights(expected, alpha, delta), stakes, cap)


def _weights(expected: Sequence[float], alpha: float, delta: float) -> tuple[float, ...]:
    """δ is put on several starting points among the thresholds where a proof is possible at all.

    `expected` is the number of independent served observations at each threshold. A threshold that
    could not be proved even with a loss or few is no place to start.
    """
    if not expected:
        return ()
    least = (math.log(1 / delta) + SPARE_LOSSES) / -math.log1p(-alpha)
    first = next((i for i, n in enumerate(expected) if n >= least), len(expected) - 1)
    last = len(expected) - 1
    weights = [0.0] * len(expected)
    for position, share in STARTS:
        weights[first + round(position * (last - first))] += share
    return tuple(weights)
