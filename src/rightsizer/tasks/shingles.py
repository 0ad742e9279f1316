"""Texts as sets of hashed 4-token shingles (Broder 1997): what two texts have in common, fast."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rightsizer.views.tokens import TOKEN, digest

U64 = NDArray[np.uint64]
WIDTH = 4
_FACTORS = tuple(
    np.uint64(f) for f in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
)
FRAME_HEAD, FRAME_TAIL = 20, 14  # words that two texts of one template begin and end with
_MAX_VOCABULARY = 200_000
_vocabulary: dict[str, int] = {}


@lru_cache(maxsize=2048)
def shingle(text: str) -> U64:
    """Sorted distinct 64-bit hashes of the text's shingles, the same on every machine.

    Case does not count and all numbers are one word, so that dates and counters do not hide a
    template. A text shorter than a shingle is one shingle; an empty text has none.
    """
    tokens = TOKEN.findall(text.lower())
    if not tokens:
        return np.empty(0, np.uint64)
    tokens += [""] * (WIDTH - len(tokens))
    ids = np.fromiter(map(_token_hash, tokens), np.uint64, len(tokens))
    n = len(ids) - WIDTH + 1
    mixed = ids[:n] * _FACTORS[0]
    for k in range(1, WIDTH):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _FACTORS[k] + ids[k : k + n]
    mixed ^= mixed >> np.uint64(32)
    mixed = mixed * _FACTORS[1]
    return np.unique(mixed ^ (mixed >> np.uint64(29)))


def frame(text: str) -> str:
    """A key of how a text begins and ends; empty where it is too short for the two to be apart."""
    words = [w for w in TOKEN.findall(text.lower()) if w[0].isalpha()]
    if len(words) < FRAME_HEAD + FRAME_TAIL:
        return ""
    return digest(" ".join([*words[:FRAME_HEAD], *words[-FRAME_TAIL:]]))


def _token_hash(token: str) -> int:
    known = _vocabulary.get(token)
    if known is not None:
        return known
    word = "0" if token.isdigit() else token
    raw = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    value = int.from_bytes(raw, "big")
    if len(_vocabulary) >= _MAX_VOCABULARY:
        _vocabulary.clear()
    _vocabulary[token] = value
    return value


def is_in(some: U64, others: U64) -> NDArray[np.bool_]:
    """Which of `some` are among `others`; both sorted."""
    if not len(others):
        return np.zeros(len(some), bool)
    at = np.searchsorted(others, some)
    at[at == len(others)] = len(others) - 1
    return np.asarray(others[at] == some)


def places(some: U64, others: U64) -> NDArray[np.int64]:
    """Where those of `some` that are among `others` stand there; both sorted."""
    if not len(others):
        return np.empty(0, np.int64)
    at = np.searchsorted(others, some)
    at[at == len(others)] = len(others) - 1
    return np.asarray(at[others[at] == some], np.int64)


def common(a: U64, b: U64) -> int:
    """Size of the intersection of two sorted sets."""
    return int(is_in(*((a, b) if len(a) <= len(b) else (b, a))).sum())


def jaccard(a: U64, b: U64) -> float:
    """Intersection over union of two sorted sets; 1 for two empty ones."""
    both = common(a, b)
    union = len(a) + len(b) - both
    return both / union if union else 1.0
