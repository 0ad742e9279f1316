"""Communities of a neighbour graph: Louvain with a resolution and a last refinement over single nodes.

Blondel et al. 2008 (local moving, aggregation), Reichardt & Bornholdt 2006 (resolution). Pure Python
over a few thousand nodes on purpose: the faster libraries are copyleft or heavy.
"""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

Graph = list[dict[int, float]]
_MIN_GAIN = 1e-9
_BLOCK = 1024


def neighbour_graph(vectors: NDArray[np.float32], k: int = 15) -> Graph:
    """Symmetric graph of each row's k nearest by cosine; `vectors` are unit rows, shape (n, d)."""
    n = len(vectors)
    k = min(k, n - 1)
    graph: Graph = [{} for _ in range(n)]
    for start in range(0, n, _BLOCK):
        block = vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        near = np.argpartition(-block, k - 1, axis=1)[:, :k] if k else np.empty((len(block), 0), int)
        for row in range(len(block)):
            for j in near[row].tolist():
                weight = float(block[row, j])
                if weight > 0:
                    graph[start + row][j] = graph[j][start + row] = weight
    return graph


def find_communities(graph: Graph, resolution: float, seed: int = 0) -> NDArray[np.int64]:
    """Community number of every node, numbered by first member. Deterministic for a seed."""
    rng = random.Random(seed)
    level, loops = graph, [0.0] * len(graph)
    labels = list(range(len(graph)))
    while True:
        moved, community = _move(level, loops, list(range(len(level))), resolution, rng)
        if not moved:
            break
        community = _renumber(community)
        labels = [community[c] for c in labels]
        level, loops = _aggregate(level, loops, community)
    _, labels = _move(graph, [0.0] * len(graph), labels, resolution, rng)
    return np.array(_renumber(labels), np.int64)


def _move(
    graph: Graph, loops: list[float], community: list[int], resolution: float, rng: random.Random
) -> tuple[bool, list[int]]:
    """Local moving: nodes go to the neighbouring community of the largest gain, until none does."""
    degree = [sum(edges.values()) + 2 * loop for edges, loop in zip(graph, loops, strict=True)]
    total = sum(degree) or 1.0
    mass: dict[int, float] = defaultdict(float)
    for node, c in enumerate(community):
        mass[c] += degree[node]
    queue = list(range(len(graph)))
    rng.shuffle(queue)
    waiting = set(queue)
    any_moved, head = False, 0
    while head < len(queue):
        node = queue[head]
        head += 1
        waiting.discard(node)
        own = community[node]
        to: dict[int, float] = defaultdict(float)
        for other, weight in graph[node].items():
            to[community[other]] += weight
        mass[own] -= degree[node]
        scale = resolution * degree[node] / total
        best, best_gain = own, to.get(own, 0.0) - scale * mass[own]
        for c in sorted(to):
            gain = to[c] - scale * mass[c]
            if gain > best_gain + _MIN_GAIN:
                best, best_gain = c, gain
        mass[best] += degree[node]
        if best != own:
            community[node], any_moved = best, True
            for other in graph[node]:
                if community[other] != best and other not in waiting:
                    waiting.add(other)
                    queue.append(other)
    return any_moved, community


def _aggregate(graph: Graph, loops: list[float], community: list[int]) -> tuple[Graph, list[float]]:
    size = max(community) + 1
    level: Graph = [defaultdict(float) for _ in range(size)]
    inner = [0.0] * size
    for node, edges in enumerate(graph):
        c = community[node]
        inner[c] += loops[node]
        for other, weight in edges.items():
            d = community[other]
            if c == d:
                inner[c] += weight / 2
            else:
                level[c][d] += weight
    return level, inner


def _renumber(labels: list[int]) -> list[int]:
    first: dict[int, int] = {}
    return [first.setdefault(label, len(first)) for label in labels]
