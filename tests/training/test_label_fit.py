"""The parts of a label student are fitted as they say."""

from __future__ import annotations

import numpy as np
import pytest

from rightsizer.students.features import Sparse
from rightsizer.students.novelty import EVIDENCE
from rightsizer.training.label import related_thirds
from rightsizer.training.label_fit import (
    Rows,
    fit_judge,
    fit_linear,
    fit_logistic,
    fit_projection,
    held_out,
    to_matrix,
)

WIDTH = len(EVIDENCE)


def one_hot_rows(labels: list[int], terms: list[list[int]], n_terms: int, dense_scale: float = 0.0) -> Rows:
    """Rows whose terms are given by column, and whose dense vectors are one axis per label."""
    indptr = np.cumsum([0, *map(len, terms)]).astype(np.int64)
    indices = np.array([t for row in terms for t in row], np.int32)
    sparse = Sparse(indptr, indices, np.ones(len(indices), np.float32), np.zeros(len(labels), np.float32))
    dense = np.eye(6, dtype=np.float32)[labels]
    return Rows(to_matrix(sparse, n_terms), sparse, dense, np.array(labels, np.int32), dense_scale)


def test_scores_separate_classes_by_their_terms() -> None:
    labels = [0, 1, 2] * 10
    rows = one_hot_rows(labels, [[label, 3] for label in labels], 4)
    fitted = fit_linear(rows, np.arange(30), 1.0, 0)
    scores = fitted.linear.scores(rows.sparse, rows.dense)
    assert (fitted.classes[scores.argmax(1)] == rows.labels).all()
    assert (np.sort(scores, 1)[:, -1] > 0).all()


def test_two_classes_get_a_score_each() -> None:
    labels = [0, 4] * 10
    rows = one_hot_rows(labels, [[label] for label in labels], 5, dense_scale=1.0)
    fitted = fit_linear(rows, np.arange(20), 1.0, 0)
    scores = fitted.linear.scores(rows.sparse, rows.dense)
    assert scores.shape == (20, 2)
    assert np.allclose(scores[:, 0], -scores[:, 1], atol=1e-3)
    assert (fitted.classes[scores.argmax(1)] == rows.labels).all()


def test_training_and_serving_compute_the_same_scores() -> None:
    """`held_out` (scipy, in training) and `Linear.scores` (numpy, in serving) are two ways to one number."""
    rng = np.random.default_rng(0)
    labels = [int(x) for x in rng.integers(0, 4, 60)]
    rows = one_hot_rows(
        labels, [sorted({label, *rng.integers(0, 9, 3).tolist()}) for label in labels], 9, 2.0
    )
    fitted = fit_linear(rows, np.arange(60), 0.3, 0)
    predicted, evidence = held_out(rows, fitted, np.arange(60), np.arange(60))
    scores = fitted.linear.scores(rows.sparse, rows.dense)
    assert (predicted == fitted.classes[scores.argmax(1)]).all()
    assert np.allclose(evidence[:, 0], scores.max(1), atol=1e-5)


def test_a_term_no_fitted_row_had_counts_as_unknown() -> None:
    rows = one_hot_rows([0, 1, 0, 1], [[0], [1], [0, 2], [1]], 3)
    fitted = fit_linear(rows, np.array([0, 1]), 1.0, 0)
    _, evidence = held_out(rows, fitted, np.array([0, 1]), np.array([2, 3]))
    known = evidence[:, EVIDENCE.index("known_terms")]
    assert known.tolist() == [0.5, 1.0]


def test_strangers_score_low_without_being_a_class() -> None:
    """Rows of a stranger share a term with each class; taught, no machine says yes to their like."""
    labels = [0, 1, 2] * 20
    rows = one_hot_rows(labels, [[label, 3] for label in labels], 5)
    away = one_hot_rows([3] * 20, [[i % 3, 4] for i in range(20)], 5)
    plain = fit_linear(rows, np.arange(60), 1.0, 0)
    taught = fit_linear(rows, np.arange(60), 1.0, 0, away)
    assert taught.classes.tolist() == [0, 1, 2]
    assert len(taught.space.points) == 60
    best = [
        held_out(rows, fitted, np.arange(60), np.arange(20), asked=away)[1][:, 0].max()
        for fitted in (plain, taught)
    ]
    assert best[1] < 0 < best[0]
    assert (taught.linear.scores(rows.sparse, rows.dense).argmax(1) == rows.labels).all()


def test_strangers_of_two_classes() -> None:
    rows = one_hot_rows([0, 1] * 10, [[i % 2] for i in range(20)], 4)
    away = one_hot_rows([3] * 10, [[2]] * 10, 4)
    fitted = fit_linear(rows, np.arange(20), 1.0, 0, away)
    scores = fitted.linear.scores(rows.sparse, rows.dense)
    assert scores.shape == (20, 2)
    assert (fitted.classes[scores.argmax(1)] == rows.labels).all()


def test_projection_keeps_what_is_alike_together() -> None:
    rows = one_hot_rows([0, 0, 1, 1], [[0, 1], [0, 1, 2], [3, 4], [3, 4, 5]], 6)
    vectors = rows.matrix @ fit_projection(rows.matrix, 2, 0).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert vectors[0] @ vectors[1] > 0.9
    assert abs(vectors[0] @ vectors[2]) < 0.1


def test_projection_of_next_to_nothing() -> None:
    rows = one_hot_rows([0], [[0]], 1)
    assert fit_projection(rows.matrix, 128, 0).shape == (1, 2)


def test_logistic_weights_are_those_of_the_data_and_never_negative() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(20_000, 3))
    truth = np.array([2.0, 0.0, -1.0, 0.5])
    p = 1 / (1 + np.exp(-(z @ truth[:3] + truth[3])))
    target = (rng.random(len(z)) < p).astype(float)
    free = fit_logistic(z[:, :2], target, np.ones(len(z)), 1.0)
    assert free[0] == pytest.approx(2.0 * 0.86, rel=0.1)  # attenuated by the column left out
    assert free[1] == pytest.approx(0.0, abs=0.06)
    bound = fit_logistic(z, target, np.ones(len(z)), 1.0)
    assert bound[2] == 0.0


def test_few_rows_stay_near_equal_weights() -> None:
    z = np.array([[1.0, 0.0], [-1.0, 0.0]])
    weights = fit_logistic(z, np.array([1.0, 0.0]), np.ones(2), 10.0)
    assert abs(weights[0] - weights[1]) < 0.2


def evidence_at(level: float, n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, 1.0, (n, WIDTH)).astype(np.float32)


def test_the_floor_lets_the_stated_share_of_known_rows_through() -> None:
    known, foreign = evidence_at(0.0, 2000, 0), evidence_at(-3.0, 500, 1)
    judge = fit_judge(known, np.ones(2000, bool), foreign, abstain=0.05)
    assert judge.is_foreign(known).mean() == pytest.approx(0.05, abs=0.002)
    assert judge.is_foreign(evidence_at(-3.0, 500, 2)).mean() > 0.95
    assert judge.is_foreign(evidence_at(0.0, 2000, 3)).mean() == pytest.approx(0.05, abs=0.02)


def test_being_known_is_told_by_the_columns_named() -> None:
    """The last column tells these strangers and no others; a judge told to look elsewhere is blind to it."""
    known, foreign = evidence_at(0.0, 2000, 0), evidence_at(0.0, 500, 1)
    foreign[:, -1] -= 4
    right = np.ones(2000, bool)
    for novel, share in (([WIDTH - 1, 0], 0.95), ([0, 1], None)):
        judge = fit_judge(known, right, foreign, abstain=0.05, novel=novel)
        assert np.flatnonzero(judge.known[:-1]).tolist() <= sorted(novel)
        met = judge.is_foreign(foreign).mean()
        assert met > share if share else met < 0.1
    alone = fit_judge(known, right, known[:0], abstain=0.05, novel=[2])
    assert alone.is_foreign(known).mean() == pytest.approx(0.05, abs=0.01)
    assert np.flatnonzero(alone.known[:-1]).tolist() == [2]


def test_without_foreign_rows_there_is_still_a_floor() -> None:
    known = evidence_at(0.0, 300, 0)
    judge = fit_judge(known, np.ones(300, bool), known[:0], abstain=0.05)
    assert judge.is_foreign(known).mean() == pytest.approx(0.05, abs=0.01)
    assert judge.is_foreign(evidence_at(-5.0, 100, 1)).all()


def test_wrong_answers_lower_the_confidence_of_their_like() -> None:
    good, bad = evidence_at(1.0, 500, 0), evidence_at(-1.0, 100, 1)
    right = np.concatenate([np.ones(500, bool), np.zeros(100, bool)])
    judge = fit_judge(np.vstack([good, bad]), right, good[:0], abstain=0.01)
    assert np.median(judge.confidence(evidence_at(1.0, 100, 2))) > 0.9
    assert np.median(judge.confidence(evidence_at(-1.0, 100, 3))) < 0.2


def test_related_classes_share_a_third() -> None:
    """Six classes in three directions: each third is a pair of neighbours."""
    axes = np.eye(6, dtype=np.float32)
    near = [
        axes[0],
        axes[2],
        axes[4],
        axes[0] + 0.1 * axes[1],
        axes[2] + 0.1 * axes[3],
        axes[4] + 0.1 * axes[5],
    ]
    rows = one_hot_rows([0, 1, 2, 3, 4, 5], [[0]] * 6, 1)
    rows = Rows(rows.matrix, rows.sparse, np.stack(near).astype(np.float32), rows.labels, 0.0)
    third = related_thirds(rows)
    assert third[:3].tolist() == third[3:].tolist()
    assert sorted(third[:3]) == [0, 1, 2]
