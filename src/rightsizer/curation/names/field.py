"""The recogniser itself: a linear-chain conditional random field (Lafferty et al. 2001) in NumPy.

Weights are bytes, looked up by the hash of a feature. What depends on one word alone is added up once
a word and remembered. Stretches where nothing but "no name" is possible are cut out before the
forward–backward recursions, which run over all the rest of a text at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.curation.names import columns
from rightsizer.curation.names.hashing import OUTSIDE, Hashes, Index, hash_of, mix
from rightsizer.curation.names.lexicon import CLASSES, STATES, Lexicon

Floats = NDArray[np.float32]
FILE = Path(__file__).with_name("names.safetensors")
PAD = "\0"
_FIRST = np.int64(STATES)
_PAIRS = np.arange(len(CLASSES) // 2) * STATES**2
MAX_WORDS = 60_000  # words remembered before starting over
SURE = 6.0  # logits by which "no name" must lead for a token to be taken out
LONGEST = 28  # tokens of a piece for the recursions


class Words:
    """What is remembered of words: number, hash, case, and what they add to the labels around them.

    Rows are only ever added, so a reader that has the arrays and the numbers needs no lock.
    """

    def __init__(self, labels: int) -> None:
        self.numbers: dict[str, int] = {}
        self.hashes: Hashes = np.zeros(1024, np.uint32)
        self.cases: NDArray[np.uint8] = np.zeros(1024, np.uint8)
        self.added: Floats = np.zeros((1024, 5, labels), np.float32)

    def add(self, new: list[str], added: Floats) -> None:
        """Remember new words; to be called by one thread at a time."""
        start, end = len(self.numbers), len(self.numbers) + len(new)
        if end > len(self.hashes):
            more = max(end, 2 * len(self.hashes))
            self.hashes, self.cases = _grown(self.hashes, more), _grown(self.cases, more)
            self.added = _grown(self.added, more)
        self.hashes[start:end] = [columns.word_hash(w) for w in new]
        self.cases[start:end] = [columns.case_of(w) for w in new]
        self.added[start:end] = added
        self.numbers.update(zip(new, range(start, end), strict=True))


def _grown(array: NDArray[Any], length: int) -> NDArray[Any]:
    out = np.zeros((length, *array.shape[1:]), array.dtype)
    out[: len(array)] = array
    return out


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
        self._scale = np.float32(scale)
        self._weights = np.concatenate([weights, np.zeros((1, len(labels)), np.int8)])  # the last: unknown
        factors = np.exp(steps.astype(np.float64))
        nothing = np.zeros_like(factors)
        self._steps = np.block([[factors, nothing], [nothing, factors.T]])
        self._index = Index(keys)
        every = np.repeat(np.arange(STATES, dtype=np.uint8)[:, None], len(CLASSES), axis=1)
        listed = self._weights[self._rows(columns.listed_columns(every))].astype(np.int32)
        pairs = listed[::2, :, None] + listed[1::2, None, :]  # classes two by two: half as many to look up
        self._listed = pairs.reshape(-1, len(labels))
        self._words = Words(len(self.labels))
        self._lock = threading.Lock()

    def posteriors(self, words: Sequence[str]) -> Floats:
        """(words, labels): the probability of every label at every word, given the whole text."""
        return self.posteriors_of([words])[0]

    def posteriors_of(self, texts: Sequence[Sequence[str]]) -> list[Floats]:
        """For every text what `posteriors` says of it; many short ones are quicker together."""
        row, outside, starts = joined(texts)
        scores = self._scores(row, outside)
        none = scores[:, 0]
        sure = none - scores[:, 1:].max(axis=1, initial=-np.inf) > SURE
        out = np.zeros_like(scores)
        out[sure, 0] = 1.0
        begin, end = _stretches(~sure & ~outside, ~outside)
        if len(begin):
            self._forward_backward(scores, begin, end, out)
        return [out[at : at + len(words)] for at, words in zip(starts, texts, strict=True)]

    def scores(self, words: Sequence[str]) -> Floats:
        """(words, labels): what the features say, before neighbouring labels are considered."""
        row, outside, _ = joined([words])
        return self._scores(row, outside)[~outside]

    def _scores(self, row: list[str], outside: NDArray[np.bool_]) -> Floats:
        known, numbers = self._numbers_of(row)
        hashes, cases = known.hashes[numbers], known.cases[numbers]
        hashes[outside] = OUTSIDE
        added = known.added[numbers]
        out = np.zeros((len(row), len(self.labels)), np.float32)
        out[2:-2] = added[:-4, 0] + added[1:-3, 1] + added[2:-2, 2] + added[3:-1, 3] + added[4:, 4]
        states = self.lexicon.states(hashes, outside=outside)
        joint = columns.several_columns(hashes, states, cases, outside)
        sums = self._weights[self._rows(joint)].sum(axis=0, dtype=np.int32)
        sums += self._listed[states[:, ::2] * _FIRST + states[:, 1::2] + _PAIRS].sum(axis=1)
        out += sums * self._scale
        return out

    def _rows(self, keys: Hashes) -> NDArray[np.int32]:
        """The row of every key; the last row, which is zero, for unknown ones."""
        return self._index.rows(keys.ravel()).reshape(keys.shape)

    def _numbers_of(self, words: Sequence[str]) -> tuple[Words, NDArray[np.int64]]:
        known = self._words
        if not known.numbers.keys() >= set(words):
            with self._lock:
                known = self._words
                if len(known.numbers) > MAX_WORDS:
                    known = self._words = Words(len(self.labels))
                new = [w for w in dict.fromkeys(words) if w not in known.numbers]
                known.add(new, self._added_by(new))
        return known, np.fromiter(map(known.numbers.__getitem__, words), np.int64, len(words))

    def _added_by(self, new: list[str]) -> Floats:
        """(words, offsets, labels): what each word adds to the tokens around it."""
        base: list[int] = []
        slots: list[int] = []
        begins: list[int] = []
        for word in new:
            for offset, features in offset_features(word):
                begins.append(len(base))
                slots += [52 - offset] * len(features)
                base += features
        if not base:
            return np.zeros((0, 5, len(self.labels)), np.float32)
        keys = mix(np.array(base, np.uint32), np.array(slots, np.uint32))
        sums = np.add.reduceat(self._weights[self._rows(keys)], begins, axis=0, dtype=np.int32)
        # `offset_features` goes from before to after; the slots go the other way.
        added: Floats = (sums * self._scale).astype(np.float32).reshape(len(new), 5, -1)[:, ::-1]
        return added

    def _forward_backward(
        self, scores: Floats, starts: NDArray[np.int64], ends: NDArray[np.int64], out: Floats
    ) -> None:
        order = np.argsort(starts - ends, kind="stable")  # longest first
        starts, ends = starts[order], ends[order]
        lengths = ends - starts
        steps = np.arange(int(lengths[0]))[:, None]
        inside = steps < lengths
        # Both directions side by side: the second reads every piece from its end. Not rescaled on the way: a
        # piece is too short for that, see LONGEST.
        there, back = np.where(inside, starts + steps, 0), np.where(inside, ends - 1 - steps, 0)
        emit = np.exp((scores - scores.max(axis=1, keepdims=True)).astype(np.float64))
        given = np.concatenate([emit[there], emit[back]], axis=2)
        alive = inside.sum(axis=1).tolist()
        sums = np.empty_like(given)
        before = sums[0] = given[0]
        for t, k in enumerate(alive[1:], 1):
            both = sums[t, :k]
            np.dot(before[:k], self._steps, out=both)
            both *= given[t, :k]
            before = both
        at, from_end, n = there[inside], back[inside], len(self.labels)
        forward = np.empty_like(emit)
        forward[at] = sums[inside, :n]
        forward[from_end] *= sums[inside, n:]
        found = forward[at] / emit[at]  # each side has counted the token itself
        out[at] = found / found.sum(axis=1, keepdims=True)


def offset_features(word: str) -> list[tuple[int, list[int]]]:
    """(where the word stands seen from a token, its features there)."""
    if word == PAD:
        own = near = far = [hash_of("outside")]
    else:
        own, near, far = columns.features_of_word(word)
    return [(-2, far), (-1, near), (0, own), (1, near), (2, far)]


def joined(texts: Sequence[Sequence[str]]) -> tuple[list[str], NDArray[np.bool_], list[int]]:
    """All words in one row, two of `PAD` around each text; which are that, and where texts begin."""
    row, starts = [PAD, PAD], []
    for words in texts:
        starts.append(len(row))
        row += [*words, PAD, PAD]
    outside = np.ones(len(row), bool)
    for at, words in zip(starts, texts, strict=True):
        outside[at : at + len(words)] = False
    return row, outside, starts


def _stretches(
    wanted: NDArray[np.bool_], allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[start, end) of the runs where `wanted` holds, with one more token on both sides; long ones cut."""
    wide = wanted.copy()
    wide[:-1] |= wanted[1:]
    wide[1:] |= wanted[:-1]
    wide &= allowed
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wide, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if len(starts) and int((ends - starts).max()) > LONGEST:
        cut = [
            (a, min(a + LONGEST, e)) for s, e in zip(starts, ends, strict=True) for a in range(s, e, LONGEST)
        ]
        starts, ends = np.array(cut).T
    return starts.astype(np.int64), ends.astype(np.int64)
