"""The risk of serving above a threshold: counts and exact tests that hold for dependent calls of a session.

Sessions are independent; calls of one session need not be. At most `session_cap` served calls of a
session count, drawn by a fixed random number of their own, so the risk that is tested is the mean loss of
served calls in which a longer session weighs as much as `session_cap` calls.

- cap 1: one call per session, independent: the exact binomial test.
- cap M: W_s = Σ (loss − α) over the counted calls of session s lies in [−αM, (1−α)M]; under "risk ≥ α"
  its mean is ≥ 0, and a betting e-value tests that (Waudby-Smith & Ramdas 2024), whatever the dependence
  within s. Its worst case, a session wrong as a whole, is why n counts in sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rightsizer.stats import e_value, p_at_least, p_at_most
from rightsizer.stats.require import FloatArray
from rightsizer.types import Score

DRAW_SEED = 20


@dataclass(frozen=True)
class Split:
    """The scores of one split as arrays, ordered by session and, within it, by a random draw."""

    n_calls: int
    n_sessions: int
    session: np.ndarray
    confidence: FloatArray  # −1 where the student does not answer
    loss: FloatArray


@dataclass(frozen=True)
class Risk:
    """Serving at a threshold: all served calls, and those that count for the test."""

    served: int
    losses: int
    counted: int
    counted_losses: int
    sessions: int
    p_below: float  # p-value of "risk ≥ α": small = proof that it is lower
    p_above: float  # p-value of "risk ≤ α": small = proof that it is higher


def make_split(scores: Sequence[Score]) -> Split:
    """Arrays of one split, from scores in the order in which they were judged."""
    names = np.asarray([s.group for s in scores], dtype=str)
    confidence = np.asarray([s.confidence if s.answered else -1.0 for s in scores], dtype=np.float64)
    return arrange(names, confidence, np.asarray([s.loss for s in scores], dtype=np.float64))


def arrange(group: np.ndarray, confidence: FloatArray, loss: FloatArray) -> Split:
    """Order calls by session and draw. The draws depend on the order of the calls, not on what is in them."""
    names, session = np.unique(group, return_inverse=True)
    draw = np.random.default_rng(DRAW_SEED).random(len(group))
    order = np.lexsort((draw, session))
    return Split(len(group), len(names), session[order], confidence[order], loss[order])


def risk_at(split: Split, threshold: float, alpha: float, session_cap: int) -> Risk:
    """Counts and both p-values at one threshold."""
    served = split.confidence >= threshold
    session, loss = split.session[served], split.loss[served]
    counted = _rank_within(session) < session_cap
    sessions = len(np.unique(session))
    n, k = int(counted.sum()), int(loss[counted].sum())
    if n == sessions:  # one counted call per session
        below, above = p_at_most(k, n, alpha), p_at_least(k, n, alpha)
    else:
        sums = np.bincount(session[counted], weights=loss[counted] - alpha)
        sums = sums[np.unique(session)]
        below = min(1.0, 1.0 / max(1e-300, e_value(sums, (1 - alpha) * session_cap)))
        above = min(1.0, 1.0 / max(1e-300, e_value(-sums, alpha * session_cap)))
    return Risk(len(loss), int(loss.sum()), n, k, sessions, below, above)


def _rank_within(session: np.ndarray) -> np.ndarray:
    """0, 1, 2 … within each run of equal values."""
    if not len(session):
        return session
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    lengths = np.diff(np.r_[starts, len(session)])
    return np.arange(len(session)) - np.repeat(starts, lengths)
