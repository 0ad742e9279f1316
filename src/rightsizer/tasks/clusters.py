"""Clusters of payload vectors whose number is found, not given, and their frozen centroids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rightsizer.tasks.communities import find_communities, neighbour_graph

F32 = NDArray[np.float32]
RESOLUTIONS = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 20.0, 30.0, 45.0, 60.0)
MAX_FIT = 5000  # vectors a fit looks at
SILHOUETTE_ROWS = 2500
MIN_SILHOUETTE = 0.03  # below it the payloads have no clusters worth naming


@dataclass(frozen=True)
class Clusters:
    """`centroids` are unit rows, shape (k, d); `silhouette` is the mean over a sample, cosine."""

    centroids: F32
    silhouette: float

    def assign(self, vectors: F32) -> NDArray[np.int64]:
        """Nearest centroid of each row."""
        return np.asarray(np.argmax(vectors @ self.centroids.T, axis=1), np.int64)


def fit_clusters(vectors: F32, *, min_size: int = 10, seed: int = 0) -> Clusters | None:
    """kNN graph → Louvain over a grid of resolutions → the one of best silhouette (Rousseeuw 1987).

    None where no division is worth having. `vectors` are unit rows, shape (n, d).
    """
    rng = np.random.default_rng(seed)
    if len(vectors) > MAX_FIT:
        vectors = vectors[np.sort(rng.choice(len(vectors), MAX_FIT, replace=False))]
    if len(vectors) < 3 * min_size:
        return None
    graph = neighbour_graph(vectors)
    rows = np.sort(rng.permutation(len(vectors))[:SILHOUETTE_ROWS])
    best: Clusters | None = None
    for resolution in RESOLUTIONS:
        centroids = _centroids(vectors, find_communities(graph, resolution, seed), min_size)
        if len(centroids) < 2:
            continue
        labels = np.argmax(vectors @ centroids.T, axis=1)
        value = _silhouette(vectors[rows], labels[rows])
        if value >= MIN_SILHOUETTE and (best is None or value > best.silhouette):
            best = Clusters(centroids, value)
    return best


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
