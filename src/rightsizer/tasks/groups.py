"""Which rows belong together, and in which part of the split a group lands."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Hashable, Sequence
from itertools import accumulate

from rightsizer.types import Split

MOST_CALIBRATION = 0.5
WITHIN_REACH = 0.8  # share of the calibration sessions that would have to be served, and clean
STEP = 1.25  # the shares of many groups change where they have grown by so much
ROOM = 1.6  # so many times the least number of sessions leaves room for a disagreement or two

PARTS: tuple[Split, ...] = ("train", "calibration", "test")


def split_of(group: str, fractions: Sequence[float], seed: int) -> Split:
    """The part a group lands in: by its hash alone, so it stays there when the data grow."""
    raw = hashlib.blake2b(f"{seed}\0{group}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    u = int.from_bytes(raw, "big") / 2**64 * sum(fractions)
    bounds = list(accumulate(fractions))
    return next((part for part, bound in zip(PARTS, bounds, strict=True) if u < bound), PARTS[-1])


def fractions_for(
    n_groups: int, fractions: Sequence[float], *, least_clean: float = 0.0, most_calibration: int = 0
) -> tuple[float, float, float]:
    """The shares of train, calibration and test of `n_groups` groups.

    Where groups are few, more of them calibrate, at the cost of training: `least_clean` is how many served
    groups without a disagreement prove anything at all (0: unknown). The calibration part grows to what a
    proof wants, up to half, where a proof is in reach then. The test part keeps its share.

    Where they are many, `most_calibration` of them are enough (0: there is no such number): what is over,
    of test in proportion, is learned from. These shares change in steps, each time the log has grown by a
    quarter, so that groups seldom change their part: then from calibration to train, or from test to
    calibration.
    """
    train, calibration, test = (f / sum(fractions) for f in fractions)
    wanted = min(MOST_CALIBRATION, ROOM * least_clean / n_groups) if n_groups else 0.0
    if calibration < wanted < train + calibration and WITHIN_REACH * wanted * n_groups >= least_clean:
        return train + calibration - wanted, wanted, test
    if not most_calibration or n_groups * calibration <= most_calibration:
        return train, calibration, test
    enough = most_calibration / calibration  # groups at which the bound begins to tell
    grown = enough * STEP ** math.floor(math.log(n_groups / enough, STEP))
    smaller = most_calibration / (calibration * grown)
    return 1 - (calibration + test) * smaller, calibration * smaller, test * smaller


def link(*keys: Sequence[Hashable]) -> list[int]:
    """Union-find (Tarjan 1975): rows that share any key are one component.

    Each of `keys` holds one key per row. Gives, per row, the index of the component's first row.
    """
    n = len(keys[0]) if keys else 0
    parent = list(range(n))
    for column in keys:
        first: dict[Hashable, int] = {}
        for i, key in enumerate(column):
            a, b = _root(parent, first.setdefault(key, i)), _root(parent, i)
            # The earliest row stays the root, so that a component keeps its name when rows are added.
            parent[max(a, b)] = min(a, b)
    return [_root(parent, i) for i in range(n)]


def _root(parent: list[int], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i
