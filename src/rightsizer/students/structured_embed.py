"""Vectors of a payload's tokens from a sentence encoder: what its pre-training knows of unseen words."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_tokens import Token

Floats = NDArray[np.floating[Any]]


@runtime_checkable
class TokenEncoder(Protocol):
    """An encoder that also shows the states of its word pieces."""

    identity: str
    size: int

    def token_states(self, text: str) -> tuple[list[tuple[int, int]], Floats]:
        """Character range of every word piece (empty for special ones), and its state."""
        ...


def token_vectors(encoder: TokenEncoder, text: str, tokens: list[Token]) -> Floats:
    """One vector a token, float32 (tokens, size): the mean over its word pieces; 0 where it has none."""
    out = np.zeros((len(tokens), encoder.size), np.float32)
    if not tokens:
        return out
    ranges, states = encoder.token_states(text)
    counts = np.zeros(len(tokens), np.float32)
    at = 0
    for (start, end), state in zip(ranges, states, strict=True):
        if end <= start:
            continue
        while at < len(tokens) and tokens[at].end <= start:
            at += 1
        i = at
        while i < len(tokens) and tokens[i].start < end:
            out[i] += state
            counts[i] += 1
            i += 1
    return out / np.maximum(counts, 1.0)[:, None]


def pooled(vectors: Floats | None) -> Floats | None:
    """The unit mean of token vectors: the text's own vector."""
    if vectors is None:
        return None
    if not len(vectors):
        return np.zeros(vectors.shape[1], np.float32)
    mean = vectors.astype(np.float32).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)
