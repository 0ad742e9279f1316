"""Multinomial logistic regression over named features, at run time: a vocabulary and a matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Vectors = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Softmax:
    """`weights` is (features, classes), `bias` (classes,); features count once each, scaled to norm 1.

    `dense` (dimensions, classes) weighs a text embedding beside the named features, where one is used.
    """

    classes: list[str]
    vocabulary: dict[str, int]
    weights: Floats
    bias: Floats
    dense: Floats | None = None

    def log_probabilities(self, features: Iterable[str], embedding: Vectors | None = None) -> Floats:
        """Log-probability of every class."""
        if len(self.classes) == 1:
            return np.zeros(1, np.float32)
        rows = sorted({row for row in map(self.vocabulary.get, features) if row is not None})
        scores = self.bias.astype(np.float64)
        if rows:
            scores = scores + self.weights[rows].sum(axis=0) / np.sqrt(len(rows))
        if self.dense is not None and embedding is not None:
            scores = scores + embedding.astype(np.float64) @ self.dense
        top = scores.max()
        return np.asarray(scores - top - np.log(np.exp(scores - top).sum()), np.float32)

    def known_share(self, features: Iterable[str]) -> float:
        """Share of the features that training had; 1 for an empty list."""
        names = list(features)
        return sum(name in self.vocabulary for name in names) / len(names) if names else 1.0
