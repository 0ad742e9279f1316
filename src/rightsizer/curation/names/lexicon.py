"""Which runs of tokens are listed: names, places, organisations, ordinary words; as hashes, not as text."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.hashing import Hashes, Index, mix

CLASSES = ("given", "surname", "place", "organisation", "word", "person", "organisation-word", "street-word")
LONGEST = 6
_SALT = np.uint32(0xC0FFEE)
# How a token stands in the longest listed run over it: 0 not in one, 1 alone, then first, inside and last
# of a run of two, of three, of four and more.
STATES = 11


@dataclass(frozen=True)
class Lexicon:
    """`keys`, ascending, are hashes of runs of lower-case tokens; `classes` their classes as bits."""

    keys: Hashes
    classes: NDArray[np.uint8]
    _index: Index = field(init=False, repr=False)
    _classes: NDArray[np.uint8] = field(init=False, repr=False)  # the last: not listed

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", Index(self.keys))
        object.__setattr__(self, "_classes", np.append(self.classes, np.uint8(0)))

    def states(
        self, hashes: Hashes, allow: int = 0xFF, outside: NDArray[np.bool_] | None = None
    ) -> NDArray[np.uint8]:
        """(tokens, classes): the state of every token in every class; `allow` are the classes looked up.

        `outside` are tokens between texts: no run goes over them.
        """
        n = len(hashes)
        if not n:
            return np.zeros((0, len(CLASSES)), np.uint8)
        runs = [mix(np.full(n, _SALT), hashes)]
        for length in range(2, min(LONGEST, n) + 1):
            runs.append(mix(runs[-1][:-1], hashes[length - 1 :]))
        found = self._classes[self._index.rows(np.concatenate(runs))] & np.uint8(allow)
        out = (found[:n, None] >> _BITS) & np.uint8(1)
        for at in np.flatnonzero(found[n:]).tolist():
            _mark(out, at, int(found[n + at]), outside)
        return out


def run_hash(hashes: Hashes) -> int:
    """The key of a run of tokens."""
    out = np.array([_SALT])
    for k in range(len(hashes)):
        out = mix(out, hashes[k : k + 1])
    return int(out[0])


_BITS = np.arange(len(CLASSES), dtype=np.uint8)


def _mark(out: NDArray[np.uint8], at: int, classes: int, outside: NDArray[np.bool_] | None) -> None:
    """Note a listed run of two tokens and more, the `at`-th of all runs by length, then by first token.

    Longer runs come later and overwrite shorter ones; of overlapping equals the last one stays.
    """
    length, n = 2, len(out)
    while at >= n - length + 1:
        at -= n - length + 1
        length += 1
    if outside is not None and outside[at : at + length].any():
        return
    base = 2 + 3 * (min(length, 4) - 2)
    for column in range(len(CLASSES)):
        if classes >> column & 1:
            out[at, column] = base
            out[at + 1 : at + length - 1, column] = base + 1
            out[at + length - 1, column] = base + 2
