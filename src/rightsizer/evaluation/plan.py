"""The plan of a gate decision, fixed before anything of the calibration split is looked at.

Which thresholds are tested, in which order, with which share of δ, and how many served calls of one
session count at each. It is made from the confidences of the *test* split (never its losses) and the
size of the calibration split, so it is independent of every calibration score: given the plan, the served
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
LEVELS += (0.74, 0.79, 0.84, 0.88, 0.91, 0.94, 0.96, 0.975, 0.985, 0.99, 1.0)

# Where the chain starts anew, as positions in the testable part of the family, and with what share.
STARTS = ((0.0, 0.4), (1 / 3, 0.2), (2 / 3, 0.2), (1.0, 0.2))
SPARE_LOSSES = 2.5
THIN_SPARE = 0.85  # of what few sessions have to spare, so much is asked of the one place to start at
SESSION_QUANTILE = 0.5
COUNTED = 0.95


@dataclass(frozen=True)
class Plan:
    """Thresholds from high to low, each with its share of δ (sum 1), its betting stakes, and how many
    served calls of one session count there."""

    thresholds: tuple[float, ...]
    weights: tuple[float, ...]
    stakes: tuple[tuple[float, float], ...]
    caps: tuple[int, ...]


def make_plan(test: Split, n_sessions: int, *, alpha: float, delta: float, min_coverage: float) -> Plan:
    """The plan for a calibration split of `n_sessions` sessions. No thresholds = nothing worth testing."""
    confidence = np.sort(test.confidence[test.confidence >= 0])[::-1]
    thresholds: list[float] = []
    for level in LEVELS if len(confidence) else ():
        served = max(1, round(level * len(confidence)))
        value = 0.0 if level == 1.0 else float(confidence[served - 1])
        coverage = float((confidence >= value).sum()) / test.n_calls
        if coverage >= min_coverage and (not thresholds or value < thresholds[-1]):
            thresholds.append(value)
    counts = [_served_by_session(test, t) for t in thresholds]
    caps = tuple(_cap(np.bincount(test.session), k) for k in counts)
    expected = [
        n_sessions * float(np.minimum(k, cap).sum()) / cap / test.n_sessions
        for k, cap in zip(counts, caps, strict=True)
    ]
    stakes = tuple(stakes_for(n, alpha, delta / 2) for n in expected)
    return Plan(tuple(thresholds), _weights(expected, alpha, delta), stakes, caps)


def _served_by_session(split: Split, threshold: float) -> np.ndarray:
    """Served calls of each session that has any."""
    counts = np.bincount(split.session[split.confidence >= threshold])
    return counts[counts > 0]


def _cap(sizes: np.ndarray, served: np.ndarray) -> int:
    """How many served calls of a session count: the least with which 95 % of all served calls do, but no more
    than the median session has calls. Where only one call of long sessions is served, each counts once."""
    most = math.ceil(float(np.quantile(sizes, SESSION_QUANTILE)))
    enough = (m for m in range(1, most) if np.minimum(served, m).sum() >= COUNTED * served.sum())
    return next(enough, most)


def _weights(expected: Sequence[float], alpha: float, delta: float) -> tuple[float, ...]:
    """δ is put on several starting points among the thresholds where a proof is possible at all.

    `expected` is the number of independent served observations at each threshold. A threshold that
    could not be proved even with a loss or few is no place to start. Where sessions are too few for that
    anywhere, all of δ starts at the highest threshold that has most of what there is.
    """
    if not expected:
        return ()
    last = len(expected) - 1
    per_session, needed = -math.log1p(-alpha), math.log(1 / delta)
    spare = max(expected) * per_session - needed
    weights = [0.0] * len(expected)
    if spare < SPARE_LOSSES:
        least = min(max(expected), (needed + THIN_SPARE * max(spare, 0.0)) / per_session)
        weights[next(i for i, n in enumerate(expected) if n >= least)] = 1.0
        return tuple(weights)
    least = (needed + SPARE_LOSSES) / per_session
    first = next(i for i, n in enumerate(expected) if n >= least)
    for position, share in STARTS:
        weights[first + round(position * (last - first))] += share
    return tuple(weights)
