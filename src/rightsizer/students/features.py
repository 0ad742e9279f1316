"""Sparse text features: TF-IDF of words and character n-grams, and one-hot state, in numpy alone.

Terms are words and word pairs (each CJK character counts as a word), character n-grams inside word
boundaries, words of the context, and facts of the state. TF is sublinear, IDF smoothed (Salton & Buckley
1988, as scikit-learn's `TfidfVectorizer` computes them); each kind of term is scaled to its own length.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.students.inputs import Input

if TYPE_CHECKING:
    import numpy.typing as npt

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
WORD = re.compile(rf"[{CJK}]|[^\W{CJK}]+")
CHAR_SIZES = (2, 3, 4, 5)
# Length given to each kind of term: words, character n-grams, context, state.
KINDS = {"w": 1.0, "c": 1.0, "h": 0.5, "s": 1.0}


@dataclass(frozen=True)
class Sparse:
    """Rows in CSR layout: row i has ``indices[indptr[i]:indptr[i+1]]`` with their `values`.

    `unknown` is the share of each row's payload terms (words and n-grams) that training never saw.
    """

    indptr: npt.NDArray[np.int64]
    indices: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def dot(self, weights: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """Rows times dense `weights` (terms, outputs): float32 (rows, outputs)."""
        out = np.zeros((len(self), weights.shape[1]), np.float32)
        for i in range(len(self)):
            part = slice(self.indptr[i], self.indptr[i + 1])
            out[i] = self.values[part] @ weights[self.indices[part]].astype(np.float32)
        return out


def count_terms(one: Input) -> Counter[str]:
    """The terms of one input with their counts; the first letter of a term is its kind."""
    counts: Counter[str] = Counter()
    words = split_words(one.payload)
    counts.update("w" + w for w in words)
    counts.update(f"w{a} {b}" for a, b in pairwise(words))
    for word, n in Counter(words).items():
        for gram in _char_grams(word):
            counts[gram] += n
    counts.update("h" + w for w in split_words(one.context))
    counts.update("s" + fact for fact in one.state)
    return counts


def split_words(text: str) -> list[str]:
    """Lower-case words, full-width forms folded; each CJK character is a word of its own."""
    return WORD.findall(unicodedata.normalize("NFKC", text).lower())


@lru_cache(maxsize=20_000)
def _char_grams(word: str) -> tuple[str, ...]:
    """The n-grams of a word, as terms. Calls of a task share most of their words: cutting is remembered."""
    padded = f" {word[:64]} "
    sizes = [size for size in CHAR_SIZES if size <= len(padded)]
    return tuple("c" + padded[i : i + size] for size in sizes for i in range(len(padded) - size + 1))


@dataclass(frozen=True)
class TextFeatures:
    """A fitted vocabulary. `idf` is aligned with `terms`."""

    terms: dict[str, int]
    idf: npt.NDArray[np.float32]

    def transform(self, inputs: Sequence[Input]) -> Sparse:
        """Sparse rows of the inputs; unknown terms are left out and counted."""
        return self.weigh(count_terms(one) for one in inputs)

    def weigh(self, counted: Iterable[Counter[str]]) -> Sparse:
        """`transform` for terms that are counted already."""
        indptr, indices, values, unknown = [0], [], [], []
        for counts in counted:
            columns, row, share = self._row(counts)
            indices.append(columns)
            values.append(row)
            unknown.append(share)
            indptr.append(indptr[-1] + len(columns))
        return Sparse(
            np.asarray(indptr, np.int64),
            np.concatenate(indices) if indices else np.zeros(0, np.int32),
            np.concatenate(values) if values else np.zeros(0, np.float32),
            np.asarray(unknown, np.float32),
        )

    def _row(self, counts: Counter[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], float]:
        known: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
        seen = total = 0
        for term, n in counts.items():
            column = self.terms.get(term)
            if term[0] in "wc":
                total += 1
                seen += column is not None
            if column is not None:
                known[term[0]].append((column, n))
        columns = np.array([c for kind in KINDS for c, _ in known[kind]], np.int32)
        row = np.empty(len(columns), np.float32)
        start = 0
        for kind, length in KINDS.items():
            part = slice(start, start + len(known[kind]))
            start = part.stop
            tf = 1.0 + np.log(np.array([n for _, n in known[kind]], np.float32))
            row[part] = tf * self.idf[columns[part]]
            norm = float(np.linalg.norm(row[part]))
            row[part] *= length / norm if norm else 0.0
        return columns, row, 1.0 - seen / total if total else 0.0


def fit_features(
    counted: Sequence[Counter[str]], *, min_documents: int = 2, max_terms: int = 40_000
) -> TextFeatures:
    """The vocabulary of inputs whose terms were counted.

    Terms of fewer than `min_documents` inputs are left out (they cannot generalise, and what a single call
    holds should not be kept in a student), as are facts of the state that hold for every input; of the rest
    the `max_terms` in most inputs stay.
    """
    documents: Counter[str] = Counter()
    for counts in counted:
        documents.update(counts.keys())
    n = len(counted)
    kept = [
        (term, df)
        for term, df in documents.items()
        if df >= min_documents and not (term[0] == "s" and df == n)
    ]
    kept.sort(key=lambda pair: (-pair[1], pair[0]))
    kept = sorted(kept[:max_terms])
    idf = np.array([np.log((1 + n) / (1 + df)) + 1 for _, df in kept], np.float32)
    return TextFeatures({term: i for i, (term, _) in enumerate(kept)}, idf)
