"""Clustering scores: NMI, ARI and accuracy under the best one-to-one matching (Hungarian)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def score(truth: Sequence[str], found: Sequence[str | None]) -> dict[str, float]:
    """Unassigned calls count as one cluster of their own."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix

    names = [f or "unassigned" for f in found]
    table = contingency_matrix(truth, names)
    rows, columns = linear_sum_assignment(-table)
    return {
        "n": len(names),
        "true": len(set(truth)),
        "found": len(set(found) - {None}),
        "covered": float(np.mean([f is not None for f in found])),
        "nmi": float(normalized_mutual_info_score(truth, names)),
        "ari": float(adjusted_rand_score(truth, names)),
        "acc": float(table[rows, columns].sum() / len(names)),
    }


def show(name: str, scores: dict[str, float]) -> None:
    """One line of a table."""
    figures = "  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in scores.items())
    print(f"{name:42s} {figures}", flush=True)
