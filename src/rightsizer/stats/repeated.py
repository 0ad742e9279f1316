"""Repeated trials of the same task."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rightsizer.errors import InputError
from rightsizer.stats.require import require_counts


def pass_hat_k(successes: Sequence[int], trials: Sequence[int], k: int) -> float:
    """pass^k: the chance that k independent trials of a task all succeed, averaged over tasks.

    The unbiased estimate mean of C(c, k) / C(n, k), as in τ-bench (Yao et al. 2024).

    Raises:
        InputError: no task, k < 1, or a task with fewer than k trials.
    """
    if k < 1 or not trials or len(successes) != len(trials):
        raise InputError("pass^k needs k ≥ 1 and, for at least one task, its successes and its trials")
    if min(trials) < k:
        raise InputError(f"a task has {min(trials)} trials, fewer than k = {k}")
    for c, n in zip(successes, trials, strict=True):
        require_counts(c, n)
    return sum(math.comb(c, k) / math.comb(n, k) for c, n in zip(successes, trials, strict=True)) / len(
        trials
    )
