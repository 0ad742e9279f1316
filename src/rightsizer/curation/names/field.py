"""The recogniser itself: a linear-chain conditional random field (Lafferty et al. 2001) in NumPy.

Weights are bytes, looked up by the hash of a feature. What depends on one word alone is added up once
a word and remembered. Stretches where nothing but "no name" is possible are cut out before the
forward–backward recursions, which run over all the rest of a text at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names import columns
from rightsizer.curation.names.hashing import Hashes, hash_of, mix
from rightsizer.curation.names.lexicon import Lexicon

Floats = NDArray[np.float32]
OFFSETS = (-2, -1, 0, 1, 2)
PAD = "\0"
MAX_WORDS = 60_000  # words remembered before starting over
SURE = 12.0  # logits by which "no name" must lead for a token to be taken out
_SEEN_BITS = 22


@dataclass
class Words:
    """What is remembered of words: number, hash, case, and what they add to the labels around them."""

    numbers: dict[str, int] = field(default_factory=dict)
    hashes: Hashes = field(default_factory=lambda: np.zeros(0, np.uint32))
    cases: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    added: Floats = field(default_factory=lambda: np.zeros((0, 5, 0), np.float32))


class NameField:
    """`labels`: ``O`` and B-/I- of every type. `keys` (ascending) and `weights` (int8, keys × labels, to be
    multiplied by `scale`) are of hashed features; `steps` (labels × labels) of neighbouring labels.
    """

    def __init__(
        self,
        labels: Sequence[str],
        keys: Hashes,
        weights: NDArray[np.int8],
        scale: float,
        steps: Floats,
        lexicon: Lexicon,
    ) -> None:
        self.labels = tuple(labels)
        self.lexicon = lexicon
        self._keys, self._weights, self._scale = keys, weights, np.float32(scale)
        self._steps = np.exp(steps.astype(np.float64))
        # One bit a key: most features of a text are unknown, and this says so without a search.
        self._seen = np.zeros(1 << _SEEN_BITS, bool)
        self._seen[keys >> np.uint32(32 - _SEEN_BITS)] = True
        self._words = Words()

    def posteriors(self, words: Sequence[str]) -> Floats:
        """(words, labels): the probability of every label at every word, given the whole text."""
        scores = self.scores(words)
        none = scores[:, 0]
        sure = none - scores[:, 1:].max(axis=1, initial=-np.inf) > SURE
        out = np.zeros_like(scores)
        out[sure, 0] = 1.0
        starts, ends = _stretches(~sure, len(words))
        if len(starts):
            self._forward_backward(scores, starts, ends, out)
        return out

    def scores(self, words: Sequence[str]) -> Floats:
        """(words, labels): what the features say, before neighbouring labels are considered."""
        numbers = self._numbers_of(words)
        known = self._words
        hashes, cases = known.hashes[numbers], known.cases[numbers]
        n = len(numbers)
        padded = np.zeros(n + 4, np.int64)
        padded[2:-2] = numbers
        out = np.zeros((n, len(self.labels)), np.float32)
        for slot in range(5):
            out += known.added[padded[slot : slot + n], slot]
        dynamic = columns.pair_columns(hashes)
        dynamic += columns.lexicon_columns(self.lexicon.states(hashes), cases)
        for column in dynamic:
            rows, at = self._find(column)
            if len(rows):
                out[rows] += self._weights[at] * self._scale
        return out

    def _find(self, keys: Hashes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which of `keys` are known, and their rows."""
        maybe = np.flatnonzero(self._seen[keys >> np.uint32(32 - _SEEN_BITS)])
        if not len(maybe):
            return maybe, maybe
        wanted = keys[maybe]
        at = np.searchsorted(self._keys, wanted)
        at[at == len(self._keys)] = 0
        right = self._keys[at] == wanted
        return maybe[right], at[right]

    def _numbers_of(self, words: Sequence[str]) -> NDArray[np.int64]:
        known = self._words
        if len(known.numbers) > MAX_WORDS or not known.numbers:
            known = self._words = self._learn(Words(), [PAD])
        new = [w for w in dict.fromkeys(words) if w not in known.numbers]
        if new:
            known = self._words = self._learn(known, new)
        get = known.numbers.__getitem__
        return np.fromiter(map(get, words), np.int64, len(words))

    def _learn(self, known: Words, new: list[str]) -> Words:
        """`known` and the new words, as a new object: readers in other threads keep the old one."""
        added = np.zeros((len(new), 5, len(self.labels)), np.float32)
        owner: list[int] = []
        slot: list[int] = []
        base: list[int] = []
        for i, word in enumerate(new):
            for offset, features in offset_features(word):
                owner += [i] * len(features)
                slot += [2 - offset] * len(features)
                base += features
        slots = np.array(slot, np.int64)
        keys = mix(np.array(base, np.uint32), slots.astype(np.uint32) + np.uint32(50))
        rows, at = self._find(keys)
        np.add.at(added, (np.array(owner)[rows], slots[rows]), self._weights[at] * self._scale)
        hashes = np.array([columns.word_hash(w) for w in new], np.uint32)
        cases = np.array([columns.case_of(w) for w in new], np.uint8)
        numbers = known.numbers | {w: len(known.numbers) + i for i, w in enumerate(new)}
        if not len(known.hashes):
            return Words(numbers, hashes, cases, added)
        return Words(
            numbers,
            np.concatenate([known.hashes, hashes]),
            np.concatenate([known.cases, cases]),
            np.concatenate([known.added, added]),
        )

    def _forward_backward(
        self, scores: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64], out: Floats
    ) -> None:
        order = np.argsort(starts - ends, kind="stable")  # longest first
        starts, lengths = starts[order], (ends - starts)[order]
        longest = int(lengths[0])
        alive = [int(np.searchsorted(-lengths, -t, side="left")) for t in range(longest)]  # with length > t
        emit = [np.exp(_centred(scores[starts[:k] + t])) for t, k in enumerate(alive)]
        forward: list[NDArray[Any]] = [emit[0] / emit[0].sum(axis=1, keepdims=True)]
        for t in range(1, longest):
            row = (forward[t - 1][: alive[t]] @ self._steps) * emit[t]
            forward.append(row / row.sum(axis=1, keepdims=True))
        backward = np.ones((alive[0], len(self.labels)))
        for t in range(longest - 1, -1, -1):
            k = alive[t]
            if t < longest - 1:
                after = alive[t + 1]
                row = (backward[:after] * emit[t + 1]) @ self._steps.T
                backward[:after] = row / row.sum(axis=1, keepdims=True)
            both = forward[t] * backward[:k]
            out[starts[:k] + t] = both / both.sum(axis=1, keepdims=True)


def offset_features(word: str) -> list[tuple[int, list[int]]]:
    """(where the word stands seen from a token, its features there)."""
    if word == PAD:
        own = near = far = [hash_of("outside")]
    else:
        own, near, far = columns.features_of_word(word)
    return [(-2, far), (-1, near), (0, own), (1, near), (2, far)]


def _centred(scores: Floats) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = (scores - scores.max(axis=1, keepdims=True)).astype(np.float64)
    return centred


def _stretches(wanted: NDArray[np.bool_], n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[start, end) of the runs where `wanted` holds, with one more token on both sides."""
    if not n:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    wide = wanted.copy()
    wide[:-1] |= wanted[1:]
    wide[1:] |= wanted[:-1]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wide, [False]]).astype(np.int8)))
    return edges[::2].astype(np.int64), edges[1::2].astype(np.int64)
