"""Texts that differ in a few words only, by MinHash with banding and exact verification.

Broder 1997 (min-wise hashing of shingles), Indyk & Motwani 1998 (banding), Dietzfelbinger et al.
1997 (multiply-shift hashing). A pair that shares a band is compared exactly before it is linked, so
every link is true; what banding can miss is a link, with the probability given at `_ROWS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]

THRESHOLD = 0.8
SHINGLE = 5  # characters: the same for English and Chinese, and short texts still have some
_HASHES = 64
_ROWS = 4  # 16 bands of 4: a pair of Jaccard .8 shares none with probability (1 − .8⁴)¹⁶ = .0002
_BATCH_CHARS = 1 << 17  # so that the arrays of a batch stay in the processor's cache
_TRIES = 8  # groups of one bucket a text is compared with, newest first


def near_duplicate_groups(texts: Sequence[str], *, threshold: float = THRESHOLD, seed: int = 0) -> list[int]:
    """A group number for each text: equal numbers for texts that a chain of near-duplicates links.

    Two texts are near-duplicates when the Jaccard similarity of their sets of 5-character shingles is
    at least `threshold` (case and spacing do not count). Numbers ascend with a group's first member.
    Deterministic for a seed. Memory: 256 bytes a text, besides the texts.
    """
    if not texts:
        return []
    first: dict[str, int] = {}
    where = [first.setdefault(_normal(text), len(first)) for text in texts]
    unique = list(first)
    groups = list(range(len(unique)))
    sets: dict[int, U64] = {}
    for bucket in _buckets(signatures(unique, seed=seed)):
        _link(bucket, unique, sets, groups, threshold)
        if len(sets) > 50_000:
            sets.clear()
    numbers: dict[int, int] = {}
    return [numbers.setdefault(_root(groups, i), len(numbers)) for i in where]


def jaccard(a: U64, b: U64) -> float:
    """Size of the intersection over size of the union of two sorted sets."""
    both = len(np.intersect1d(a, b, assume_unique=True))
    union = len(a) + len(b) - both
    return both / union if union else 1.0


def shingles(text: str) -> U64:
    """The sorted set of the hashed shingles of a text."""
    return np.unique(_windows([_normal(text)])[0])


def signatures(texts: Sequence[str], *, seed: int = 0) -> U32:
    """MinHash signatures, shape (texts, 64), of normalised texts."""
    draw = np.random.Generator(np.random.PCG64(seed))
    factors = draw.integers(0, 1 << 31, _HASHES, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    offsets = draw.integers(0, 1 << 32, _HASHES, dtype=np.uint32)
    out = np.empty((len(texts), _HASHES), dtype=np.uint32)
    for start, end in _batches(texts):
        hashes, starts = _windows(texts[start:end])
        short = (hashes >> np.uint64(32)).astype(np.uint32)
        for k in range(_HASHES):
            out[start:end, k] = np.minimum.reduceat(short * factors[k] + offsets[k], starts)
    return out


def _normal(text: str) -> str:
    return " ".join(text.lower().replace("\0", " ").split()) or " "


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    start, chars = 0, 0
    for i, text in enumerate(texts):
        chars += len(text)
        if chars >= _BATCH_CHARS:
            yield start, i + 1
            start, chars = i + 1, 0
    if start < len(texts):
        yield start, len(texts)


def _windows(texts: Sequence[str]) -> tuple[U64, NDArray[np.intp]]:
    """Hashes of all windows of all texts, end to end, and where each text's begin.

    Each text has one window a character: the last ones reach into the padding after it.
    """
    padding = "\0" * (SHINGLE - 1)
    joined = padding.join(texts) + padding
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    n = len(codes) - SHINGLE + 1
    hashes = np.zeros(n, dtype=np.uint64)
    for k in range(SHINGLE):
        hashes *= np.uint64(0x9E3779B97F4A7C15)
        hashes += codes[k : k + n]
    hashes ^= hashes >> np.uint64(31)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(29)
    lengths = np.fromiter((len(t) for t in texts), dtype=np.intp, count=len(texts))
    starts = np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(lengths)[:-1]])
    return hashes[codes[:n] != 0], starts


def _buckets(signed: U32) -> Iterator[NDArray[np.intp]]:
    """Texts that agree in one band, two or more at a time, each in ascending order."""
    for band in range(0, _HASHES, _ROWS):
        rows = signed[:, band : band + _ROWS].astype(np.uint64)
        key = np.zeros(len(rows), dtype=np.uint64)
        for k in range(_ROWS):
            key = (key ^ rows[:, k]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        order = np.argsort(key, kind="stable")
        cuts = np.flatnonzero(np.diff(key[order])) + 1
        edges = np.concatenate([np.zeros(1, dtype=np.intp), cuts, np.array([len(order)], dtype=np.intp)])
        for i in np.flatnonzero(np.diff(edges) > 1):
            yield order[edges[i] : edges[i + 1]]


def _link(
    bucket: NDArray[np.intp], texts: list[str], sets: dict[int, U64], groups: list[int], threshold: float
) -> None:
    """Join the texts of a bucket that are near-duplicates.

    Each is compared with the latest member of every group seen in the bucket, so a bucket of n texts
    costs n comparisons and not n².
    """
    latest: dict[int, int] = {}
    for member in map(int, bucket):
        root = _root(groups, member)
        if root not in latest:
            for other_root, other in list(latest.items())[-_TRIES:]:
                if jaccard(_set(member, texts, sets), _set(other, texts, sets)) >= threshold:
                    low, high = sorted((root, _root(groups, other_root)))
                    groups[high] = low
                    latest.pop(other_root)
                    root = low
        latest.pop(root, None)
        latest[root] = member


def _set(i: int, texts: list[str], sets: dict[int, U64]) -> U64:
    if i not in sets:
        sets[i] = np.unique(_windows([texts[i]])[0])
    return sets[i]


def _root(groups: list[int], i: int) -> int:
    while groups[i] != i:
        groups[i] = groups[groups[i]]
        i = groups[i]
    return i
