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
# A chain shares δ between its starts, not between its thresholds: those that were added start none.
LEVELS: tuple[float, ...] = (0.05, 0.08, 0.12, 0.17, 0.23, 0.3, 0.37, 0.44, 0.5, 0.56, 0.62, 0.68)
LEVELS += (0.74, 0.79, 0.84, 0.88, 0.91, 0.94, 0.95, 0.96, 0.968, 0.975, 0.98, 0.985, 0.9875, 0.99)
LEVELS += (0.9925, 0.995, 1.0)
ADDED = frozenset((0.95, 0.968, 0.98, 0.9875, 0.9925, 0.995))

# Where the chain starts anew, as positions in the testable part of the family (without what was added),
# and with what share.
STARTS = ((0.0, 0.4), (1 / 3, 0.2), (2 / 3, 0.2), (1.0, 0.2))
THIN_SPARE = 0.85  # of what few sessions have to spare, so much is asked of the one place to start at
SESSION_QUANTILE = 0.5
COUNTED = 0.95


@dataclass(frozen=True)
class Family:
    """The rules of a plan. Each rule is fixed in advance; evidence states the number of its family.

    `levels` are tried. With `spare_losses` more than clean data need, a threshold is one to start at. With
    `is_lean` the cap on a session follows what is served there, and few sessions start at one place. No
    chain starts anew at a level of `no_starts`: where many lie near full coverage, so would most starts.
    """

    levels: tuple[float, ...]
    spare_losses: float
    is_lean: bool
    no_starts: frozenset[float] = frozenset()


# What was decided with a family is recomputed with it; evidence that states none is of the first.
FAMILY = 3.0
FAMILIES = {
    1.0: Family(tuple(level for level in LEVELS if level not in ADDED), 4.0, is_lean=False),
    2.0: Family(LEVELS, 2.5, is_lean=True),
    FAMILY: Family(LEVELS, 2.5, is_lean=True, no_starts=ADDED),
}
CURRENT = FAMILIES[FAMILY]


@dataclass(frozen=True)
class Plan:
    """Thresholds from high to low, each with its share of δ (sum 1), its betting stakes, and how many
    served calls of one session count there."""

    thresholds: tuple[float, ...]
    weights: tuple[float, ...]
    stakes: tuple[tuple[float, float], ...]
    caps: tuple[int, ...]


def make_plan(
    test: Split,
    n_sessions: int,
    *,
    alpha: float,
    delta: float,
    min_coverage: float,
    family: Family = CURRENT,
) -> Plan:
    """The plan for a calibration split of `n_sessions` sessions. No thresholds = nothing worth testing."""
    confidence = np.sort(test.confidence[test.confidence >= 0])[::-1]
    thresholds: list[float] = []
    may_start: list[bool] = []
    for level in family.levels if len(confidence) else ():
        served = max(1, round(level * len(confidence)))
        value = 0.0 if level == 1.0 else float(confidence[served - 1])
        coverage = float((confidence >= value).sum()) / test.n_calls
        if coverage >= min_coverage and (not thresholds or value < thresholds[-1]):
            thresholds.append(value)
            may_start.append(level not in family.no_starts)
    sizes = np.bincount(test.session)
    counts = [_served_by_session(test, t) for t in thresholds]
    caps = tuple(_cap(sizes, k, is_lean=family.is_lean) for k in counts)
    if family.is_lean:
        effective = [np.minimum(k, cap).sum() / cap for k, cap in zip(counts, caps, strict=True)]
    else:
        effective = [
            np.minimum(sizes, cap).sum() / cap * k.sum() / test.n_calls
            for k, cap in zip(counts, caps, strict=True)
        ]
    expected = [n_sessions * float(n) / test.n_sessions for n in effective]
    stakes = tuple(stakes_for(n, alpha, delta / 2) for n in expected)
    return Plan(tuple(thresholds), _weights(expected, may_start, alpha, delta, family), stakes, caps)


def _served_by_session(split: Split, threshold: float) -> np.ndarray:
    """Served calls of each session that has any."""
    counts = np.bincount(split.session[split.confidence >= threshold])
    return counts[counts > 0]


def _cap(sizes: np.ndarray, served: np.ndarray, *, is_lean: bool) -> int:
    """How many served calls of a session count: as many as the median session has calls; if `is_lean`, the
    least with which 95 % of all served calls do. Where one call of each long session is served, it counts."""
    most = max(1, math.ceil(float(np.quantile(sizes, SESSION_QUANTILE))))
    if not is_lean:
        return most
    enough = (m for m in range(1, most) if np.minimum(served, m).sum() >= COUNTED * served.sum())
    return next(enough, most)


def _weights(
    expected: Sequence[float], may_start: Sequence[bool], alpha: float, delta: float, family: Family
) -> tuple[float, ...]:
    """δ is put on several starting points among the thresholds where a proof is possible at all.

    `expected` is the number of independent served observations at each threshold. A threshold that
    could not be proved even with a loss or few is no place to start. Where sessions are too few for that
    anywhere, all of δ starts at the highest threshold that has most of what there is (in the first family:
    at the lowest of all).
    """
    if not expected:
        return ()
    last = len(expected) - 1
    per_session, needed = -math.log1p(-alpha), math.log(1 / delta)
    spare = max(expected) * per_session - needed
    weights = [0.0] * len(expected)
    if spare < family.spare_losses and family.is_lean:
        least = min(max(expected), (needed + THIN_SPARE * max(spare, 0.0)) / per_session)
        weights[next(i for i, n in enumerate(expected) if n >= least)] = 1.0
        return tuple(weights)
    least = (needed + family.spare_losses) / per_session
    first = next((i for i, n in enumerate(expected) if n >= least), last)
    places = [first, *(i for i in range(first + 1, last + 1) if may_start[i])]
    for position, share in STARTS:
        weights[places[round(position * (len(places) - 1))]] += share
    return tuple(weights)
