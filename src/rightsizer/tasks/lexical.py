"""What payloads are about from their words alone: vectors where there is no encoder, and the inline form.

Latent semantic analysis (Deerwester et al. 1990) to find clusters without an encoder; one linear scorer a
cluster (ridge regression on hashed words, Hoerl & Kennard 1970) to recognise it afterwards, frozen, small
enough for the gateway, whatever the clusters were found with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.views.tokens import words

DIMENSIONS = 256
MAX_FEATURES = 50_000
MAX_FIT = 5000  # texts the scorers are fitted on
KEPT = 192  # weights of a scorer that are kept: the largest
RIDGE = 0.5
SURE = 0.25  # score from which a cluster takes a text: members have 1, others 0


def lexical_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit vectors of texts from their words and character n-grams, shape (n, d), comparable with one
    another only. Deterministic."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    common: dict[str, Any] = {"sublinear_tf": True, "max_features": MAX_FEATURES, "dtype": np.float32}
    seen = min(2, len(texts))
    # Characters of a blank-free script are words here, so that pairs of them count; the n-grams are for
    # inflected words.
    spoken = TfidfVectorizer(analyzer=_terms, min_df=seen, **common)
    parts = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=min(3, len(texts)), **common)
    try:
        matrix = make_union(spoken, parts).fit_transform(texts)
    except ValueError:  # scikit-learn's word for: no term occurs twice
        return np.zeros((len(texts), 1), np.float32)
    size = min(DIMENSIONS, matrix.shape[1] - 1, len(texts) - 1)
    if size < 1:
        return np.zeros((len(texts), 1), np.float32)
    rows = TruncatedSVD(size, random_state=0).fit_transform(matrix)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-9), np.float32)


def fit_scorers(texts: Sequence[str], labels: Sequence[int], k: int) -> list[dict[str, float]]:
    """One linear scorer per cluster: hashed word → weight. No constant: a text of unknown words scores 0.

    Args:
        labels: cluster number of each text, -1 for none.
    """
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import Ridge

    picked = range(len(texts))
    if len(texts) > MAX_FIT:
        picked = range(0, len(texts), -(-len(texts) // MAX_FIT))
    rows = [hash_terms(texts[i]) for i in picked]
    vocabulary = sorted({term for row in rows for term in row})
    place = {term: i for i, term in enumerate(vocabulary)}
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([place[t] for row in rows for t in row], np.int64)
    values = np.concatenate([np.full(len(row), 1 / max(len(row), 1) ** 0.5) for row in rows])
    matrix = csr_matrix((values, columns, starts), (len(rows), len(vocabulary)))
    target = np.zeros((len(rows), k))
    for row, i in enumerate(picked):
        if labels[i] >= 0:
            target[row, labels[i]] = 1
    fitted = Ridge(alpha=RIDGE, solver="sparse_cg", tol=1e-3, fit_intercept=False).fit(matrix, target)
    return [_pruned(w, vocabulary) for w in np.atleast_2d(fitted.coef_)]


def _pruned(weights: NDArray[np.float64], vocabulary: Sequence[str]) -> dict[str, float]:
    top = np.sort(np.argsort(-np.abs(weights), kind="stable")[:KEPT])
    return {vocabulary[i]: round(float(weights[i]), 3) for i in top}


class Scorers:
    """Clusters recognised by words: those found earlier take a text before those found later."""

    def __init__(self, scorers: Sequence[Mapping[str, float]], rounds: Sequence[int]) -> None:
        self._n = len(rounds)
        self._later = [np.array([r != round for r in rounds], bool) for round in sorted(set(rounds))]
        postings: dict[str, list[tuple[int, float]]] = {}
        for i, scorer in enumerate(scorers):
            for term, weight in scorer.items():
                postings.setdefault(term, []).append((i, weight))
        self._weights = {
            term: (np.array([i for i, _ in own], np.intp), np.array([w for _, w in own]))
            for term, own in postings.items()
        }

    def assign(self, text: str) -> int:
        """Number of the cluster, -1 where none is sure."""
        terms = hash_terms(text)
        known = [own for term in terms if (own := self._weights.get(term)) is not None]
        if not known:
            return -1
        places, weights = np.concatenate([p for p, _ in known]), np.concatenate([w for _, w in known])
        total = np.bincount(places, weights, minlength=self._n) / len(terms) ** 0.5
        for later in self._later:
            open_now = np.where(later, -np.inf, total) if len(self._later) > 1 else total
            best = int(open_now.argmax())
            if open_now[best] >= SURE:
                return best
        return -1


def hash_terms(text: str) -> list[str]:
    """Distinct words and word pairs of a text, hashed."""
    return list(dict.fromkeys(map(_hash, _terms(text))))


def _terms(text: str) -> list[str]:
    spoken = [w for w in words(text.lower()) if w[0].isalnum()]
    return [*spoken, *(f"{a} {b}" for a, b in pairwise(spoken))]


@lru_cache(maxsize=100_000)
def _hash(term: str) -> str:
    return blake2b(term.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
