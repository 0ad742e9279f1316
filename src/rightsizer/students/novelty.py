"""How far an input is from what a student learnt, and how sure its answer is: one confidence.

Evidence of one answer is a row of numbers, each larger where the answer is safer: the margin and gap of the
linear scores, nearness to training inputs of the same class (k nearest neighbours; Sun et al. 2022) and
against other classes, Mahalanobis distances (Lee et al. 2018), and the share of known terms.
A `Judge` turns it into two probabilities by logistic regressions with weights that cannot be negative:
that the answer is right, and that the input is of a known class at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

NEARNESS = ("near_class", "near_lead", "near_any", "mahalanobis", "relative")
EVIDENCE = ("margin", "gap", "log_share", *NEARNESS, "known_terms")
# With an encoder of its own a student also has the classifier that the encoder was tuned by.
# And it looks at the untuned space too (`Base`): what no answer depends on is folded away by tuning.
BASE_EVIDENCE = ("base_class", "base_lead", "base_any", "base_mahalanobis", "base_relative")
TUNED_EVIDENCE = (*EVIDENCE, "own_cosine", "own_share", *BASE_EVIDENCE)
# What tells a stranger beside a tuned encoder. The others also say how alike the answers are: hidden classes
# differ from known ones in that too, but strangers do so less (docs/decisions/0028-strangers.md).
NOVEL = ("known_terms", "own_cosine", "base_any", "base_relative")
OWN_SCALE = 20.0
NEIGHBOURS = 5
SHARPNESS = 6.0
# Strangers are kept out by the floor; above it, being right orders answers, familiarity breaks near ties
# (chosen on CLINC150 validation, docs/decisions/0006-students.md).
FAMILIARITY = 0.25


@dataclass(frozen=True)
class Space:
    """Training inputs as unit vectors (`points`, with their class in `labels`), and their spread.

    `means` are the class means; `whiten` (d, d) makes the shared within-class covariance the identity.
    """

    points: Floats
    labels: npt.NDArray[np.int32]
    means: Floats
    whiten: Floats

    @cached_property
    def overall(self) -> tuple[Floats, Floats]:
        """The mean of all training inputs, and what makes their covariance around it the identity."""
        centre = self.points.mean(0)
        return centre, whitening(self.points - centre)

    def arrays(self, name: str = "space") -> dict[str, npt.NDArray[Any]]:
        """What an artifact keeps of it, under `name`."""
        return {
            f"{name}.points": self.points.astype(np.float16),
            f"{name}.labels": self.labels,
            f"{name}.means": self.means,
            f"{name}.whiten": self.whiten,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], name: str = "space") -> Space:
        points, *rest = (arrays[f"{name}.{part}"] for part in ("points", "labels", "means", "whiten"))
        return cls(points.astype(np.float32), *rest)


def fit_space(
    vectors: Floats, labels: npt.NDArray[np.int32], n_classes: int, *, max_points: int = 20_000
) -> Space:
    """The space of unit `vectors`; every (n/max_points)-th point is kept where there are too many."""
    size = vectors.shape[1]
    means = np.zeros((n_classes, size), np.float32)
    counts = np.maximum(np.bincount(labels, minlength=n_classes), 1)
    np.add.at(means, labels, vectors)
    means /= counts[:, None]
    centred = vectors - means[labels]
    whiten = whitening(centred)
    rows = np.arange(len(vectors))
    if len(rows) > max_points:
        rows = np.unique(np.linspace(0, len(vectors) - 1, max_points).astype(int))
    # Kept as float16 on disk: rounded here too, so that training sees what serving will.
    points = vectors[rows].astype(np.float16).astype(np.float32)
    return Space(points, labels[rows].astype(np.int32), means, whiten)


def whitening(centred: Floats) -> Floats:
    """The matrix (d, d) that makes the covariance of `centred` rows the identity.

    Shrunk towards a ball, so that few training inputs give a finite distance (Ledoit & Wolf 2004).
    """
    n, size = centred.shape
    spread = np.cov(centred.T).astype(np.float64) if n > 1 else np.eye(size)
    shrink = min(1.0, size / max(n, 1) * 0.1 + 0.01)
    spread = (1 - shrink) * spread + shrink * np.eye(size) * max(np.trace(spread) / size, 1e-6)
    values, directions = np.linalg.eigh(spread)
    return np.asarray(directions / np.sqrt(values), np.float32)


def nearness(space: Space, vectors: Floats, predicted: npt.NDArray[np.int64]) -> Floats:
    """Columns (5): mean cosine to the nearest points of the predicted class, its lead over the nearest of all
    other classes, mean cosine to the nearest of any class, minus the Mahalanobis distance to the predicted
    class's mean, and how much nearer the nearest class is than the whole (relative Mahalanobis distance,
    Ren et al. 2021: what is unusual for every class and for all of them together does not count)."""
    own = np.zeros(len(vectors), np.float32)
    other, either = np.zeros_like(own), np.zeros_like(own)
    for start in range(0, len(vectors), 256):
        block = slice(start, start + 256)
        cosines = vectors[block] @ space.points.T
        same = space.labels[None, :] == predicted[block, None]
        own[block] = _top_mean(np.where(same, cosines, -1.0))
        other[block] = _top_mean(np.where(same, -1.0, cosines))
        either[block] = _top_mean(cosines)
    away = (vectors - space.means[predicted]) @ space.whiten
    distance, relative = -np.sqrt((away**2).sum(1)), _relative(space, vectors)
    return np.stack([own, own - other, either, distance, relative], axis=1).astype(np.float32)


def _relative(space: Space, vectors: Floats) -> Floats:
    """Squared Mahalanobis distance to the mean of all training inputs, less that to the nearest class's."""
    centre, whiten = space.overall
    here, means = vectors @ space.whiten, space.means @ space.whiten
    nearest = (means**2).sum(1)[None, :] - 2 * here @ means.T
    to_class = nearest.min(1) + (here**2).sum(1)
    return np.asarray((((vectors - centre) @ whiten) ** 2).sum(1) - to_class, np.float32)


def _top_mean(cosines: Floats) -> Floats:
    k = min(NEIGHBOURS, cosines.shape[1])
    return np.asarray(np.partition(cosines, -k, axis=1)[:, -k:].mean(1), np.float32)


def gather_evidence(
    scores: Floats, unknown: Floats, vectors: Floats, space: Space, own: Floats | None = None
) -> Floats:
    """Evidence (rows, len(EVIDENCE)) for answering the class of the highest score in each row.

    With `own` (classes, size), the unit class vectors an encoder was tuned by, two more columns: the largest
    cosine to any class, which is low for strangers, and the log share of the answered class.
    """
    order = np.sort(scores, axis=1)
    top = order[:, -1]
    second = order[:, -2] if scores.shape[1] > 1 else top - 2.0
    shares = np.exp(SHARPNESS * (scores - top[:, None])).sum(1)
    near = nearness(space, vectors, scores.argmax(1))
    linear = np.stack([top, top - second, -np.log(shares)], axis=1)
    columns = [linear, near, (1.0 - unknown)[:, None]]
    if own is not None:
        columns.append(_own_evidence(vectors @ own.T, scores.argmax(1)))
    return np.hstack(columns).astype(np.float32)


def _own_evidence(cosines: Floats, predicted: npt.NDArray[np.int64]) -> Floats:
    top = cosines.max(1)
    total = np.log(np.exp(OWN_SCALE * (cosines - top[:, None])).sum(1))
    mine = cosines[np.arange(len(cosines)), predicted]
    return np.stack([top, OWN_SCALE * (mine - top) - total], axis=1)


@dataclass(frozen=True)
class Judge:
    """Two logistic regressions over standardised evidence, and the floor below which nothing is answered.

    `floor` bounds the probability of being known: a share of known inputs, fixed in training, lies below it.
    """

    centre: Floats
    scale: Floats
    right: Floats
    known: Floats
    floor: float

    def weigh(self, evidence: Floats) -> tuple[Floats, Floats]:
        """(probability that the answer is right, that the input is known), each float32 (rows,)."""
        if len(self.centre) < evidence.shape[1]:  # fitted before there were relative distances
            names = TUNED_EVIDENCE[: evidence.shape[1]]
            evidence = evidence[:, [i for i, name in enumerate(names) if not name.endswith("relative")]]
        z = np.clip((evidence - self.centre) / self.scale, -6, 6)
        return _logistic(z @ self.right[:-1] + self.right[-1]), _logistic(
            z @ self.known[:-1] + self.known[-1]
        )

    def confidence(self, evidence: Floats) -> Floats:
        """One number in [0, 1] per row that orders answers from doubtful to sure."""
        right, known = self.weigh(evidence)
        return np.asarray(right * known**FAMILIARITY, np.float32)

    def is_foreign(self, evidence: Floats) -> npt.NDArray[np.bool_]:
        """Rows too unlike the training inputs to be answered at any threshold."""
        return np.asarray(self.weigh(evidence)[1] < self.floor)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "judge.centre": self.centre,
            "judge.scale": self.scale,
            "judge.right": self.right,
            "judge.known": self.known,
            "judge.floor": np.array([self.floor], np.float64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Judge:
        centre, scale, right, known = (arrays[f"judge.{n}"] for n in ("centre", "scale", "right", "known"))
        return cls(centre, scale, right, known, float(arrays["judge.floor"][0]))


def _logistic(x: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40, 40))), np.float32)
