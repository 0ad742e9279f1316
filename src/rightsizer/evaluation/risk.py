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
    """Serving at a threshold: all served calls, and Σ loss and calls of each session that count."""

    served: int
    losses: int
    session_losses: FloatArray
    session_calls: FloatArray

    @property
    def sessions(self) -> int:
        return len(self.session_calls)

    @property
    def counted(self) -> int:
        return int(self.session_calls.sum())

    @property
    def counted_losses(self) -> int:
        return int(self.session_losses.sum())


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


def risk_at(split: Split, threshold: float, session_cap: int) -> Risk:
    """What serving at this confidence and above would have done."""
    served = split.confidence >= threshold
    session, loss = split.session[served], split.loss[served]
    if not len(session):
        return Risk(0, 0, np.empty(0), np.empty(0))
    starts = np.flatnonzero(np.r_[True, session[1:] != session[:-1]])
    sizes = np.diff(np.r_[starts, len(session)])
    counts = np.arange(len(session)) - np.repeat(starts, sizes) < session_cap
    session_losses = np.add.reduceat(np.where(counts, loss, 0.0), starts)
    return Risk(len(loss), int(loss.sum()), session_losses, np.minimum(sizes, session_cap).astype(np.float64))


def p_below(risk: Risk, alpha: float, session_cap: int, stakes: Sequence[float]) -> float:
    """p-value of "the risk is ≥ alpha": small = proof that it is lower."""
    if session_cap == 1:
        return p_at_most(risk.counted_losses, risk.counted, alpha)
    excess = risk.session_losses - alpha * risk.session_calls
    return min(1.0, 1.0 / max(1e-300, e_value(excess, (1 - alpha) * session_cap, stakes)))


def p_above(risk: Risk, alpha: float, session_cap: int) -> float:
    """p-value of "the risk is ≤ alpha": small = proof that it is higher."""
    if session_cap == 1:
        return p_at_least(risk.counted_losses, risk.counted, alpha)
    excess = alpha * risk.session_calls - risk.session_losses
    return min(1.0, 1.0 / max(1e-300, e_value(excess, alpha * session_cap)))
