"""A linear-chain conditional random field at run time: which tokens carry which field.

Labels are ``O``, ``B-field`` and ``I-field``. Besides the best labelling it gives the probability of
the whole labelling, which is what a call's confidence is made of (Lafferty, McCallum & Pereira 2001;
training is in `training.structured_crf`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vectors = NDArray[np.floating[Any]]


class Span(NamedTuple):
    """Tokens ``first … last − 1`` carry `field`; `probability` is the lowest marginal among them."""

    field: str
    first: int
    last: int
    probability: float


@dataclass(frozen=True)
class Labelling:
    """The best labelling of one text: its spans, its probability, and how far ahead it is.

    `log_probability` is that of the whole labelling given the text; `min_marginal` the smallest
    posterior of a chosen label.
    """

    spans: list[Span]
    log_probability: float
    min_marginal: float


@dataclass(frozen=True)
class Tagger:
    """Weights of a trained tagger. `emission` is (features, labels), `transition` (labels, labels).

    `dense` (dimensions, labels) weighs token vectors beside the named features, where they are used.
    """

    labels: list[str]
    vocabulary: dict[str, int]
    emission: Floats
    transition: Floats
    start: Floats
    end: Floats
    dense: Floats | None = None

    def scores(self, features: Sequence[Sequence[str]], vectors: Vectors | None = None) -> Floats:
        """Emission scores (tokens, labels) of a text given each token's feature names."""
        get = self.vocabulary.get
        out = np.zeros((len(features), len(self.labels)), np.float32)
        for i, names in enumerate(features):
            rows = [row for row in map(get, names) if row is not None]
            if rows:
                out[i] = self.emission[rows].sum(axis=0)
        if self.dense is not None and vectors is not None:
            out += vectors.astype(np.float32) @ self.dense
        return out

    def tag(self, features: Sequence[Sequence[str]], vectors: Vectors | None = None) -> Labelling:
        """The best labelling of a text given each token's feature names, and vectors where they are used."""
        if not features:
            return Labelling([], 0.0, 1.0)
        scores = self.scores(features, vectors)
        path, best = self._viterbi(scores)
        posterior, log_z = self._marginals(scores)
        chosen = posterior[np.arange(len(path)), path]
        return Labelling(self._spans(path, chosen), float(best - log_z), float(chosen.min()))

    def _viterbi(self, scores: Floats) -> tuple[list[int], float]:
        total = self.start + scores[0]
        back: list[NDArray[np.int64]] = []
        for row in scores[1:]:
            options = total[:, None] + self.transition
            pick = options.argmax(axis=0)
            back.append(pick)
            total = options[pick, np.arange(len(row))] + row
        total = total + self.end
        state = int(total.argmax())
        best = float(total[state])
        path = [state]
        for pick in reversed(back):
            path.append(int(pick[path[-1]]))
        return path[::-1], best

    def _marginals(self, scores: Floats) -> tuple[Floats, float]:
        """Posterior of every label at every token and log Z, by the scaled forward–backward pass."""
        n = len(scores)
        step = np.exp(self.transition.astype(np.float64))
        top = scores.max(axis=1, keepdims=True).astype(np.float64)
        emit = np.exp(scores - top)
        forward = np.empty(emit.shape)
        scale = np.empty(n)
        row = np.exp(self.start.astype(np.float64)) * emit[0]
        for t in range(n):
            if t:
                row = (forward[t - 1] @ step) * emit[t]
            scale[t] = row.sum()
            forward[t] = row / scale[t]
        finish = np.exp(self.end.astype(np.float64))
        total = float(forward[-1] @ finish)
        backward = finish / total
        posterior = np.empty(emit.shape)
        posterior[-1] = forward[-1] * backward
        for t in range(n - 2, -1, -1):
            backward = step @ (emit[t + 1] * backward) / scale[t + 1]
            posterior[t] = forward[t] * backward
        log_z = float(np.log(scale).sum() + top.sum() + np.log(total))
        return posterior.astype(np.float32), log_z

    def _spans(self, path: list[int], chosen: Floats) -> list[Span]:
        spans: list[Span] = []
        for i, state in enumerate(path):
            label = self.labels[state]
            if label.startswith("B-"):
                spans.append(Span(label[2:], i, i + 1, float(chosen[i])))
            elif label.startswith("I-") and spans and spans[-1].last == i:
                last = spans[-1]
                low = min(last.probability, float(chosen[i]))
                spans[-1] = Span(last.field, last.first, i + 1, low)
        return spans
