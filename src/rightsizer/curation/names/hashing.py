"""Hashes of features, 32 bits, the same on every machine (never Python's own `hash`)."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]
OUTSIDE = np.uint32(1)  # before the first and after the last token
_PRIME = np.uint32(0x9E3779B1)
_SECOND = np.uint32(0x85EBCA6B)


def hash_of(text: str) -> int:
    """CRC-32 of the UTF-8 form."""
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def mix(a: Hashes, b: Hashes | np.uint32) -> Hashes:
    """One hash of two, order counts; elementwise, after the finaliser of MurmurHash3 (Appleby 2008)."""
    x = (a * _PRIME) ^ b
    x ^= x >> np.uint32(16)
    x *= _SECOND
    x ^= x >> np.uint32(13)
    return x


def shifted(a: Hashes, by: int, fill: Hashes | np.uint32 = OUTSIDE) -> Hashes:
    """`a[i + by]` at i; `fill` where that is outside."""
    out = np.full_like(a, fill)
    if by > 0:
        out[:-by] = a[by:]
    elif by < 0:
        out[-by:] = a[:by]
    else:
        out[:] = a
    return out
