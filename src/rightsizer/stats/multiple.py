"""Several hypotheses at once, under any dependence, with the family-wise error held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rightsizer.errors import InputError
from rightsizer.stats.require import finite_array, require_open_unit


@dataclass(frozen=True)
class Rejections:
    """Per hypothesis, in the order given: the level it was tested at, and whether it was rejected."""

    levels: tuple[float, ...]
    rejected: tuple[bool, ...]


def bonferroni(p_values: Sequence[float], delta: float) -> Rejections:
    """Each hypothesis at delta / m (Bonferroni 1936)."""
    return fallback(p_values, [1.0 / len(p_values)] * len(p_values), delta, carry=False)


def fallback(
    p_values: Sequence[float], weights: Sequence[float], delta: float, *, carry: bool = True
) -> Rejections:
    """The fallback procedure (Wiens 2003; Wiens & Dmitrienko 2005), in the order given.

    Hypothesis i is tested at ``weights[i]·delta``, plus the whole level of hypothesis i−1 if that one
    was rejected. A chain that breaks loses only the level that it carried: every later weight
    starts it anew. All weight on the first is the fixed-sequence test. P(any true hypothesis
    rejected) ≤ delta whatever the dependence. A weight of 0 is tested only with carried level.

    Raises:
        InputError: weights are negative or sum to more than 1, or a p-value is outside [0, 1].
    """
    p, w = finite_array("p_values", p_values), finite_array("weights", weights)
    require_open_unit("delta", delta)
    if len(p) != len(w) or (w < 0).any() or w.sum() > 1 + 1e-9:
        raise InputError("weights must be one per p-value, none negative, with a sum of at most 1")
    if ((p < 0) | (p > 1)).any():
        raise InputError("a p-value is outside [0, 1]")
    levels: list[float] = []
    rejected: list[bool] = []
    carried = 0.0
    for p_i, w_i in zip(p.tolist(), w.tolist(), strict=True):
        level = w_i * delta + carried
        reject = level > 0 and p_i <= level
        levels.append(level)
        rejected.append(reject)
        carried = level if reject and carry else 0.0
    return Rejections(tuple(levels), tuple(rejected))
