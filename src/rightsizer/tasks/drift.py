"""Whether a task changes over the log: its answers in the first half of the sessions against the second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from rightsizer.tasks.scan import Fact

SHUFFLES = 20


def estimate_drift(facts: Sequence[Fact]) -> float:
    """0 (no more than chance) … 1: total variation between the recipes of the first and the second half
    of the sessions in log order, less what halves drawn at random show on average."""
    sessions = list(dict.fromkeys(f.session for f in facts))
    if len(sessions) < 4:
        return 0.0
    counts: dict[str, Counter[str]] = {s: Counter() for s in sessions}
    for f in facts:
        counts[f.session][f.shape if f.kind != "label" else f.answer] += 1
    half = len(sessions) // 2
    seen = _variation(sessions[:half], sessions[half:], counts)
    rng = np.random.default_rng(0)
    chance = []
    for _ in range(SHUFFLES):
        order = [sessions[i] for i in rng.permutation(len(sessions))]
        chance.append(_variation(order[:half], order[half:], counts))
    expected = float(np.mean(chance))
    return max(0.0, seen - expected) / (1 - expected) if expected < 1 else 0.0


def _variation(a: Sequence[str], b: Sequence[str], counts: dict[str, Counter[str]]) -> float:
    left: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for side, sessions in ((left, a), (right, b)):
        for s in sessions:
            side.update(counts[s])
    n, m = left.total(), right.total()
    if not n or not m:
        return 0.0
    return sum(abs(left[k] / n - right[k] / m) for k in left | right) / 2
