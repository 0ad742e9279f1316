"""Clusters of payload vectors whose number is found, not given, with frozen centroids and a noise class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.communities import Graph, find_communities, neighbour_graph

F32 = NDArray[np.float32]
RESOLUTIONS = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 20.0, 30.0, 45.0, 60.0)
MAX_FIT = 5000  # vectors a fit looks at
SILHOUETTE_ROWS = 2500
MIN_SILHOUETTE = 0.03  # below it the payloads have no clusters worth naming
NOISE_SDS = 3.0  # a vector so many standard deviations farther off than a cluster's members is none of them


@dataclass(frozen=True)
class Clusters:
    """`centroids` are unit rows, shape (k, d); `radii` the least cosine of a member to its centroid, shape
    (k,); `silhouette` is the mean over a sample, cosine."""

    centroids: F32
    radii: F32
    silhouette: float = 0.0

    def assign(self, vectors: F32) -> NDArray[np.int64]:
        """Nearest centroid of each row, -1 (noise) where that is farther than its radius."""
        if not len(self.centroids):
            return np.full(len(vectors), -1, np.int64)
        near = vectors @ self.centroids.T
        best = np.argmax(near, axis=1)
        return np.where(near[np.arange(len(near)), best] >= self.radii[best], best, -1)


def fit_clusters(
    vectors: F32, *, min_size: int = 10, seed: int = 0, granularity: float = 1.0
) -> Clusters | None:
    """kNN graph → Louvain over a grid of resolutions → the one of best silhouette (Rousseeuw 1987).

    None where no division is worth having. `vectors` are unit rows, shape (n, d). `granularity` scales the
    resolution that was found: below 1 fewer and larger clusters, above 1 more and smaller ones.
    """
    rng = np.random.default_rng(seed)
    if len(vectors) > MAX_FIT:
        vectors = vectors[np.sort(rng.choice(len(vectors), MAX_FIT, replace=False))]
    if len(vectors) < 3 * min_size:
        return None
    graph = neighbour_graph(vectors)
    rows = np.sort(rng.permutation(len(vectors))[:SILHOUETTE_ROWS])
    found = [(r, _divide(vectors, graph, r, seed, min_size, rows)) for r in RESOLUTIONS]
    known = [(r, c) for r, c in found if c is not None]
    if not known:
        return None
    resolution, best = max(known, key=lambda rc: rc[1].silhouette)
    if granularity == 1:
        return best
    return _divide(vectors, graph, resolution * granularity, seed, min_size, rows) or best


def _divide(
    vectors: F32, graph: Graph, resolution: float, seed: int, min_size: int, rows: NDArray[np.int64]
) -> Clusters | None:
    """The clusters at one resolution; None where they are no clusters."""
    centroids = _centroids(vectors, find_communities(graph, resolution, seed), min_size)
    if len(centroids) < 2:
        return None
    near = vectors @ centroids.T
    labels = np.argmax(near, axis=1)
    value = _silhouette(vectors[rows], labels[rows])
    return (
        Clusters(centroids, _radii(near.max(axis=1), labels, len(centroids)), value)
        if value >= MIN_SILHOUETTE
        else None
    )


def _radii(similarity: F32, labels: NDArray[np.intp], k: int) -> F32:
    """Mean similarity of each cluster's members less `NOISE_SDS` standard deviations, pooled over the
    clusters because a small one's own would be too uncertain."""
    sizes = np.maximum(np.bincount(labels, minlength=k), 1)
    means = np.bincount(labels, similarity, minlength=k) / sizes
    spread = float(np.sqrt(np.mean((similarity - means[labels]) ** 2)))
    return np.asarray(means - NOISE_SDS * spread, np.float32)


def _centroids(vectors: F32, labels: NDArray[np.int64], min_size: int) -> F32:
    """Unit means of the communities that are large enough."""
    sums = [vectors[labels == c].sum(0) for c, n in enumerate(np.bincount(labels)) if n >= min_size]
    if not sums:
        return np.empty((0, vectors.shape[1]), np.float32)
    means = np.stack(sums)
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12), np.float32)


def _silhouette(vectors: F32, labels: NDArray[np.intp]) -> float:
    from sklearn.metrics import silhouette_score

    n_labels = len(np.unique(labels))
    if not 2 <= n_labels < len(labels):
        return -1.0
    return float(silhouette_score(vectors, labels, metric="cosine"))
