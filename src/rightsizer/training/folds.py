"""Folds for cross-fitting inside the train split: rows of one group stay together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def deal_folds(
    groups: Sequence[str], labels: npt.NDArray[np.int32], k: int, *, seed: int = 0
) -> npt.NDArray[np.int64]:
    """The fold, 0 … k-1, of every row: groups are dealt out one by one, ordered by their first label, so
    that each fold has about the same share of every label."""
    rng = np.random.default_rng(seed)
    first: dict[str, int] = {}
    for group, label in zip(groups, labels.tolist(), strict=True):
        first.setdefault(group, label)
    names = sorted(first)
    luck = rng.permutation(len(names))
    order = sorted(range(len(names)), key=lambda i: (first[names[i]], luck[i]))
    fold_of = {names[i]: position % k for position, i in enumerate(order)}
    return np.array([fold_of[g] for g in groups], np.int64)
