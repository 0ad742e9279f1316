"""Training of the linear-chain conditional random field of `students.structured_tagger`.

Maximum likelihood with an L2 penalty by L-BFGS (Sha & Pereira 2003), all texts in one batch: tokens
are packed time-major, so that the forward–backward recursions are one matrix product a time step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_tagger import Tagger

Doubles = NDArray[np.float64]
Rows = Sequence[int] | NDArray[np.int32]
BLOCKED = -1e4
DENSE_NORM = 1.3
"""Length of a typical token vector after scaling: how much the vectors weigh against the named features."""


def label_set(fields: Sequence[str]) -> list[str]:
    """``O`` and the B/I labels of the fields, in order."""
    return ["O", *(f"{mark}-{field}" for field in fields for mark in "BI")]


def vocabulary_of(texts: Sequence[Sequence[Sequence[str]]], min_count: int = 2) -> dict[str, int]:
    """Feature name → row, for features seen at least `min_count` times; ordered by name."""
    counts: Counter[str] = Counter()
    for text in texts:
        for names in text:
            counts.update(names)
    return {name: i for i, name in enumerate(sorted(n for n, c in counts.items() if c >= min_count))}


@dataclass(frozen=True)
class Packed:
    """Texts packed time-major: rows of time t are `offsets[t] : offsets[t+1]`, longest text first.

    `dense` holds token vectors, scaled, with no columns where there are none.
    """

    matrix: Any
    dense: NDArray[np.float32]
    gold: NDArray[np.int64]
    offsets: list[int]
    lengths: NDArray[np.int64]

    @classmethod
    def build(
        cls,
        texts: Sequence[Sequence[Rows]],
        gold: Sequence[Sequence[int]],
        n_features: int,
        vectors: Sequence[NDArray[Any]] | None = None,
    ) -> Packed:
        """Pack `texts` (feature rows per token) with their label numbers `gold` and their token vectors."""
        from scipy.sparse import csr_matrix

        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        lengths = np.array([len(texts[i]) for i in order], np.int64)
        indices: list[int] = []
        pointers, labels, offsets = [0], [], [0]
        for t in range(int(lengths[0]) if order else 0):
            for i in order[: int((lengths > t).sum())]:
                indices.extend(texts[i][t])
                pointers.append(len(indices))
                labels.append(gold[i][t])
            offsets.append(len(labels))
        data = np.ones(len(indices))
        matrix = csr_matrix(
            (data, np.array(indices, np.int32), np.array(pointers, np.int64)),
            shape=(len(labels), n_features),
        )
        return cls(matrix, _pack_dense(vectors, order, lengths), np.array(labels, np.int64), offsets, lengths)


def _pack_dense(
    vectors: Sequence[NDArray[Any]] | None, order: Sequence[int], lengths: NDArray[np.int64]
) -> NDArray[np.float32]:
    total = int(lengths.sum())
    if vectors is None or not total:
        return np.zeros((total, 0), np.float32)
    out = np.empty((total, vectors[order[0]].shape[1]), np.float32)
    at = 0
    for t in range(int(lengths[0])):
        for i in order[: int((lengths > t).sum())]:
            out[at] = vectors[i][t]
            at += 1
    return out


def allowed(labels: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which transitions (from, to) and which first labels BIO permits."""
    n = len(labels)
    step, first = np.ones((n, n), bool), np.ones(n, bool)
    for j, label in enumerate(labels):
        if label.startswith("I-"):
            first[j] = False
            step[:, j] = [other[2:] == label[2:] and other != "O" for other in labels]
    return step, first


def _objective(
    flat: Doubles, packed: Packed, n_features: int, masks: tuple[Any, Any], l2: float
) -> tuple[float, Doubles]:
    """Negative penalised log-likelihood and its gradient."""
    dense_w, weights, step_w, start_w, end_w = _parts(flat, packed.dense.shape[1], n_features, len(masks[1]))
    n = len(end_w)
    scores = packed.matrix @ weights
    scores += packed.dense @ dense_w.astype(np.float32)
    top = scores.max(axis=1, keepdims=True)
    emit = np.exp(scores - top)
    step = np.where(masks[0], np.exp(step_w), 0.0)
    first = np.where(masks[1], np.exp(start_w), 0.0)
    finish = np.exp(end_w)
    posterior, step_counts, log_z = _forward_backward(packed, emit, step, first, finish)
    log_z += float(top.sum())

    rows = np.arange(len(packed.gold))
    previous, following = _neighbours(packed)
    last = _last_rows(packed)
    gold = packed.gold
    score = scores[rows, gold].sum() + step_w[gold[previous], gold[following]].sum()
    begin = gold[: packed.offsets[1]]
    score += start_w[begin].sum() + end_w[gold[last]].sum()

    first_counts, last_counts = posterior[: packed.offsets[1]].sum(axis=0), posterior[last].sum(axis=0)
    posterior[rows, gold] -= 1.0
    grad_w = packed.matrix.T @ posterior
    np.subtract.at(step_counts, (gold[previous], gold[following]), 1.0)
    first_counts -= np.bincount(begin, minlength=n)
    last_counts -= np.bincount(gold[last], minlength=n)
    grad_d = (packed.dense.T @ posterior.astype(np.float32)).astype(np.float64)
    grad = np.concatenate([grad_d.ravel(), grad_w.ravel(), step_counts.ravel(), first_counts, last_counts])
    grad += l2 * flat
    return float(log_z - score + 0.5 * l2 * flat @ flat), grad


def _parts(flat: Doubles, size: int, n_features: int, n: int) -> tuple[Doubles, ...]:
    """The views of a flat weight vector: dense, features, transitions, first, last."""
    cuts = np.cumsum([size * n, n_features * n, n * n, n])
    dense, weights, step, first, last = np.split(flat, cuts)
    return dense.reshape(size, n), weights.reshape(n_features, n), step.reshape(n, n), first, last


def _forward_backward(
    packed: Packed, emit: Doubles, step: Doubles, first: Doubles, finish: Doubles
) -> tuple[Doubles, Doubles, float]:
    offsets = packed.offsets
    forward, scale = np.empty_like(emit), np.empty(len(emit))
    for t in range(len(offsets) - 1):
        a, b = offsets[t], offsets[t + 1]
        row = (
            first * emit[a:b]
            if t == 0
            else (forward[offsets[t - 1] : offsets[t - 1] + b - a] @ step) * emit[a:b]
        )
        scale[a:b] = row.sum(axis=1)
        forward[a:b] = row / scale[a:b, None]
    last = _last_rows(packed)
    total = forward[last] @ finish
    log_z = float(np.log(scale).sum() + np.log(total).sum())
    backward = np.empty_like(emit)
    backward[last] = finish / total[:, None]
    counts = np.zeros_like(step)
    for t in range(len(offsets) - 2, 0, -1):
        a, b, c = offsets[t], offsets[t + 1], offsets[t - 1]
        ahead = emit[a:b] * backward[a:b] / scale[a:b, None]
        backward[c : c + b - a] = ahead @ step.T
        counts += forward[c : c + b - a].T @ ahead
    return forward * backward, counts * step, log_z


def _neighbours(packed: Packed) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of every pair of adjacent tokens: (earlier, later)."""
    earlier = [
        np.arange(packed.offsets[t - 1], packed.offsets[t - 1] + packed.offsets[t + 1] - packed.offsets[t])
        for t in range(1, len(packed.offsets) - 1)
    ]
    later = np.arange(packed.offsets[1], packed.offsets[-1])
    return (np.concatenate(earlier) if earlier else later[:0]), later


def _last_rows(packed: Packed) -> NDArray[np.int64]:
    """The row of each text's last token, longest text first."""
    offsets = np.array(packed.offsets)
    return offsets[packed.lengths - 1] + np.arange(len(packed.lengths))


def train_tagger(
    texts: Sequence[Sequence[Rows]],
    gold: Sequence[Sequence[int]],
    labels: list[str],
    vocabulary: dict[str, int],
    *,
    vectors: Sequence[NDArray[Any]] | None = None,
    l2: float = 0.3,
    max_iterations: int = 80,
) -> Tagger:
    """Fit a tagger to texts given as feature rows per token and label numbers per token.

    `vectors` are token vectors (tokens, size) beside the features. `l2` is the penalty on half the
    squared weights against the summed log-likelihood. Texts without tokens are left out.
    Deterministic: no random state is used.
    """
    from scipy.optimize import minimize

    kept = [i for i, text in enumerate(texts) if len(text)]
    rows = None if vectors is None else [vectors[i] for i in kept]
    packed = Packed.build([texts[i] for i in kept], [gold[i] for i in kept], len(vocabulary), rows)
    spread = packed.dense.std(axis=0) if len(packed.dense) else np.zeros(packed.dense.shape[1])
    factor = DENSE_NORM / (spread + 1e-6) / np.sqrt(max(1, packed.dense.shape[1]))
    packed = replace(packed, dense=packed.dense * factor.astype(np.float32))
    masks = allowed(labels)
    n, size = len(labels), packed.dense.shape[1]
    flat = np.zeros((size + len(vocabulary) + n + 2) * n)
    if kept:
        flat = minimize(
            _objective,
            flat,
            args=(packed, len(vocabulary), masks, l2),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": max_iterations, "maxcor": 6, "ftol": 1e-5},
        ).x
    dense, emission, step, first, last = _parts(flat, size, len(vocabulary), n)
    return Tagger(
        labels=labels,
        vocabulary=vocabulary,
        emission=emission.astype(np.float32),
        transition=np.where(masks[0], step, BLOCKED).astype(np.float32),
        start=np.where(masks[1], first, BLOCKED).astype(np.float32),
        end=last.astype(np.float32),
        dense=(dense * factor[:, None]).astype(np.float32) if size else None,
    )
