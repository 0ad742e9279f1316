"""Fitting the parts of a label student: linear scores, the projected space, the judge of evidence."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.students.features import Sparse
from rightsizer.students.label import Linear
from rightsizer.students.novelty import Judge, Space, fit_space, gather_evidence

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Training rows as features: sparse (a scipy CSR matrix, and our own), dense unit vectors, labels."""

    matrix: Any
    sparse: Sparse
    dense: Floats
    labels: npt.NDArray[np.int32]
    dense_scale: float

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, where: npt.NDArray[np.bool_]) -> Rows:
        """The rows where `where` is true."""
        x = self.matrix[np.flatnonzero(where)]
        sparse = Sparse(x.indptr.astype(np.int64), x.indices, x.data, self.sparse.unknown[where])
        return replace(self, matrix=x, sparse=sparse, dense=self.dense[where], labels=self.labels[where])

    def take(self, rows: npt.NDArray[Any]) -> Any:
        """The features of these rows side by side, as a machine is fitted on them."""
        from scipy.sparse import csr_matrix, hstack

        x = self.matrix[rows]
        return hstack([x, csr_matrix(self.dense[rows] * self.dense_scale)]).tocsr() if self.dense_scale else x


@dataclass(frozen=True)
class Fitted:
    """Linear scores over `classes` (labels in column order) and the space they were fitted in."""

    linear: Linear
    space: Space
    classes: npt.NDArray[np.int32]


def to_matrix(sparse: Sparse, n_terms: int) -> Any:
    """The rows as a scipy CSR matrix."""
    from scipy.sparse import csr_matrix

    return csr_matrix((sparse.values, sparse.indices, sparse.indptr), shape=(len(sparse), n_terms))


def fit_projection(matrix: Any, dims: int, seed: int) -> npt.NDArray[np.float16]:
    """Terms to `dims` dimensions by truncated SVD (latent semantic analysis; Deerwester et al. 1990)."""
    from sklearn.decomposition import TruncatedSVD

    dims = min(dims, min(matrix.shape) - 1)
    if dims < 2:
        return np.zeros((matrix.shape[1], 2), np.float16)
    svd = TruncatedSVD(dims, n_iter=4, random_state=seed).fit(matrix)
    scale = 1.0 / np.sqrt(np.maximum(svd.singular_values_, 1e-6))
    return np.asarray(svd.components_.T * scale, np.float16)


def fit_linear(
    rows: Rows, use: npt.NDArray[Any], c: float, seed: int, strangers: Rows | None = None
) -> Fitted:
    """One squared-hinge machine per class on the rows `use` (one-vs-rest; Rifkin & Klautau 2004), solved by
    liblinear (Fan et al. 2008); `c` is the inverse regularisation. `strangers` are of no class: every
    machine learns to say no to them."""
    from scipy.sparse import vstack
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC

    x = rows.take(use)
    classes, labels = np.unique(rows.labels[use], return_inverse=True)
    told = labels
    if strangers is not None and len(strangers):
        away = replace(strangers, dense_scale=rows.dense_scale)
        x = vstack([x, away.take(np.arange(len(away)))]).tocsr()
        told = np.concatenate([labels, np.full(len(away), len(classes))])
    machine = LinearSVC(C=c, random_state=seed, tol=1e-3)
    with warnings.catch_warnings():
        # Rows of long texts may need more steps than it takes to rank classes well; agreement decides.
        warnings.simplefilter("ignore", ConvergenceWarning)
        machine.fit(x, told)
    weights, bias = machine.coef_, machine.intercept_
    if len(weights) == 1:
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    weights, bias = weights[: len(classes)], bias[: len(classes)]
    n_terms = rows.matrix.shape[1]
    # Rounded here to what is kept on disk, so that training judges what will serve.
    linear = Linear(
        terms=np.ascontiguousarray(weights[:, :n_terms].T).astype(np.float16),
        vectors=_dense_weights(weights[:, n_terms:], rows.dense.shape[1]),
        bias=bias.astype(np.float32),
        dense_scale=rows.dense_scale,
    )
    space = fit_space(rows.dense[use], labels.astype(np.int32), len(classes))
    return Fitted(linear, space, classes.astype(np.int32))


def _dense_weights(weights: npt.NDArray[Any], size: int) -> Floats:
    if weights.shape[1] == 0:
        return np.zeros((size, len(weights)), np.float32)
    return np.ascontiguousarray(weights.T).astype(np.float32)


def held_out(
    rows: Rows,
    fitted: Fitted,
    trained: npt.NDArray[Any],
    test: npt.NDArray[Any],
    own: Floats | None = None,
    asked: Rows | None = None,
) -> tuple[Any, Floats]:
    """(predicted label, evidence) of the rows `test` of `asked` (of `rows` itself, if not given), for a
    model fitted on the rows `trained` of `rows`.

    A term that no trained row has counts as unknown, though the vocabulary holds it.
    """
    asked = asked or rows
    x = asked.matrix[test]
    scores = np.asarray(x @ fitted.linear.terms.astype(np.float32), np.float32)
    scores += (fitted.linear.dense_scale * asked.dense[test]) @ fitted.linear.vectors + fitted.linear.bias
    seen = np.asarray((rows.matrix[trained] != 0).sum(0)).ravel() > 0
    present = (x != 0).astype(np.float32)
    lost = 1.0 - np.asarray(present @ seen.astype(np.float32)) / np.maximum(
        np.asarray(present.sum(1)).ravel(), 1
    )
    unknown = 1.0 - (1.0 - asked.sparse.unknown[test]) * (1.0 - lost)
    evidence = gather_evidence(scores, unknown.astype(np.float32), asked.dense[test], fitted.space, own)
    return fitted.classes[scores.argmax(1)], evidence


def fit_judge(
    evidence: Floats,
    right: npt.NDArray[np.bool_],
    foreign: Floats,
    *,
    abstain: float,
    novel: Sequence[int] | None = None,
    pull: float = 10.0,
) -> Judge:
    """The judge of held-out `evidence`, whose answers were `right` or not, and of that of `foreign` inputs.

    Weights are pulled towards equal ones with the strength of `pull` examples, so that a few dozen rows
    cannot make them wild. Being known is told by the columns `novel` (all, if not given). The floor is the
    `abstain` quantile of the known rows' probability of being known.
    """
    centre = evidence.mean(0)
    scale = np.maximum(evidence.std(0), 1e-3)
    z = np.clip((evidence - centre) / scale, -6, 6)
    ours = fit_logistic(z, right.astype(np.float64), np.ones(len(z)), pull)
    used = list(range(z.shape[1]) if novel is None else novel)
    known = np.zeros(z.shape[1] + 1)
    if len(foreign) >= 20:
        far = np.clip((foreign - centre) / scale, -6, 6)
        both = np.concatenate([z, far])[:, used]
        target = np.concatenate([np.ones(len(z)), np.zeros(len(far))])
        # Both sides weigh the same, however many classes were held out.
        weight = np.concatenate([np.ones(len(z)), np.full(len(far), len(z) / len(far))])
        known[[*used, -1]] = fit_logistic(both, target, weight, pull)
    else:
        known[[*used, -1]] = [*np.full(len(used), 1.0 / len(used)), 3.0]
    judge = Judge(
        centre.astype(np.float32),
        scale.astype(np.float32),
        ours.astype(np.float32),
        known.astype(np.float32),
        0.0,
    )
    floor = float(np.quantile(judge.weigh(evidence)[1], abstain))
    return Judge(judge.centre, judge.scale, judge.right, judge.known, floor)


def fit_logistic(
    z: npt.NDArray[Any], target: npt.NDArray[Any], weight: npt.NDArray[Any], pull: float
) -> npt.NDArray[np.float64]:
    """Weights ≥ 0, and the intercept last, of a weighted logistic regression of `target` in {0, 1} on `z`."""
    from scipy.optimize import minimize

    x = np.column_stack([z, np.ones(len(z))]).astype(np.float64)
    prior = np.array([*np.full(z.shape[1], 1.0 / z.shape[1]), 1.0])
    sign = 2.0 * target - 1.0

    def loss(w: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any]]:
        margin = sign * (x @ w)
        value = (weight * np.logaddexp(0, -margin)).sum() + 0.5 * pull * ((w - prior) ** 2).sum()
        slope = -(weight * sign / (1.0 + np.exp(np.clip(margin, -500, 500)))) @ x + pull * (w - prior)
        return float(value), slope

    bounds = [(0.0, None)] * z.shape[1] + [(None, None)]
    return np.asarray(minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds).x)
