"""Hashes of features, 32 bits, the same on every machine (never Python's own `hash`)."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
BITS = 18
_SHIFT = np.uint32(32 - BITS)
OUTSIDE = np.uint32(1)  # before the first and after the last token
_PRIME = np.uint32(0x9E3779B1)
_SECOND = np.uint32(0x85EBCA6B)
_SIXTEEN, _THIRTEEN = np.uint32(16), np.uint32(13)


def hash_of(text: str) -> int:
    """CRC-32 of the UTF-8 form."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def mix(a: Hashes, b: Hashes | np.uint32) -> Hashes:
    """One hash of two, order counts; elementwise, after the finaliser of MurmurHash3 (Appleby 2008)."""
    x = a * _PRIME
    x ^= b
    x ^= x >> _SIXTEEN
    x *= _SECOND
    x ^= x >> _THIRTEEN
    return x


def beside(a: Hashes, reach: int) -> Hashes:
    """(2 · reach + 1, len(a)): `a[i + by]` at i for `by` from -reach to reach, `OUTSIDE` beyond the ends."""
    out = np.full((2 * reach + 1, len(a)), OUTSIDE, np.uint32)
    for by in range(min(reach, len(a) - 1) + 1):
        out[reach + by, : len(a) - by] = a[by:]
        out[reach - by, by:] = a[: len(a) - by]
    return out


class Index:
    """Where a key is among `keys`, which ascend: by its first bits, then one by one."""

    def __init__(self, keys: Hashes) -> None:
        begins = np.searchsorted(keys, np.arange(1 << BITS, dtype=np.uint32) << _SHIFT)
        self._begins = begins.astype(np.int32)
        self._keys = np.append(keys, np.uint32(0xFFFFFFFF))  # nothing is beyond the last

    def rows(self, keys: Hashes) -> NDArray[np.int32]:
        """The place of each key; the number of all keys for one that is not there."""
        at: NDArray[np.int32] = self._begins[keys >> _SHIFT]
        behind = np.flatnonzero(self._keys[at] < keys)
        while len(behind):
            at[behind] += 1
            behind = behind[self._keys[at[behind]] < keys[behind]]
        at[self._keys[at] != keys] = len(self._keys) - 1
        return at
