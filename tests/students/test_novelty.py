"""Evidence falls with distance, and the judge turns it into an order and a floor."""

from __future__ import annotations

import numpy as np

from rightsizer.students.novelty import (
    EVIDENCE,
    NEARNESS,
    Judge,
    Space,
    fit_space,
    gather_evidence,
    nearness,
)

SIZE = 8
N_CLASSES = 3


def clusters(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around three axes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int32) % N_CLASSES
    return unit(np.eye(SIZE)[labels] + rng.normal(0, 0.1, (n, SIZE))), labels


def unit(x: np.ndarray) -> np.ndarray:
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def space() -> Space:
    vectors, labels = clusters(90)
    return fit_space(vectors, labels, N_CLASSES)


def scores_of(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(2 * vectors[:, :N_CLASSES] - 1, np.float32)


def evidence_of(vectors: np.ndarray) -> np.ndarray:
    return gather_evidence(scores_of(vectors), np.zeros(len(vectors), np.float32), vectors, space())


def test_every_kind_of_evidence_is_less_for_a_stranger() -> None:
    known, _ = clusters(30, seed=1)
    strangers = unit(np.eye(SIZE)[3:6] + 0.05)
    unknown = np.concatenate([np.zeros(30, np.float32), np.ones(3, np.float32)])
    both = np.vstack([known, strangers])
    evidence = gather_evidence(scores_of(both), unknown, both, space())
    assert evidence.shape == (33, len(EVIDENCE))
    assert (evidence[:30].min(0) > evidence[30:].max(0)).all()


def test_nearness_is_to_the_predicted_class() -> None:
    vectors, labels = clusters(3, seed=2)
    right = nearness(space(), vectors, labels.astype(np.int64))
    wrong = nearness(space(), vectors, (labels.astype(np.int64) + 1) % 3)
    assert (right[:, 0] > wrong[:, 0] + 0.5).all()
    assert (right[:, 1] > 0).all()
    assert (wrong[:, 1] < 0).all()
    assert np.allclose(right[:, 2], wrong[:, 2])
    assert (right[:, 3] > wrong[:, 3]).all()


def test_mahalanobis_is_the_textbook_distance() -> None:
    """With many points, shrinkage is small, and the distance is that of the covariance's inverse."""
    vectors, labels = clusters(9000)
    found = fit_space(vectors, labels, N_CLASSES)
    centred = vectors - found.means[labels]
    away = vectors[:5] - found.means[labels[:5]]
    expected = np.sqrt(np.einsum("ij,jk,ik->i", away, np.linalg.inv(np.cov(centred.T)), away))
    ours = -nearness(found, vectors[:5], labels[:5].astype(np.int64))[:, 3]
    assert np.abs(ours / expected - 1).max() < 0.05


def test_a_space_of_few_or_equal_points_is_finite() -> None:
    same = np.repeat(unit(np.ones((1, SIZE))), 4, axis=0)
    for vectors, labels in ((same, np.array([0, 0, 1, 1], np.int32)), (same[:1], np.array([0], np.int32))):
        found = fit_space(vectors, labels, 2)
        assert np.isfinite(nearness(found, vectors, np.zeros(len(vectors), np.int64))).all()


def test_many_points_are_thinned() -> None:
    vectors, labels = clusters(300)
    found = fit_space(vectors, labels, N_CLASSES, max_points=50)
    assert len(found.points) == len(found.labels) == 50
    assert set(found.labels) == {0, 1, 2}


def test_space_and_judge_survive_the_file() -> None:
    original = space()
    again = Space.from_arrays(original.arrays())
    vectors, labels = clusters(5, seed=3)
    predicted = labels.astype(np.int64)
    assert np.array_equal(nearness(original, vectors, predicted), nearness(again, vectors, predicted))
    judge = simple_judge(floor=0.3)
    evidence = evidence_of(vectors)
    assert np.array_equal(judge.confidence(evidence), Judge.from_arrays(judge.arrays()).confidence(evidence))
    assert Judge.from_arrays(judge.arrays()).floor == 0.3


def simple_judge(floor: float) -> Judge:
    n = len(EVIDENCE)
    ones = np.ones(n + 1, np.float32) / n
    return Judge(np.zeros(n, np.float32), np.ones(n, np.float32), ones, ones, floor)


def test_more_evidence_is_never_less_confidence() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.normal(0, 2, (200, len(EVIDENCE))).astype(np.float32)
    more = evidence + rng.random(evidence.shape).astype(np.float32)
    judge = simple_judge(floor=0.5)
    low, high = judge.confidence(evidence), judge.confidence(more)
    assert (high >= low).all()
    assert low.min() >= 0
    assert high.max() <= 1
    assert not (judge.is_foreign(more) & ~judge.is_foreign(evidence)).any()


def test_relative_distance_is_least_where_no_class_is_near() -> None:
    """Between the classes the whole is near and no class is; at a class's mean it is the other way round."""
    found = space()
    column = NEARNESS.index("relative")
    at_means = nearness(found, found.means, np.arange(N_CLASSES))[:, column]
    between = found.means.mean(0, keepdims=True)
    middle = nearness(found, between, np.zeros(1, np.int64))[:, column]
    assert middle < 0 < at_means.min()
    # it is told by the nearest class, whatever was predicted
    other = nearness(found, found.means, (np.arange(N_CLASSES) + 1) % N_CLASSES)[:, column]
    assert np.allclose(other, at_means)


def test_a_judge_from_before_relative_distances_weighs_what_it_knows() -> None:
    old = [i for i, name in enumerate(EVIDENCE) if name != "relative"]
    rng = np.random.default_rng(0)
    evidence = rng.normal(0, 1, (20, len(EVIDENCE))).astype(np.float32)
    weights = rng.random(len(old) + 1).astype(np.float32)
    judge = Judge(np.zeros(len(old), np.float32), np.ones(len(old), np.float32), weights, weights, 0.5)
    assert np.array_equal(judge.confidence(evidence), judge.confidence(evidence[:, old]))
