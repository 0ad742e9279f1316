"""Which runs of tokens are listed: names, places, organisations, ordinary words; as hashes, not as text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names.hashing import Hashes, mix

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

    def states(self, hashes: Hashes, allow: int = 0xFF) -> NDArray[np.uint8]:
        """(tokens, classes): the state of every token in every class; `allow` are the classes looked up."""
        n = len(hashes)
        out = np.zeros((n, len(CLASSES)), np.uint8)
        if not n:
            return out
        runs = [run_hashes(hashes, length) for length in range(1, min(LONGEST, n) + 1)]
        found = self._look_up(np.concatenate(runs)) & np.uint8(allow)
        at = 0
        for length, run in enumerate(runs, 1):
            _mark(out, found[at : at + len(run)], length)
            at += len(run)
        return out

    def _look_up(self, keys: Hashes) -> NDArray[np.uint8]:
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        return np.where(self.keys[at] == keys, self.classes[at], 0).astype(np.uint8)


def run_hashes(hashes: Hashes, length: int) -> Hashes:
    """The hash of every run of `length` tokens, by its first token."""
    n = len(hashes) - length + 1
    out = np.full(n, _SALT)
    for k in range(length):
        out = mix(out, hashes[k : k + n])
    return out


def _mark(out: NDArray[np.uint8], found: NDArray[np.uint8], length: int) -> None:
    """Longer runs come later and overwrite shorter ones; of overlapping equals the last one stays."""
    bucket = min(length, 4) - 2
    hits = np.flatnonzero(found)
    if not len(hits):
        return
    for column in range(len(CLASSES)):
        first = hits[(found[hits] >> column) & 1 == 1]
        if not len(first):
            continue
        if length == 1:
            out[first, column] = 1
            continue
        for k in range(length):
            place = 0 if k == 0 else 2 if k == length - 1 else 1
            out[first + k, column] = 2 + 3 * bucket + place
