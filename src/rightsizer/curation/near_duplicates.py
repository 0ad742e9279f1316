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
Pairs = NDArray[np.int64]

THRESHOLD = 0.8
SHINGLE = 5  # characters: the same for English and Chinese, and short texts still have some
_HASHES = 64
_ROWS = 4  # 16 bands of 4: a pair of Jaccard .8 shares none with probability (1 − .8⁴)¹⁶ = .0002
_BATCH_CHARS = 1 << 17  # so that the arrays of a batch stay in the processor's cache
_NEIGHBOURS = 4


def near_duplicate_groups(texts: Sequence[str], *, threshold: float = THRESHOLD, seed: int = 0) -> list[int]:
    """A group number for each text: equal numbers for texts that a chain of near-duplicates links.

    Two texts are near-duplicates when the Jaccard similarity of their sets of 5-character shingles is
    at least `threshold` (case and spacing do not count). Numbers ascend with a group's first member.
    Deterministic for a seed. Memory: 256 bytes a text, and 8 bytes a shingle of texts that look alike.
    """
    if not texts:
        return []
    first: dict[str, int] = {}
    where = [first.setdefault(_normal(text), len(first)) for text in texts]
    unique = list(first)
    groups = list(range(len(unique)))
    signed = signatures(unique, seed=seed)
    pairs = _likely(_candidates(signed), signed, threshold)
    sets = _sets(unique, np.unique(pairs))
    for a, b in pairs.tolist():
        root_a, root_b = _root(groups, a), _root(groups, b)
        if root_a != root_b and jaccard(sets[a], sets[b]) >= threshold:
            groups[max(root_a, root_b)] = min(root_a, root_b)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(_root(groups, i), len(numbers)) for i in where]


def jaccard(a: U64, b: U64) -> float:
    """Size of the intersection over size of the union of two sorted sets."""
    merged = np.concatenate((a, b))
    merged.sort(kind="stable")  # two sorted runs: one linear merge
    both = int(np.count_nonzero(merged[1:] == merged[:-1]))
    union = len(merged) - both
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


def _candidates(signed: U32) -> Pairs:
    """Pairs of texts that agree in a band, each once, ascending; shape (pairs, 2).

    In a bucket of many each text is paired with the next few and with the first, so that a bucket of n
    texts gives some n pairs and not n²; chains join the rest.
    """
    n = len(signed)
    found = []
    for band in range(0, _HASHES, _ROWS):
        key = np.zeros(n, dtype=np.uint64)
        for k in range(band, band + _ROWS):
            key = (key ^ signed[:, k]) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(32)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        for step in range(1, _NEIGHBOURS + 1):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            found.append(order[same] * n + order[same + step])
        new = np.concatenate(([True], ordered[1:] != ordered[:-1]))
        first = order[np.flatnonzero(new)[np.cumsum(new) - 1]]
        found.append((first * n + order)[first != order])
    codes = np.unique(np.concatenate(found))
    return np.stack((codes // n, codes % n), axis=1)


def _likely(pairs: Pairs, signed: U32, threshold: float) -> Pairs:
    """Without the pairs whose signatures agree so little that they cannot be near-duplicates.

    The share of equal minima has a standard deviation of at most .0625 (64 hashes): four of them below
    the threshold, less than one true pair in 20,000 is lost.
    """
    kept = np.empty(len(pairs), dtype=bool)
    least = (threshold - 4 * (threshold * (1 - threshold) / _HASHES) ** 0.5) * _HASHES
    for start in range(0, len(pairs), 1 << 16):
        part = pairs[start : start + (1 << 16)]
        kept[start : start + len(part)] = (signed[part[:, 0]] == signed[part[:, 1]]).sum(axis=1) >= least
    return pairs[kept]


def _sets(texts: list[str], wanted: NDArray[np.int64]) -> dict[int, U64]:
    """The sorted shingle sets of the texts at `wanted`."""
    sets: dict[int, U64] = {}
    chosen = wanted.tolist()
    for start, end in _batches([texts[i] for i in chosen]):
        hashes, starts = _windows([texts[i] for i in chosen[start:end]])
        for i, each in zip(chosen[start:end], np.split(hashes, starts[1:]), strict=True):
            ordered = np.sort(each)
            sets[i] = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
    return sets


def _root(groups: list[int], i: int) -> int:
    while groups[i] != i:
        groups[i] = groups[groups[i]]
        i = groups[i]
    return i
