"""Training of the heads that are not taggers: classifiers over named features, and option rankers."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rightsizer.students.structured_fields import Field, ranked_options
from rightsizer.students.structured_linear import Softmax
from rightsizer.students.structured_ranker import Ranker
from rightsizer.students.structured_tokens import shape
from rightsizer.training.structured_rows import Row, texts_of

MAX_SHAPES = 40


def fit_softmax(
    features: Sequence[Sequence[str]],
    classes: Sequence[str],
    *,
    embeddings: NDArray[np.float32] | None = None,
    c: float = 10.0,
    min_count: int = 2,
) -> Softmax:
    """Multinomial logistic regression (L2, `c` its inverse strength) on binary features scaled to norm 1."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    names = sorted(set(classes))
    counts = Counter(name for row in features for name in set(row))
    vocabulary = {n: i for i, n in enumerate(sorted(n for n, k in counts.items() if k >= min_count))}
    if len(names) == 1:
        empty = np.zeros((0, 1), np.float32)
        return Softmax(names, vocabulary, np.zeros((len(vocabulary), 1), np.float32), empty.sum(axis=0))
    matrix = _matrix(features, vocabulary, csr_matrix)
    if embeddings is not None:
        matrix = hstack([matrix, csr_matrix(embeddings)]).tocsr()
    model = LogisticRegression(C=c, max_iter=300, tol=1e-3)
    with warnings.catch_warnings():
        # A fold of few rows with nearly as many classes is not taken for a regression.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        model.fit(matrix, np.array(classes))
    weights, bias = model.coef_.T, model.intercept_
    if len(names) == 2:  # scikit-learn keeps one column for two classes
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.array([-bias[0] / 2, bias[0] / 2])
    weights = weights.astype(np.float32)
    n = len(vocabulary)
    dense = weights[n:] if embeddings is not None else None
    return Softmax([str(x) for x in model.classes_], vocabulary, weights[:n], bias.astype(np.float32), dense)


def _matrix(features: Sequence[Sequence[str]], vocabulary: dict[str, int], make: Any) -> Any:
    indices: list[int] = []
    pointers = [0]
    values: list[float] = []
    for row in features:
        rows = sorted({i for i in map(vocabulary.get, row) if i is not None})
        indices += rows
        values += [1.0 / np.sqrt(len(rows))] * len(rows)
        pointers.append(len(indices))
    return make((values, indices, pointers), shape=(len(features), len(vocabulary)))


def shapes_of(rows: Sequence[Row], field: Field) -> frozenset[str]:
    """Forms of the field's values in training; empty when there are too many for forms to say anything."""
    forms = Counter(shape(t) for r in rows for t in texts_of(r.answer.leaves.get(field.path)))
    return frozenset(forms) if len(forms) <= MAX_SHAPES else frozenset()


def fit_ranker(rows: Sequence[Row], action: str, field: Field, *, l2: float = 1.0) -> Ranker:
    """Conditional logit over the options of each row; rows whose value is not at hand teach nothing."""
    blank = [not texts_of(r.answer.leaves.get(field.path)) for r in rows]
    optional = field.kind == "copy" and any(blank)
    ranker = Ranker({}, np.zeros(0, np.float32), shapes_of(rows, field), optional)
    groups: list[list[list[str]]] = []
    golds: list[list[int]] = []
    for row, nothing in zip(rows, blank, strict=True):
        able, features = ranked_options(field, ranker, action, row.state, row.options)
        texts = set(texts_of(row.answer.leaves.get(field.path)))
        gold = [len(able)] if nothing and optional else [i for i, o in enumerate(able) if o.text in texts]
        if features and (gold or field.kind == "copies"):
            groups.append(features)
            golds.append(gold)
    counts = Counter(name for group in groups for names in group for name in set(names))
    vocabulary = {n: i for i, n in enumerate(sorted(n for n, k in counts.items() if k >= 2))}
    weights = _fit_choice(groups, golds, vocabulary, l2, joint=field.kind == "copy")
    return Ranker(vocabulary, weights, ranker.shapes, optional)


def _fit_choice(
    groups: Sequence[Sequence[Sequence[str]]],
    golds: Sequence[Sequence[int]],
    vocabulary: dict[str, int],
    l2: float,
    *,
    joint: bool,
) -> NDArray[np.float32]:
    """Weights by L-BFGS. `joint`: one option a group (softmax); else each option for itself (logistic)."""
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    indices: list[int] = []
    pointers, starts = [0], []
    chosen: list[float] = []
    for group, gold in zip(groups, golds, strict=True):
        starts.append(len(pointers) - 1)
        for i, names in enumerate(group):
            indices += sorted({row for row in map(vocabulary.get, names) if row is not None})
            pointers.append(len(indices))
            chosen.append(float(i in gold))
    if not starts:
        return np.zeros(len(vocabulary), np.float32)
    matrix = csr_matrix(
        (np.ones(len(indices)), indices, pointers), shape=(len(pointers) - 1, len(vocabulary))
    )
    target = np.array(chosen)
    if joint:
        target /= np.repeat(np.add.reduceat(target, starts), np.diff([*starts, len(target)]))
    widths = np.diff([*starts, len(target)])

    def objective(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = matrix @ w
        if joint:
            top = np.repeat(np.maximum.reduceat(scores, starts), widths)
            exp = np.exp(scores - top)
            total = np.repeat(np.add.reduceat(exp, starts), widths)
            loss = -float(target @ (scores - top - np.log(total)))
            probability = exp / total
        else:
            loss = float(np.logaddexp(0.0, scores).sum() - target @ scores)
            probability = 1.0 / (1.0 + np.exp(-np.clip(scores, -50, 50)))
        return loss + 0.5 * l2 * float(w @ w), matrix.T @ (probability - target) + l2 * w

    result = minimize(
        objective,
        np.zeros(len(vocabulary)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 150, "ftol": 1e-6},
    )
    return np.asarray(result.x, np.float32)


def fit_classifier(rows: Sequence[Row], codes: Sequence[str]) -> Softmax:
    """A classifier of a closed field from the state's features to value codes (``ABSENT`` among them)."""
    return fit_softmax([row.state.features for row in rows], codes)
